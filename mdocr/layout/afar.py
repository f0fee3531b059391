"""Words too large to be seen as letters, such as those of posters: the page looked at from afar.

What takes a fifth of a page or more is a drawing to the layout, and its strokes are panels to the
median that finds the background. On a sheet several times as large the same words are usual ones.
"""

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np

from mdocr.fragments.geometry import LayoutBox, Pixels
from mdocr.fragments.ink import to_grey
from mdocr.layout.analyse import analyse
from mdocr.layout.regions import Layout, Line, Region

SIDE = 200
"""Shorter side of the page on that sheet, in pixels."""

FARTHER = 6
"""Sides of the sheet in sides of the page."""

LARGE = 0.1
"""Height of a large line in shorter sides of the page, at least."""


def from_afar(picture: Pixels, read: Iterable[LayoutBox]) -> Layout:
    """The large lines of a page, each a region.

    Args:
        picture: [H, W, 3] RGB or [H, W] grey.
        read: where what was read from near by stands, which is not looked at.
    """
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / min(height, width))
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(to_grey(picture), size, interpolation=cv2.INTER_AREA)
    left, top = ((FARTHER - 1) * side // 2 for side in size)
    ground = int(np.median(np.concatenate([small[0], small[-1], small[:, 0], small[:, -1]])))
    for box in read:
        x0, y0, x1, y1 = (round(edge) for edge in box.scaled(scale).padded(1))
        small[max(y0, 0) : y1, max(x0, 0) : x1] = ground
    sheet = cv2.copyMakeBorder(small, top, top, left, left, cv2.BORDER_CONSTANT, value=ground)
    found = analyse(np.asarray(sheet, np.uint8), on_picture=True)
    if found.angle:
        return Layout(width, height, 0.0, ())
    lines = [_moved(line, left, top, 1 / scale) for one in found.regions for line in one.lines]
    large = [line for line in lines if line.box.height >= LARGE * min(height, width)]
    return Layout(width, height, 0.0, tuple(Region("title", one.box, (one,)) for one in large))


def _moved(line: Line, left: float, top: float, factor: float) -> Line:
    x0, y0, x1, y1 = line.box
    box = line.box._replace(x0=x0 - left, y0=y0 - top, x1=x1 - left, y1=y1 - top)
    return replace(line, box=box).placed(factor, 0.0)
