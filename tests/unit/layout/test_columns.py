"""Columns are told apart by what stands in them."""

from dataclasses import replace

import pytest

from mdocr.layout import LayoutBox
from mdocr.layout.blocks import to_regions, usual_type
from mdocr.layout.columns import in_columns
from mdocr.layout.pieces import PagePiece, Type


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


def _piece(x0: float, x1: float, y: float, count: int, leader: bool = False) -> PagePiece:
    return PagePiece(LayoutBox(x0, y, x1, y + 12), 12, count=count, base=y + 12, leader=leader)


def test_entries_with_leaders_on_both_sides_are_two_columns_though_all_are_level() -> None:
    pieces = [
        part
        for y in range(100, 600, 20)
        for x in (50, 320)
        for part in (
            _piece(x, x + 90, y, 9),
            _piece(x + 95, x + 200, y, 12, leader=True),
            _piece(x + 205, x + 230, y, 2),
        )
    ]
    assert [max(p.box.x1 for p in column) for column in in_columns(pieces)] == [280, 550]


def test_a_narrow_column_of_a_table_parts_it_no_more_than_wide_ones() -> None:
    """Where "gpy" stands its letters do not tell; and cells far apart are no running text."""
    rows = [
        [
            _piece(50, 250 + 10 * (number % 3), y, 22),
            _piece(400, 560, y, 16),
            PagePiece(LayoutBox(700, y, 730, y + 12), 12, count=3, base=y + 12 + 4 * (number % 2)),
            _piece(800, 1000, y, 20),
            _piece(1100, 1300, y, 20),
        ]
        for number, y in enumerate(range(100, 500, 32))
    ]
    assert len(in_columns([piece for row in rows for piece in row])) == 1


def test_two_columns_of_numbers_are_read_one_after_the_other() -> None:
    """Commas and blanks take as much of a line as the numbers, and all lines are level."""
    pieces = [
        _piece(x + 58 * number, x + 58 * number + 34, y, 5)
        for y in range(100, 900, 20)
        for x in (50, 400)
        for number in range(5)
    ]
    assert [min(p.box.x0 for p in column) for column in in_columns(pieces)] == [50, 400]


def test_ragged_lines_of_the_middle_of_three_columns_are_running_text() -> None:
    """Where it has no line, one of the first column faces the gutter."""
    shift = {50: 0, 400: 7, 750: 14}
    pieces = [
        _piece(x, x + 250 + 17 * (number * 7 % 4), y + shift[x], 30)
        for number, y in enumerate(range(100, 900, 20))
        for x in (50, 400, 750)
        if x != 400 or number % 10
    ]
    columns = in_columns(pieces)
    assert [min(p.box.x0 for p in column) for column in columns] == [50, 400, 750]


def _listing(leader: bool) -> list[list[PagePiece]]:
    """Lines set by a typewriter, in each of which a blank of one letter is at the same place."""
    pieces = []
    for y in range(100, 280, 20):
        for x in (50, 365):
            box = LayoutBox(x, y, x + 300, y + 12)
            pieces.append(PagePiece(box, 12, count=30, base=y + 12, spread=0.0))
        if leader:
            pieces += [_piece(x, x + 40, y, 5, leader=True) for x in (180, 495)]
    return in_columns(pieces)


def test_a_blank_of_one_letter_is_no_gutter_in_what_a_typewriter_set() -> None:
    """Unless leaders tell of entries, whose dots are as evenly set."""
    assert len(_listing(leader=False)) == 1
    assert len(_listing(leader=True)) == 2


def _card(x: float, y: float, lines: int) -> list[PagePiece]:
    """A bold name and some lines of text below it."""
    head = replace(_piece(x, x + 110, y, 10), stroke=4)
    return [head, *(_piece(x, x + 260 - 9 * n, y + 40 + 20 * n, 30) for n in range(lines))]


def test_cards_of_text_with_level_heads_are_read_row_by_row() -> None:
    cards = [
        [replace(p, stroke=p.stroke or 2) for p in _card(x, y, lines)]
        for y, lines in ((100, 5), (320, 6))
        for x in (50, 400, 750)
    ]
    found = in_columns([piece for card in cards for piece in card])
    assert [(column[0].box.x0, column[0].box.y0) for column in found] == [
        (x, y) for y in (100, 320) for x in (50, 400, 750)
    ]


def test_columns_that_are_level_in_one_place_are_read_to_their_ends() -> None:
    """A head over one of them alone begins no card."""
    left, right = (
        [_piece(x, x + 280 - 7 * n, y + 20 * n, 30) for y in (100, 360) for n in range(8)]
        for x in (50, 400)
    )
    left[8] = replace(left[8], stroke=4, box=left[8].box._replace(x1=150))
    assert [len(column) for column in in_columns(left + right)] == [16, 16]


def _entries(x: float, seed: int) -> list[PagePiece]:
    """Entries of an index, every third with two indented lines below it."""
    insets = (0, 16, 16, 0, 0) * 5
    return [
        _piece(x + inset, x + inset + 90 + 37 * ((7 * line + seed) % 4), 100 + 20 * line, 15)
        for line, inset in enumerate(insets)
    ]


