"""What layout analysis returns: regions in reading order, their lines, and how to cut them out.

Boxes are in pixels of the page picture after it was turned upright by the layout's angle about its
centre; with an angle of 0, which is most pages, they are simply pixels of the picture.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from mdocr.fragments.geometry import LEVEL, Curve, LayoutBox, Pixels, turning

CUT_MARGIN = 0.12
"""Margin of a cut-out line on each side, in line heights."""


@dataclass(frozen=True)
class Line:
    """One text line, or the part of it in one table cell.

    Attributes:
        box: its ink, on the page turned upright; of a line that is not level as if it were moved
            up and down until it is.
        angle: by which the page is turned upright, in degrees, counter-clockwise.
        curve: how it leaves the level then.
    """

    box: LayoutBox
    angle: float = 0.0
    curve: Curve = LEVEL

    @property
    def extent(self) -> LayoutBox:
        """The box of its ink on the page turned upright, where it is."""
        return self.part(self.box)

    def part(self, box: LayoutBox) -> LayoutBox:
        """Where a part of it is, such as a word, whose box is given as if the line were level."""
        if self.curve == LEVEL:
            return box
        lower = self.curve.at(np.linspace(box.x0, box.x1, 9) - self.box.center[0])
        return box._replace(y0=box.y0 + float(lower.min()), y1=box.y1 + float(lower.max()))

    def placed(self, factor: float, angle: float) -> "Line":
        """The same line on a picture ``factor`` times as large, turned by an angle."""
        curve = Curve(self.curve.slope, self.curve.bend / factor)
        return Line(self.box.scaled(factor), angle, curve)


@dataclass(frozen=True)
class LayoutCell:
    """One cell of a table; rows and columns count from 0."""

    row: int
    column: int
    row_span: int
    column_span: int
    box: LayoutBox
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Region:
    """One block of the page.

    Attributes:
        type: title, text, list_item, table, image, header, footer or page_number.
        box: extent on the page turned upright.
        lines: text lines from top to bottom; of a table, those of its cells, row by row.
        cells: cells of a table, row by row.
        level: rank of a title, 1 for the largest on the page; 0 for all else.
    """

    type: str
    box: LayoutBox
    lines: tuple[Line, ...] = ()
    cells: tuple[LayoutCell, ...] = ()
    level: int = 0


@dataclass(frozen=True)
class Formula:
    """A place where a displayed formula may stand; its text is in the lines of regions too.

    Attributes:
        box: all that belongs to it, on the page turned upright.
        core: what of it is in lines of text.
        label: box of its number at the margin.
    """

    box: LayoutBox
    core: LayoutBox
    label: LayoutBox | None = None

    def scaled(self, factor: float) -> "Formula":
        """The same place on a picture ``factor`` times as large."""
        label = self.label.scaled(factor) if self.label else None
        return Formula(self.box.scaled(factor), self.core.scaled(factor), label)


@dataclass(frozen=True)
class Layout:
    """One analysed page.

    Attributes:
        width: of the page picture in pixels.
        height: of the page picture in pixels.
        angle: how far the page was turned to make its lines level, degrees counter-clockwise.
        regions: in reading order.
        formulas: where displayed ones may stand.
        sideways: stacks of letters, which may be text that runs up or down the page; they are in no
            region.
    """

    width: int
    height: int
    angle: float
    regions: tuple[Region, ...]
    formulas: tuple[Formula, ...] = ()
    sideways: tuple[LayoutBox, ...] = ()

    @property
    def lines(self) -> list[Line]:
        """Every text line in reading order."""
        return [line for region in self.regions for line in region.lines]

    def outline(self, box: LayoutBox) -> tuple[float, float, float, float]:
        """Where a box lies on the page as it was given, as shares 0..1 of width and height."""
        corners = [(x, y) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
        turn = turning((self.height, self.width), -self.angle)
        points = np.array(corners) @ turn[:, :2].T + turn[:, 2]
        shares = np.clip(points / (self.width, self.height), 0, 1)
        (x0, y0), (x1, y1) = shares.min(axis=0), shares.max(axis=0)
        return float(x0), float(y0), float(x1), float(y1)


def cut(picture: Pixels, line: Line, margin: float = CUT_MARGIN) -> Pixels:
    """The picture of one line at native resolution, level, with a small margin.

    Args:
        picture: the page as it was analysed, [H, W] or [H, W, 3].
        line: one of its lines.
        margin: on every side, in line heights; filled from the page, or white beyond its edge.

    Returns:
        [h, w] or [h, w, 3], at least one pixel each way.
    """
    box = outline_of_cut(line, margin)
    if line.curve == LEVEL:
        return cut_box(picture, box, line.angle)
    x, y = np.meshgrid(np.arange(box.x0, box.x1), np.arange(box.y0, box.y1))
    y = y + line.curve.at(x - line.box.center[0])
    turn = turning(picture.shape, -line.angle)
    across, down = (row[0] * x + row[1] * y + row[2] for row in turn)
    return np.asarray(
        cv2.remap(
            picture,
            across.astype(np.float32),
            down.astype(np.float32),
            cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_CONSTANT,
            borderValue=(255, 255, 255),
        ),
        np.uint8,
    )


def outline_of_cut(line: Line, margin: float = CUT_MARGIN) -> LayoutBox:
    """What ``cut`` shows of the page, in whole pixels, as if the line were level."""
    box = line.box.padded(max(2.0, margin * line.box.height))
    return LayoutBox(*map(math.floor, box[:2]), *map(math.ceil, box[2:]))


def cut_box(picture: Pixels, box: LayoutBox, angle: float = 0.0) -> Pixels:
    """The picture under a box of whole pixels on the page turned by ``angle`` degrees."""
    left, top = math.floor(box.x0), math.floor(box.y0)
    size = max(1, math.ceil(box.x1) - left), max(1, math.ceil(box.y1) - top)
    inside = left >= 0 and top >= 0 and box.x1 <= picture.shape[1] and box.y1 <= picture.shape[0]
    if angle == 0 and inside:
        return np.array(picture[top : top + size[1], left : left + size[0]], np.uint8)
    turn = turning(picture.shape, angle)
    turn[:, 2] -= (left, top)
    return np.asarray(
        cv2.warpAffine(picture, turn, size, flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255)),
        np.uint8,
    )
