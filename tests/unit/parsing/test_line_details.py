"""What a reader of lines cannot know: boxes to be ticked, raised digits, the grid of a listing."""

import re
from pathlib import Path

import numpy as np
import pymupdf
import pytest
from cases import font_file
from page_models import FakeParser, tiny_line_reader
from PIL import Image, ImageDraw, ImageFont, ImageOps

from mdocr.inputs.pages import open_pages
from mdocr.layout import analyse, cut
from mdocr.options import ParseOptions
from mdocr.parsing import parse
from mdocr.parsing.line_reader import upright
from mdocr.parsing.line_reader.listings import grid_of, listing, looks_like_program, printed_line
from mdocr.parsing.line_reader.scripts import with_scripts
from mdocr.parsing.line_reader.strips import glyphs, ink_mask
from mdocr.parsing.line_reader.tick_boxes import inner_boxes, leading_box

CODE = """def outer(items, limit=10):
    \"\"\"Adds what is positive.\"\"\"
    for index, item in enumerate(items):
        if item > 0:
            total += item


name = ["__main__"]
    print(outer([1, -2, 3]))"""
PROSE = "It is a truth universally acknowledged, that a single man in possession"


def set_page(path: Path, draw) -> np.ndarray:
    """A page of 400 by 300 points, drawn by a function, as pixels."""
    with pymupdf.open() as document:
        draw(document.new_page(width=400, height=300))
        document.save(path)
    return np.asarray(next(open_pages(path)).picture)


def lines_of(pixels: np.ndarray):
    lines = [line for region in analyse(pixels).regions for line in region.lines]
    return sorted(lines, key=lambda line: line.box.y0)


def strips(pixels: np.ndarray) -> list[np.ndarray]:
    return [cut(pixels, line) for line in lines_of(pixels)]


def tick_boxes(page: pymupdf.Page) -> None:
    for row, mark in enumerate(("", "x", "/", "")):
        y = 60 + 30 * row
        box, inner = (pymupdf.Rect(40 + d, y - 9 + d, 50 - d, y + 1 - d) for d in (0, 2))
        page.draw_rect(box, width=0.8)
        if mark:
            page.draw_line(inner.tl, inner.br, width=1)
        if mark == "x":
            page.draw_line(inner.tr, inner.bl, width=1)
        page.insert_text((60, y), "I have read the rules", fontsize=11)


def test_boxes_at_the_start_of_lines_are_found(tmp_path):
    found = [leading_box(strip) for strip in strips(set_page(tmp_path / "a.pdf", tick_boxes))]
    assert [sign for sign, _ in found] == ["☐", "☑", "☑", "☐"]
    assert all(start > 20 for _, start in found)


@pytest.mark.parametrize("text", ["Do it now", "B is one", "0 is less", "E = mc", "[a] b", "O no"])
def test_letters_are_no_boxes(tmp_path, text):
    pixels = set_page(
        tmp_path / "a.pdf", lambda page: page.insert_text((40, 90), text, fontsize=14)
    )
    assert [leading_box(strip) for strip in strips(pixels)] == [("", 0)]


@pytest.mark.parametrize(
    ("text", "font", "size"),
    [
        ("D = 12", "DejaVuSans.ttf", 12),
        ("P = 12", "LiberationMono-Regular.ttf", 22),
        ("Pb: x", "LiberationSans-Regular.ttf", 12),
        ("db:", "LiberationMono-Regular.ttf", 21),
    ],
)
def test_letters_on_few_pixels_are_no_boxes(text, font, size):
    face = ImageFont.truetype(font_file(font), size)
    line = Image.new("L", (12 * size, 2 * size), "white")
    ImageDraw.Draw(line).text((3, 3), text, "black", face)
    box = ImageOps.invert(line).getbbox()
    strip = np.asarray(line.crop((box[0] - 3, box[1] - 3, box[2] + 3, box[3] + 3)))
    assert leading_box(strip) == ("", 0)


