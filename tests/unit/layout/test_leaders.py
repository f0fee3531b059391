"""Contents and indexes: dots that lead from a text to its page."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mdocr.layout import analyse


def _sheet(size: tuple[int, int]) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    sheet = Image.new("L", size, 255)
    return sheet, ImageDraw.Draw(sheet)


def _entry(draw: ImageDraw.ImageDraw, x: int, y: int, end: int, texts: tuple[str, str]) -> None:
    """A text, small dots on a grid of 17 pixels as TeX sets them, and a number."""
    font = ImageFont.load_default(22)
    draw.text((x, y), texts[0], 0, font, anchor="ls")
    stop = end - draw.textlength(texts[1], font)
    for dot in range(0, end, 17):
        if x + draw.textlength(texts[0], font) + 12 < dot < stop - 12:
            draw.rectangle((dot, y - 2, dot + 2, y), 0)
    draw.text((end, y), texts[1], 0, font, anchor="rs")


@pytest.mark.parametrize("columns", [2, 3])
def test_an_index_is_read_column_by_column(columns: int) -> None:
    sheet, draw = _sheet((420 * columns + 40, 800))
    for column in range(columns):
        left = 40 + 420 * column
        for row in range(18):
            name = ("caption", "label", "textwidth", "hbox")[row % 4]
            _entry(draw, left, 80 + 38 * row, left + 370, (f"{name}{row}", str(7 * row + 3)))
    regions = analyse(np.asarray(sheet)).regions
    lefts = [line.box.x0 for region in regions for line in region.lines]
    halves = [int((left - 20) // 420) for left in lefts]
    assert set(halves) == set(range(columns)) and halves == sorted(halves)


def test_each_entry_of_contents_is_a_row_though_chapters_stand_farther_apart() -> None:
    sheet, draw = _sheet((900, 700))
    y, font = 80, ImageFont.load_default(22)
    for chapter in range(1, 5):
        draw.text((60, y), str(chapter), 0, font, anchor="ls")
        draw.text((110, y), f"Chapter of {chapter} things", 0, font, anchor="ls")
        draw.text((820, y), str(10 * chapter), 0, font, anchor="rs")
        for section in range(1, 3):
            y += 30
            _entry(draw, 110, y, 820, (f"{chapter}.{section} Section", str(10 * chapter + section)))
        y += 56
    regions = analyse(np.asarray(sheet)).regions
    (table,) = [region for region in regions if region.type == "table"]
    assert len({cell.row for cell in table.cells}) == 12
