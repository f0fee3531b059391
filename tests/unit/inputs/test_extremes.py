"""Pages of extreme shape, and of none."""

import pymupdf
import pytest
from bombs import jpeg
from hostile import endless_pages, one_page, tree, vast_jbig2

from mdocr.errors import InputError
from mdocr.inputs.formats import MOST_SCANS
from mdocr.inputs.page_picture import PIXEL_LIMIT, SIDE_LIMIT, affordable_dpi, shrinking
from mdocr.inputs.pages import MOST_PAGES, PageError, open_pages
from mdocr.inputs.pictures import open_picture


@pytest.mark.parametrize(("width", "height"), [(120, 2**31), (2**31, 1), (14_400, 14_400)])
def test_pages_stay_within_the_limits_of_area_and_edge(width, height):
    scale = affordable_dpi(width, height, 200) / 72
    assert width * height * scale**2 <= PIXEL_LIMIT * 1.001
    assert max(width, height) * scale <= SIDE_LIMIT * 1.001
    assert affordable_dpi(595, 842, 200) == 200


def test_long_pictures_are_shrunk():
    assert shrinking((1, 3 * SIDE_LIMIT)) == 3
    assert shrinking((100, SIDE_LIMIT)) == 1


@pytest.mark.parametrize(
    "nodes",
    [
        (b"<< /Type /Pages /Kids [2 0 R] /Count 1 >>",),
        (
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Pages /Parent 2 0 R /Kids [2 0 R] /Count 1 >>",
        ),
    ],
)
def test_pages_in_a_circle_are_refused(tmp_path, nodes):
    with (
        open_pages(tree(tmp_path / "a.pdf", *nodes)) as pages,
        pytest.raises(PageError, match="cycle in page tree"),
    ):
        pages.read(1)


def test_a_tree_of_more_pages_than_objects_is_refused(tmp_path):
    levels = [
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (b"%d 0 R " % (level + 3) * 10, 10**12)
        for level in range(12)
    ]
    leaf = b"<< /Type /Page /MediaBox [0 0 100 100] >>"
    with pytest.raises(InputError, match="damaged beyond repair"):
        open_pages(tree(tmp_path / "a.pdf", *levels, leaf))


@pytest.mark.parametrize(
    "box",
    [
        b"0 0 1e9 1e9",
        b"0 0 1e39 1e39",
        b"0 0 1e7 .1",
        b"0 0 .001 .001",
        b"0 0 nan nan",
        b"0 0 -500 -500",
        b"1000000000 1000000000 1000000100 1000000100",
    ],
)
def test_a_page_of_any_box_stays_within_the_limits(tmp_path, box):
    with open_pages(one_page(tmp_path / "a.pdf", box)) as pages:
        width, height = pages.read(1).picture.size
    assert width * height <= PIXEL_LIMIT * 1.01
    assert max(width, height) <= SIDE_LIMIT + 1


@pytest.mark.parametrize("brackets", [(b"[", b"]"), (b"<< /A ", b">>")])
def test_endless_nesting_leaves_the_page(tmp_path, brackets):
    first, last = brackets
    uses = b"/Contents 4 0 R /Resources 4 0 R"
    nested = first * 200_000 + last * 200_000
    with open_pages(one_page(tmp_path / "a.pdf", b"0 0 100 100", uses, nested)) as pages:
        assert pages.read(1).picture.size == (278, 278)


def test_a_picture_that_claims_to_be_vast_is_left_out(tmp_path):
    with open_pages(vast_jbig2(tmp_path / "a.pdf")) as pages:
        assert pages.read(1).picture.size == (278, 278)


def test_too_many_objects_are_refused(tmp_path, monkeypatch):
    path = endless_pages(tmp_path / "a.pdf", 500)
    monkeypatch.setattr("mdocr.inputs.pdf.MOST_OBJECTS", 506)
    with open_pages(path) as pages:
        assert pages.count == 500
    monkeypatch.setattr("mdocr.inputs.pdf.MOST_OBJECTS", 505)
    with pytest.raises(InputError, match="too many objects: 506, and 505 can be read"):
        open_pages(path)


@pytest.mark.parametrize("held", [False, True])
def test_a_small_jpeg_of_endless_scans_is_refused(tmp_path, held):
    content = jpeg(64, scans=MOST_SCANS + 1)
    (tmp_path / "a.jpg").write_bytes(content)
    source = content if held else tmp_path / "a.jpg"
    with pytest.raises(InputError, match="scans, and 500 can be read"):
        open_pages(source)
    with pytest.raises(InputError, match="scans, and 500 can be read"):
        open_picture(source)
    (tmp_path / "a.jpg").write_bytes(jpeg(64, scans=100))
    with open_pages(tmp_path / "a.jpg") as pages:
        assert pages.read(1).picture.size == (64, 64)


def test_a_page_of_endless_height_is_a_small_picture(tmp_path):
    with pymupdf.open() as document:
        document.new_page(width=120, height=80)
        document.xref_set_key(document[0].xref, "MediaBox", "[0 0 120 2147483520]")
        document.save(tmp_path / "long.pdf")
    with open_pages(tmp_path / "long.pdf") as pages:
        try:
            picture = pages.read(1).picture
        except PageError:
            return
    assert max(picture.size) <= SIDE_LIMIT + 1


def test_a_small_file_of_endless_pages_is_read_in_parts(tmp_path):
    path = endless_pages(tmp_path / "a.pdf", MOST_PAGES + 1)
    assert path.stat().st_size < 5000
    with pytest.raises(InputError, match="too many pages: 20,001") as error:
        open_pages(path)
    assert error.value.hint == "Read it in parts: --pages 1-20000"
    with open_pages(path, "20000-end") as pages:
        assert (pages.count, len(pages)) == (MOST_PAGES + 1, 2)
        assert pages.read(MOST_PAGES + 1).picture.size == (278, 278)
