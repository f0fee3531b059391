"""Ruled tables: level and upright rules to a grid of cells, with spans.

rules that touch → one grid → its rows and columns → walls → cells joined where a wall lacks
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.components import Boxes
from mdocr.fragments.geometry import LayoutBox, hull
from mdocr.fragments.groups import hulls, join
from mdocr.fragments.rules import Rules, crossing
from mdocr.layout.pieces import PagePiece, Row, rows_of
from mdocr.layout.regions import LayoutCell, Region
from mdocr.layout.rows import join_row
from mdocr.layout.unruled_rows import with_unruled_rows

CELL_GAP = 1.6
"""Widest gap inside a line of a cell in heights of a capital."""

MOST_CELLS = 5_000
"""Cells of a table; more are squared paper."""

WALL = 0.6
"""Share of a side of a cell that must be ruled for it to be a wall."""


def find_grids(rules: Rules, size: float) -> list[list[LayoutCell]]:
    """Cells, still empty, of each ruled table with at least two rows and two columns.

    A grid of more than ``MOST_CELLS`` cells is squared paper, not a table.
    """
    grids = []
    for level, upright in crossing(rules, size):
        level, upright = _closed(level, upright, 1.5 * size)
        rows = _positions((level[:, 1] + level[:, 3]) / 2, 0.6 * size)
        columns = _positions((upright[:, 0] + upright[:, 2]) / 2, 0.6 * size)
        if len(rows) < 2 or len(columns) < 2:
            continue
        if columns[-1] - columns[0] < 12 * size:
            continue
        if (len(rows) - 1) * (len(columns) - 1) > MOST_CELLS:
            continue
        level = _carried_on(level, columns, size)
        upright = _carried_on(upright[:, [1, 0, 3, 2]], rows, size)[:, [1, 0, 3, 2]]
        slots = _slots(rows, columns, _walls(rows, columns, level, upright))
        if len({s.row for s in slots}) >= 2 and len({s.column for s in slots}) >= 2:
            grids.append(slots)
    return grids


def _closed(level: Boxes, upright: Boxes, reach: float) -> tuple[Boxes, Boxes]:
    """Adds a border rule on each side where the rules extend beyond the last crossing one."""
    both = np.concatenate([level, upright])
    (x0, y0), (x1, y1) = both[:, :2].min(axis=0).tolist(), both[:, 2:].max(axis=0).tolist()
    if (level[:, 0] < upright[:, 0].min() - reach).sum() >= 2:
        upright = np.vstack([upright, (x0, y0, x0 + 1, y1)])
    if (level[:, 2] > upright[:, 2].max() + reach).sum() >= 2:
        upright = np.vstack([upright, (x1 - 1, y0, x1, y1)])
    if (upright[:, 1] < level[:, 1].min() - reach).sum() >= 2:
        level = np.vstack([level, (x0, y0, x1, y0 + 1)])
    if (upright[:, 3] > level[:, 3].max() + reach).sum() >= 2:
        level = np.vstack([level, (x0, y1 - 1, x1, y1)])
    return level, upright


def _positions(values: NDArray[np.float64], gap: float) -> list[float]:
    """Middles of the clusters of values, ascending."""
    clusters: list[list[float]] = []
    for value in sorted(values.tolist()):
        if clusters and value - clusters[-1][-1] < gap:
            clusters[-1].append(value)
        else:
            clusters.append([value])
    return [sum(cluster) / len(cluster) for cluster in clusters]


def _carried_on(rules: Boxes, crossings: list[float], size: float) -> Boxes:
    """Extends each level rule that crosses an upright one to the next crossing on either side.

    In a grid no rule ends between crossings: the rest of it was lost on the edge of a panel.
    """
    places = np.array(crossings)
    carried: Boxes = rules.copy()
    for rule in carried:
        x0, x1 = rule[0] + size, rule[2] - size
        if ((places > x0) & (places < x1)).any():
            rule[0] = max(places[places < x0], default=rule[0])
            rule[2] = min(places[places > x1], default=rule[2])
    return carried


def _walls(
    rows: list[float], columns: list[float], level: Boxes, upright: Boxes
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which sides of the elementary cells are ruled.

    Returns:
        upper sides, [rows + 1, columns], and left sides, [rows, columns + 1].
    """
    over = np.zeros((len(rows), len(columns) - 1))
    for x0, y0, x1, y1 in level:
        row = int(np.argmin(np.abs(np.array(rows) - (y0 + y1) / 2)))
        for column in range(len(columns) - 1):
            shared = min(x1, columns[column + 1]) - max(x0, columns[column])
            over[row, column] += max(0.0, shared) / (columns[column + 1] - columns[column])
    left = np.zeros((len(rows) - 1, len(columns)))
    for x0, y0, x1, y1 in upright:
        column = int(np.argmin(np.abs(np.array(columns) - (x0 + x1) / 2)))
        for row in range(len(rows) - 1):
            shared = min(y1, rows[row + 1]) - max(y0, rows[row])
            left[row, column] += max(0.0, shared) / (rows[row + 1] - rows[row])
    return over >= WALL, left >= WALL


