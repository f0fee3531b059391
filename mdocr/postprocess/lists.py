"""Lists: what stands inside a list's region becomes its items, and a list read whole is split.

Items that follow each other are one list, also across columns and pages; renderers see only items.
"""

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from itertools import accumulate
from string import ascii_uppercase

from mdocr.document.characters import BULLETS
from mdocr.document.model import Block, Box, PageLine
from mdocr.document.turns import turned, upright
from mdocr.document.words import Character

_DASHES = "–—*-"
CHECK_BOXES = {"☐": False, "□": False, "☑": True, "☒": True, "[ ]": False, "[x]": True, "[X]": True}
"""Markers that are boxes to be ticked, and whether they are."""

_MARKER = re.compile(
    rf"\s*((?:[{re.escape(BULLETS + _DASHES)}]|\[(?:[ xX]|\d{{1,3}})\]"
    r"|\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})[.)])\s+)"
)
_INITIAL = re.compile(r"[A-Z]\.")
_ROMAN = re.compile(r"[IVX]{2,5}\.")
_INSIDE = 0.8


def split_lists(blocks: list[Block]) -> list[Block]:
    """The blocks with ``list`` regions replaced by their items."""
    regions = [block for block in blocks if block.type == "list" and not block.content.strip()]
    out = []
    for block in blocks:
        if block.type == "list":
            out += _items(block)
        elif block.type == "text" and (_is_box(block) or _is_inside(block, regions)):
            out.append(replace(block, type="list_item"))
        else:
            out.append(block)
    return out


def split_marker(text: str) -> tuple[str, str]:
    """An item's marker (``•``, ``1.``, ``(a)``; empty without one) and its text."""
    match = _MARKER.match(text)
    return (match[1].strip(), text[match.end() :]) if match else ("", text)


def starts_of_items(lines: Sequence[str]) -> list[bool]:
    """Whether each line of a text begins with a marker.

    A capital letter with a dot is as often the initial of a name (``A. Einstein``): it is a marker
    only where such letters follow each other as in the alphabet, or beside Roman numbers.
    """
    markers = [split_marker(line)[0] for line in lines]
    letters = "".join(marker[0] for marker in markers if _INITIAL.fullmatch(marker))
    counts = len(letters) > 1 and letters in ascii_uppercase
    are_markers = counts or any(map(_ROMAN.fullmatch, markers))
    return [bool(mark) and (are_markers or not _INITIAL.fullmatch(mark)) for mark in markers]


def _is_inside(block: Block, regions: Sequence[Block]) -> bool:
    return any(block.box.inside(region.box) >= _INSIDE for region in regions)


def _is_box(block: Block) -> bool:
    """Whether it is an item of a form: one line behind a box to be ticked."""
    return "\n" not in block.content and split_marker(block.content)[0] in CHECK_BOXES


def _items(block: Block) -> list[Block]:
    """One block per marked line, each an even share of the region high; other lines continue it."""
    lines = block.content.splitlines(keepends=True)
    texts: list[str] = []
    for line, is_start in zip(lines, starts_of_items(block.content.splitlines()), strict=True):
        if not texts or is_start:
            texts.append(line)
        else:
            texts[-1] += line
    tokens = _shared_out(block.tokens, texts)
    placed = _lines_of(block, texts)
    filled = [one for one in zip(texts, tokens, placed, strict=True) if one[0].strip()]
    whole = upright(block)
    step = whole.height / max(1, len(filled))
    items = []
    for index, (text, own, rows) in enumerate(filled):
        y0 = whole.y0 + index * step
        box = turned(replace(whole, y0=y0, y1=y0 + step), -block.angle)
        if rows:
            box = reduce(Box.union, (row.box for row in rows))
        content = "\n".join(line for line in text.splitlines() if line.strip())
        items.append(
            replace(block, type="list_item", content=content, box=box, tokens=own, lines=rows)
        )
    return items


def _lines_of(block: Block, texts: Sequence[str]) -> list[tuple[PageLine, ...]]:
    """The lines of all texts, each with its own; none where they cannot be told apart."""
    counts = [sum(bool(line.strip()) for line in text.splitlines()) for text in texts]
    if sum(counts) != len(block.lines):
        return [()] * len(texts)
    ends = list(accumulate(counts))
    return [block.lines[end - count : end] for count, end in zip(counts, ends, strict=True)]


def _shared_out(tokens: Sequence[Character], texts: Sequence[str]) -> list[tuple[Character, ...]]:
    """The tokens of all texts, each with the text in which it begins."""
    shares: list[list[Character]] = [[] for _ in texts]
    ends = list(accumulate(map(len, texts)))
    place = 0
    for token in tokens:
        shares[min(bisect_right(ends, place), len(texts) - 1)].append(token)
        place += len(token.text)
    return [tuple(share) for share in shares]
