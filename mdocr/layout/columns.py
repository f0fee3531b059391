"""Pieces of a page to columns in reading order.

The tallest gutter that separates two columns of text is found, the page is divided into what lies
above, left, right and below of it, and each part is divided in the same way. This is the recursive
XY-cut (G. Nagy, S. Seth, 1984) with two changes: columns come before rows, so that blank lines that
happen to be level in both columns divide nothing; and a gutter ends at whatever spans it.

Labels and values, and tables without rules, also stand left and right of a blank strip; they are
read row by row, and therefore no columns.
"""

from collections.abc import Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from mdocr.layout.pieces import PagePiece, Row, hull, rows_of

GUTTER = 1.0
"""Least width of a gutter in heights of a capital."""

SECTION_GAP = 3.5
"""Least height of a blank between sections in heights of a capital."""

LEAST_COLUMN = 17
"""Least width of a column of running text in heights of a capital."""

CANDIDATES = 8
"""Gutters looked at before a part is taken for a single column."""

Occupancy = NDArray[np.bool_]
Index = NDArray[np.int64]


def in_columns(pieces: Sequence[PagePiece]) -> list[list[PagePiece]]:
    """Groups of pieces, each to be read from top to bottom, in reading order."""
    pieces = list(pieces)
    if len(pieces) >= 4:
        for x, top, bottom in _gutters(pieces):
            left, right = _sides(pieces, x, top, bottom)
            if _are_columns(left, right):
                above = [p for p in pieces if p.box.center[1] < top]
                below = [p for p in pieces if p.box.center[1] > bottom]
                parts = (above, *_sections(left, right), below)
                return [group for part in parts if part for group in in_columns(part)]
    return [pieces]


def _sides(
    pieces: Sequence[PagePiece], x: float, top: float, bottom: float
) -> tuple[list[PagePiece], list[PagePiece]]:
    """What lies left and right of a gutter."""
    level = [piece for piece in pieces if top <= piece.box.center[1] <= bottom]
    left = [piece for piece in level if piece.box.center[0] < x]
    return left, [piece for piece in level if piece.box.center[0] >= x]


def _sections(left: list[PagePiece], right: list[PagePiece]) -> list[list[PagePiece]]:
    """The two columns; where neither is running text, what lies between wide blanks instead.

    Addresses and notes that are scattered over a letter or an invoice are read section by section.
    """
    rows = sorted(rows_of(left) + rows_of(right), key=lambda row: row[0].box.center[1])
    if any(_is_running_text(rows_of(side)) for side in (left, right)):
        return [left, right]
    size = median(piece.size for piece in left + right)
    sections: list[list[PagePiece]] = [[]]
    foot = rows[0][0].box.y0
    for row in rows:
        box = hull([piece.box for piece in row])
        if box.y0 - foot > SECTION_GAP * size:
            sections.append([])
        sections[-1] += row
        foot = max(foot, box.y1)
    return sections if len(sections) > 1 else [left, right]


def _gutters(pieces: Sequence[PagePiece]) -> list[tuple[float, float, float]]:
    """Blank upright strips with something on both sides, (x, top, bottom), the tallest first."""
    size = median(piece.size for piece in pieces)
    area = hull([piece.box for piece in pieces])
    cell_x, cell_y = max(2.0, size / 4), max(2.0, size / 3)
    occupied = _occupancy(pieces, size, (cell_x, cell_y))
    column, start, end = _blank_runs(occupied)
    left = _filled(np.logical_or.accumulate(occupied, axis=1), column, start, end)
    right = _filled(
        np.logical_or.accumulate(occupied[:, ::-1], axis=1)[:, ::-1], column, start, end
    )
    score = np.minimum(left, right)
    runs = np.column_stack([score, column, start, end])[score >= 4].tolist()
    return [
        (
            area.x0 + (column + 0.5) * cell_x,
            area.y0 + start * cell_y - 1,
            area.y0 + end * cell_y + 1,
        )
        for column, start, end in _distinct(runs)
    ]


