"""Boxes on pages that lie on their side, stand on their head, or were seen from elsewhere."""

from collections.abc import Callable
from dataclasses import replace

from mdocr.document.model import Block, Box

ANGLES = (0, 90, 180, 270)
"""Degrees, counter-clockwise, by which a page can be turned."""

_TURNS: dict[int, Callable[[Box], Box]] = {
    0: lambda box: box,
    90: lambda box: Box(box.y0, 1 - box.x1, box.y1, 1 - box.x0),
    180: lambda box: Box(1 - box.x1, 1 - box.y1, 1 - box.x0, 1 - box.y0),
    270: lambda box: Box(1 - box.y1, box.x0, 1 - box.y0, box.x1),
}


def turned(box: Box, angle: int) -> Box:
    """Where a box lies once its page is turned.

    Args:
        box: on the page as it is.
        angle: degrees counter-clockwise, a multiple of 90; negative to turn back.
    """
    return _TURNS[angle % 360](box)


def upright(block: Block, angle: int | None = None) -> Box:
    """Where a region lies on its page turned upright; boxes themselves are of the page as given.

    Args:
        block: the region.
        angle: by which the page is turned; that of the region's text if None.
    """
    return turned(block.box, block.angle if angle is None else angle)


def moved_block(block: Block, move: Callable[[Box], Box]) -> Block:
    """The block with its own box, and those of its lines and words, moved."""
    lines = tuple(
        replace(
            line,
            box=move(line.box),
            words=tuple(replace(word, box=move(word.box)) for word in line.words),
        )
        for line in block.lines
    )
    return replace(block, box=move(block.box), lines=lines)
