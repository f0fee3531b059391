"""Lists: what stands inside a list's region becomes its items, and a list read whole is split.

Items that follow each other are one list, also across columns and pages; renderers see only items.
"""

import re
from dataclasses import replace

from mdocr.document import Block

_BULLETS = "•·▪◦‣∙●○■□◆➢➤✓–—*-"
_MARKER = re.compile(
    rf"\s*((?:[{re.escape(_BULLETS)}]|\(?(?:\d{{1,3}}|[A-Za-z]|[ivxIVX]{{1,5}})[.)]|\[\d{{1,3}}\])\s+)"
)
_INSIDE = 0.8


def split_lists(blocks: list[Block]) -> list[Block]:
    """The blocks with ``list`` regions replaced by their items."""
    regions = [block for block in blocks if block.type == "list" and not block.content.strip()]
    out = []
    for block in blocks:
        if block.type == "list":
            out += _items(block)
        elif block.type == "text" and any(_contains(region, block) for region in regions):
            out.append(replace(block, type="list_item"))
        else:
            out.append(block)
    return out


def split_marker(text: str) -> tuple[str, str]:
    """An item's marker (``•``, ``1.``, ``(a)``; empty without one) and its text."""
    match = _MARKER.match(text)
    return (match[1].strip(), text[match.end() :]) if match else ("", text)


def _contains(region: Block, block: Block) -> bool:
    return block.box.inside(region.box) >= _INSIDE


def _items(block: Block) -> list[Block]:
    """One block per marked line, each an even share of the region high; other lines continue it."""
    texts: list[str] = []
    for line in block.content.splitlines():
        if not texts or split_marker(line)[0]:
            texts.append(line)
        elif line.strip():
            texts[-1] += "\n" + line
    texts = [text for text in texts if text.strip()]
    step = block.box.height / max(1, len(texts))
    items = []
    for index, text in enumerate(texts):
        y0 = block.box.y0 + index * step
        box = replace(block.box, y0=y0, y1=y0 + step)
        items.append(replace(block, type="list_item", content=text, box=box))
    return items
