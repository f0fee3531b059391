"""Boxes to be ticked at the start of a line: found by their shape, before the line is read."""

import numpy as np

from mdocr.layout.regions import Pixels
from mdocr.parsing.line_reader.strips import Glyph, Mask, glyphs, ink_mask

EMPTY, TICKED = "☐", "☑"

SMALLEST, LARGEST = 0.4, 1.0
"""Edges of a box, in heights of its line."""

SQUARE = 0.75
"""Shorter to longer edge, at least."""

WHOLE = 0.92
"""Share of each side that is inked."""

FRAME = 0.15
"""Thickness of the frame at most, in edges."""

GAP = 0.2
"""Between a box and what it belongs to, in edges; Chinese signs that are frames stand closer."""

MARKED = 0.06
"""Share of the inside that is inked, from which a box is ticked."""


def leading_box(pixels: Pixels, *, in_table: bool = False) -> tuple[str, int]:
    """The box that a line begins with.

    Args:
        pixels: [h, w, 3] or [h, w], level.
        in_table: it is the line of a cell, where a box may stand alone.

    Returns:
        ``☐`` or ``☑`` and the column at which the rest of the line begins; ``""`` and 0 without.
    """
    height = pixels.shape[0]
    head = ink_mask(pixels[:, : 2 * height])
    box, following = [*glyphs(head), None, None][:2]
    if box is None or not _stands_apart(box, following, in_table):
        return "", 0
    inside = head[box.y0 : box.y1, box.x0 : box.x1]
    if not _is_square(box, height) or not _is_framed(inside):
        return "", 0
    end = (box.x1 + following.x0) // 2 if following else pixels.shape[1]
    return TICKED if _is_marked(inside) else EMPTY, end


def _stands_apart(box: Glyph, following: Glyph | None, in_table: bool) -> bool:
    return in_table if following is None else following.x0 - box.x1 >= GAP * box.height


def _is_square(box: Glyph, height: int) -> bool:
    short, long = sorted((box.x1 - box.x0, box.height))
    return short >= SQUARE * long and SMALLEST * height <= short and long <= LARGEST * height


def _is_framed(mask: Mask) -> bool:
    """Whether all four sides are inked from corner to corner, as those of no letter are."""
    thickness = max(2, round(FRAME * min(mask.shape)))
    sides = (
        mask[:thickness].any(axis=0),
        mask[-thickness:].any(axis=0),
        mask[:, :thickness].any(axis=1),
        mask[:, -thickness:].any(axis=1),
    )
    corners = [
        mask[rows, columns].any()
        for rows in (slice(None, thickness), slice(-thickness, None))
        for columns in (slice(None, thickness), slice(-thickness, None))
    ]
    return all(corners) and all(side.mean() >= WHOLE for side in sides)


def _is_marked(mask: Mask) -> bool:
    edge = max(2, round(0.22 * min(mask.shape)))
    inner = mask[edge:-edge, edge:-edge]
    return bool(inner.size) and float(np.mean(inner)) >= MARKED
