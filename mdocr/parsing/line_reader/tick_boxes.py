"""Boxes and buttons to be ticked, in front of a line or in it: told by shape, before it is read."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.geometry import Pixels
from mdocr.parsing.line_reader.strips import Glyph, Mask, glyphs, ink_mask

EMPTY, TICKED = "☐", "☑"

Placed = tuple[str, int, int]
"""A sign, and the columns where what is before it ends and what is behind it begins."""

SHARP = 48
"""Pixels of a line's height from which corners can be told from bends."""

SMALLEST, LARGEST = 0.4, 1.0
"""Edges of a box, in heights of its line."""

SQUARE = 0.75
"""Shorter to longer edge, at least."""

SIDE = 0.5
"""Length of a stroke that may be a side, as a share of the shorter edge of a box and its tick."""

WHOLE = 0.92
"""Share of each side that is inked."""

FRAME = 0.15
"""Thickness of the frame at most, in edges."""

STEM = 0.15
"""How far a stem goes on beyond the frame that it is a side of, in edges."""

GAP = 0.2
"""Between a box and what it belongs to, in edges; Chinese signs that are frames stand closer."""

RING, CLEAR, OUTER = 0.76, 0.62, 1.2
"""Distances from the middle, as shares of that to the edges, from which a button has its ring,
nothing, and nothing again."""

DOT, FILLED, DIRECTIONS = 0.3, 0.8, 32
"""The same, within which one that is chosen is inked; the share of that; and sectors of a ring."""

CORNER, INKED = 0.06, 0.5
"""Side of a corner, in edges, and the share of it that is inked at least."""

TOUCHED = 0.2
"""Share of ink along the middle of a side, from which something touches it."""

MARKED = 0.06
"""Share of the inside that is inked, from which a box is ticked."""

SOLID = 0.95
"""Share of a square that is inked, from which it is a bullet and no box; no tick fills so much."""


def leading_box(pixels: Pixels, *, in_table: bool = False) -> tuple[str, int]:
    """The box that a line begins with.

    Args:
        pixels: [h, w, 3] or [h, w], level.
        in_table: it is the line of a cell, where a box may stand alone.

    Returns:
        ``☐`` or ``☑`` and the column at which the rest of the line begins; ``""`` and 0 without.
    """
    height = pixels.shape[0]
    head = pixels[:, : 2 * height]
    mask = ink_mask(head)
    box, following = [*glyphs(mask), None, None][:2]
    if box is None or not _stands_apart(box, following, in_table):
        return "", 0
    end = (box.x1 + following.x0) // 2 if following else pixels.shape[1]
    inside = mask[box.y0 : box.y1, box.x0 : box.x1]
    sign = _framed(head, box) or _button(inside, height)
    return (sign, end) if sign else ("", 0)


def inner_boxes(pixels: Pixels) -> list[Placed]:
    """The boxes in a line, or at its end, each with a blank on both sides.

    Buttons are none of them: in a light font an ``o`` that is a word looks like one.

    Args:
        pixels: [h, w, 3] or [h, w], level.
    """
    height, mask = pixels.shape[0], ink_mask(pixels)
    found = glyphs(mask)
    edges = [0, *(edge for one in found for edge in (one.x0, one.x1)), pixels.shape[1]]
    boxes: list[Placed] = []
    for index, box in enumerate(found):
        left, right = edges[2 * index], edges[2 * index + 3]
        gaps = [box.x0 - left] * (index > 0) + [right - box.x1] * (index + 1 < len(found))
        is_apart = gaps and min(gaps) >= GAP * box.height
        is_square = _is_square((box.height, box.x1 - box.x0), height)
        if is_apart and is_square and (sign := _framed(pixels, box, in_line=True)):
            boxes.append((sign, (left + box.x0) // 2, (box.x1 + right) // 2))
    return boxes


def _framed(pixels: Pixels, box: Glyph, *, in_line: bool = False) -> str:
    """What a glyph of a line is as a box; empty for anything else.

    Args:
        pixels: of the line.
        box: the glyph.
        in_line: there is text before it, where a letter is likelier.
    """
    height = pixels.shape[0]
    start, end = max(0, box.x0 - height), box.x1 + height
    scale = math.ceil(SHARP / height)
    part = Glyph(box.x0 - start, box.y0, box.x1 - start, box.y1)
    frame = _frame(_enlarged(pixels[:, start:end], scale, part))
    if not _is_square(frame.shape, height * scale) or not _is_framed(frame) or _is_solid(frame):
        return ""
    is_marked = _is_marked(frame)
    if in_line and not (_has_corners(frame) and (not is_marked or _is_clear_inside(frame))):
        return ""
    return TICKED if is_marked else EMPTY


def _button(inside: Mask, height: int) -> str:
    """The same of a glyph as a button to be chosen."""
    if not _is_square(inside.shape, height) or not _is_thin_ring(inside):
        return ""
    return TICKED if _share_within(inside, DOT) > FILLED else EMPTY


def _enlarged(pixels: Pixels, scale: int, box: Glyph) -> Mask:
    """The ink of a glyph, enlarged: on a few pixels round corners are square ones."""
    size = pixels.shape[1] * scale, pixels.shape[0] * scale
    mask = ink_mask(np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC), np.uint8))
    return mask[scale * box.y0 : scale * box.y1, scale * box.x0 : scale * box.x1]


