"""Rows of a ruled table in which lines are level, and no rule stands between them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, compress, pairwise
from statistics import mode

from mdocr.layout.regions import LayoutCell

LEAST_PAIRS = 3
"""Rows of cells with two lines each from which they are taken for two rows, not for long words."""

LEAST_RECORDS = 3
"""Lines that most cells of a row have, beside longer ones, to be taken for rows."""


def with_unruled_rows(cells: Sequence[LayoutCell]) -> list[LayoutCell]:
    """Cells of several lines, level with those of the cells beside, as a row for each line.

    A table of which more rows hold a line each is ruled row by row: there they are long words.
    """
    count = max(cell.row + cell.row_span for cell in cells)
    ruled = [[cell for cell in cells if cell.row == row] for row in range(count)]
    levels = [_levels(row) for row in ruled]
    plain = sum(max((len(cell.lines) for cell in row), default=0) == 1 for row in ruled)
    pairs = sum(len(level) == 2 for level in levels)
    least = max(plain, 1 if pairs >= LEAST_PAIRS else 2)
    levels = [level if len(level) > least else [] for level in levels]
    starts = list(accumulate((max(1, len(level)) for level in levels), initial=0))
    made: list[LayoutCell] = []
    for cell in cells:
        moved = replace(
            cell, row=starts[cell.row], row_span=starts[cell.row + cell.row_span] - starts[cell.row]
        )
        made += _cut_rows(moved, levels[cell.row])
    return sorted(made, key=lambda cell: (cell.row, cell.column))


def _levels(cells: Sequence[LayoutCell]) -> list[float]:
    """Middles of the text lines at which the rows within a ruled row begin; none if it is one row.

    Either nearly all cells have a line at each, or most have these lines and no others, beside
    which the rest are longer.
    """
    filled = [cell for cell in cells if cell.lines]
    if len(filled) < 2 or any(cell.row_span > 1 for cell in cells):
        return []
    levels = [_distinct(cell) for cell in filled]
    longest = max(levels, key=len)
    full = [len(level) >= max(2, 0.6 * len(longest)) for level in levels]
    if sum(full) < max(2, 0.7 * len(filled)):
        count = mode(map(len, levels))
        full = [len(level) == count for level in levels]
        longest = levels[full.index(True)]
        if count < LEAST_RECORDS or sum(full) < 0.7 * len(filled):
            return []
    return longest if all(_are_level(cell, longest) for cell in compress(filled, full)) else []


def _distinct(cell: LayoutCell) -> list[float]:
    """Middles of the lines of a cell, those side by side once."""
    middles: list[float] = []
    for line in cell.lines:
        if not middles or line.box.center[1] - middles[-1] > 0.4 * line.box.height:
            middles.append(line.box.center[1])
    return middles


def _are_level(cell: LayoutCell, middles: Sequence[float]) -> bool:
    """Whether the lines of a cell stand at the given heights."""
    return all(
        min(abs(line.box.center[1] - y) for y in middles) <= 0.4 * line.box.height
        for line in cell.lines
    )


def _cut_rows(cell: LayoutCell, middles: Sequence[float]) -> list[LayoutCell]:
    """A cell cut above lines at the given heights; one that stands beside them is kept whole."""
    if not middles or not (_are_level(cell, middles) or _is_longer(cell, middles)):
        return [cell]
    half = 0.5 * max((line.box.height for line in cell.lines), default=0)
    edges = [cell.box.y0, *(y - half for y in middles[1:]), cell.box.y1]
    parts = []
    for index, (y0, y1) in enumerate(pairwise(edges)):
        lines = tuple(line for line in cell.lines if y0 <= line.box.center[1] < y1)
        box = cell.box._replace(y0=y0, y1=y1)
        parts.append(replace(cell, row=cell.row + index, row_span=1, box=box, lines=lines))
    return parts


def _is_longer(cell: LayoutCell, middles: Sequence[float]) -> bool:
    """Whether a cell has a line at each of the given heights, and others below them."""
    tops = [line.box.center[1] for line in cell.lines]
    near = 0.4 * max((line.box.height for line in cell.lines), default=0)
    return (
        bool(tops)
        and min(tops) > middles[0] - near
        and all(min(abs(y - top) for top in tops) <= near for y in middles)
    )
