"""Labels that stand outside of a ruled table, at its left, each beside one of its rows."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from mdocr.fragments.geometry import LayoutBox, hull
from mdocr.layout.pieces import PagePiece
from mdocr.layout.regions import LayoutCell

LEAST_ROWS, LABELLED = 4, 0.7
"""Rows of such a table at least, and the share of them that have a label."""

ALONE = 0.8
"""Share of what stands at the left of a table that lies beside a row, and alone there, at least."""

CROSSED = 0.3
"""Share of its height by which a label reaches beyond its row, at most."""


def with_labels(slots: Sequence[LayoutCell], pieces: Sequence[PagePiece]) -> list[LayoutCell]:
    """Cells of a grid, with a column for the labels of its rows if it has such.

    Args:
        slots: of the grid, empty.
        pieces: of the page.
    """
    area = hull([slot.box for slot in slots])
    edges = sorted({slot.box.y0 for slot in slots} | {area.y1})
    labels = [
        piece.box
        for piece in pieces
        if piece.box.x1 <= area.x0 + piece.size and area.y0 < piece.box.center[1] < area.y1
    ]
    rows = [row for box in labels if (row := _row_of(box, edges)) is not None]
    count = len(edges) - 1
    if count < LEAST_ROWS or len({*rows}) < max(LABELLED * count, ALONE * len(labels)):
        return list(slots)
    left = min(box.x0 for box in labels)
    moved = [replace(slot, column=slot.column + 1) for slot in slots]
    own = [
        LayoutCell(row, 0, 1, 1, LayoutBox(left - 1, edges[row], area.x0, edges[row + 1]))
        for row in range(count)
    ]
    return sorted([*moved, *own], key=lambda slot: (slot.row, slot.column))


def _row_of(box: LayoutBox, edges: Sequence[float]) -> int | None:
    """The row beside which all of a box lies."""
    row = bisect_right(edges, box.center[1]) - 1
    slack = CROSSED * box.height
    return row if edges[row] - slack <= box.y0 and box.y1 <= edges[row + 1] + slack else None
