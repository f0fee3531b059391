"""Pages that lie on their side or stand on their head, read by the shipped line reader."""

import cases
import numpy as np
import pymupdf
import pytest
from cases import paragraph, picture_of
from PIL import Image, ImageDraw, ImageFont

from mdocr.document.tables import parse
from mdocr.evaluation.metrics import edit_similarity
from mdocr.options import ParseOptions
from mdocr.parsing.line_reader.frames import gathered
from mdocr.parsing.line_reader.trials import trials_of
from mdocr.parsing.line_reader.upright import surest
from mdocr.parsing.line_reader.views import WHOLE, view_of
from mdocr.parsing.loading import load_parser

LINES = [
    "The harbour was quiet when the boats came in,",
    "and nobody on the pier had expected the rain.",
    "Fishermen carried their baskets to the market",
    "while the lighthouse keeper counted the ships.",
]

CELLS = [
    ("Harbour", "Boats", "Freight"),
    ("Norwick", "17", "1,250"),
    ("Elmsea", "24", "3,410"),
    ("Tarrow", "9", "875"),
]


@pytest.fixture(scope="module")
def parser():
    return load_parser("lite", device="cpu")


def page() -> Image.Image:
    picture = Image.new("RGB", (1000, 700), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(32)
    for row, line in enumerate(LINES):
        pen.text((100, 120 + 60 * row), line, fill="black", font=font)
    return picture


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_a_page_is_read_upright(parser, angle: int) -> None:
    given = page().rotate(-angle, expand=True)
    document = parser.parse(given, ParseOptions())
    blocks = document.pages[0].blocks
    text = " ".join(block.content.replace("\n", " ") for block in blocks)
    assert sum(line.split()[1] in text for line in LINES) == len(LINES)
    assert {block.angle for block in blocks} == {angle}


def test_blocks_of_a_turned_page_lie_where_their_text_is_on_the_page_as_given(parser) -> None:
    document = parser.parse(page().rotate(180, expand=True), ParseOptions())
    boxes = [block.box for block in document.pages[0].blocks]
    assert min(box.y0 for box in boxes) > 0.45  # the text stood in the upper half


def table() -> Image.Image:
    picture = Image.new("RGB", (760, 290), "white")
    pen, font = ImageDraw.Draw(picture), ImageFont.load_default(26)
    for row, texts in enumerate(CELLS):
        for column, text in enumerate(texts):
            pen.text((20 + 250 * column, 22 + 68 * row), text, fill="black", font=font)
    for row in range(len(CELLS) + 1):
        pen.line((5, 8 + 68 * row, 755, 8 + 68 * row), fill="black", width=2)
    for column in range(4):
        pen.line((5 + 250 * column, 8, 5 + 250 * column, 280), fill="black", width=2)
    return picture


@pytest.mark.parametrize("angle", [90, 270])
def test_a_table_printed_sideways_on_an_upright_page_is_a_table(parser, angle: int) -> None:
    given = Image.new("RGB", (1000, 1400), "white")
    given.paste(page(), (0, 0))
    given.paste(table().rotate(-angle, expand=True), (300, 520))
    text, found = parser.parse(given, ParseOptions()).pages[0].blocks
    assert (text.type, text.angle) == ("text", 0)
    assert edit_similarity(text.content, "\n".join(LINES)) > 0.98
    assert (found.type, found.angle) == ("table", angle)
    read = parse(found.content, found.format)
    assert [cell.text for cell in read.cells] == [text for row in CELLS for text in row]


@pytest.mark.parametrize("ruled", [True, False])
def test_cells_that_stand_far_apart_are_one_table(parser, ruled: bool) -> None:
    def draw(sheet: pymupdf.Page) -> None:
        for row, texts in enumerate(CELLS):
            for column, text in enumerate(texts):
                sheet.insert_text((20 + 90 * column, 30 + 22 * row), text, fontsize=11)
        for row in range(5 * ruled):
            sheet.draw_line((12, 15 + 22 * row), (282, 15 + 22 * row))
        for column in range(4 * ruled):
            sheet.draw_line((12 + 90 * column, 15), (12 + 90 * column, 103))

    given = picture_of(lambda sheet: (paragraph(sheet), paragraph(sheet, 50, 600)), (420, 700))
    given.paste(picture_of(draw, (320, 140)).rotate(90, expand=True), (350, 400))
    before, found, after = parser.parse(given).pages[0].blocks
    assert before.content == after.content == "\n".join(cases.LINES)
    assert (found.type, found.angle) == ("table", 270)
    read = parse(found.content, found.format)
    assert [cell.text for cell in read.cells] == [text for row in CELLS for text in row]


def buttons(*labels: str) -> Image.Image:
    """Labels side by side in bevelled frames, which are read with doubt."""
    picture, font = Image.new("RGB", (240 * len(labels), 70), "white"), ImageFont.load_default(26)
    pen = ImageDraw.Draw(picture)
    for x, label in zip(range(10, picture.width, 240), labels, strict=True):
        pen.rectangle((x, 5, x + 210, 62), fill="#808080")
        light = [(6, 11), (204, 11), (190, 25), (20, 25), (20, 48), (6, 56)]
        pen.polygon([(x + right, y) for right, y in light], fill="white")
        pen.rectangle((x + 12, 17, x + 198, 52), fill="#bebebe")
        pen.text((x + 30, 18), label, "#202020", font)
    return picture


def test_upright_labels_on_a_turned_page_are_read_or_told(parser) -> None:
    words = ("C{}", "Middle Pliocene", "Transparent to low reflections", "Interbedded sand", "{}")

    def draw(sheet: pymupdf.Page) -> None:
        for row in range(1, 9):
            for x, text in zip((20, 60, 230, 440, 545), words, strict=True):
                sheet.insert_text((x, 40 + 34 * row), text.format(row), fontsize=9)

    given = picture_of(draw, (570, 330)).rotate(90, expand=True)
    sheet = Image.new("RGB", (given.width + 200, given.height + 140), "white")
    sheet.paste(given, (100, 110))
    sheet.paste(buttons("January", "Search Index", "Contents"), (130, 30))
    found = parser.parse(sheet).pages[0]
    places = [one.box for one in found.unread]
    places += [block.box for block in found.blocks if block.angle == 0]
    seen = sum(box.width for box in places if box.y1 < 110 / sheet.height)
    assert seen > 3 * 90 / sheet.width  # a label is 90 pixels wide at least
    text = " ".join(block.content for block in found.blocks)
    assert text.count("Middle Pliocene") == 8


def test_parts_are_joined_unless_something_sound_is_between() -> None:
    pixels = np.full((400, 400, 3), 255, np.uint8)
    for x0, y0, x1, y1 in (cells := [(50, 50, 90, 60), (50, 200, 90, 210), (300, 50, 390, 60)]):
        pixels[y0:y1, x0:x1] = 0
    parts, nothing = np.array(cells, np.float64), np.zeros((0, 4))
    assert gathered(parts, nothing, pixels, 20).tolist() == [[50, 50, 390, 210]]
    column = np.array([[150.0, 0.0, 250.0, 400.0]])
    assert sorted(gathered(parts, column, pixels, 20).tolist()) == [
        [50, 50, 90, 210],
        [300, 50, 390, 60],
    ]
    many = np.array([(n, n, n + 1.0, n + 1.0) for n in range(400)])
    assert len(gathered(many, nothing, np.full_like(pixels, 255), 1)) == 400


@pytest.mark.parametrize("angle", [0, 90, 180, 270])
def test_the_direction_is_told_without_a_pass_of_the_decoder(parser, angle: int) -> None:
    pixels = np.asarray(page().rotate(-angle, expand=True))
    trials = trials_of(pixels, view_of(pixels), WHOLE, parser, ParseOptions())
    for trial in trials:
        questions = trial.ask()
        asked = iter([question.make() for question in questions])
        for number, made in parser.denoise(asked, 32):
            assert made.passes == 0
            assert trial.take(questions[number].number, made) == []
    assert [trial.angle for trial in trials] == [0, 180, 90, 270]
    best = surest(trials, than=0.0)
    assert (best.angle if best else 0) == angle
