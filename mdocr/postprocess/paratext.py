"""What belongs to the page and not to the text, set aside: running heads, page numbers, notes.

The place on the page is not enough: an invoice has its number at the top and its total at the
bottom. What stands at an edge, margin notes included, is dropped only if it repeats from page to
page, or is a page number.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

from mdocr.document.model import Block, Page, Unread

_BY_PLACE = ("header", "footer", "page_number", "aside_text")
"""Types that a layout gives by the place on the page."""

_BY_KIND = ("page_footnote",)
"""Types that a layout model gives by what they are."""

NEAR = 2
"""Pages before and after that are searched for the same header: left and right pages differ."""

ALIKE = 0.8
"""Similarity, 0 to 1, from which two texts are the same, read twice."""

_NUMBER = re.compile(
    r"\W*(?:(?:page|p|pg|seite|s|pagina|página)\.?\s*)?"
    r"(\d{1,4}|[ivxlc]{1,7})(?:\s*(?:/|of|von|de|-|–)\s*\d{1,4})?\W*",
    re.IGNORECASE,
)
_LONGEST_ALONE = 3
"""Digits of a page number on the only page of a document; a longer one may be anything."""


def set_paratext_aside(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The pages without their paratext, which is added to what is not written of them."""
    return tuple(_without(page, number, pages) for number, page in enumerate(pages))


def _without(page: Page, number: int, pages: Sequence[Page]) -> Page:
    near = [other for other in pages[max(0, number - NEAR) : number + NEAR + 1] if other != page]
    dropped = [block for block in page.blocks if _is_paratext(block, near)]
    if not dropped:
        return page
    blocks = tuple(block for block in page.blocks if block not in dropped)
    aside = (Unread(one.box, "paratext", one.content, one.confidence) for one in dropped)
    return replace(page, blocks=blocks, unread=(*page.unread, *aside))


def _is_paratext(block: Block, near: Sequence[Page]) -> bool:
    if block.type in _BY_KIND:
        return True
    if block.type not in _BY_PLACE:
        return False
    return _is_page_number(block, alone=not near) or any(_repeats(block, page) for page in near)


def _is_page_number(block: Block, *, alone: bool) -> bool:
    match = _NUMBER.fullmatch(block.content.strip())
    return match is not None and not (alone and len(match[1]) > _LONGEST_ALONE)


def _repeats(block: Block, page: Page) -> bool:
    """Whether what stands at an edge of another page says the same, digits aside."""
    own = _bare(block)
    others = (_bare(other) for other in page.blocks if other.type in _BY_PLACE)
    return any(_alike(own, other) for other in others)


def _bare(block: Block) -> str:
    return re.sub(r"[\d\W]+", "", block.content).lower()


def _alike(first: str, second: str) -> bool:
    if not first or not second:
        return first == second
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= ALIKE