def _stands_apart(box: Glyph, following: Glyph | None, in_table: bool) -> bool:
    return in_table if following is None else following.x0 - box.x1 >= GAP * box.height


def _frame(mask: Mask) -> Mask:
    """What lies between the outermost long strokes: a box, without what of its tick is outside.

    It is empty where the sides go on: those are the stems of b, d, p and q, and the strokes of #.
    """
    ink, length = mask.astype(np.uint8), max(2, round(SIDE * min(mask.shape)))
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8)).any(axis=1)
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8)).any(axis=0)
    rows, columns = np.flatnonzero(level), np.flatnonzero(upright)
    if not len(rows) or not len(columns):
        return mask
    framed = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
    goes_on = any(_is_stem(part, framed[1]) for part in (mask[: rows[0]], mask[rows[-1] + 1 :]))
    return mask[:0] if goes_on else mask[framed]


def _is_stem(beyond: Mask, columns: slice) -> bool:
    """Whether above or below a frame one of its sides goes on upright, as no tick does."""
    edge = columns.stop - columns.start
    if len(beyond) <= STEM * edge:
        return False
    near = round(STEM * edge)
    sides = [beyond[:, max(0, x - near) : x + near] for x in (columns.start, columns.stop)]
    return any(side.size and side.mean(axis=0).max() >= WHOLE for side in sides)


def _is_square(shape: tuple[int, ...], height: int) -> bool:
    """Whether a shape, of nothing perhaps, is about as wide as high, and as high as a box."""
    short, long = sorted(shape)
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


def _has_corners(mask: Mask) -> bool:
    """Whether the corners are sharp, as those of an O, a Q or an Ø of straight sides are not."""
    edge = max(2, round(CORNER * min(mask.shape)))
    ends = slice(None, edge), slice(-edge, None)
    return all(mask[rows, columns].mean() >= INKED for rows in ends for columns in ends)


def _is_clear_inside(mask: Mask) -> bool:
    """Whether the frame is thin, and what is in it touches the middle of one side at most.

    The strokes of a bold letter are thick, and bars of others end at their sides.
    """
    edge = min(mask.shape)
    touched = 0
    for turns in range(4):
        side = np.rot90(mask, turns)
        third = side.shape[1] // 3
        depths = np.argmin(side[:, third:-third], axis=0)  # of the frame, from outside
        depth = int(np.median(depths))
        if depth > FRAME * edge:
            return False
        inner = side[depth + 1 : depth + 2 + round(FRAME * edge), third:-third]
        touched += inner.mean() > TOUCHED
    return touched <= 1


def _is_thin_ring(mask: Mask) -> bool:
    """Whether ink stands on a circle of one thickness, thinner than that of an O, and in no corner.

    In it is nothing, or a disc in its middle, as there is in no ©.
    """
    radii = _radii(mask)
    ring = [(radii >= inner) & (radii < outer) for inner, outer in ((RING, 1.0), (CLEAR, RING))]
    outside = mask[radii > OUTER].mean() if (radii > OUTER).any() else 0.0
    directions = _directions(mask.shape)[ring[0] & mask]
    is_whole = len(np.unique(directions)) >= WHOLE * DIRECTIONS
    is_button = _share_within(mask, CLEAR) < MARKED or _share_within(mask, DOT) > FILLED
    return bool(is_whole and is_button and mask[ring[1]].mean() < 1 - WHOLE and outside < 1 - WHOLE)


def _radii(mask: Mask) -> NDArray[np.float64]:
    """Distances from the middle of a mask as shares of that to its edges, [h, w]."""
    (height, width), (y, x) = mask.shape, np.indices(mask.shape) + 0.5
    return np.asarray(np.hypot(2 * x / width - 1, 2 * y / height - 1), np.float64)


def _directions(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """In which of so many equal sectors around the middle each place lies, [h, w]."""
    y, x = np.indices(shape) + 0.5
    angles = np.arctan2(2 * y / shape[0] - 1, 2 * x / shape[1] - 1)
    return np.asarray((angles / np.pi + 1) / 2 * DIRECTIONS, np.int64) % DIRECTIONS


def _share_within(mask: Mask, radius: float) -> float:
    """Share of a disc in the middle of a mask that is inked."""
    inside = mask[_radii(mask) < radius]
    return float(inside.mean()) if inside.size else 0.0


def _is_solid(mask: Mask) -> bool:
    """Whether all of a box is inked, as a bullet is."""
    return float(np.mean(mask)) > SOLID


def _is_marked(mask: Mask) -> bool:
    edge = max(2, round(0.22 * min(mask.shape)))
    inner = mask[edge:-edge, edge:-edge]
    return bool(inner.size) and float(np.mean(inner)) >= MARKED
