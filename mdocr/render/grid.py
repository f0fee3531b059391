"""Whole pixels, in which hOCR and ALTO tell places."""

from typing import NamedTuple

from mdocr.document.model import Box, Page

DPI = 200
"""Resolution of the grid: that at which PDFs are rendered, and pictures are taken to be that state
none."""


class PixelBox(NamedTuple):
    """A rectangle in whole pixels, of at least one."""

    x0: int
    y0: int
    x1: int
    y1: int


def page_size(page: Page) -> tuple[int, int]:
    """Width and height of a page in pixels."""
    return max(1, round(page.width * DPI / 72)), max(1, round(page.height * DPI / 72))


def in_pixels(box: Box, page: Page) -> PixelBox:
    """A box on a page."""
    width, height = page_size(page)
    x0, y0 = min(int(box.x0 * width), width - 1), min(int(box.y0 * height), height - 1)
    return PixelBox(x0, y0, max(round(box.x1 * width), x0 + 1), max(round(box.y1 * height), y0 + 1))
