"""Columns are told apart by what stands in them."""

from mdocr.layout import LayoutBox
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