def _slots(
    rows: list[float], columns: list[float], walls: tuple[NDArray[np.bool_], NDArray[np.bool_]]
) -> list[LayoutCell]:
    """Joins elementary cells that no wall separates; each group becomes a rectangle."""
    over, left = walls
    high, wide = len(rows) - 1, len(columns) - 1
    number = np.arange(high * wide).reshape(high, wide)
    open_right, open_down = ~left[:, 1:-1], ~over[1:-1]
    first = np.concatenate([number[:, :-1][open_right], number[:-1][open_down]])
    second = np.concatenate([number[:, 1:][open_right], number[1:][open_down]])
    extents = _rectangles(join(high * wide, first, second), wide)
    order = sorted(extents.astype(int).tolist(), key=lambda extent: (extent[1], extent[0]))
    return [
        LayoutCell(
            r0, c0, r1 - r0, c1 - c0, LayoutBox(columns[c0], rows[r0], columns[c1], rows[r1])
        )
        for c0, r0, c1, r1 in order
    ]


def _rectangles(groups: NDArray[np.int64], wide: int) -> Boxes:
    """Hulls of the groups in cells; groups whose hulls overlap become one."""
    number = np.arange(len(groups))
    cells = np.column_stack([number % wide, number // wide, number % wide + 1, number // wide + 1])
    while True:
        extents = hulls(cells.astype(np.float64), groups)
        shared = (extents[:, None, :2] < extents[None, :, 2:]).all(axis=2)
        shared &= shared.T
        merged = join(len(extents), *np.nonzero(shared))
        if merged.max() + 1 == len(extents):
            return extents
        groups = merged[groups]


def fill_grid(slots: Sequence[LayoutCell], pieces: Sequence[PagePiece]) -> Region | None:
    """Fills slots with the pieces inside them; None if fewer than two slots have text."""
    borders = sorted({slot.box.x0 for slot in slots} | {max(slot.box.x1 for slot in slots)})
    cells = []
    for slot, inside in zip(slots, held_in(slots, pieces), strict=True):
        for part in _divided(slot, inside, borders):
            held = [piece for piece in inside if part.box.holds(piece.box)]
            lines = [p.line for row in rows_of(held) for p in join_row(row, CELL_GAP)]
            cells.append(replace(part, lines=tuple(lines)))
    if sum(bool(cell.lines) for cell in cells) < 2:
        return None
    cells = with_unruled_rows(cells)
    lines = [line for cell in cells for line in cell.lines]
    return Region("table", hull([slot.box for slot in slots]), tuple(lines), tuple(cells))


def held_in(slots: Sequence[LayoutCell], pieces: Sequence[PagePiece]) -> list[Row]:
    """The pieces whose middle lies in each slot."""
    middles = np.array([piece.box.center for piece in pieces]).reshape(-1, 2)
    inside = ((middles >= slot.box[:2]) & (middles < slot.box[2:]) for slot in slots)
    return [[pieces[i] for i in np.flatnonzero(own.all(axis=1)).tolist()] for own in inside]


def _divided(
    slot: LayoutCell, inside: Sequence[PagePiece], borders: Sequence[float]
) -> list[LayoutCell]:
    """A slot over several columns, as several if its text keeps to these, or to groups of them."""
    inner = [x for x in borders if slot.box.x0 < x < slot.box.x1]
    if len(inner) + 1 != slot.column_span or not inside:
        return [slot]
    crossed = any(piece.box.x0 < x - 2 and piece.box.x1 > x + 2 for piece in inside for x in inner)
    used = {sum(piece.box.center[0] > x for x in inner) for piece in inside}
    walls = inner if not crossed and len(used) > 1 else _between(_spans(inside), inner)
    edges = [slot.box.x0, *walls, slot.box.x1]
    columns = [slot.column + sum(x < edge for x in [slot.box.x0, *inner]) for edge in edges]
    return [
        replace(slot, column=first, column_span=last - first, box=slot.box._replace(x0=x0, x1=x1))
        for (x0, x1), (first, last) in zip(pairwise(edges), pairwise(columns), strict=True)
    ]


def _between(spans: Sequence[tuple[float, float]], borders: Sequence[float]) -> list[float]:
    """For each blank between spans the border nearest to its middle; none if one has no border."""
    found = []
    for (_, end), (start, _) in pairwise(spans):
        own = [x for x in borders if end - 2 <= x <= start + 2]
        if not own:
            return []
        found.append(min(own, key=lambda x: abs(2 * x - end - start)))
    return found


def _spans(pieces: Sequence[PagePiece]) -> list[tuple[float, float]]:
    """From where to where pieces stand, those with less than a gap between them together."""
    spans: list[tuple[float, float]] = []
    for piece in sorted(pieces, key=lambda piece: piece.box.x0):
        x0, x1 = piece.box.x0, piece.box.x1
        if spans and x0 - spans[-1][1] < CELL_GAP * piece.size:
            spans[-1] = spans[-1][0], max(spans[-1][1], x1)
        else:
            spans.append((x0, x1))
    return spans
