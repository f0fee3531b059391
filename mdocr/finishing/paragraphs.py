"""Paragraphs that go on in the next column or on the next page, joined."""

import re
from collections.abc import Iterator
from dataclasses import replace

from mdocr.document import PARATEXT_TYPES, Block, Page
from mdocr.finishing.hyphens import join, vocabulary

_FLOATS = ("image", "chart", "image_block", "table", "code", "algorithm")
_ENDED = re.compile(r"""[.!?:;。！？：；…]["'”’」』)\]]*$""")
_GOES_ON = re.compile(r"[a-z\u00df-\u00f6\u00f8-\u00ff\u0430-\u044f\u03b1-\u03c9,;)]")
_WIDE = re.compile("[\u4e00-\u9fff\u3040-\u30ff]")
_NUMBERED = re.compile(r"[一二三四五六七八九十第]+[、章节]")

Place = tuple[int, int]
"""Index of a page, and of a block on it."""


def join_paragraphs(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The pages with every paragraph whole, where it begins."""
    words = vocabulary(pages)
    blocks = [list(page.blocks) for page in pages]
    dropped: set[Place] = set()
    open_at: Place | None = None
    for place in _text_flow(pages):
        block = blocks[place[0]][place[1]]
        if block.type != "text" or block.format != "text":
            open_at = None
            continue
        if open_at and _continues(_at(pages, open_at, blocks, dropped), block, open_at, place):
            first = blocks[open_at[0]][open_at[1]]
            content = join(first.content.rstrip(), block.content.lstrip(), words)
            blocks[open_at[0]][open_at[1]] = replace(first, content=content)
            dropped.add(place)
            continue
        open_at = place
    return tuple(_without(page, blocks[i], i, dropped) for i, page in enumerate(pages))
