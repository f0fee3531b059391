"""Blank upright strips with something on both sides: gutters between columns, and within tables."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Occupancy = NDArray[np.bool_]
Index = NDArray[np.int64]
Strip = tuple[float, float, float]
"""Its middle, top and bottom."""

LEAST_FILLED = 4
"""Rows of cells, a third of a capital each, in which something stands on both sides at least."""


def find_strips(
    boxes: ArrayLike, size: float, width: float, least: int = LEAST_FILLED
) -> list[Strip]:
    """Strips as high as they go, those with most beside them first; one of each extent and place.

    Args:
        boxes: of what stands there, [N, 4].
        size: height of a capital.
        width: least width of a strip in heights of a capital.
        least: rows in which something stands on both sides, in thirds of a capital.
    """
    edges = np.asarray(boxes, np.float64)
    left_end, top_end = edges[:, :2].min(axis=0).tolist()
    cell_x, cell_y = max(2.0, size / 4), max(2.0, size / 3)
    occupied = _occupancy(edges - (left_end, top_end) * 2, width * size / 2, (cell_x, cell_y))
    column, start, end = _blank_runs(occupied)
    left = _filled(np.logical_or.accumulate(occupied, axis=1), column, start, end)
    right = _filled(
        np.logical_or.accumulate(occupied[:, ::-1], axis=1)[:, ::-1], column, start, end
    )
    score = np.minimum(left, right)
    runs = np.column_stack([score, column, start, end])[score >= least].tolist()
    return [
        (left_end + (x + 0.5) * cell_x, top_end + top * cell_y - 1, top_end + foot * cell_y + 1)
        for x, top, foot in _distinct(runs)
    ]


def _occupancy(boxes: NDArray[np.float64], pad: float, cell: tuple[float, float]) -> Occupancy:
    """Where something stands, each thing widened by half a strip, on a grid of cells.

    Corners of the boxes are counted, and summed along both sides.
    """
    wide, high = (
        int(end / side) + 1 for end, side in zip(boxes[:, 2:].max(axis=0), cell, strict=True)
    )
    steps = np.zeros((high + 1, wide + 1), np.int64)
    x0, x1 = np.clip(np.rint((boxes[:, ::2] + (-pad, pad)) / cell[0]).astype(int), 0, wide).T
    y0, y1 = (boxes[:, 1::2] / cell[1]).astype(int).T
    for y, x, step in ((y0, x0, 1), (y0, x1, -1), (y1 + 1, x0, -1), (y1 + 1, x1, 1)):
        np.add.at(steps, (y, x), step)
    return np.asarray(steps.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] > 0)


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
