"""Strokes of a pen as dark as the text that they cross, such as a loop around a paragraph.

A stroke is long and thin, and straighter than letters are; rules are level or upright. It is taken
off between letters, so that lines are found, and stays at them: the reader sees more beside a
stroke than beside the gap that it would leave.

ink → large, sparse components → what of them is long and thin → those that cross letters → gone
"""

import cv2
import numpy as np

from mdocr.preprocessing.overlay_removal import REACH, Pixels, brightest, square

Box = tuple[int, int, int, int]

LARGE, SPARSE = 12.0, 0.15
"""Longer side of a stroke in heights of a letter at least, and share of its box that it and the
letters that it crosses fill at most."""

STRAIGHT, DIRECTIONS = 2.5, 16
"""Length in heights of a letter over which a stroke is straight, and directions that are tried."""

THIN, LEAST_SHARE = 0.5, 0.35
"""Thickness of a stroke in heights of a letter at most, and its share of the ink that it holds
together at least."""

RULED, RULE = 0.65, 3.0
"""Share of a stroke that is rules at most, and their length in heights of a letter at least."""

CROSSED, PART = 6, 0.3
"""Parts of letters that a stroke holds together at least, and their height in those of a letter."""

NEAR = 0.3
"""Distance from a letter in heights of one up to which a stroke stays."""

EDGE = 5
"""Pixels by which what is taken off is thicker than what was found, which has no blurred edge."""

WORKING_HEIGHT = 14
"""Height of a letter at which strokes are looked for, in pixels."""


def without_pen_strokes(picture: Pixels, dark: int) -> tuple[Pixels, list[Box]]:
    """A page without the dark strokes that cross its text, and where they were.

    Args:
        picture: [H, W, 3] RGB; it is returned itself where nothing is found.
        dark: level of the brightest channel up to which all is text.

    Returns:
        The picture, and boxes x0, y0, x1, y1 in pixels.
    """
    ink = (brightest(picture) <= dark).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    heights, widths = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_WIDTH]
    shaped = heights[(heights >= 5) & (heights <= 200) & (widths < 4 * heights)]
    if not len(shaped):
        return picture, []
    size = float(np.median(shaped))
    long = np.maximum(heights, widths) > LARGE * size
    sparse = stats[1:, cv2.CC_STAT_AREA] < SPARSE * heights * widths
    hidden, found = np.zeros_like(ink), []
    for number in 1 + np.flatnonzero(long & sparse):
        x, y, width, height, _ = stats[number].tolist()
        window = np.s_[y : y + height, x : x + width]
        stroke = _stroke((labels[window] == number).astype(np.uint8), size)
        if stroke is not None:
            hidden[window] |= stroke
            found.append((x, y, x + width, y + height))
    if not found:
        return picture, []
    left = cv2.subtract(ink, cv2.dilate(hidden, square(3)))
    near = cv2.dilate(left, square(2 * round(NEAR * size) + 1))
    between = cv2.dilate(cv2.subtract(hidden, near), square(EDGE))
    return np.asarray(cv2.inpaint(picture, between, REACH, cv2.INPAINT_TELEA), np.uint8), found


def _stroke(mask: Pixels, size: float) -> Pixels | None:
    """Where a stroke runs in a component, [h, w]; None if it is none that crosses letters."""
    scale = min(1.0, WORKING_HEIGHT / size)
    small = mask
    if scale < 1:
        shrunk = cv2.resize(255 * mask, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        small = np.asarray(shrunk > 64, np.uint8)
    size *= scale
    straight = _straight(small, round(STRAIGHT * size))
    ruled = _ruled(small, round(RULE * size))
    depth = cv2.distanceTransform(np.pad(straight, 1), cv2.DIST_L2, 3).max()
    share = straight.sum() / max(1, small.sum())
    if share < LEAST_SHARE or 2 * depth > THIN * size or ruled.sum() > RULED * straight.sum():
        return None
    grown = cv2.dilate(straight, square(3))
    _, _, stats, _ = cv2.connectedComponentsWithStats(cv2.subtract(small, grown), connectivity=8)
    if (stats[1:, cv2.CC_STAT_HEIGHT] > PART * size).sum() < CROSSED:
        return None
    whole = cv2.resize(grown, mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.bitwise_and(whole, mask), np.uint8)


def _straight(mask: Pixels, length: int) -> Pixels:
    """What runs straight for so many pixels, [h, w]."""
    angles = np.pi * np.arange(DIRECTIONS) / DIRECTIONS
    runs = [cv2.morphologyEx(mask, cv2.MORPH_OPEN, _brush(angle, length)) for angle in angles]
    return np.asarray(np.maximum.reduce(runs), np.uint8)


def _ruled(mask: Pixels, length: int) -> Pixels:
    """What is level or upright for so many pixels, [h, w]."""
    level = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    upright = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    return np.asarray(cv2.bitwise_or(level, upright), np.uint8)


def _brush(angle: float, length: int) -> Pixels:
    """A line through the middle of a square."""
    made = np.zeros((length | 1, length | 1), np.uint8)
    middle, reach = length // 2, length / 2
    x, y = round(reach * np.cos(angle)), round(reach * np.sin(angle))
    cv2.line(made, (middle - x, middle - y), (middle + x, middle + y), 1)
    return made
