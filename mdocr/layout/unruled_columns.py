"""Tables with a level rule between every two rows, and none between the columns.

Those whose cells are one line each are found by their level rows.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

import numpy as np

from mdocr.fragments.components import Boxes
from mdocr.fragments.geometry import LayoutBox, hull
from mdocr.fragments.ink import runs
from mdocr.fragments.rules import Rules, touching
from mdocr.layout.pieces import PagePiece, Row, rows_of

LEAST_ROWS = 3
"""Rows, each between two rules, that make a table."""

COLUMN_GAP = 0.9
"""Narrowest gap between columns in heights of a capital."""

LEADING = 2.2
"""Distance of the lines of one cell in heights of a capital, at most."""

CROSSED = 0.3
"""Share of the rows with something across a gap between columns, at most."""

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
    edges = [area.x0 - 1, *_gaps([pieces], area, size), area.x1 + 1]
    parts = [[p for p in pieces if x0 < p.box.center[0] < x1] for x0, x1 in pairwise(edges)]
    return [rows_of(part) for part in parts]


def _gaps(rows: Sequence[Row], area: LayoutBox, size: float) -> list[float]:
    """Where the fewest of the rows have something, in each gap between their columns."""
    taken = np.zeros((len(rows), int(area.width) + 2), bool)
    for place, row in zip(taken, rows, strict=True):
        for piece in row:
            place[int(piece.box.x0 - area.x0) : int(piece.box.x1 - area.x0) + 1] = True
    share = taken.mean(axis=0)
    inner = [
        (x0, x1)
        for x0, x1 in runs(share <= CROSSED).tolist()
        if x1 - x0 >= COLUMN_GAP * size and x0 > 0 and x1 < len(share) - 2
    ]
    least = [x0 + np.flatnonzero(share[x0:x1] == share[x0:x1].min()) for x0, x1 in inner]
    return [area.x0 + float(np.median(places)) for places in least]


def _walls(table: Sequence[Band], size: float) -> list[LayoutBox]:
    """Upright rules at both ends and between columns, beside all rows with nothing across them."""
    rows = [row for _, row in table]
    area = hull([piece.box for row in rows for piece in row])
    places = [table[0][0].x0, *_gaps(rows, area, size), table[0][0].x1]
    return [
        LayoutBox(x, box.y0, x + 1, box.y1)
        for x in places
        for box, row in table
        if not any(piece.box.x0 < x < piece.box.x1 for piece in row)
    ]
