"""A logo or a brace beside two lines leaves them two lines."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mdocr.fragments.bridges import without_bridges
from mdocr.layout import Layout, analyse

SIZE, LEADING = 30, 23
LINES = ("Revenue office of Arnold", "Their Head at Oldfield All")
Edges = tuple[int, int, int, int]


def beside(tall: str, gap: int, x: int = 260) -> tuple[Layout, list[Edges]]:
    """A page with a paragraph, and above it two lines beside something as high as both."""
    picture = Image.new("RGB", (1240, 1600), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(SIZE)
    boxes = []
    for row, text in enumerate(LINES):
        place = x, 200 + LEADING * row
        draw.text(place, text, font=font, fill="black")
        boxes.append(tuple(map(int, draw.textbbox(place, text, font=font))))
    top, foot = boxes[0][1], boxes[1][3]
    left = boxes[0][0] - gap
    if tall == "flag":
        draw.rectangle((left - 70, top, left - 50, foot), fill="black")
        draw.ellipse((left - 44, top + 4, left - 26, foot - 4), fill="black")
        draw.rectangle((left - 20, top, left, foot), fill="black")
    else:
        right = boxes[0][2] + gap
        draw.arc((right, top, right + 16, foot), -90, 90, fill="black", width=4)
    for row in range(8):
        text = "The quick brown fox jumps over the lazy dogs while many look on"
        draw.text((100, 400 + 44 * row), text, font=font, fill="black")
    return analyse(np.asarray(picture)), boxes


@pytest.mark.parametrize("gap", [10, 25, 45])
@pytest.mark.parametrize("tall", ["flag", "brace"])
def test_two_lines_beside_something_tall_are_two(tall: str, gap: int) -> None:
    layout, boxes = beside(tall, gap)
    lines = [line.box for line in layout.lines]
    for x0, y0, x1, y1 in boxes:
        found = [box for box in lines if abs(box.x0 - x0) < 8 and abs(box.x1 - x1) < 8]
        assert any(abs(box.y0 - y0) < 8 and abs(box.y1 - y1) < 8 for box in found)


def test_letters_among_more_dots_are_no_bridges() -> None:
    letters = [(20 * n, 10, 20 * n + 12, 28) for n in range(8)]
    dots = [(4 + 20 * n, y, 7 + 20 * n, y + 3) for y in (6, 30) for n in range(8)]
    boxes = np.array(letters + dots, float)
    pairs = [(n, n + 1) for n in (*range(7), *range(8, 15), *range(16, 23))]
    pairs += [(0, 8), (0, 16)]
    first, second = np.array(pairs).T
    assert set(without_bridges(boxes, first, second, 18.0).tolist()) == {0}
