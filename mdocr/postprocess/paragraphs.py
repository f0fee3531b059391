"""Paragraphs that go on in the next column or page, or are cut within a word, as one."""

import re
from dataclasses import dataclass, replace

from mdocr.document.block_types import PARATEXT_TYPES
from mdocr.document.characters import WIDE
from mdocr.document.model import Block, Page
from mdocr.document.turns import upright
from mdocr.postprocess.captions import is_body
from mdocr.postprocess.hyphens import is_entry, join, vocabulary
from mdocr.postprocess.lists import split_marker

_CUT = re.compile(r"[^\W\d_]{2}[-\u2010\u00ad]$")
_ENDED = re.compile(r"""[.!?:;。！？：；…]["'”’」』)\]]*$""")
_AWAITS_MORE = re.compile(
    r"(?:,|\b(?:the|an?|of|and|or|to|in|on|by|with|for|from|that|is|are|was|were))$", re.IGNORECASE
)
_NUMBERED = re.compile("[一二三四五六七八九十第]+[、章节]")


@dataclass(frozen=True)
class _Paragraph:
    """Where a paragraph stands in the result, and its latest part with its page."""

    page: int
    index: int
    part: Block
    part_page: int


def join_paragraphs(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The pages with every paragraph whole; figures between its parts stay behind it."""
    words = vocabulary(pages)
    out: list[list[Block]] = [[] for _ in pages]
    last: _Paragraph | None = None
    for number, page in enumerate(pages):
        if number and not page.follows(pages[number - 1]):
            last = None
        for block in page.blocks:
            if last and _continues(last, block, number):
                whole = out[last.page][last.index]
                content = join(whole.content.rstrip(), block.content.lstrip(), words)
                lines = whole.lines + block.lines
                out[last.page][last.index] = replace(whole, content=content, lines=lines)
                last = replace(last, part=block, part_page=number)
                continue
            out[number].append(block)
            if not _interrupts_nothing(block):
                last = _Paragraph(number, len(out[number]) - 1, block, number)
    joined = zip(pages, out, strict=True)
    return tuple(replace(page, blocks=tuple(blocks)) for page, blocks in joined)


def _interrupts_nothing(block: Block) -> bool:
    is_note = block.type.endswith(("_caption", "_footnote"))
    return is_body(block) or is_note or block.type in PARATEXT_TYPES


def _continues(paragraph: _Paragraph, block: Block, page: int) -> bool:
    part = paragraph.part
    moved = page != paragraph.part_page or _is_next_column(part, block) or _is_cut(part.content)
    is_item = part.type == "list_item" and bool(part.content.strip())
    if not moved or not (_is_paragraph(part) or is_item):
        return False
    if not _is_paragraph(block):
        return False
    return _goes_on(part.content.rstrip(), block.content.lstrip())


def _is_paragraph(block: Block) -> bool:
    return block.type == "text" and block.format == "text" and bool(block.content.strip())


def _is_next_column(part: Block, block: Block) -> bool:
    box, before = upright(block, part.angle), upright(part)
    return box.y0 < before.y0 and box.x0 >= before.x1 - 0.02


def _is_cut(text: str) -> bool:
    """Whether a text ends within a word."""
    return _CUT.search(text.rstrip()) is not None


def _goes_on(first: str, second: str) -> bool:
    """Whether the second text reads like the rest of the first."""
    if _ENDED.search(first) or split_marker(second)[0]:
        return False
    if is_entry(first) and is_entry(second):
        return False
    if _is_cut(first) and second[0].isalnum():
        return True
    if WIDE.match(first[-1]) and WIDE.match(second[0]):
        return not _NUMBERED.match(second)
    return second[0].islower() or second[0] in ",;)" or bool(_AWAITS_MORE.search(first))
