"""Displayed formulas on pages of the lite reader: where they may stand, and what is believed."""

from dataclasses import replace

import numpy as np
import pytest
from page_models import FakeParser, tiny_line_reader
from PIL import Image, ImageDraw, ImageFont

from mdocr.document.model import Block, Box
from mdocr.errors import MdocrError
from mdocr.inputs.page_picture import PagePicture
from mdocr.layout import analyse
from mdocr.options import ParseOptions
from mdocr.parsing.line_reader.formulas import (
    equation,
    goes_on,
    is_formula,
    may_be_formula,
    number_of,
)
from mdocr.parsing.line_reader.pages import LinePage, LinePageReader
from mdocr.parsing.queue import Queue
from mdocr.parsing.texts import Text
from mdocr.synthesis.formulas.grammar import draw_formula

PROSE = (
    "The energy of a system that is left alone does",
    "not change, which holds for its momentum too; a",
    "law that we may write, as is well known, so:",
)


def page(*formulas: str, label: bool = True) -> Image.Image:
    """Paragraphs of three lines with a formula after each."""
    picture = Image.new("L", (1000, 260 * len(formulas) + 260), 255)
    font, draw, y = ImageFont.load_default(30), ImageDraw.Draw(picture), 60
    for number, latex in enumerate((*formulas, ""), start=1):
        for line in PROSE:
            draw.text((100, y), line, 0, font)
            y += 42
        if latex:
            ink = draw_formula(latex, 34, "cm")
            picture.paste(Image.fromarray(255 - ink), ((1000 - ink.shape[1]) // 2, y + 24))
            if label:
                draw.text((790, y + 10 + ink.shape[0] // 2), f"({number})", 0, font)
            y += ink.shape[0] + 48
    return picture.convert("RGB")


@pytest.mark.parametrize("label", [True, False])
def test_places_of_formulas_are_found_with_their_numbers(label):
    found = analyse(np.asarray(page(r"x = \frac{a + b}{c}", "E = mc^{2}", label=label))).formulas
    assert len(found) == 2
    for place in found:
        assert abs(sum(place.box[::2]) / 2 - 500) < 12
        assert bool(place.label) == label
    assert found[0].box.height > 1.8 * found[1].box.height


def test_running_text_and_what_stands_at_a_margin_are_no_formulas():
    picture = page()
    ImageDraw.Draw(picture).text((100, 210), "x = 1", 0, ImageFont.load_default(30))
    assert analyse(np.asarray(picture)).formulas == ()


def text(content: str, sure: float = 0.99) -> Text:
    return Text(content, (sure,) * max(len(content), 1))


@pytest.mark.parametrize(
    ("lines", "asked"),
    [
        ([text("E = mc2")], True),
        ([text("Introduction")], False),
        ([text("Introduction", 0.6)], False),
        ([text("a b"), text("cd", 0.5)], True),
        ([text("12,345.00")], False),
        ([text("the sum of α + β was larger")], False),
        ([], True),
    ],
)
def test_only_what_is_no_good_text_is_asked_about(lines, asked):
    assert may_be_formula(lines) is asked


@pytest.mark.parametrize(
    ("notation", "sure", "believed"),
    [
        ("E=mc^2", 0.95, True),
        ("E=mc^2", 0.7, False),
        ("Result", 0.99, False),
        ("abc", 0.99, False),
        ("ʀ{argmin}_x", 0.9, True),
        ("Total=5", 0.99, False),
        ("x=⁄{a+b}{}", 0.99, False),
        ("x=⁄1", 0.99, False),
        ("x^2^3", 0.99, False),
        ("", 0.99, False),
    ],
)
def test_only_clear_formulas_are_believed(notation, sure, believed):
    assert is_formula(text(notation, sure)) is believed


def test_a_formula_that_was_cut_short_is_not_believed():
    assert not is_formula(replace(text("E=mc^2"), notes=("a repetition was cut off",)))


@pytest.mark.parametrize(
    ("label", "number"),
    [
        ("( 3.1 )", "3.1"),
        ("(A)", "A"),
        ("[3]", ""),
        ("(1", ""),
        ("(1_a)", ""),
        ("if", ""),
        ("", ""),
    ],
)
def test_numbers_of_formulas(label, number):
    assert number_of(label) == number


def test_the_number_of_a_formula_becomes_its_tag():
    block = Block("equation", Box(0, 0, 1, 1))
    made = equation(block, [text("⁄ab")], "3.1", trace=False)
    assert (made.format, made.content) == ("latex", r"\frac{a}{b} \tag{3.1}")
    assert equation(block, [text("x")], "", trace=False).content == "x"


def open_page(parser: FakeParser, picture: Image.Image) -> LinePage:
    sheet = PagePicture(1, 480.0, 250.0, picture, 150.0)
    work = LinePageReader(parser, ParseOptions()).open((0, 1), sheet)
    assert isinstance(work, LinePage)
    return work


def read(picture: Image.Image, answer) -> list[Block]:
    """The blocks of a page; an ``MdocrError`` in place of a text is handed to the page."""
    parser = FakeParser(answer, tiny_line_reader(), confidence=0.95)
    queue = Queue(iter([open_page(parser, picture)]))
    while not queue.is_done:
        queue.begin()
        for number, request in enumerate(queue):
            try:
                queue.take(number, parser.generation(answer(*request.picture), 1))
            except MdocrError as error:
                queue.take(number, error)
    (done,) = queue.done()
    assert done.error is None and not done.failures
    return list(done.page.blocks)


def answer(picture: Image.Image, prompt: str) -> str:
    """Wide lines are prose, narrow ones labels or bad text; formulas are one and the same."""
    if prompt == "formula":
        return "x=⁄ab"
    if picture.width > 400:
        return "words that were read"
    return "(1)" if picture.width < 80 else "x = a"


def test_a_formula_takes_the_place_of_its_lines_between_the_text_around():
    blocks = read(page("x = 1 + abc"), answer)
    assert [block.type for block in blocks] == ["text", "equation", "text"]
    assert blocks[1].content == r"x=\frac{a}{b} \tag{1}"
    assert [block.content.count("words that were read") for block in blocks] == [3, 0, 3]
    tops = [block.box.y0 for block in blocks]
    assert tops == sorted(tops)


FIRST, SECOND, THIRD = "y = a + b + c + d", "= a + b + c", "= a + b"
ROWS = rf"\begin{{aligned}} y &= a + b + c + d \\ &{SECOND} \\ &{THIRD} \end{{aligned}}"


@pytest.mark.parametrize(
    ("formulas", "starts", "contents"),
    [
        ([ROWS], "y==", [r"\begin{aligned}y&=b \\ &=b \\ &=b\end{aligned}"]),
        ([ROWS], "yyy", ["y=b", "y=b", "y=b"]),
        ([ROWS], "y=y", [r"\begin{aligned}y&=b \\ &=b\end{aligned}", "y=b"]),
        ([FIRST, SECOND, THIRD], "y==", ["y=b", "=b", "=b"]),  # text between
    ],
)
def test_rows_that_begin_with_a_relation_go_on_from_the_row_above(formulas, starts, contents):
    def rows(picture: Image.Image, prompt: str) -> str:
        """Rows become narrower from top to bottom."""
        if prompt != "formula":
            return answer(picture, prompt)
        return f"{starts[sum(picture.width < limit for limit in (200, 130))]}=b".replace("==", "=")

    picture = page(*formulas, label=False)
    blocks = [block for block in read(picture, rows) if block.type == "equation"]
    assert [block.content for block in blocks] == contents
    for block in blocks:
        rows_of_it = 1 + block.content.count(r"\\")
        assert 24 * rows_of_it < (block.box.y1 - block.box.y0) * picture.height < 60 * rows_of_it


def test_text_between_rows_parts_them():
    work = open_page(FakeParser(answer, tiny_line_reader()), page(FIRST, SECOND))
    layout = work.reading.view.layout
    nothing_between = replace(layout, regions=())
    assert goes_on(*layout.formulas, "=b", nothing_between)
    assert not goes_on(*layout.formulas, "y=b", nothing_between)
    assert not goes_on(*layout.formulas, "=b", layout)


@pytest.mark.parametrize(
    ("numbers", "groups"), [(("", "1"), [[0, 1]]), (("1", ""), [[0, 1]]), (("1", "2"), [[0], [1]])]
)
def test_rows_of_one_formula_have_one_number_at_most(numbers, groups):
    work = open_page(FakeParser(answer, tiny_line_reader()), page(FIRST, SECOND))
    equations = work.reading.equations
    equations.layout = replace(equations.layout, regions=())  # no text between
    equations.read = {0: text("y=a"), 1: text("=b")}
    equations.number = numbers.__getitem__
    equations.settle()
    assert equations.groups == groups


def test_what_stands_beside_a_formula_and_is_no_number_stays_text():
    def other(picture: Image.Image, prompt: str) -> str:
        found = answer(picture, prompt)
        return "[1]" if found == "(1)" else found

    blocks = read(page("x = 1 + abc"), other)
    assert [block.type for block in blocks].count("equation") == 1
    assert "[1]" in "\n".join(block.content for block in blocks)


def test_a_formula_that_is_not_believed_stays_text():
    blocks = read(
        page("x = 1 + abc"), lambda p, task: "no" if task == "formula" else answer(p, task)
    )
    assert "equation" not in [block.type for block in blocks]
    assert "x = a" in "\n".join(block.content for block in blocks)


def test_a_formula_that_fails_stays_text():
    def failing(picture: Image.Image, prompt: str) -> str:
        if prompt == "formula":
            raise MdocrError("no room")
        return answer(picture, prompt)

    blocks = read(page("x = 1 + abc"), failing)
    assert "x = a" in "\n".join(block.content for block in blocks)


def test_a_reader_that_knows_no_formulas_is_not_asked():
    parser = FakeParser(answer, tiny_line_reader())
    parser.reads_formulas = False
    work = open_page(parser, page("x = 1 + abc"))
    assert work.reading.view.layout.formulas and work.reading.equations.places == []
