"""Boxes and buttons to be ticked, told by their shape."""

import cases
import numpy as np
import pymupdf
import pytest

from mdocr.parsing.line_reader import tick_boxes
from mdocr.parsing.line_reader.tick_boxes import EMPTY, TICKED, leading_box


def line(draw: cases.Draw) -> np.ndarray:
    def whole(sheet: pymupdf.Page) -> None:
        draw(sheet)
        sheet.insert_text((30, 18), "a label", fontsize=13)

    return np.asarray(cases.picture_of(whole, (120, 24)))


@pytest.mark.parametrize("radius", [5, 6])
@pytest.mark.parametrize(("dot", "sign"), [(0, EMPTY), (0.5, TICKED)])
def test_a_thin_circle_is_a_button(radius, dot, sign):
    def draw(sheet: pymupdf.Page) -> None:
        sheet.draw_circle((15, 13), radius, width=0.8)
        if dot:
            sheet.draw_circle((15, 13), dot * radius, fill=(0, 0, 0))

    assert leading_box(line(draw))[0] == sign


@pytest.mark.parametrize("letter", ["O", "Q", "0", "o", "©", "®", "D", "C"])
@pytest.mark.parametrize("font", ["helv", "hebo", "tiro", "cour"])
def test_letters_are_no_buttons(letter, font):
    def draw(sheet: pymupdf.Page) -> None:
        sheet.insert_text((10, 18), letter, fontsize=14, fontname=font)

    assert leading_box(line(draw)) == ("", 0)


@pytest.mark.parametrize("side", [2, 4])
def test_a_disc_smaller_than_a_pixel_is_not_inked(side):
    """Without a warning of a mean of nothing."""
    assert tick_boxes._share_within(np.ones((side, side), bool), tick_boxes.DOT) == 0


@pytest.mark.parametrize(("inside", "sign"), [(None, EMPTY), (0.5, TICKED), (1.0, "")])
def test_a_square_that_is_wholly_inked_is_a_bullet(inside, sign):
    def draw(sheet: pymupdf.Page) -> None:
        sheet.draw_rect((9, 7, 20, 18), width=0.8)
        if inside:
            half = 5.5 * inside
            square = (14.5 - half, 12.5 - half, 14.5 + half, 12.5 + half)
            sheet.draw_rect(square, fill=(0, 0, 0))

    assert leading_box(line(draw))[0] == sign