@pytest.mark.parametrize("starts", [(50, 330), (50, 300, 550)])
def test_level_columns_of_an_index_are_read_to_their_ends(starts: tuple[float, ...]) -> None:
    pieces = [piece for seed, x in enumerate(starts) for piece in _entries(x, seed)]
    assert [min(p.box.x0 for p in column) for column in in_columns(pieces)] == list(starts)


def test_indented_labels_beside_flush_values_are_rows() -> None:
    labels = _entries(50, 0)
    values = [_piece(400 - 10 * (n % 3), 460, piece.box.y0, 5) for n, piece in enumerate(labels)]
    assert len(in_columns(labels + values)) == 1


def test_short_lines_are_no_parts_of_one_paragraph_though_the_next_are_indented() -> None:
    lines = [[piece] for piece in _entries(50, 0)] + [[_piece(50, 430, 600, 30)]]
    regions = to_regions(lines, Type(12, 0))
    assert [len(region.lines) for region in regions] == [1] * len(lines)


@pytest.mark.parametrize("is_ragged", [False, True])
def test_a_wall_is_a_gutter_however_narrow(is_ragged: bool) -> None:
    """Newspapers leave half a capital between columns, and words that jut out leave less."""
    ends = {7: 294, 12: 292} if is_ragged else {}
    left = [_piece(50, ends.get(n, 291), 100 + 16 * n, 25) for n in range(20)]
    right = [_piece(299, 540, 100 + 16 * n, 25) for n in range(20)]
    title = PagePiece(LayoutBox(50, 40, 291, 80), 34, count=8, base=80)
    last = PagePiece(LayoutBox(299, 40, 480, 80), 34, count=6, base=80)
    wall = LayoutBox(295, 30, 296, 420)
    pieces = [title, last, *left, *right]
    assert in_columns(pieces, (), [wall])[:3] == [[title, last], left, right]
    assert len(in_columns(pieces)) == 1


def test_long_columns_of_which_half_the_lines_are_level_are_columns() -> None:
    """Of few lines half may be cells of rows; of many, chance alone has half at most."""
    left = [_piece(50, 130 + 7 * (n % 5), 100 + 16 * n, 9) for n in range(40)]
    right = [_piece(300, 380, 100 + 16 * n + 6 * (n % 9 > 4), 9) for n in range(40)]
    assert in_columns([*left, *right]) == [left, right]


def test_labels_and_values_above_a_table_of_other_columns_are_no_index() -> None:
    rows = [(50, 300, 420), (50, 300, 420), (50, 300, 420), (50, 300, 420)]
    rows += [(50, 280, 390)] * 4
    pieces = [
        _piece(x, x + 40 + 13 * ((number + 2 * place) % 3), 100 + 20 * number, 9)
        for number, row in enumerate(rows)
        for place, x in enumerate(row)
    ]
    assert len(in_columns(pieces)) == 1


@pytest.mark.parametrize("size", [10, 14, 20])
@pytest.mark.parametrize("gap", [2, 6])
def test_dates_beside_an_address_are_not_torn_from_the_lines_above_and_below(
    size: int, gap: int
) -> None:
    """They are set in steps of their own, so that only the first and the last are level with it."""

    def line(x: float, width: float, y: float) -> PagePiece:
        return PagePiece(LayoutBox(x, y, x + width, y + size), size, count=16, base=y + size)

    edge = 100 + 12 * size
    dates = [line(100, width * size, 100 + y * size) for width, y in _DATES]
    addresses = [
        line(x + edge + gap * size, width * size, 100 + 2 * number * size)
        for x in (0, 20 * size)
        for number, width in enumerate((9, 7, 16, 15, 4, 14, 10))
    ]
    pieces = dates + addresses
    columns = in_columns(pieces)
    assert [len(column) for column in columns] in ([len(pieces)], [5, 7, 7])


_DATES = [(12, 0), (9, 3), (10, 6), (9, 9), (12, 12)]
"""Width and place of each, in heights of a capital."""


def test_a_bar_of_links_parts_the_heads_above_and_below_from_one_another() -> None:
    """The blank between two of its words goes on above and below, between things of one side."""
    words = [(40, 100), (130, 200), (230, 340), (370, 450), (480, 560), (590, 670), (700, 790)]
    bar = [_piece(x0, x1, 120, 7) for x0, x1 in words]
    above = [_piece(20, 220, 20, 6), *(_piece(850, 990, y, 18) for y in (50, 75))]
    below = [_piece(695, 900, 160, 14), _piece(20, 200, 220, 14), _piece(20, 150, 270, 9)]
    text = [_piece(60, 980, y, 90) for y in range(320, 480, 20)]
    read = [piece for column in in_columns([*above, *bar, *below, *text]) for piece in column]
    places = [read.index(piece) for piece in (*above, bar[0], bar[-1], *below)]
    assert max(places[:3]) < places[3] < min(places[5:])
    assert places[4] - places[3] == len(bar) - 1


def test_words_of_a_justified_line_are_no_bar() -> None:
    """Where the letters of another column are a little lower, nothing is level with them."""
    words = [(50, 110), (124, 190), (204, 290), (304, 380)]
    lines = [_piece(50, 380, y, 40) for y in range(100, 500, 20) if y != 300]
    beside = [_piece(420, 750, y + 15, 40) for y in range(90, 490, 20) if y != 290]
    parts = in_columns([*lines, *(_piece(*ends, 300, 8) for ends in words), *beside])
    assert [len(part) for part in parts] == [len(lines) + len(words), len(beside)]
