"""Pages that lie on their side or stand on their head, read by the shipped line reader."""

import pytest
from PIL import Image, ImageDraw, ImageFont

from mdocr.options import ParseOptions
from mdocr.parsing.loading import load_parser

LINES = [
    "The harbour was quiet when the boats came in,",
    "and nobody on the pier had expected the rain.",
    "Fishermen carried their baskets to the market",
    "while the lighthouse keeper counted the ships.",
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
