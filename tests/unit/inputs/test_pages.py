import io
import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

from mdocr.errors import InputError, UsageError
from mdocr.inputs import page_picture
from mdocr.inputs.pages import PageError, open_pages
from mdocr.inputs.ranges import parse_ranges


def make_pdf(path: Path, count: int = 3, **options: object) -> Path:
    document = pymupdf.open()
    for number in range(1, count + 1):
        page = document.new_page(width=200, height=100)
        page.draw_rect(pymupdf.Rect(0, 0, 10 * number, 100), fill=(0, 0, 0))
    document.save(path, **options)
    document.close()
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [1, 2, 3, 4, 5]),
        ("2", [2]),
        ("1-3,5", [1, 2, 3, 5]),
        ("4-end", [4, 5]),
        ("end", [5]),
        ("3,1-2, 2", [1, 2, 3]),
    ],
)
def test_ranges(text: str, expected: list[int]) -> None:
    assert parse_ranges(text, 5) == expected


@pytest.mark.parametrize("text", ["0", "3-1", "a", "1-", "-2", "1,,2", "1.5", "²"])
def test_ranges_that_make_no_sense(text: str) -> None:
    with pytest.raises(UsageError, match="not a page range"):
        parse_ranges(text, 5)


@pytest.mark.parametrize("text", ["6", "2-9", "7-end"])
def test_ranges_beyond_the_end(text: str) -> None:
    with pytest.raises(UsageError, match="only 5 pages"):
        parse_ranges(text, 5)


def test_pdf_pages_are_rendered_in_order(tmp_path: Path) -> None:
    opened = open_pages(make_pdf(tmp_path / "a.pdf"), "2-end", dpi=144)
    assert (opened.count, len(opened)) == (3, 2)
    for number, page in zip((2, 3), opened, strict=True):
        assert (page.number, page.width, page.height, page.dpi) == (number, 200, 100, 144)
        assert page.picture.mode == "RGB" and page.picture.size == (400, 200)
        dark = (np.asarray(page.picture)[100, :, 0] < 128).sum()
        assert dark == pytest.approx(20 * number, abs=1)


