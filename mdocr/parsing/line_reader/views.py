"""A page, or an area of it, turned upright, with its layout."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mdocr.document.model import Box
from mdocr.document.turns import turned
from mdocr.layout import Layout, LayoutBox, analyse
from mdocr.layout.regions import turning

WHOLE = Box(0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, eq=False)
class View:
    """An upright picture and its layout.

    Attributes:
        pixels: [H, W, 3] RGB.
        layout: regions, in pixels of this picture.
        angle: degrees counter-clockwise by which the page was turned: 0, 90, 180 or 270.
        area: what it shows of the page as given.
    """

    pixels: NDArray[np.uint8]
    layout: Layout
    angle: int = 0
    area: Box = WHOLE

    @property
    def page_height(self) -> float:
        """Of the whole page as given, in pixels."""
        across = self.layout.width if self.angle % 180 else self.layout.height
        return across / self.area.height

    def placed(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where points [N, 2] of the page as given lie in the layout; undoes ``outline``."""
        area = self.area
        x = (points[:, 0] - area.x0) / area.width
        y = (points[:, 1] - area.y0) / area.height
        x, y = {0: (x, y), 90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}[self.angle]
        size = self.layout.width, self.layout.height
        turn = turning((size[1], size[0]), self.layout.angle)
        return np.asarray(np.stack([x, y], axis=1) * size @ turn[:, :2].T + turn[:, 2])

    def outline(self, box: LayoutBox) -> Box:
        """Where a box of the layout lies on the page as given."""
        found = turned(Box(*self.layout.outline(box)), -self.angle)
        area = self.area
        return Box(
            area.x0 + found.x0 * area.width,
            area.y0 + found.y0 * area.height,
            area.x0 + found.x1 * area.width,
            area.y0 + found.y1 * area.height,
        )


def view_of(page: NDArray[np.uint8], angle: int = 0, area: Box = WHOLE) -> View:
    """Turns a page, or an area of it, and analyses its layout.

    Args:
        page: [H, W, 3] RGB.
        angle: degrees counter-clockwise by which it is turned.
        area: what to show of it.
    """
    height, width = page.shape[:2]
    left, right = math.floor(area.x0 * width), math.ceil(area.x1 * width)
    top, bottom = math.floor(area.y0 * height), math.ceil(area.y1 * height)
    part = page[max(top, 0) : max(bottom, top + 1), max(left, 0) : max(right, left + 1)]
    shown = Box(left / width, top / height, right / width, bottom / height)
    pixels = np.ascontiguousarray(np.rot90(part, angle // 90)) if angle else part
    return View(pixels, analyse(pixels), angle, WHOLE if area == WHOLE else shown)
