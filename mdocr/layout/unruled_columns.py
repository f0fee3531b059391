"""Columns of ruled tables between which no rule stands: in all the table, or within ruled ones.

Of tables with level rules alone, those whose cells are one line each are found by their level rows.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import accumulate, groupby, pairwise

import numpy as np

from mdocr.fragments.components import Boxes
from mdocr.fragments.geometry import LayoutBox, hull
from mdocr.fragments.ink import runs
from mdocr.fragments.rules import Rules, touching
from mdocr.layout.grids import held_in
from mdocr.layout.pieces import TYPEWRITER_GAP, PagePiece, Row, is_typewriter, rows_of
from mdocr.layout.regions import LayoutCell

LEAST_ROWS = 3
"""Rows, each between two rules, that make a table."""

COLUMN_GAP = 0.9
"""Narrowest gap between columns in heights of a capital."""

LEADING = 2.2
"""Distance of the lines of one cell in heights of a capital, at most."""

CROSSED = 0.3
"""Share of the rows with something across a gap between columns, at most."""

FILLED = 0.6
"""Share of the rows of a ruled column in which each of the columns within it has something."""

Band = tuple[LayoutBox, Row]
"""A place between two rules, and what stands there."""


def with_columns(rules: Rules, pieces: Sequence[PagePiece], size: float) -> Rules:
    """Rules, with upright ones in the gaps between the columns of each such table.

    Args:
        rules: of a page.
        pieces: of the page.
        size: height of a capital.
    """
    walls: list[LayoutBox] = []
    ends: list[LayoutBox] = []
    for stack in _stacks(_alone(rules, size), size):
        bands = [(box, [p for p in pieces if box.holds(p.box)]) for box in stack]
        bands = [_open(stack[0], pieces, size, -1), *bands, _open(stack[-1], pieces, size, 1)]
        for is_row, run in groupby(bands, lambda band: _is_row(band[1], size)):
            table = list(run)
            if is_row and len(table) >= LEAST_ROWS and _has_long_cells(table, size):
                walls += _walls(table, size)
                ends += [table[0][0]._replace(y1=table[0][0].y0 + 1)]
                ends += [table[-1][0]._replace(y0=table[-1][0].y1 - 1)]
    level = np.vstack([rules.level, np.array(ends).reshape(-1, 4)])
    return Rules(level, np.vstack([rules.upright, np.array(walls).reshape(-1, 4)]))


def _alone(rules: Rules, size: float) -> Boxes:
    """Level rules that meet no upright one."""
    level, upright = touching(rules, size)
    return np.asarray(rules.level[~np.isin(level, upright)])


def _stacks(rules: Boxes, size: float) -> Iterator[list[LayoutBox]]:
    """What lies between rules of one extent, from top to bottom."""
    left = rules.tolist()
    while left:
        x0, _, x1, _ = left[0]
        same = [r for r in left if abs(r[0] - x0) < size and abs(r[2] - x1) < size]
        left = [rule for rule in left if rule not in same]
        heights = sorted((y0 + y1) / 2 for _, y0, _, y1 in same)
        bands = [LayoutBox(x0, y0, x1, y1) for y0, y1 in pairwise(heights) if y1 - y0 > size]
        if bands:
            yield bands


def _open(end: LayoutBox, pieces: Sequence[PagePiece], size: float, way: int) -> Band:
    """The close lines above the first rule, if the way is -1, or below the last."""
    edge = end.y1 if way > 0 else end.y0
    beyond = [p for p in pieces if end.x0 < p.box.center[0] < end.x1 and way * (p.base - edge) > 0]
    reach = edge
    taken: Row = []
    for row in rows_of(beyond)[::way]:
        box = hull([piece.box for piece in row])
        near, far = (box.y0, box.y1) if way > 0 else (box.y1, box.y0)
        if way * (near - reach) > LEADING * size:
            break
        reach, taken = far, taken + row
    far = reach + way * size / 2
    return end._replace(y0=min(edge, far), y1=max(edge, far)), taken


def _has_long_cells(table: Sequence[Band], size: float) -> bool:
    """Whether a cell has several lines."""
    return any(len(lines) > 1 for _, row in table for lines in _parts(row, size))


def _is_row(pieces: Row, size: float) -> bool:
    """Whether blank strips part what lies between two rules, and a part of it is one line."""
    parts = _parts(pieces, size)
    close = all(
        below[0].base - above[0].base < LEADING * size
        for lines in parts
        for above, below in pairwise(lines)
    )
    return len(parts) >= 2 and close and min(map(len, parts)) == 1


def _parts(pieces: Row, size: float) -> list[list[Row]]:
    """Lines of each part between blank strips."""
    if not pieces:
        return []
    area = hull([piece.box for piece in pieces])
    edges = [area.x0 - 1, *_gaps([pieces], area, COLUMN_GAP * size), area.x1 + 1]
    parts = [[p for p in pieces if x0 < p.box.center[0] < x1] for x0, x1 in pairwise(edges)]
    return [rows_of(part) for part in parts]


def _gaps(rows: Sequence[Row], area: LayoutBox, least: float) -> list[float]:
    """Where the fewest of the rows have something, in each gap between their columns."""
    taken = np.zeros((len(rows), int(area.width) + 2), bool)
    for place, row in zip(taken, rows, strict=True):
        for piece in row:
            place[int(piece.box.x0 - area.x0) : int(piece.box.x1 - area.x0) + 1] = True
    share = taken.mean(axis=0)
    inner = [
        (x0, x1)
        for x0, x1 in runs(share <= CROSSED).tolist()
        if x1 - x0 >= least and x0 > 0 and x1 < len(share) - 2
    ]
    middles = [x0 + np.flatnonzero(share[x0:x1] == share[x0:x1].min()) for x0, x1 in inner]
    return [area.x0 + float(np.median(places)) for places in middles]


def _walls(table: Sequence[Band], size: float) -> list[LayoutBox]:
    """Upright rules at both ends and between columns, beside all rows with nothing across them."""
    rows = [row for _, row in table]
    area = hull([piece.box for row in rows for piece in row])
    places = [table[0][0].x0, *_gaps(rows, area, COLUMN_GAP * size), table[0][0].x1]
    return [
        LayoutBox(x, box.y0, x + 1, box.y1)
        for x in places
        for box, row in table
        if not any(piece.box.x0 < x < piece.box.x1 for piece in row)
    ]


def parted(
    slots: Sequence[LayoutCell], pieces: Sequence[PagePiece], size: float
) -> list[LayoutCell]:
    """Cells of a grid, those of a ruled column that holds several columns cut at their gaps.

    Args:
        slots: of the grid, empty.
        pieces: of the page.
        size: height of a capital.
    """
    held = held_in(slots, pieces)
    is_wide = is_typewriter([piece for inside in held for piece in inside])
    least = size * (TYPEWRITER_GAP if is_wide else COLUMN_GAP)
    wide = max(slot.column + slot.column_span for slot in slots)
    gaps = [_inner_gaps(slots, held, column, least) for column in range(wide)]
    starts = list(accumulate((1 + len(found) for found in gaps), initial=0))
    made: list[LayoutCell] = []
    for slot, inside in zip(slots, held, strict=True):
        end = starts[slot.column + slot.column_span]
        moved = replace(slot, column=starts[slot.column], column_span=end - starts[slot.column])
        places = gaps[slot.column] if slot.column_span == 1 else []
        made += _cut_columns(moved, rows_of(inside), places, least)
    return made


def are_torn(cells: Sequence[LayoutCell], slots: Sequence[LayoutCell]) -> bool:
    """Whether cells that were one have several lines side by side, which belong together.

    Args:
        cells: of a table, filled.
        slots: what they were before columns were parted.
    """
    boxes = np.array([slot.box for slot in slots])
    long = sorted((c for c in cells if len(c.lines) > 1), key=lambda cell: (cell.row, cell.column))
    neighbours = ([a.box.center, b.box.center] for a, b in pairwise(long) if a.row == b.row)
    return any(
        ((boxes[:, None, :2] <= both) & (boxes[:, None, 2:] >= both)).all(axis=(1, 2)).any()
        for both in map(np.array, neighbours)
    )


def _inner_gaps(
    slots: Sequence[LayoutCell], held: Sequence[Row], column: int, least: float
) -> list[float]:
    """Where the columns within a ruled one are parted; most of its rows have all of them."""
    both = zip(slots, held, strict=True)
    own = [inside for slot, inside in both if slot.column == column and slot.column_span == 1]
    rows = [row for inside in own for row in rows_of(inside)]
    if len(rows) < LEAST_ROWS:
        return []
    area = hull([piece.box for row in rows for piece in row])
    gaps: list[float] = []
    left = area.x0 - 1
    for x in _gaps(rows, area, least):
        if _is_filled(rows, left, x) and _is_filled(rows, x, area.x1 + 1):
            gaps.append(x)
            left = x
    return gaps


def _is_filled(rows: Sequence[Row], start: float, end: float) -> bool:
    """Whether most rows have something between two places."""
    filled = [any(start < piece.box.center[0] < end for piece in row) for row in rows]
    return sum(filled) >= FILLED * len(rows)


def _cut_columns(
    cell: LayoutCell, rows: Sequence[Row], places: Sequence[float], least: float
) -> list[LayoutCell]:
    """A cell cut at places which few of its rows cross; else it spans the columns."""
    crossing = [any(_crosses(row, x, least) for x in places) for row in rows]
    if not places or sum(crossing) > CROSSED * len(rows):
        return [cell]
    edges = [cell.box.x0, *places, cell.box.x1]
    boxes = [cell.box._replace(x0=x0, x1=x1) for x0, x1 in pairwise(edges)]
    return [
        replace(cell, column=cell.column + index, column_span=1, box=box)
        for index, box in enumerate(boxes)
    ]


def _crosses(row: Row, x: float, least: float) -> bool:
    """Whether a piece of a row, or words closer than a gap, stand across a place."""
    if any(piece.box.x0 < x < piece.box.x1 for piece in row):
        return True
    left = max((piece.box.x1 for piece in row if piece.box.x1 <= x), default=-math.inf)
    right = min((piece.box.x0 for piece in row if piece.box.x0 >= x), default=math.inf)
    return right - left < least
