"""Squares under writing, and tables, which are no such squares."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mdocr.fragments.squared_paper import without_squares

WORDS = "The harbour authority opened its"


def page(step: tuple[int, int] | None, colour: str = "#606060") -> np.ndarray:
    """A line of text on paper that is ruled every so many pixels down and across."""
    picture = Image.new("RGB", (900, 700), "white")
    pen = ImageDraw.Draw(picture)
    for y in range(20, 700, step[0]) if step else ():
        pen.line((0, y, 900, y), colour, 2)
    for x in range(20, 900, step[1]) if step else ():
        pen.line((x, 0, x, 700), colour, 2)
    pen.text((60, 300), WORDS, "black", ImageFont.load_default(40))
    return np.asarray(picture)


def test_squares_go_and_letters_stay():
    made, plain = without_squares(page((40, 40))), page(None)
    assert made[:250].min() > 200
    letters = plain[290:360].min(axis=2) < 100
    assert (made[290:360].min(axis=2)[letters] < 150).mean() > 0.95


@pytest.mark.parametrize("given", [None, (40, 110), (40, 1000)])
def test_other_rules_stay(given):
    picture = page(given)
    assert without_squares(picture) is picture


def test_pale_squares_stay():
    picture = page((40, 40), "#c8c8e8")
    assert without_squares(picture) is picture
