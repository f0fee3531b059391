"""What belongs to the page and not to the text, set aside: running heads, page numbers, notes.

The place on the page is not enough: an invoice has its number at the top and its total at the
bottom. What stands at an edge, margin notes included, is dropped only if it repeats from page to
page, or is a page number. Numbers in it repeat too, or count the pages: of three invoices in one
file, each has a number of its own.
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
"""Digits of a page number where no page near by has one; a longer one may be anything."""

_DIGITS = re.compile(r"[0-9]{1,18}")
_MONTH = r"(?:jan|feb|mar|mär|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])[^\W\d_]*\.?"
_DATE = re.compile(
    rf"\d{{1,2}}\.? {_MONTH}|{_MONTH} \d{{1,2}}\b|\d+([./-])\d{{1,2}}\1\d+", re.IGNORECASE
)


def set_paratext_aside(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The pages without their paratext, which is added to what is not written of them."""
    return tuple(_without(page, number, pages) for number, page in enumerate(pages))


def _without(page: Page, number: int, pages: Sequence[Page]) -> Page:
    near = [other for other in pages[max(0, number - NEAR) : number + NEAR + 1] if other != page]
    dropped = [block for block in page.blocks if _is_paratext(block, page.number, near)]
    if not dropped:
        return page
    blocks = tuple(block for block in page.blocks if block not in dropped)
    aside = (Unread(one.box, "paratext", one.content, one.confidence) for one in dropped)
    return replace(page, blocks=blocks, unread=(*page.unread, *aside))


def _is_paratext(block: Block, number: int, near: Sequence[Page]) -> bool:
    if block.type in _BY_KIND:
        return True
    if block.type not in _BY_PLACE:
        return False
    others = [
        (other, page.number - number)
        for page in near
        for other in page.blocks
        if other.type in _BY_PLACE
    ]
    return _is_page_number(block, others) or any(_repeats(block, *other) for other in others)


def _is_page_number(block: Block, others: Sequence[tuple[Block, int]]) -> bool:
    """Whether it is a number that counts pages; alone, a short one.

    Args:
        block: at an edge of a page.
        others: what stands at the edges of pages near by, and how many pages later.
    """
    match = _NUMBER.fullmatch(block.content.strip())
    if match is None or not _is_bare_number(match):
        return match is not None
    found = [(_NUMBER.fullmatch(other.content.strip()), pages) for other, pages in others]
    known = [int(one[1]) - pages for one, pages in found if one and one[1].isdigit()]
    return int(match[1]) in known if known else len(match[1]) <= _LONGEST_ALONE


def _is_bare_number(match: re.Match[str]) -> bool:
    """Whether nothing but its place says that a number counts pages: no word, and no total."""
    return match[1].isdigit() and re.sub(r"\W", "", match[0]) == match[1]


def _repeats(block: Block, other: Block, pages: int) -> bool:
    """Whether what stands at an edge, so many pages later, says the same, page numbers aside."""
    return _alike(_bare(block), _bare(other)) and not _differ(block, other, pages)


def _differ(block: Block, other: Block, pages: int) -> bool:
    """Whether two texts have as many numbers, and some that neither repeat nor count pages.

    Among words a number of four digits counts none: invoices are numbered one by one, too. Nor
    does that of a date, of which there may be one a page.
    """
    if _dates(block) != _dates(other):
        return True
    own, others = (_DIGITS.findall(one.content) for one in (block, other))
    if len(own) != len(others):
        return not _bare(block)
    steps = [
        int(later) - int(number) in ((0, pages) if len(later) <= _LONGEST_ALONE else (0,))
        for number, later in zip(own, others, strict=False)
    ]
    return not all(steps)


def _dates(block: Block) -> list[str]:
    return [match[0].lower() for match in _DATE.finditer(block.content)]


def _bare(block: Block) -> str:
    return re.sub(r"[\d\W]+", "", block.content).lower()


def _alike(first: str, second: str) -> bool:
    if not first or not second:
        return first == second
    return SequenceMatcher(None, first, second, autojunk=False).ratio() >= ALIKE
