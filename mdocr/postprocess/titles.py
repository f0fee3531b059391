"""Levels of titles: from their numbers where they have them, else from the size of their letters.

Level 1 is the document's title where it has one; sections follow.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from mdocr.document.model import Block, Page

_DECIMAL = re.compile(r"(?:§\s*)?((?:\d{1,3}|[A-Z])(?:\.\d{1,3})*)\.?\s+\S")
_CHAPTER = re.compile(
    r"(?:chapter|part|appendix)\s+(?:\d+|[IVXLC]+|[A-Z])\b"
    r"|第[\d一二三四五六七八九十百]+[章部篇]",
    re.IGNORECASE,
)
_SECTION = re.compile(r"[IVX]{1,5}\.\s+\S|[一二三四五六七八九十]+、|第[\d一二三四五六七八九十]+节")
_KNOWN = re.compile(
    r"(?:abstract|summary|introduction|conclusions?|discussion|acknowledge?ments?|references|"
    r"bibliography|contents|table of contents|preface|index|"
    r"摘要|目录|引言|前言|结论|参考文献|致谢)\W*$",
    re.IGNORECASE,
)
_DEEPEST = 6
_LARGER = 1.15  # a title is larger than another from this ratio of letter heights
_LETTER_WIDTH = 0.5  # of the line height, roughly


def level_titles(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The pages with a level on every title that has none."""
    titles = list(_titles(pages))
    if not titles:
        return pages
    main = _main_title(titles)
    base = 2 if main else 1
    sizes = _sizes_by_level(titles, base)

    def levelled(block: Block, page: Page) -> Block:
        if block.type != "title" or block.level:
            return block
        if block is main:
            return replace(block, level=1)
        known = _level_of_number(block.content, base)
        level = known or _level_of_size(letter_height(block, page), sizes, base)
        return replace(block, level=min(level, _DEEPEST))

    return tuple(
        replace(page, blocks=tuple(levelled(block, page) for block in page.blocks))
        for page in pages
    )


def letter_height(block: Block, page: Page) -> float:
    """Height of one line in points, from the region's size and the length of its text."""
    width, height = block.box.width * page.width, block.box.height * page.height
    if not width or not height:
        return 0.0
    lines = math.sqrt(len(block.content) * _LETTER_WIDTH * height / width)
    return height / max(1, block.content.count("\n") + 1, round(lines))


def _titles(pages: tuple[Page, ...]) -> Iterator[tuple[Block, Page]]:
    for page in pages:
        yield from ((block, page) for block in page.blocks if block.type == "title")


def _main_title(titles: list[tuple[Block, Page]]) -> Block | None:
    """The first title, if it has no number, stands on page 1 and no later title is larger."""
    (first, page), *rest = titles
    if page.number != 1 or first.level > 1 or _level_of_number(first.content, 1):
        return None
    largest = max((letter_height(*title) for title in rest), default=0.0)
    return first if letter_height(first, page) * _LARGER >= largest else None


def _level_of_number(text: str, base: int) -> int:
    """Level by the number before a title, or by a name that every section bears; 0 without."""
    text = text.strip()
    if _CHAPTER.match(text) or _KNOWN.match(text) or _SECTION.match(text):
        return base
    match = _DECIMAL.match(text)
    if not match or (match[1].isalpha() and not text.startswith(f"{match[1]}.")):
        return 0
    return base + match[1].count(".")


def _sizes_by_level(titles: list[tuple[Block, Page]], base: int) -> dict[int, float]:
    """Median letter height of the titles whose level is known by their number."""
    heights: dict[int, list[float]] = {}
    for block, page in titles:
        if level := _level_of_number(block.content, base):
            heights.setdefault(level, []).append(letter_height(block, page))
    return {level: median(found) for level, found in heights.items()} or _ranked(titles, base)


def _ranked(titles: list[tuple[Block, Page]], base: int) -> dict[int, float]:
    """Without any number: one level for each clearly smaller size, from the largest."""
    sizes: dict[int, float] = {}
    ordered = sorted((letter_height(*title) for title in titles[base - 1 :]), reverse=True)
    for height in ordered:
        if not sizes:
            sizes[base] = height
        elif height * _LARGER < min(sizes.values()):
            sizes[max(sizes) + 1] = height
    return sizes


def _level_of_size(height: float, sizes: dict[int, float], base: int) -> int:
    """The level whose letters are nearest in size."""
    return min(sizes, key=lambda level: (abs(sizes[level] - height), level), default=base)
