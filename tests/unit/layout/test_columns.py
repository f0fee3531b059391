"""Columns are told apart by what stands in them."""

from mdocr.layout import LayoutBox
from mdocr.layout.blocks import usual_type
from mdocr.layout.columns import in_columns
from mdocr.layout.pieces import PagePiece


def test_a_side_of_leaders_alone_is_no_column() -> None:
    rows = range(100, 600, 30)
    texts = [PagePiece(LayoutBox(50, y, 350, y + 12), 12, count=30, base=y + 12) for y in rows]
    dots = [
        PagePiece(LayoutBox(450, y, 750, y + 12), 12, count=30, base=y + 12, leader=True)
        for y in rows
    ]
    assert len(list(in_columns(texts + dots, []))) == 1


def test_the_type_of_contents_is_that_of_their_letters_not_of_their_dots() -> None:
    texts = [
        PagePiece(LayoutBox(50, y, 350, y + 16), 12, 2, count=30, base=y + 12, middle=9)
        for y in range(100, 600, 30)
    ]
    dots = [
        PagePiece(LayoutBox(360, y + 9, 900, y + 12), 3, 2.5, count=140, base=y + 12, middle=3)
        for y in range(100, 600, 30)
    ]
    assert usual_type(texts + dots) == usual_type(texts)
