"""A piece of a page: a fragment of a text line, or a whole region that is kept together.

Shared by the steps that put pieces in order: columns, rows, tables, blocks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mdocr.layout.regions import Box, Region


@dataclass(frozen=True, eq=False)
class Piece:
    """One thing to be put in order.

    Attributes:
        box: its extent in pixels.
        size: height of its capitals in pixels.
        stroke: thickness of its strokes in pixels.
        count: number of letters.
        base: height of the line on which the letters stand.
        bullet: whether it begins with a bullet.
        region: a table or an image; None for text.
    """

    box: Box
    size: float
    stroke: float = 0.0
    count: int = 0
    base: float = 0.0
    bullet: bool = False
    region: Region | None = None


Row = list[Piece]
"""Pieces that stand side by side, from left to right."""


def hull(boxes: Sequence[Box]) -> Box:
    """The smallest box around all."""
    return Box(
        min(box.x0 for box in boxes),
        min(box.y0 for box in boxes),
        max(box.x1 for box in boxes),
        max(box.y1 for box in boxes),
    )


def overlap(start: float, end: float, other_start: float, other_end: float) -> float:
    """Length that two intervals share; negative where they are apart."""
    return min(end, other_end) - max(start, other_start)


def beside(first: Box, second: Box) -> bool:
    """Whether two boxes stand in one row: half of the lower one lies beside the other."""
    shared = overlap(first.y0, first.y1, second.y0, second.y1)
    return shared > 0.5 * min(first.height, second.height)


def merge(pieces: Sequence[Piece]) -> Piece:
    """One piece in place of several of one line."""
    count = sum(piece.count for piece in pieces) or 1
    largest = max(pieces, key=lambda piece: piece.count)
    stroke = sum(piece.stroke * piece.count for piece in pieces) / count
    box = hull([piece.box for piece in pieces])
    bullet = pieces[0].bullet
    return replace(largest, box=box, stroke=stroke, count=count, bullet=bullet)


def rows_of(pieces: Sequence[Piece]) -> list[Row]:
    """Pieces sorted into rows, from top to bottom."""
    rows: list[Row] = []
    for piece in sorted(pieces, key=lambda piece: piece.box.center[1]):
        for row in rows[:-4:-1]:
            near = min(row, key=lambda other: _gap(other.box, piece.box))
            if beside(near.box, piece.box) and piece.region is None and near.region is None:
                row.append(piece)
                break
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.box.x0) for row in rows]


def _gap(first: Box, second: Box) -> float:
    """Blank between two boxes from left to right; 0 where they overlap."""
    return max(0.0, max(first.x0, second.x0) - min(first.x1, second.x1))
