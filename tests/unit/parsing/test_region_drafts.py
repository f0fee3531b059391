"""Drafts of regions: from a text layer, and from what the lite model has read."""

import numpy as np
import pytest

from mdocr.document.model import Block, Box, Page, PageLine
from mdocr.inputs.text_layer import Look, TextLayer
from mdocr.parsing.region_drafts import drafted

WHOLE = Box(0, 0, 1, 1)


def layer(*lines: str, size: float = 0.02) -> TextLayer:
    """Lines one below the other from (0.1, 0.1), each character as wide as half its size."""
    placed = [
        (character, 0.1 + at * size / 2, 0.1 + row * 0.04)
        for row, line in enumerate(lines)
        for at, character in enumerate(line)
        if character != "_"  # a gap without a character
    ]
    lefts, tops = (np.array([one[axis] for one in placed]) for axis in (1, 2))
    count = len(placed)
    return TextLayer(
        tuple(one[0] for one in placed),
        np.stack([lefts, tops, lefts + size / 2, tops + size], axis=1),
        np.stack([lefts, tops + size], axis=1),
        np.full(count, size),
        np.zeros(count, np.int64),
        (Look(),) * count,
        np.ones(count, np.bool_),
        np.zeros((0, 4)),
    )


def region(kind: str = "text", box: Box = WHOLE, angle: int = 0) -> Block:
    return Block(kind, box, angle=angle)


def test_lines_of_a_layer_run_on_unless_they_are_code():
    found = layer("one two", "three_four")
    assert drafted(region(), found, None, 1.0) == "one two three four"
    assert drafted(region("code"), found, None, 1.0) == "one two\nthree four"


def test_only_what_lies_in_the_region():
    found = layer("above", "inside", "below")
    assert drafted(region(box=Box(0, 0.13, 1, 0.17)), found, None, 1.0) == "inside"
    assert drafted(region(box=Box(0.5, 0.5, 1, 1)), found, None, 1.0) == ""


@pytest.mark.parametrize("one", [region("table"), region("equation"), region(angle=90)])
def test_a_layer_drafts_upright_text_alone(one):
    assert drafted(one, layer("text"), None, 1.0) == ""


def lite_page() -> Page:
    table = Block("table", Box(0.1, 0.5, 0.9, 0.9), "<fcel>a<nl>", "otsl")
    lines = (
        PageLine("as read", Box(0.1, 0.1, 0.9, 0.13)),
        PageLine("b", Box(0.1, 0.2, 0.9, 0.23)),
    )
    return Page(1, 100, 100, (Block("text", Box(0.1, 0.1, 0.9, 0.3), lines=lines), table))


def test_what_the_lite_model_has_read_comes_first():
    known = layer("in the file")
    assert drafted(region(), known, lite_page(), 1.0) == "as read b"
    assert drafted(region(box=Box(0, 0, 1, 0.15)), known, lite_page(), 1.0) == "as read"
    empty = Page(1, 100, 100, ())
    assert drafted(region(), known, empty, 1.0) == "in the file"


def test_tables_and_formulas_are_those_of_the_same_type():
    table = region("table", Box(0.1, 0.45, 0.9, 0.95))
    assert drafted(table, None, lite_page(), 1.0) == "<fcel>a<nl>"
    assert drafted(region("equation"), None, lite_page(), 1.0) == ""
    assert drafted(region("table", Box(0, 0, 1, 0.4)), None, lite_page(), 1.0) == ""
