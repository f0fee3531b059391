"""Levels of titles: from their numbers where they have them, else from the size of their letters.

Level 1 is the document's title where it has one; sections follow. Levels are those of the document:
what a reader ranks on a single page says nothing of the pages beside it.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import replace
from statistics import median

from mdocr.document.inline import plain
from mdocr.document.model import Block, Page
from mdocr.document.turns import upright

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
_CAPTION = re.compile(
    r"(?:(fig(?:ure|\.)?|scheme|plate|chart|abb(?:ildung|\.)?|图)|(tab(?:le|elle|\.)?|表)|listing)"
    r"\s*[\dIVX]+\s*(?:[.:：–—-]|\s|$)",
    re.IGNORECASE,
)
_BY = re.compile(r"(?:by|von|par|por)\s+[A-Z]")
_NAME = re.compile(r"(?:[A-Z][\w.'’-]*\s+){1,3}[A-Z][\w'’-]+[\d*†‡]*")
_BETWEEN_NAMES = re.compile(r"\s*[,;·|]\s*(?:and\s+)?|\s+(?:and|&|und|et|y)\s+")
_DEEPEST = 6
_LARGER = 1.15
"""Ratio of letter sizes from which a title is larger than another."""

_LARGER_IN_FILE = 1.05
"""The same where the file has the sizes of all titles."""

_LETTER_WIDTH = 0.5
"""Of the letters' size, roughly."""

_LINE_DISTANCE = 1.2
"""The same from line to line."""

_ASCENT, _CAPITAL, _SMALL, _DESCENT = 0.75, 0.69, 0.5, 0.2
"""Heights of small letters with ascenders, which rise above capitals in most book faces, of
capitals and of other small letters, and how far some go below the line."""

_SHIFT = 0.02
"""Of the page's width, by which the lines of a caption may begin apart."""

_MANY_DIGITS = 6
"""Digits in a text of hardly any letters, which is a number of an account and no title."""


def drop_false_titles(blocks: list[Block]) -> list[Block]:
    """The blocks of a page with titles that cannot be any as what they are.

    That is captions, whose further lines are taken from the text below; or texts: numbers, authors.
    """
    out: list[Block] = []
    for block in blocks:
        if block.type == "title" and (kind := _other_type(plain(block.content).strip())):
            out.append(replace(block, type=kind, level=0))
        elif out and _ends_caption(out[-1], block):
            content = f"{out[-1].content}\n{block.content}"
            out[-1] = replace(out[-1], content=content, box=out[-1].box.union(block.box))
        else:
            out.append(block)
    return out