def _occupancy(pieces: Sequence[PagePiece], size: float, cell: tuple[float, float]) -> Occupancy:
    """Where pieces are, each widened by half a gutter, on a grid of cells."""
    area = hull([piece.box for piece in pieces])
    cell_x, cell_y = cell
    shape = int(area.height / cell_y) + 1, int(area.width / cell_x) + 1
    occupied = np.zeros(shape, bool)
    for box in (piece.box for piece in pieces):
        pad = GUTTER * size / 2
        x0, x1 = (box.x0 - pad - area.x0) / cell_x, (box.x1 + pad - area.x0) / cell_x
        y0, y1 = (box.y0 - area.y0) / cell_y, (box.y1 - area.y0) / cell_y
        occupied[int(y0) : int(y1) + 1, max(0, round(x0)) : max(0, round(x1))] = True
    return occupied


def _blank_runs(occupied: Occupancy) -> tuple[Index, Index, Index]:
    """Column, first row and row after the last of each run of blank cells in each column."""
    edges = np.diff(np.pad(~occupied, ((1, 1), (0, 0))).astype(np.int8), axis=0).T
    column, start = np.nonzero(edges == 1)
    _, end = np.nonzero(edges == -1)
    return column, start, end


def _filled(beside: Occupancy, column: Index, start: Index, end: Index) -> Index:
    """In how many rows of each run something stands on the side that ``beside`` tells of."""
    above = np.pad(beside.cumsum(axis=0), ((1, 0), (0, 0)))
    return np.asarray(above[end, column] - above[start, column])


def _distinct(found: Sequence[Sequence[int]]) -> list[tuple[int, int, int]]:
    """The best strips: of those side by side with one extent, the middle one."""
    groups: dict[tuple[int, int], list[list[tuple[int, int]]]] = {}
    for score, column, start, end in found:
        strips = groups.setdefault((start, end), [])
        if strips and strips[-1][-1][1] == column - 1:
            strips[-1].append((score, column))
        else:
            strips.append([(score, column)])
    ranked = [
        (max(score for score, _ in strip), strip[len(strip) // 2][1], start, end)
        for (start, end), strips in groups.items()
        for strip in strips
    ]
    ranked.sort(reverse=True)
    return [(column, start, end) for _, column, start, end in ranked[:CANDIDATES]]


def _are_columns(left: Sequence[PagePiece], right: Sequence[PagePiece]) -> bool:
    """Whether each side is to be read to its end before the other, not row by row."""
    if not left or not right:
        return False
    rows = rows_of(left), rows_of(right)
    running = [_is_running_text(side) for side in rows]
    if all(running):
        return True
    few, many = sorted(rows, key=len)
    level = _level_share(few, many)
    if len(few) == 1:
        area = hull([piece.box for row in many for piece in row])
        return level == 0 and area.y0 < few[0][0].box.y0 < few[0][0].box.y1 < area.y1
    return level < (0.4 if any(running) else 0.6)


def _is_running_text(rows: Sequence[Row]) -> bool:
    """Whether most rows are filled with words from edge to edge, or something is no text."""
    regions = [piece.region for row in rows for piece in row if piece.region]
    rows = [row for row in rows if row[0].region is None]
    if any(region.type != "image" for region in regions) or (regions and len(rows) < 3):
        return True
    widths = [sum(piece.box.width for piece in row) for row in rows]
    area = hull([piece.box for row in rows for piece in row])
    size = median(piece.size for row in rows for piece in row)
    wide = [width for width in widths if width > 0.6 * area.width and width > LEAST_COLUMN * size]
    return len(rows) >= 3 and len(wide) >= 0.5 * len(rows)


def _level_share(few: Sequence[Row], many: Sequence[Row]) -> float:
    """Which share of the rows of one side is level with a row of the other."""
    middles = [hull([piece.box for piece in row]).center[1] for row in many]
    level = 0
    for row in few:
        box = hull([piece.box for piece in row])
        level += min(abs(box.center[1] - middle) for middle in middles) < 0.35 * box.height
    return level / len(few)