@pytest.mark.parametrize("size", [13, 20, 34])
@pytest.mark.parametrize("mark", ["x", "/", "v", ""])
def test_boxes_within_a_line_are_found_and_bold_letters_are_none(size, mark):
    face = ImageFont.truetype(font_file("DejaVuSans-Bold.ttf"), size)
    line = Image.new("RGB", (20 * size, 2 * size), "white")
    draw = ImageDraw.Draw(line)
    draw.text((3, size // 3), "B a 8 B", "black", face)
    draw.text((13 * size, size // 3), "B8 a", "black", face)
    x, y, edge = 11 * size, size // 2, round(0.9 * size)
    draw.rectangle((x, y, x + edge, y + edge), outline="black", width=max(1, size // 12))
    far, near = round(0.75 * edge), round(0.25 * edge)
    strokes = {
        "x": [(near, near, far, far), (near, far, far, near)],
        "/": [(near, far, far, near)],
        "v": [(near, edge // 2, edge // 2, far), (edge // 2, far, far, near)],
    }
    for x0, y0, x1, y1 in strokes.get(mark, []):
        draw.line((x + x0, y + y0, x + x1, y + y1), "black", width=max(1, size // 12))
    (sign, left, right), *others = inner_boxes(np.asarray(line))
    assert (sign, others) == ("☑" if mark else "☐", [])
    assert left < x < x + edge < right


def test_a_box_alone_is_one_in_a_cell_only(tmp_path):
    pixels = set_page(tmp_path / "a.pdf", tick_boxes)
    strip = strips(pixels)[1]
    box = strip[:, : leading_box(strip)[1]]
    assert leading_box(box, in_table=True) == ("☑", box.shape[1])
    assert leading_box(box) == ("", 0)


def test_a_form_is_a_list_of_tasks(tmp_path):
    set_page(tmp_path / "a.pdf", tick_boxes)
    parser = FakeParser(lambda image, prompt: "I have read", tiny_line_reader())
    document = parse(parser, tmp_path / "a.pdf", ParseOptions())
    assert document.to_markdown() == (
        "- [ ] I have read\n- [x] I have read\n- [x] I have read\n- [ ] I have read\n"
    )


def scripts(page: pymupdf.Page) -> None:
    x, y = 30.0, 80.0
    for text, rise, size in (
        ("a mass of 10", 0, 12),
        ("30", 4.5, 8),
        (" kg in 2019", 0, 12),
        (", as was said.", 0, 12),
        ("17", 4.5, 8),
        (" H", 0, 12),
        ("2", -2.5, 8),
        ("O is wet", 0, 12),
    ):
        page.insert_text((x, y - rise), text, fontsize=size)
        x += pymupdf.get_text_length(text, fontsize=size)


def test_raised_and_lowered_digits_are_marked(tmp_path):
    (strip,) = strips(set_page(tmp_path / "a.pdf", scripts))
    read = "a mass of 1030 kg in 2019, as was said.17 H2O is wet"
    marked = "a mass of 10<sup>30</sup> kg in 2019, as was said.<sup>17</sup> H<sub>2</sub>O is wet"
    assert with_scripts(read, strip) == marked
    assert with_scripts("a mass of 10³0 kg in 2019, as was said.¹7 H2O is wet", strip) == marked
    assert with_scripts("a mass of 103º kg in 2019, as was said.17 H2O is wet", strip) == marked


def set_scripts(marked: str):
    """Draws a line whose raised parts stand in ``^{}``, and its lowered ones in ``_{}``."""
    pieces = re.findall(r"([\^_])\{(.*?)\}|([^\^_]+)", marked)

    def draw(page: pymupdf.Page) -> None:
        x = 20.0
        for kind, script, plain in pieces:
            size, rise = {"^": (8, 4.5), "_": (8, -2.5)}.get(kind, (12, 0))
            page.insert_text((x, 80 - rise), script or plain, fontsize=size)
            x += pymupdf.get_text_length(script or plain, fontsize=size)

    return draw


@pytest.mark.parametrize(
    ("read", "marked"),
    [
        ("a flow of 12 m s-1 and 5 N mm -2", "a flow of 12 m s^{-1} and 5 N mm^{-2}"),
        ("its house number is 21 b. It is far", "its house number is 21^{b}. It is far"),
        ("as was said1,2 and seen[14] in 2019", "as was said^{1,2} and seen^{[14]} in 2019"),
        ("1See the report of that harbour", "^{1}See the report of that harbour"),
        ("the 1st of May and 22nd of June 2019", "the 1^{st} of May and 22^{nd} of June 2019"),
        ("of H2SO4 and Ca(OH)2 with CO2 in it", "of H_{2}SO_{4} and Ca(OH)_{2} with CO_{2} in it"),
        ("17 km2 or 9.81 m/s2 in the north", "17 km^{2} or 9.81 m/s^{2} in the north"),
        ("le 2e livre, page 14 bis, du 3e tome", "le 2^{e} livre, page 14 bis, du 3^{e} tome"),
    ],
)
def test_scripts_after_units_names_and_numbers(tmp_path, read, marked):
    (strip,) = strips(set_page(tmp_path / "a.pdf", set_scripts(marked)))
    html = re.sub(r"\^\{(.*?)\}", r"<sup>\1</sup>", re.sub(r"_\{(.*?)\}", r"<sub>\1</sub>", marked))
    assert with_scripts(read, strip) == html.replace(">-", ">−")


@pytest.mark.parametrize(
    "read", ["", "1", "a mass of kg", "nothing that fits 12 at all", f"{'many words ' * 9}12"]
)
def test_what_cannot_be_counted_off_stays_as_it_was_read(tmp_path, read):
    (strip,) = strips(set_page(tmp_path / "a.pdf", scripts))
    assert with_scripts(read, strip) == read
    assert with_scripts(read, strip[:, :20]) == read
    assert with_scripts(read, np.full((30, 200, 3), 255, np.uint8)) == read


def test_ordinary_numbers_are_no_scripts(tmp_path):
    text = "In 2019 it was 12,345.67 at 10:30 (or 9.5 %), 3-4 m; gypsy 1860-1890"
    pixels = set_page(
        tmp_path / "a.pdf", lambda page: page.insert_text((20, 90), text, fontsize=10)
    )
    (strip,) = strips(pixels)
    assert with_scripts(text, strip) == text


def test_parts_above_each_other_are_one_glyph(tmp_path):
    pixels = set_page(
        tmp_path / "a.pdf", lambda page: page.insert_text((40, 90), "i = j:", fontsize=20)
    )
    (strip,) = strips(pixels)
    assert len(glyphs(ink_mask(strip))) == 4


def set_lines(text: str, font: str):
    def draw(page: pymupdf.Page) -> None:
        for row, line in enumerate(text.split("\n")):
            page.insert_text((30, 40 + 13 * row), line, fontsize=9, fontname=font)

    return draw


def test_a_listing_is_put_back_on_its_grid(tmp_path):
    pixels = set_page(tmp_path / "a.pdf", set_lines(CODE, "cour"))
    # As a reader sees it: no indentation, spaces too many, marks too few.
    read = [line.strip() for line in CODE.split("\n") if line.strip()]
    read[1] = read[1].replace('"""', '""', 1)
    read[2] = read[2].replace("(items):", " (items) :")
    read[5] = read[5].replace("__main__", "_main_")
    lines = [
        printed_line(pixels, line, text) for line, text in zip(lines_of(pixels), read, strict=True)
    ]
    grid = grid_of(lines)
    assert grid is not None
    assert listing(lines, grid) == CODE


def test_a_remark_in_another_face_keeps_its_words_apart(tmp_path):
    remark = "The first paragraph after a heading"

    def draw(page):
        set_lines(CODE, "cour")(page)
        page.insert_text((30, 200), remark, fontname="tiro", fontsize=12)

    pixels = set_page(tmp_path / "a.pdf", draw)
    texts = [*(line.strip() for line in CODE.split("\n") if line), remark]
    lines = [printed_line(pixels, *one) for one in zip(lines_of(pixels), texts, strict=True)]
    grid = grid_of(lines[:-1])
    assert grid is not None
    assert listing(lines, grid).split("\n")[-1].strip() == remark


def test_a_number_in_small_type_does_not_touch_its_line(tmp_path):
    code = [line.strip() for line in CODE.split("\n") if line]

    def draw(page):
        for number, line in enumerate(code, start=108):
            page.insert_text((72, 14 * number - 1450), str(number), fontname="tiro", fontsize=7)
            page.insert_text((85, 14 * number - 1450), line, fontname="cour", fontsize=10)

    pixels = set_page(tmp_path / "a.pdf", draw)
    texts = [f"{number} {line}" for number, line in enumerate(code, start=108)]
    lines = [printed_line(pixels, *one) for one in zip(lines_of(pixels), texts, strict=True)]
    grid = grid_of(lines)
    assert grid is not None
    written = listing(lines, grid).split("\n")
    assert [line.split(maxsplit=1)[0] for line in written] == [text[:3] for text in texts]


def test_prose_has_no_grid(tmp_path):
    text = "\n".join([PROSE, PROSE[7:], PROSE[13:]])
    pixels = set_page(tmp_path / "a.pdf", set_lines(text, "tiro"))
    found = zip(lines_of(pixels), text.split("\n"), strict=True)
    assert grid_of([printed_line(pixels, line, one) for line, one in found]) is None
    assert not looks_like_program(text.split("\n"))
    assert grid_of([]) is None


@pytest.mark.parametrize(("font", "kind"), [("cour", "code"), ("tiro", "text")])
def test_only_monospaced_programs_are_code(tmp_path, font, kind):
    text = "if total > 10:\n    items = [1, 2, 3]\nelse:\n    items = [total]\nprint(items, total)"
    set_page(tmp_path / "a.pdf", set_lines(text, font))
    parser = FakeParser(lambda image, _: "[" * round(image.width / 15), tiny_line_reader())
    document = parse(parser, tmp_path / "a.pdf", ParseOptions())
    kinds = {block.type for page in document.pages for block in page.blocks}
    assert ("code" in kinds) == (kind == "code")


def test_a_page_that_turning_empties_is_read_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.setattr(upright, "is_doubtful", lambda reading: True)
    monkeypatch.setattr(
        upright,
        "surest",
        lambda trials, than: next((one for one in trials if one.angle == 90), None),
    )
    set_page(tmp_path / "a.pdf", set_lines("\n".join([PROSE] * 3), "tiro"))

    def answer(image, prompt):
        return "some words" if image.width > image.height else "x"

    document = parse(FakeParser(answer, tiny_line_reader()), tmp_path / "a.pdf", ParseOptions())
    blocks = document.pages[0].blocks
    assert {block.angle for block in blocks} == {0}
    assert "some words" in blocks[0].content
