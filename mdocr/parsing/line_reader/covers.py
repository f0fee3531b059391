"""Pictures that lie over text, such as stamps: what is below them is not read, and is told."""

from itertools import product

from mdocr.document.model import Box, Unread
from mdocr.layout import LayoutBox
from mdocr.parsing.line_reader.reading import LineReading
from mdocr.preprocessing.overlays import Overlay

NEAR = 0.25
"""Distance from a picture, in heights of a line, up to which the line runs into it."""

HIGHER = 1.5
"""Height of such a picture in lines, at least: signs in a line cover nothing."""


def covered(reading: LineReading) -> list[Unread]:
    """The places where a picture stands between two pieces of one line."""
    lines = [line.box for one in reading.regions if not one.cells for line in one.lines]
    pictures = [one.box for one in reading.regions if one.type == "image"]
    return [
        Unread(reading.view.outline(picture), "covered")
        for picture in pictures
        if _breaks_a_line(picture, [line for line in lines if _runs_into(line, picture)])
    ]


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
