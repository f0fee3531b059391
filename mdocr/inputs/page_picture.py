"""One page as a picture, and what every kind of document gives its pages by."""

import math
from dataclasses import dataclass
from typing import Protocol

from PIL import Image

from mdocr.document.model import Unread
from mdocr.inputs.text_layer import TextLayer

PIXEL_LIMIT = 50_000_000
"""Most pixels of a page picture; larger pages are rendered, or shrunk, to this."""

SIDE_LIMIT = 65_500
"""Most pixels of an edge, as in a JPEG: a page may be two pixels wide and millions high."""

POINTS_PER_INCH = 72.0


@dataclass(frozen=True, eq=False)
class PagePicture:
    """One page as a picture.

    Attributes:
        number: its place in the document, from 1.
        width: width of the page in points (1/72 inch).
        height: height of the page in points.
        picture: the page in RGB, upright, on white.
        dpi: resolution of ``picture``, which may be below the one asked for on a huge page.
        text: what a PDF says that the page says; None where it says nothing, or is not asked.
        beside: comments in a PDF, and files attached to its page, which the picture does not show.
    """

    number: int
    width: float
    height: float
    picture: Image.Image
    dpi: float
    text: TextLayer | None = None
    beside: tuple[Unread, ...] = ()


class OpenDocument(Protocol):
    """A document that is open.

    Attributes:
        count: its pages.
    """

    count: int

    def read(self, number: int) -> PagePicture:
        """One page, from 1."""

    def close(self) -> None:
        """Closes the file."""


def affordable_dpi(width: float, height: float, dpi: float) -> float:
    """The resolution at which a page, in points, stays within the limits."""
    scale = dpi / POINTS_PER_INCH
    area, side = width * height * scale**2, max(width, height) * scale
    if area > PIXEL_LIMIT:
        dpi = dpi * math.sqrt(PIXEL_LIMIT / area)
    return min(dpi, SIDE_LIMIT * POINTS_PER_INCH / max(width, height)) if side > SIDE_LIMIT else dpi


def shrinking(size: tuple[int, int]) -> int:
    """By how much the edges of a picture have to be divided for it to stay within the limits."""
    area = math.ceil(math.sqrt(size[0] * size[1] / PIXEL_LIMIT))
    return max(1, area, math.ceil(max(size) / SIDE_LIMIT))


def page_of(number: int, picture: Image.Image, dpi: float) -> PagePicture:
    """A picture in RGB as a page, shrunk where it has too many pixels."""
    width, height = (side * POINTS_PER_INCH / dpi for side in picture.size)
    factor = shrinking(picture.size)
    if factor > 1:
        picture, dpi = picture.reduce(factor), dpi / factor
    return PagePicture(number, width, height, picture, dpi)
