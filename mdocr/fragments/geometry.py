"""Boxes, curves and turns: where things are on the picture of a page."""

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

Pixels = NDArray[np.uint8]
"""A picture: [H, W] grey or [H, W, 3] RGB."""


class LayoutBox(NamedTuple):
    """A rectangle in pixels; the right and lower edges are outside of it."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def width(self) -> float:
        """Extent from left to right."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Extent from top to bottom."""
        return self.y1 - self.y0

    @property
    def center(self) -> tuple[float, float]:
        """The middle (x, y)."""
        return (self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2

    def holds(self, other: "LayoutBox") -> bool:
        """Whether the middle of another box lies in this one."""
        x, y = other.center
        return self.x0 <= x <= self.x1 and self.y0 <= y <= self.y1

    def padded(self, margin: float) -> "LayoutBox":
        """The rectangle with a margin on every side."""
        return LayoutBox(self.x0 - margin, self.y0 - margin, self.x1 + margin, self.y1 + margin)

    def scaled(self, factor: float) -> "LayoutBox":
        """The same rectangle on a picture ``factor`` times as large."""
        return LayoutBox(*(factor * edge for edge in self))


class Curve(NamedTuple):
    """How a line leaves the level: y grows by ``slope`` x + ``bend`` x², x from its middle."""

    slope: float = 0.0
    bend: float = 0.0

    def at(self, x: ArrayLike) -> NDArray[np.float64]:
        """By how many pixels it is lower than in its middle, x pixels to the right of that."""
        away = np.asarray(x, np.float64)
        return (self.slope + self.bend * away) * away


LEVEL = Curve()


def hull(boxes: Sequence[LayoutBox]) -> LayoutBox:
    """The smallest box around all."""
    if len(boxes) == 1:
        return boxes[0]
    left, top, right, bottom = zip(*boxes, strict=True)
    return LayoutBox(min(left), min(top), max(right), max(bottom))


def overlap(start: float, end: float, other_start: float, other_end: float) -> float:
    """Length that two intervals share; negative where they are apart."""
    return min(end, other_end) - max(start, other_start)


def beside(first: LayoutBox, second: LayoutBox, share: float = 0.5) -> bool:
    """Whether two boxes stand in one row: half of the lower one lies beside the other."""
    shared = overlap(first.y0, first.y1, second.y0, second.y1)
    return shared > share * min(first.height, second.height)


def gap(first: LayoutBox, second: LayoutBox) -> float:
    """Blank between two boxes from left to right; 0 where they overlap."""
    return max(0.0, max(first.x0, second.x0) - min(first.x1, second.x1))


def turning(shape: tuple[int, ...], angle: float) -> NDArray[np.float64]:
    """The affine map, [2, 3], that turns a picture about its centre, degrees counter-clockwise."""
    center = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    return np.asarray(cv2.getRotationMatrix2D(center, angle, 1.0), np.float64)
