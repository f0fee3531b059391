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


def lines(x0: float, x1: float, tops: range, size: float = 12) -> list[PagePiece]:
    return [PagePiece(LayoutBox(x0, y, x1, y + size), size, count=30, base=y + size) for y in tops]


def test_a_gutter_goes_on_over_a_line_that_narrows_it() -> None:
    left = lines(50, 396, range(100, 110, 20)) + lines(50, 380, range(120, 400, 20))
    right = lines(402, 750, range(100, 400, 20))
    assert in_columns(left + right) == [left, right]


def test_a_headline_of_words_far_apart_is_in_no_column() -> None:
    left, right = lines(50, 380, range(130, 400, 20)), lines(402, 750, range(130, 400, 20))
    headline = lines(50, 392, range(96, 97), 24) + lines(401, 750, range(96, 97), 24)
    assert in_columns(headline + left + right) == [headline, left, right]


def test_a_gutter_goes_on_over_no_rule() -> None:
    left = lines(50, 396, range(100, 110, 20)) + lines(50, 380, range(130, 400, 20))
    right = lines(402, 750, range(100, 110, 20)) + lines(402, 750, range(130, 400, 20))
    rule = LayoutBox(50, 120, 750, 121)
    assert in_columns(left + right, [rule]) == [
        [left[0], right[0]],
        left[1:],
        right[1:],
    ]
