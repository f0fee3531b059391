"""The layout of a page as text, as MinerU-Diffusion reads and writes it: one region a line.

``<|box_start|>100 050 900 120<|box_end|><|ref_start|>title<|ref_end|><|rotate_up|>``, coordinates
in thousandths of the page, from its upper left corner.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from mdocr.document.block_types import BLOCK_TYPES
from mdocr.document.model import Block, Box

SCALE = 1000
ANGLES = {"up": 0, "right": 90, "down": 180, "left": 270}
"""Degrees, counter-clockwise, by which a crop is turned to stand upright."""

_DIRECTIONS = {angle: direction for direction, angle in ANGLES.items()}
_REGION = re.compile(
    r"<\|box_start\|>\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*<\|box_end\|>"
    r"\s*<\|ref_start\|>\s*(\w+)\s*<\|ref_end\|>\s*(?:<\|rotate_(up|right|down|left)\|>)?.*"
)


@dataclass(frozen=True)
class ParsedLayout:
    """The regions of a layout, in reading order and without content.

    Attributes:
        regions: those of an unknown type have the type ``unknown``.
        malformed: lines that are not regions.
        unknown_types: types outside ``BLOCK_TYPES``, as they were written.
    """

    regions: tuple[Block, ...]
    malformed: tuple[str, ...] = ()
    unknown_types: tuple[str, ...] = ()


def parse_layout(text: str) -> ParsedLayout:
    """Parses a layout; swapped corners are put right."""
    regions: list[Block] = []
    malformed: list[str] = []
    types: list[str] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        match = _REGION.fullmatch(line)
        region = _region(match) if match else None
        if match is None or region is None:
            malformed.append(line)
            continue
        regions.append(region)
        types.append(match[5].lower())
    unknown = dict.fromkeys(kind for kind in types if kind not in BLOCK_TYPES)
    return ParsedLayout(tuple(regions), tuple(malformed), tuple(unknown))


def format_layout(blocks: Iterable[Block]) -> str:
    """The inverse of ``parse_layout``: regions, one a line."""
    return "\n".join(
        f"<|box_start|>{' '.join(_thousandths(block.box))}<|box_end|>"
        f"<|ref_start|>{block.type}<|ref_end|><|rotate_{_DIRECTIONS[block.angle]}|>"
        for block in blocks
    )


def _region(match: re.Match[str]) -> Block | None:
    x0, y0, x1, y1 = (int(value) for value in match.groups()[:4])
    if max(x0, y0, x1, y1) > SCALE or x0 == x1 or y0 == y1:
        return None
    (x0, x1), (y0, y1) = sorted((x0, x1)), sorted((y0, y1))
    box = Box(x0 / SCALE, y0 / SCALE, x1 / SCALE, y1 / SCALE)
    kind = match[5].lower()
    return Block(kind if kind in BLOCK_TYPES else "unknown", box, angle=ANGLES[match[6] or "up"])


def _thousandths(box: Box) -> list[str]:
    return [f"{round(SCALE * edge):03d}" for edge in (box.x0, box.y0, box.x1, box.y1)]
