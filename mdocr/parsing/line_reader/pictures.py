"""The pictures of lines as the reader sees them, found again on their page by their places."""

from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from mdocr.document.model import PageLine
from mdocr.layout import cut
from mdocr.parsing.crops import cut_region
from mdocr.parsing.line_reader.tick_boxes import EMPTY, TICKED, leading_box
from mdocr.parsing.line_reader.underlines import without_underlines
from mdocr.parsing.line_reader.views import View, view_of

SAME = 0.5
"""Intersection over union from which a line of the layout is the one that is looked for."""


def line_pictures(page: Image.Image, lines: Sequence[PageLine]) -> Iterator[Image.Image]:
    """The picture of each line: as the layout has it, else what lies under its box.

    Args:
        page: the page as given, RGB, at the resolution at which it was read.
        lines: of the page, with their boxes and angles.
    """
    views: dict[int, View] = {}
    for line in lines:
        if line.angle not in views:
            views[line.angle] = view_of(np.asarray(page), line.angle)
        yield _found(views[line.angle], line) or cut_region(page, line.box, line.angle)


def without_tick_box(text: str) -> str:
    """The text of a line without the sign of a box to be ticked, which its picture lacks."""
    return text.removeprefix(EMPTY).removeprefix(TICKED).strip()


def _found(view: View, wanted: PageLine) -> Image.Image | None:
    """The strip of the layout's line at a place; None where there is none."""
    lines = [
        (view.outline(line.extent).iou(wanted.box), line, bool(region.cells))
        for region in view.layout.regions
        for line in region.lines
    ]
    share, line, in_table = max(lines, key=lambda one: one[0], default=(0.0, None, False))
    if line is None or share < SAME:
        return None
    pixels = cut(view.pixels, line)
    _, start = leading_box(pixels, in_table=in_table)
    strip = pixels if start == pixels.shape[1] else without_underlines(pixels[:, start:])
    return Image.fromarray(strip)
