"""The layout as the released model writes it: one region a line.

``<|box_start|>100 050 900 120<|box_end|><|ref_start|>title<|ref_end|><|rotate_up|>``, coordinates
in thousandths of the page, from its upper left corner.
"""

import re

from mdocr.document.block_types import BLOCK_TYPES
from mdocr.document.model import Block, Box

SCALE = 1000
TURNS = {"up": 0, "right": 90, "down": 180, "left": 270}
"""Degrees, counter-clockwise, by which a crop is turned so that it stands upright."""

_REGION = re.compile(
    r"<\|box_start\|>\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*<\|box_end\|>"
    r"\s*<\|ref_start\|>\s*(\w+)\s*<\|ref_end\|>\s*(?:<\|rotate_(up|right|down|left)\|>)?.*"
)


def parse_layout(text: str) -> tuple[list[Block], int]:
    """The regions in reading order, still without content.

    Returns:
        Regions, and the number of lines that were passed over because they make no sense. A type
        that is not known becomes ``unknown``; swapped corners are put right.
    """
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    found = [_region(line) for line in lines]
    regions = [region for region in found if region is not None]
    return regions, len(lines) - len(regions)


def _region(line: str) -> Block | None:
    match = _REGION.fullmatch(line)
    if match is None:
        return None
    x0, y0, x1, y1 = (int(value) for value in match.groups()[:4])
    if max(x0, y0, x1, y1) > SCALE or x0 == x1 or y0 == y1:
        return None
    (x0, x1), (y0, y1) = sorted((x0, x1)), sorted((y0, y1))
    box = Box(x0 / SCALE, y0 / SCALE, x1 / SCALE, y1 / SCALE)
    kind = match[5].lower()
    return Block(kind if kind in BLOCK_TYPES else "unknown", box, angle=TURNS[match[6] or "up"])