def test_a_pdf_is_known_by_its_content(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf").rename(tmp_path / "scan.dat")
    assert len(open_pages(path)) == 3


def test_huge_pages_stay_under_the_pixel_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = pymupdf.open()
    document.new_page(width=14400, height=14400)
    document.save(tmp_path / "huge.pdf")
    monkeypatch.setattr(page_picture, "PIXEL_LIMIT", 1_000_000)
    page = next(open_pages(tmp_path / "huge.pdf"))
    assert page.picture.size == pytest.approx((1000, 1000), abs=1)
    assert page.dpi == pytest.approx(5) and page.width == 14400


def test_encrypted(tmp_path: Path) -> None:
    path = make_pdf(
        tmp_path / "a.pdf", encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="open", owner_pw="own"
    )
    for password, problem in (("", "needs a password"), ("shut", "password is wrong")):
        with pytest.raises(InputError, match=problem) as error:
            open_pages(path, password=password)
        assert "--password" in error.value.hint and str(path) in error.value.message
    assert next(open_pages(path, password="open")).number == 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.pdf", b""),
        ("text.pdf", b"this is no PDF at all"),
        ("head.pdf", b"%PDF-1.7\n1 0 obj\n<<"),
        ("text.png", b"neither a picture"),
        ("cut.png", b"\x89PNG\r\n\x1a\n\0\0"),
    ],
)
def test_unreadable_files(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        open_pages(tmp_path / name)
    assert capfd.readouterr() == ("", "")


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        open_pages(tmp_path / "none.pdf")
    with pytest.raises(InputError, match="cannot be opened"):
        open_pages(tmp_path)


def test_wrong_options_name_the_file(tmp_path: Path) -> None:
    path = make_pdf(tmp_path / "a.pdf")
    with pytest.raises(UsageError, match=r"a\.pdf.*only 3 pages"):
        open_pages(path, "4")
    with pytest.raises(UsageError, match="dpi"):
        open_pages(path, dpi=0)


def test_a_damaged_pdf_is_repaired(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = make_pdf(tmp_path / "a.pdf")
    path.write_bytes(path.read_bytes()[:-200])
    with caplog.at_level(logging.WARNING):
        assert len(list(open_pages(path))) >= 1
    assert "is damaged" in caplog.text


def test_a_page_that_fails_does_not_end_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tif"
    sheets = [Image.new("L", (30, 20), shade) for shade in (10, 20, 30)]
    sheets[0].save(path, save_all=True, append_images=sheets[1:], compression="tiff_deflate")
    opened = open_pages(path)
    monkeypatch.setattr(opened._source, "read", fail_on_second(opened._source.read))
    assert next(opened).number == 1
    with pytest.raises(PageError, match=r"page 2 of .*a\.tif") as error:
        next(opened)
    assert error.value.number == 2 and error.value.exit_code == 3
    assert next(opened).number == 3
    with pytest.raises(StopIteration):
        next(opened)


def fail_on_second(
    read: Callable[[int], page_picture.PagePicture],
) -> Callable[[int], page_picture.PagePicture]:
    def reading(number: int) -> page_picture.PagePicture:
        if number == 2:
            raise OSError("strip is damaged")
        return read(number)

    return reading


def test_truncated_picture_is_a_page_error(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (80, 80, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    (tmp_path / "cut.png").write_bytes(buffer.getvalue()[:5000])
    with pytest.raises(PageError, match="page 1 of"):
        next(open_pages(tmp_path / "cut.png"))


def test_multi_page_tiff_and_stated_resolution(tmp_path: Path) -> None:
    sheets = [Image.new("1", (300, 200), index) for index in (0, 1)]
    path = tmp_path / "fax.tif"
    sheets[0].save(path, save_all=True, append_images=sheets[1:], dpi=(300, 300))
    first, second = open_pages(path)
    assert (first.width, first.height, first.dpi) == (72, 48, 300)
    assert first.picture.getpixel((0, 0)) == (0, 0, 0)
    assert second.picture.getpixel((0, 0)) == (255, 255, 255)


def test_a_tiff_that_was_cut_short_has_its_first_pages(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    chance = np.random.default_rng(0)
    sheets = [Image.fromarray(chance.integers(0, 255, (90, 90), np.uint8)) for _ in range(3)]
    sheets[0].save(tmp_path / "whole.tif", save_all=True, append_images=sheets[1:])
    content = (tmp_path / "whole.tif").read_bytes()
    (tmp_path / "cut.tif").write_bytes(content[: len(content) * 2 // 3 - 500])
    read = []
    with pytest.raises(PageError, match="page 2 of"):
        for page in open_pages(tmp_path / "cut.tif"):
            read.append(page.number)
    assert read == [1]
    assert "cut short after page 2" in caplog.text


def test_picture_modes(tmp_path: Path) -> None:
    deep = Image.fromarray(np.full((4, 4), 65535, np.uint16))
    clear = Image.new("RGBA", (4, 4), (0, 0, 0, 0))
    inks = Image.new("CMYK", (4, 4), (0, 0, 0, 0))
    palette = Image.new("P", (4, 4), 0)
    for name, picture in (("d.png", deep), ("c.png", clear), ("i.tif", inks)):
        picture.save(tmp_path / name)
    palette.save(tmp_path / "p.gif", transparency=0)
    for name in ("d.png", "c.png", "i.tif", "p.gif"):
        page = next(open_pages(tmp_path / name))
        assert page.picture.mode == "RGB"
        assert page.picture.getpixel((2, 2)) == (255, 255, 255), name


def test_exif_orientation(tmp_path: Path) -> None:
    picture = Image.new("RGB", (40, 20), "white")
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "phone.jpg", exif=exif)
    assert next(open_pages(tmp_path / "phone.jpg")).picture.size == (20, 40)


def test_large_pictures_are_shrunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_picture, "PIXEL_LIMIT", 10_000)
    Image.new("L", (300, 200)).save(tmp_path / "a.png")
    page = next(open_pages(tmp_path / "a.png", dpi=150))
    assert page.picture.size == (100, 67)
    assert (page.dpi, page.width, page.height) == pytest.approx((50, 144, 96), abs=1)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_frames_are_pages(tmp_path: Path, name: str) -> None:
    frames = [Image.new("RGB", (30, 20), (shade, shade, shade)) for shade in (0, 120, 250)]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:], lossless=True)
    shades = [page.picture.getpixel((5, 5))[0] for page in open_pages(tmp_path / name)]  # type: ignore[index]
    assert shades == pytest.approx([0, 120, 250], abs=3)


def test_documents_in_memory(tmp_path: Path) -> None:
    content = make_pdf(tmp_path / "a.pdf").read_bytes()
    for source in (content, io.BytesIO(content)):
        opened = open_pages(source, [1, 3])
        assert [page.number for page in opened] == [1, 3]
        assert opened.content == content and opened.count == 3
    picture = Image.new("RGB", (300, 200))
    picture.info["dpi"] = (300, 300)
    page = next(open_pages(picture, dpi=100))
    assert (page.width, page.dpi) == (72, 300)
    assert next(open_pages(np.zeros((20, 30), np.uint8))).picture.size == (30, 20)


def test_a_list_of_page_pictures(tmp_path: Path) -> None:
    picture = Image.new("RGB", (30, 20))
    picture.save(tmp_path / "a.png")
    opened = open_pages([picture, np.zeros((5, 7), np.uint8), tmp_path / "a.png"], "2-end")
    assert [(page.number, page.picture.size) for page in opened] == [(2, (7, 5)), (3, (30, 20))]
    with pytest.raises(PageError, match="page 2"):
        list(open_pages([picture, tmp_path / "none.png"]))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (7, "a int is no document"),
        ({"a": 1}, "a dict is no document"),
        ([1], "a int is no page picture"),
        ([], "no page pictures"),
        (b"", "the document is empty"),
        (b"text", "the document is neither a PDF nor a picture"),
        ("https://example.org/a.pdf", "is a URL"),
    ],
)
def test_what_is_no_document_is_named(source: object, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        open_pages(source)  # type: ignore[arg-type]
    assert error.value.hint


@pytest.mark.parametrize(
    ("chosen", "numbers"), [(2, [2]), ([3, 1], [1, 3]), ("1-2", [1, 2]), (np.int64(3), [3])]
)
def test_pages_are_chosen_by_numbers(tmp_path: Path, chosen: object, numbers: list[int]) -> None:
    opened = open_pages(make_pdf(tmp_path / "a.pdf"), chosen)  # type: ignore[arg-type]
    assert opened.numbers == numbers


@pytest.mark.parametrize("chosen", [0, -1, 1.5, [], [0], [True], None, [[1]]])
def test_pages_that_are_none(tmp_path: Path, chosen: object) -> None:
    with pytest.raises(UsageError, match="pages must be text or numbers"):
        open_pages(make_pdf(tmp_path / "a.pdf"), chosen)  # type: ignore[arg-type]


def test_a_pdf_whose_pages_cannot_be_counted_is_an_input_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(document: object) -> int:
        raise RuntimeError("page tree is a circle")

    path = make_pdf(tmp_path / "a.pdf")
    monkeypatch.setattr(pymupdf.Document, "page_count", property(fail))
    with pytest.raises(InputError, match="damaged beyond repair"):
        open_pages(path)
