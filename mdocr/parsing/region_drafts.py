"""What a region of a page is likely to say, before it is read: drafts for the large model.

From the text layer of a PDF, or from the page as the lite model has read it.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from mdocr.document.model import Block, Box, Page
from mdocr.inputs.text_layer import TextLayer

INSIDE = 0.5
"""Share of a line, or of a table, that lies in a region it belongs to."""

SAME_LINE = 0.5
"""How far characters of a line may stand above or below one another, in sizes of their font."""

SPACE = 0.2
"""Width of a gap that is a space, in sizes of the font; as wide in points as it is high."""

LINES_APART = ("code", "algorithm", "list", "list_item", "ref_text")
"""Types of regions whose text keeps its lines; in others they run on."""


def drafted(region: Block, layer: TextLayer | None, page: Page | None, aspect: float) -> str:
    """The draft of a region; empty where nothing is known of it.

    Args:
        region: its type, place and angle.
        layer: text layer of the page, if that is asked for.
        page: the page as the lite model has read it, if that is asked for; it comes first, as the
            lite model has compared the layer with the picture.
        aspect: width of the page by its height.
    """
    if page is not None:
        known = of_page(region, page)
        if known:
            return known
    return "" if layer is None else of_layer(region, layer, aspect)


def of_page(region: Block, page: Page) -> str:
    """What the lite model has read in a region."""
    if region.type in ("table", "equation"):
        same = [one for one in page.blocks if one.type == region.type and one.content]
        inside = [one for one in same if one.box.inside(region.box) >= INSIDE]
        return inside[0].content if len(inside) == 1 else ""
    lines = (
        line.text
        for block in page.blocks
        for line in block.lines
        if line.box.inside(region.box) >= INSIDE and line.angle == region.angle
    )
    return _joined(lines, region)


def of_layer(region: Block, layer: TextLayer, aspect: float) -> str:
    """What the text layer has in an upright region of text."""
    if region.type in ("table", "equation") or region.angle:
        return ""
    return _joined(_lines(layer, region.box, aspect), region)


def _joined(lines: Iterable[str], region: Block) -> str:
    joint = "\n" if region.type in LINES_APART else " "
    return joint.join(line for line in (" ".join(line.split()) for line in lines) if line)


def _lines(layer: TextLayer, box: Box, aspect: float) -> Iterator[str]:
    """The lines in a box, in the order of the file."""
    middles = (layer.boxes[:, :2] + layer.boxes[:, 2:]) / 2
    corners = np.array([[box.x0, box.y0], [box.x1, box.y1]])
    inside = ((corners[0] <= middles) & (middles <= corners[1])).all(axis=1) & (layer.angles == 0)
    line, before = "", -1
    for index in np.flatnonzero(inside).tolist():
        size = layer.sizes[index]
        if line and abs(layer.origins[index, 1] - layer.origins[before, 1]) > SAME_LINE * size:
            yield line
            line = ""
        elif line and layer.boxes[index, 0] - layer.boxes[before, 2] > SPACE * size / aspect:
            line += " "
        line += layer.characters[index]
        before = index
    yield line
