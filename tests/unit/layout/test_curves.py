"""Lines that lean or bow, drawn level and then bent."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mdocr.fragments.geometry import LEVEL, Curve, LayoutBox
from mdocr.layout import Layout, Line, analyse, cut
from mdocr.layout.pieces import PagePiece, merge, rows_of

ROWS = (
    "The harbour authority opened its new ferry terminal on Tuesday",
    "after three years of work, and passengers now board from a bridge",
    "that is covered; the old pier will be kept for the fishing boats",
    "which come in every morning with the tide.",
)
LEADING = 44


def drawn(top: int, left: int = 120) -> np.ndarray:
    """A white page, [900, 1400, 3], with a paragraph."""
    sheet = Image.new("RGB", (1400, 900), "white")
    for index, text in enumerate(ROWS):
        place = (left, top + LEADING * index)
        ImageDraw.Draw(sheet).text(place, text, font=ImageFont.load_default(30), fill="black")
    return np.asarray(sheet)


def bent(pixels: np.ndarray, slope: float, bow: float) -> np.ndarray:
    """The page, its rows moved down by a slope, and by a bow of so many pixels at both ends."""
    y, x = np.indices(pixels.shape[:2], np.float32)
    away = x - 700
    y = y - slope * away - bow * (away / 700) ** 2
    return cv2.remap(pixels, x, y.astype(np.float32), cv2.INTER_LINEAR, borderValue=(255,) * 3)


def ink_rows(pixels: np.ndarray, line: Line) -> int:
    """Height of the darkest rows of a line's picture: of a level one little more than an x."""
    dark = (cut(pixels, line).min(axis=2) < 128).mean(axis=1)
    return int((dark > 0.5 * dark.max()).sum())


def assert_read_in_order(layout: Layout, pixels: np.ndarray, above: int = 0) -> None:
    lines = layout.lines[above : above + len(ROWS)]
    assert len(lines) == len(ROWS)
    assert all(ink_rows(pixels, line) <= 20 for line in lines)
    widths = [line.box.width for line in lines]
    assert widths[3] < 0.8 * min(widths[:3])


@pytest.mark.parametrize(("slope", "bow"), [(0.0, 70.0), (0.03, 90.0), (-0.02, -60.0)])
def test_lines_that_bow_are_cut_level(slope: float, bow: float) -> None:
    pixels = bent(drawn(300), slope, bow)
    layout = analyse(pixels)
    assert_read_in_order(layout, pixels)
    assert any(line.curve.bend for line in layout.lines)
    assert len(layout.regions) == 1


@pytest.mark.parametrize("slope", [-0.09, 0.12])
def test_a_paragraph_that_leans_on_a_level_page(slope: float) -> None:
    upper, lower = drawn(80), bent(drawn(150), slope, 0)
    pixels = np.concatenate([upper[:500], lower])
    pixels[400:500] = 255
    pixels = np.concatenate([drawn(20)[:250], pixels])
    layout = analyse(pixels)
    assert abs(layout.angle) < 0.5
    assert_read_in_order(layout, pixels, above=2 * len(ROWS))
    leaning = layout.lines[2 * len(ROWS)]
    assert leaning.curve.slope == pytest.approx(slope, abs=0.02)
    assert leaning.extent.height > 2 * leaning.box.height


def test_exponents_at_the_end_bend_no_line() -> None:
    sheet = Image.new("RGB", (1000, 400), "white")
    draw = ImageDraw.Draw(sheet)
    for row in range(6):
        draw.text((80, 60 + 50 * row), "License 2.0", "black", ImageFont.load_default(30))
        draw.text((246, 57 + 50 * row), "[31]", "black", ImageFont.load_default(22))
    lines = analyse(np.asarray(sheet)).lines
    assert len(lines) == 6
    assert all(line.curve == LEVEL for line in lines)


def test_parts_of_one_leaning_line_are_one_row_and_one_line() -> None:
    curve = Curve(0.1)
    left = PagePiece(LayoutBox(100, 100, 500, 130), 30, 3, 20, base=130, curve=curve)
    right = PagePiece(LayoutBox(520, 142, 920, 172), 30, 3, 20, base=172, curve=curve)
    below = PagePiece(LayoutBox(100, 140, 500, 170), 30, 3, 20, base=170, curve=curve)
    assert rows_of([below, right, left]) == [[left, right], [below]]
    whole = merge([left, right])
    assert whole.box == pytest.approx(LayoutBox(100, 121, 920, 151), abs=1)
    assert whole.curve.slope == pytest.approx(0.1, abs=0.005)


def test_words_of_a_leaning_line_are_placed_where_they_are() -> None:
    line = Line(LayoutBox(100, 200, 500, 230), curve=Curve(0.1))
    assert line.part(LayoutBox(400, 200, 500, 230)) == pytest.approx((400, 210, 500, 250))
    assert line.extent == pytest.approx((100, 180, 500, 250))
