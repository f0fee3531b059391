"""Blank upright strips with something on both sides: gutters between columns, and within tables."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from mdocr.layout.regions import LayoutBox

Occupancy = NDArray[np.bool_]
Index = NDArray[np.int64]
Strip = tuple[float, float, float]
"""Its middle, top and bottom."""

LEAST_FILLED = 4
"""Rows of cells, a third of a capital each, in which something stands on both sides at least."""


def find_strips(
    boxes: Sequence[LayoutBox], size: float, width: float, least: int = LEAST_FILLED
) -> list[Strip]:
    """Strips as high as they go, those with most beside them first; one of each extent and place.

    Args:
        boxes: of what stands there.
        size: height of a capital.
        width: least width of a strip in heights of a capital.
        least: rows in which something stands on both sides, in thirds of a capital.
    """
    area = _hull(boxes)
    cell_x, cell_y = max(2.0, size / 4), max(2.0, size / 3)
    occupied = _occupancy(boxes, area, width * size / 2, (cell_x, cell_y))
    column, start, end = _blank_runs(occupied)
    left = _filled(np.logical_or.accumulate(occupied, axis=1), column, start, end)
    right = _filled(
        np.logical_or.accumulate(occupied[:, ::-1], axis=1)[:, ::-1], column, start, end
    )
    score = np.minimum(left, right)
    runs = np.column_stack([score, column, start, end])[score >= least].tolist()
    return [
        (area.x0 + (x + 0.5) * cell_x, area.y0 + top * cell_y - 1, area.y0 + foot * cell_y + 1)
        for x, top, foot in _distinct(runs)
    ]


def _hull(boxes: Sequence[LayoutBox]) -> LayoutBox:
    edges = np.array(boxes)
    return LayoutBox(*edges[:, :2].min(axis=0).tolist(), *edges[:, 2:].max(axis=0).tolist())


def _occupancy(
    boxes: Iterable[LayoutBox], area: LayoutBox, pad: float, cell: tuple[float, float]
) -> Occupancy:
    """Where something stands, each thing widened by half a strip, on a grid of cells."""
    cell_x, cell_y = cell
    shape = int(area.height / cell_y) + 1, int(area.width / cell_x) + 1
    occupied = np.zeros(shape, bool)
    for x0, y0, x1, y1 in boxes:
        left, right = (x0 - pad - area.x0) / cell_x, (x1 + pad - area.x0) / cell_x
        top, foot = int((y0 - area.y0) / cell_y), int((y1 - area.y0) / cell_y)
        occupied[top : foot + 1, max(0, round(left)) : max(0, round(right))] = True
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
    return [(column, start, end) for _, column, start, end in ranked]
