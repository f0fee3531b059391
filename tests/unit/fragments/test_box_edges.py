"""Edges of buttons and keys, which are no letters; fields of forms keep theirs."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mdocr.fragments.box_edges import find_box_edges
from mdocr.fragments.components import find_components
from mdocr.layout import analyse

FONT = ImageFont.load_default(26)


def page(*boxes: int, radius: int = 8) -> Image.Image:
    """A line of words, some of them, by their numbers, in rounded boxes."""
    picture, x = Image.new("RGB", (900, 240), "white"), 60
    pen = ImageDraw.Draw(picture)
    for number, word in enumerate(("Press", "Ctrl", "Shift", "Enter", "to", "build")):
        wide = round(FONT.getlength(word))
        if number in boxes:
            outline = (x - 10, 92, x + wide + 10, 140)
            pen.rounded_rectangle(outline, radius, outline="#606060", width=2)
        pen.text((x, 100), word, "black", FONT)
        x += wide + 50
    return picture


def edges(picture: Image.Image) -> np.ndarray:
    ink = (np.asarray(picture.convert("L")) < 160).astype(np.uint8)
    return find_box_edges(find_components(ink), 18.0)


def lines(picture: Image.Image) -> list[list[int]]:
    found = analyse(np.asarray(picture)).regions
    return [[round(edge) for edge in line.box] for region in found for line in region.lines]


@pytest.mark.parametrize("radius", [2, 8, 24])
def test_edges_of_keys_are_found(radius):
    plain, boxed = page(radius=radius), page(1, 2, 3, radius=radius)
    differ = np.asarray(plain.convert("L")) != np.asarray(boxed.convert("L"))
    found = edges(boxed).astype(bool)
    assert found.any() and not (found & ~differ).any()  # no letter is among them
    assert not edges(plain).any()


def test_lines_are_those_without_boxes():
    for boxed, plain in zip(lines(page(1, 2, 3)), lines(page()), strict=True):
        assert np.abs(np.subtract(boxed, plain)).max() <= 2


def test_the_box_of_a_field_stays():
    picture = page()
    ImageDraw.Draw(picture).rectangle((50, 160, 850, 220), outline="black", width=2)
    ImageDraw.Draw(picture).text((60, 174), "Margaret", "black", FONT)
    assert not edges(picture).any()
