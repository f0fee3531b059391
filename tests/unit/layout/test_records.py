"""Tables without rules whose rows have several lines: which lines are one row of cells."""

from dataclasses import replace

import pytest

from mdocr.layout import LayoutBox, LayoutCell
from mdocr.layout.pieces import PagePiece
from mdocr.layout.tables import to_lines

HEAD = (("Name",), ("Duty",), ("Since",), ("Hours",))
ELLWOOD = (("Ellwood, M.",), ("Berths and lay days,", "also the tide tables"), ("2011",), ("38.5",))
DEPUTY = (
    ("Tarrow, P.", "(deputy)"),
    ("Papers for freight", "from the islands"),
    ("2016",),
    ("40",),
)
QUILLON = (("Quillon, J.",), ("Accounts",), ("2019",), ("20.0",))
THREE = (
    ("Norwick, S.",),
    ("Safety of passengers", "on the bridge", "and pier"),
    ("2021",),
    ("38",),
)
MASTER = (("Harbour", "master"), ("All",), ("2022",), ("12.0",))
Record = tuple[tuple[str, ...], ...]


@pytest.mark.parametrize(
    "records",
    [
        (HEAD, ELLWOOD, DEPUTY, QUILLON, THREE),
        (HEAD, ELLWOOD, QUILLON, THREE, QUILLON),
        (HEAD, DEPUTY, THREE, MASTER, QUILLON),
        (HEAD, THREE, DEPUTY, MASTER),
        (HEAD, MASTER, DEPUTY, MASTER, MASTER),
    ],
)
@pytest.mark.parametrize(("leading", "step"), [(28, 40), (26, 34)])
def test_lines_closer_than_rows_go_on_with_their_cells(
    records: tuple[Record, ...], leading: int, step: int
) -> None:
    rows = to_lines(_pieces(records, leading, step))
    assert len(rows) == 1
    (table,) = (piece.region for piece in rows[0])
    assert table
    assert _lengths(table.cells) == [[len(cell) for cell in record] for record in records]


def test_few_full_rows_do_not_swallow_the_pairs_below_them() -> None:
    """Labels and values below a record of many cells are rows, however close."""
    values = (("motor type",), ("13.751",), (), ()), (("nominal power",), ("0.18 kW",), (), ())
    rows = to_lines(_pieces((HEAD, QUILLON, *(values * 4)), 22, 22, after_first=40))
    (table,) = (piece.region for piece in rows[0])
    assert table
    assert len(_lengths(table.cells)) == 10


@pytest.mark.parametrize(("blank", "tables"), [(30, 1), (75, 1), (130, 3)])
def test_rows_in_groups_are_one_table_unless_a_wide_blank_parts_them(
    blank: int, tables: int
) -> None:
    pieces = [
        replace(
            piece,
            box=piece.box._replace(y0=piece.box.y0 + down, y1=piece.box.y1 + down),
            base=piece.base + down,
        )
        for group in range(3)
        for down in [group * (4 * 34 + blank)]
        for piece in _pieces((QUILLON,) * 5, 28, 34)
    ]
    found = [row[0].region for row in to_lines(pieces) if row[0].region]
    assert [len(_lengths(table.cells)) for table in found] == [15 // tables] * tables


def _pieces(
    records: tuple[Record, ...], leading: int, step: int, after_first: int = 0
) -> list[PagePiece]:
    pieces, y = [], 100
    for number, record in enumerate(records):
        for x, cell in zip((50, 250, 560, 700), record, strict=True):
            pieces += [_piece(x, y + leading * line, text) for line, text in enumerate(cell)]
        lines = max(len(cell) for cell in record)
        y += leading * (lines - 1) + (after_first if number < 2 and after_first else step)
    return pieces


def _piece(x: int, y: int, text: str) -> PagePiece:
    """Of brackets and of the tails of letters, half of the feet are below the line."""
    foot = y + 16 + 4 * text.startswith("(")
    return PagePiece(LayoutBox(x, y, x + 10 * len(text), y + 20), 16, 2, len(text), foot)


def _lengths(cells: tuple[LayoutCell, ...]) -> list[list[int]]:
    """Lines of each cell, row by row."""
    rows = sorted({cell.row for cell in cells})
    return [[len(cell.lines) for cell in cells if cell.row == row] for row in rows]
