"""Long lines cut at gaps between words, into pieces no wider than those of the training data."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.geometry import Pixels
from mdocr.fragments.ink import runs
from mdocr.models.line_reader_config import LINE_HEIGHT
from mdocr.parsing.line_reader.strips import contrast, ink_mask
from mdocr.parsing.line_reader.tick_boxes import Placed

WIDEST_PIECE = 640
"""Pixels at the reader's height."""

SHORTEST_SHARE = 0.4
"""A piece is at least this share of the widest."""

WORD_GAP = 0.16
"""Blank width, in line heights, from which a gap parts words and not letters."""


@dataclass(frozen=True)
class LinePiece:
    """A part of a line.

    Attributes:
        pixels: [h, w, 3] or [h, w].
        joint: what stands between the piece before and this one: a space, a box, or nothing.
        left: its first column in the line.
    """

    pixels: Pixels
    joint: str = ""
    left: int = 0


def split_line(pixels: Pixels) -> list[LinePiece]:
    """The line in pieces, from left to right; most lines are one piece.

    Args:
        pixels: [h, w, 3] or [h, w], level.
    """
    height, width = pixels.shape[:2]
    widest = WIDEST_PIECE * height // LINE_HEIGHT
    if width <= widest:
        return [LinePiece(pixels)]
    ink = ink_of_columns(pixels)
    pieces, start, joint = [], 0, ""
    while width - start > widest:
        place, gap = _cut(ink, start + int(SHORTEST_SHARE * widest), start + widest)
        pieces.append(LinePiece(pixels[:, start:place], joint, start))
        start, joint = place, " " if gap >= WORD_GAP * height else ""
    return [*pieces, LinePiece(pixels[:, start:], joint, start)]


def split_at_boxes(pixels: Pixels, boxes: Sequence[Placed]) -> tuple[list[LinePiece], str]:
    """The same of a line with boxes to be ticked in it, which are in no piece.

    Args:
        pixels: [h, w, 3] or [h, w], level.
        boxes: signs and columns, from left to right.

    Returns:
        The pieces, and what stands behind the last of them.
    """
    if not boxes:
        return split_line(pixels), ""
    inked = np.asarray(ink_mask(pixels).any(axis=0))
    pieces: list[LinePiece] = []
    start, joint = 0, ""
    for sign, end, following in [*boxes, ("", pixels.shape[1], 0)]:
        if inked[start:end].any():
            first, *rest = split_line(pixels[:, start:end])
            own = [replace(first, joint=joint), *rest]
            pieces += [replace(piece, left=piece.left + start) for piece in own]
            joint = ""
        joint += f"{'' if joint else ' '}{sign} " if sign else ""
        start = following
    return pieces, joint.rstrip()


def ink_of_columns(pixels: Pixels) -> NDArray[np.float32]:
    """How far the darkest and the lightest pixel of each column are from the background, 0 to 1."""
    away = np.asarray(contrast(pixels).max(axis=0), np.float32)
    return np.asarray(away / max(float(away.max()), 1.0), np.float32)


def _cut(ink: NDArray[np.float32], first: int, last: int) -> tuple[int, int]:
    """The middle and width of the widest blank between two columns; else the faintest column."""
    starts, ends = runs(ink[first:last] < 0.35).T
    if not len(starts):
        return first + int(ink[first:last].argmin()), 0
    best = len(starts) - 1 - int((ends - starts)[::-1].argmax())  # the last of the widest
    return first + int(starts[best] + ends[best]) // 2, int(ends[best] - starts[best])
