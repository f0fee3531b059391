"""Pictures and dark patches that lie over text: what is below them is not read, and is told."""

from collections.abc import Iterator
from itertools import product

import cv2
import numpy as np

from mdocr.document.model import Box, Unread
from mdocr.layout import LayoutBox
from mdocr.parsing.line_reader.reading import LineReading
from mdocr.preprocessing.overlays import Overlay

NEAR = 0.25
"""Distance from a picture, in heights of a line, up to which the line runs into it."""

DARK, SOLID = 0.6, 0.97
"""Grey level of a patch as a share of the paper's at most, and share of its box that it fills."""

THICK, LONG = 0.5, 1.2
"""Heights of a line that a patch is thick and long at least: letters are neither."""

TOUCHING, WORD = 0.15, 1.0
"""Blank between a patch and a letter that it cuts, and a word beside it, at most, in heights of a
line."""

HIGHER = 1.5
"""Height of such a picture in lines, at least: signs in a line cover nothing."""


def covered(reading: LineReading) -> list[Unread]:
    """The places where a picture, or a dark patch, stands between two pieces of one line."""
    lines = [line.box for one in reading.regions if not one.cells for line in one.lines]
    pictures = [one.box for one in reading.regions if one.type == "image"]
    found = [
        picture
        for picture in pictures
        if _breaks_a_line(picture, [line for line in lines if _runs_into(line, picture)])
    ]
    lines += [line.box for one in reading.regions if one.cells for line in one.lines]
    found += [
        patch
        for patch in _patches(reading)
        if not any(picture.holds(patch) for picture in pictures) and _breaks_text(patch, lines)
    ]
    return [Unread(reading.view.outline(one), "covered") for one in found]


def _patches(reading: LineReading) -> Iterator[LayoutBox]:
    """Dark patches without anything on them, as high as a line or more, and longer than high."""
    layout = reading.view.layout
    heights = [line.box.height for one in layout.regions for line in one.lines]
    if not heights or layout.angle:
        return
    height = float(np.median(heights))
    grey = cv2.cvtColor(reading.view.pixels, cv2.COLOR_RGB2GRAY)
    dark = (grey < DARK * np.median(grey[::4, ::4])).astype(np.uint8)
    brush = np.ones((max(3, round(THICK * height)),) * 2, np.uint8)
    thick = cv2.morphologyEx(dark, cv2.MORPH_OPEN, brush)
    _, _, stats, _ = cv2.connectedComponentsWithStats(thick, connectivity=4)
    for x, y, w, h, area in stats[1:].tolist():
        if area > SOLID * w * h and w > LONG * height:
            yield LayoutBox(x, y, x + w, y + h)


def _breaks_text(patch: LayoutBox, lines: list[LayoutBox]) -> bool:
    """Whether a line goes on at both sides of a patch, or ends at it within a letter."""
    level = [line for line in lines if patch.y0 < line.center[1] < patch.y1]
    gaps = [(max(line.x0 - patch.x1, patch.x0 - line.x1), line) for line in level]
    through = any(line.x0 < patch.x0 and line.x1 > patch.x1 for line in level)
    cut = any(abs(gap) < TOUCHING * line.height for gap, line in gaps)
    beside = [line for gap, line in gaps if gap < WORD * line.height]
    return through or cut or _breaks_a_line(patch, beside)


def lying_over(overlay: Overlay, shape: tuple[int, ...]) -> Unread:
    """What lies over text and was taken off a picture of a shape, [H, W, 3]."""
    x0, y0, x1, y1 = overlay.box
    box = Box(x0 / shape[1], y0 / shape[0], x1 / shape[1], y1 / shape[0])
    return Unread(box, "covered" if overlay.hides else "overlay")


def _runs_into(line: LayoutBox, picture: LayoutBox) -> bool:
    reach = NEAR * line.height
    beside = picture.y0 < line.center[1] < picture.y1
    touching = line.x0 - reach < picture.x1 and line.x1 + reach > picture.x0
    return beside and touching and picture.height > HIGHER * line.height


def _breaks_a_line(picture: LayoutBox, lines: list[LayoutBox]) -> bool:
    middle = picture.center[0]
    left = [line for line in lines if line.center[0] < middle]
    right = [line for line in lines if line.center[0] >= middle]
    return any(
        abs(one.center[1] - other.center[1]) < 0.5 * min(one.height, other.height)
        for one, other in product(left, right)
    )