def level_titles(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The pages with a level on every title that has none."""
    titles = list(_titles(pages))
    if not titles:
        return pages
    larger = _LARGER_IN_FILE if all(block.size for block, _ in titles) else _LARGER
    main = _main_title(titles, larger)
    base = 2 if main else 1
    sizes = _sizes_by_level(titles, base, larger)

    def levelled(block: Block, page: Page) -> Block:
        if block.type != "title" or block.level:
            return block
        if block is main:
            return replace(block, level=1)
        known = _level_of_number(plain(block.content), base)
        level = known or _level_of_size(letter_size(block, page), sizes, base)
        return replace(block, level=min(level, _DEEPEST))

    return tuple(
        replace(page, blocks=tuple(levelled(block, page) for block in page.blocks))
        for page in pages
    )


def letter_size(block: Block, page: Page) -> float:
    """Size of the letters in points: the file's, or from the region's height, lines and letters."""
    if block.size:
        return block.size * page.height
    is_level = block.angle % 180 == 0
    across, down = (page.width, page.height) if is_level else (page.height, page.width)
    box = upright(block)
    width, height = box.width * across, box.height * down
    if not width or not height:
        return 0.0
    content = plain(block.content)
    wrapped = math.sqrt(len(content) * _LETTER_WIDTH * height / width)
    lines = max(1, content.count("\n") + 1, round(wrapped))
    return height / ((lines - 1) * _LINE_DISTANCE + _ink_height(content))


def _ink_height(text: str) -> float:
    """Height of a line in sizes of its letters: ``aero`` is half as high as ``Apply``."""
    heights = [
        _ASCENT
        if c in "bdfhkl()[]/|"
        else _CAPITAL
        if c.isdigit() or c.isupper() or c in "t!?" or c > "\u2e80"
        else _SMALL
        for c in text
    ]
    falls = any(c in "gjpqy,;()[]/|Q" for c in text)
    return max(heights, default=_SMALL) + (_DESCENT if falls else 0.0)


def _other_type(text: str) -> str:
    """What a title is that cannot be one; empty for one that can."""
    if match := _CAPTION.match(text):
        return "image_caption" if match[1] else "table_caption" if match[2] else "code_caption"
    digits, letters = sum(map(str.isdigit, text)), sum(map(str.isalpha, text))
    is_number = digits >= _MANY_DIGITS and 2 * letters <= digits
    return "text" if is_number or _BY.match(text) or _are_names(text) else ""


def _ends_caption(caption: Block, block: Block) -> bool:
    """Whether a text below a caption's first line, as it begins amid a sentence, is its rest."""
    box, above = upright(block, caption.angle), upright(caption)
    is_below = abs(box.x0 - above.x0) <= _SHIFT and box.y0 - above.y1 < above.height
    starts = caption.type.endswith("_caption") and _CAPTION.match(caption.content.strip())
    return bool(starts) and block.type == "text" and is_below and block.content[:1].islower()


def _are_names(text: str) -> bool:
    """Whether it is a list of persons: two or more, each of two words or more."""
    names = [name for name in _BETWEEN_NAMES.split(" ".join(text.split())) if name]
    return len(names) > 1 and all(map(_NAME.fullmatch, names))


def _titles(pages: tuple[Page, ...]) -> Iterator[tuple[Block, Page]]:
    for page in pages:
        yield from ((block, page) for block in page.blocks if block.type == "title")


def _main_title(titles: list[tuple[Block, Page]], larger: float) -> Block | None:
    """The first title, if it has no number, stands on page 1 and no later title is larger."""
    (first, page), *rest = titles
    if page.number != 1 or first.level > 1 or _level_of_number(plain(first.content), 1):
        return None
    largest = max((letter_size(*title) for title in rest), default=0.0)
    return first if letter_size(first, page) * larger >= largest else None


def _level_of_number(text: str, base: int) -> int:
    """Level by the number before a title, or by a name that every section bears; 0 without."""
    text = text.strip()
    if _CHAPTER.match(text) or _KNOWN.match(text) or _SECTION.match(text):
        return base
    match = _DECIMAL.match(text)
    if not match or (match[1].isalpha() and not text.startswith(f"{match[1]}.")):
        return 0
    return base + match[1].count(".")


def _sizes_by_level(titles: list[tuple[Block, Page]], base: int, larger: float) -> dict[int, float]:
    """Median letter height of the titles whose level is known by their number."""
    heights: dict[int, list[float]] = {}
    for block, page in titles:
        if level := _level_of_number(plain(block.content), base):
            heights.setdefault(level, []).append(letter_size(block, page))
    return {level: median(found) for level, found in heights.items()} or _ranked(
        titles, base, larger
    )


def _ranked(titles: list[tuple[Block, Page]], base: int, larger: float) -> dict[int, float]:
    """Without any number: one level for each clearly smaller size, from the largest."""
    sizes: dict[int, float] = {}
    ordered = sorted((letter_size(*title) for title in titles[base - 1 :]), reverse=True)
    for height in ordered:
        if not sizes:
            sizes[base] = height
        elif height * larger < min(sizes.values()):
            sizes[max(sizes) + 1] = height
    return sizes


def _level_of_size(height: float, sizes: dict[int, float], base: int) -> int:
    """The level whose letters are nearest in size."""
    return min(sizes, key=lambda level: (abs(sizes[level] - height), level), default=base)
