"""A page, or an area of it, turned upright, with its layout."""

import math
import re
from dataclasses import dataclass, replace
from string import ascii_uppercase, digits

import numpy as np
from numpy.typing import NDArray

from mdocr.document.model import Box
from mdocr.document.turns import turned
from mdocr.fragments.chains import NO_WORD
from mdocr.fragments.geometry import turning
from mdocr.fragments.page_objects import PageObjects
from mdocr.inputs.text_layer import TextLayer
from mdocr.layout import Layout, LayoutBox, analyse

WORD_GAP = 0.2
"""How far letters of one word stand apart at most, and above one another, in their heights."""

CAPITAL = 0.7
"""Height of a capital in sizes of its font."""

LEVEL = frozenset(digits + ascii_uppercase + "abcdefhiklmnorstuvwxz") - {"J", "Q"}
"""Characters that stand on the base line."""

_WORD = re.compile(r"[^\W_]+(?:[^\w\s]?[^\W_]+)*")

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


def view_of(
    page: NDArray[np.uint8],
    angle: int = 0,
    area: Box = WHOLE,
    layer: TextLayer | None = None,
    *,
    on_picture: bool = False,
) -> View:
    """Turns a page, or an area of it, and analyses its layout.

    Args:
        page: [H, W, 3] RGB.
        angle: degrees counter-clockwise by which it is turned.
        area: what to show of it.
        layer: what the file says of the page, to find its lines by.
        on_picture: the area is a picture, of which only what is written on it is looked for.
    """
    height, width = page.shape[:2]
    left, right = math.floor(area.x0 * width), math.ceil(area.x1 * width)
    top, bottom = math.floor(area.y0 * height), math.ceil(area.y1 * height)
    part = page[max(top, 0) : max(bottom, top + 1), max(left, 0) : max(right, left + 1)]
    shown = Box(left / width, top / height, right / width, bottom / height)
    pixels = np.ascontiguousarray(np.rot90(part, angle // 90)) if angle else part
    area = WHOLE if area == WHOLE else shown
    blank = View(pixels, Layout(pixels.shape[1], pixels.shape[0], 0.0, ()), angle, area)
    objects = objects_of(blank, layer) if layer else None
    return replace(blank, layout=analyse(pixels, objects=objects, on_picture=on_picture))


def objects_of(view: View, layer: TextLayer) -> PageObjects:
    """The characters and rules of a page where they lie on a view that is not turned further."""

    def placed(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
        corners = view.placed(boxes.reshape(-1, 2)).reshape(-1, 2, 2)
        return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)

    boxes = placed(layer.boxes)
    words = _words(layer, boxes)
    boxes[:, 3] = view.placed(layer.origins)[:, 1]
    boxes[:, 1] = boxes[:, 3] - CAPITAL * layer.sizes * view.page_height
    height, width = view.pixels.shape[:2]
    inside = ((boxes[:, :2] >= 0) & (boxes[:, 2:] <= (width, height))).all(axis=1)
    shown = layer.shown & np.array([one != "_" for one in layer.characters])
    (kept,) = np.nonzero(inside & shown & (layer.angles == view.angle))
    level = np.array([one in LEVEL for one in layer.characters])
    return PageObjects(boxes[kept], words[kept], level[kept], placed(layer.rules))


def _words(layer: TextLayer, boxes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number of the word of each character of a layer, by its boxes [N, 4] in a view."""
    found = np.full(len(layer), NO_WORD)
    text = "".join(one if len(one) == 1 else "\ufffc" for one in layer.characters)
    for match in _WORD.finditer(text):
        found[slice(*match.span())] = match.start()
    heights = boxes[:, 3] - boxes[:, 1]
    apart = np.abs(boxes[1:, 0] - boxes[:-1, 2]) > WORD_GAP * heights[1:]
    apart |= np.abs(boxes[1:, 3] - boxes[:-1, 3]) > WORD_GAP * heights[1:]
    breaks = np.concatenate([[0], np.cumsum(apart)])
    return np.where(found == NO_WORD, NO_WORD, found + breaks)
