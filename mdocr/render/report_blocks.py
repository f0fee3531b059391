"""Pages in the report: their blocks, lines and words, each with its place and how sure it is.

Places are in thousandths of the page (``data-b``), confidences in hundredths (``data-c``).
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from html import escape

from mdocr.document import table_writers
from mdocr.document.block_types import CODE_TYPES, PARATEXT_TYPES
from mdocr.document.characters import printable
from mdocr.document.inline import write_spans
from mdocr.document.model import Block, Box, Failure, Page, PageLine, PageWord, Unread
from mdocr.document.table_heads import head_height
from mdocr.options import DOUBT
from mdocr.render import html
from mdocr.render.flow import table_of
from mdocr.render.placed import placed_lines

TINTS = ((0.6, "d3"), (DOUBT, "d2"), (0.95, "d1"))
"""Confidences below which words are tinted, and how."""

BROKEN = re.compile(r"\w[-\u2010]$")
"""The end of a line in the middle of a word."""

TOLD_TYPES = ("text", "title", "table", "equation")
"""Types that screen readers tell by themselves."""


@dataclass(frozen=True)
class PlacedPage:
    """A page with the lines of its blocks, each block with its own."""

    page: Page
    blocks: tuple[tuple[Block, tuple[PageLine, ...]], ...]

    @property
    def words(self) -> Iterator[PageWord]:
        """All words, in reading order."""
        return (word for _, lines in self.blocks for line in lines for word in line.words)


def placed_page(page: Page) -> PlacedPage:
    """A finished page with the lines of its blocks."""
    return PlacedPage(page, tuple((block, placed_lines(block)) for block in page.blocks))


def page_section(placed: PlacedPage, picture: str) -> str:
    """A page as a section of the report.

    Args:
        placed: the page.
        picture: the address of its picture; empty without one.
    """
    page = placed.page
    ratio = f"--ratio:{page.width / max(page.height, 1):.4f}"
    image = f'<img src="{picture}" alt="Page {page.number}" loading="lazy">' if picture else ""
    holes = "".join(_hole(one) for one in page.unread)
    blocks = "\n".join(_block(block, lines) for block, lines in placed.blocks)
    return (
        f'<section class="page" id="page-{page.number}" data-n="{page.number}" '
        f'aria-label="Page {page.number}">\n'
        f'<div class="scan"><div class="sheet" style="{ratio}">{image}{holes}'
        f'<i class="spot"></i></div></div>\n'
        f'<div class="column" lang="">{_kind(f"page {page.number}", is_told=True)}\n'
        f"{blocks}{_unread(page)}</div>\n</section>"
    )


def failure_note(failure: Failure) -> str:
    """What failed, on which page, and below it what to do."""
    page = f"Page {failure.page}: " if failure.page else ""
    advice = f"<br>{text(failure.hint)}" if failure.hint else ""
    return f"<p>{page}{text(failure.message)}{advice}</p>"


def text(value: str) -> str:
    """Escaped, without what no page can show."""
    return escape(printable(value))


def _hole(unread: Unread) -> str:
    """What was seen and is not written, hatched on the picture."""
    x0, y0, x1, y1 = (100 * edge for edge in unread.box.as_list())
    place = f"left:{x0:.2f}%;top:{y0:.2f}%;width:{x1 - x0:.2f}%;height:{y1 - y0:.2f}%"
    return f'<i class="hole {unread.reason}" style="{place}"></i>'


def _unread(page: Page) -> str:
    """What is not written: a row each, or one for all of a reason in which nothing was read."""
    silent = [one for one in page.unread if not text(one.text).strip()]
    rows = [
        f"<li {_place(one.box)}>{one.reason}: {text(one.text)}</li>"
        for one in page.unread
        if one not in silent
    ]
    for reason in dict.fromkeys(one.reason for one in silent):
        boxes = [one.box for one in silent if one.reason == reason]
        numbers = " ".join(
            f'<span title="{reason}" {_place(box)}>{number}</span>'
            for number, box in enumerate(boxes, start=1)
        )
        told = f"{reason}: nothing read in {len(boxes)} place{'' if len(boxes) == 1 else 's'}"
        rows.append(f'<li>{told} <span aria-hidden="true">{numbers}</span></li>')
    return (
        f'\n<div class="unread">Seen and not written:<ul>{"".join(rows)}</ul></div>' if rows else ""
    )


def _block(block: Block, lines: Sequence[PageLine]) -> str:
    kinds = ["block", block.type, *(["aside"] if block.type in PARATEXT_TYPES else [])]
    if block.type == "equation":
        kinds.append("formula")
    kind = f"{block.order} {block.type.replace('_', ' ')}"
    label = _kind(kind, is_told=block.type in TOLD_TYPES)
    heading = f' role="heading" aria-level="{block.level or 1}"' if block.type == "title" else ""
    content = f'<div class="content"{heading}>{_content(block, lines)}</div>'
    return (
        f'<div class="{" ".join(kinds)}" {_place(block.box)}>{label}{content}{_replay(block)}</div>'
    )


def _kind(label: str, *, is_told: bool) -> str:
    """A label; not for screen readers where they tell it themselves."""
    hidden = ' aria-hidden="true"' if is_told else ""
    return f'<span class="kind"{hidden}>{label}</span>'


def _content(block: Block, lines: Sequence[PageLine]) -> str:
    if block.type == "table" and (table := table_of(block)):
        return table_writers.to_html(table, partial(_cell, list(lines)), head_height(table))
    if block.type == "equation" and block.format == "latex":
        return html.formula(block.content, display=True)
    if block.type in CODE_TYPES:
        return "\n".join(map(_line, lines))
    joints = ["<wbr>" if BROKEN.search(line.text) else " " for line in lines]
    return "".join(_line(line) + joint for line, joint in zip(lines, joints, strict=True)).strip()


def _cell(left: list[PageLine], content: str) -> str:
    """A cell of a table; its lines are those of ``left`` that say the same, and leave it."""
    plain = write_spans(content, lambda span: span.content)
    own = _lines_of(plain.split(), left)
    for line in own:
        left.remove(line)
    if not own:
        return html.running(content)
    if plain == content:
        return " ".join(map(_line, own))
    box = own[0].box
    for line in own[1:]:
        box = box.union(line.box)
    sure = min(line.confidence for line in own)
    return f"<span {_about(PageWord(plain, box, sure))}>{html.running(content)}</span>"


def _lines_of(words: list[str], left: Sequence[PageLine]) -> list[PageLine]:
    """The first of some lines, in a row, that together have exactly these words."""
    for start in range(len(left) if words else 0):
        said: list[str] = []
        for end in range(start, len(left)):
            said += left[end].text.split()
            if said == words:
                return list(left[start : end + 1])
            if said != words[: len(said)]:
                break
    return []


def _line(line: PageLine) -> str:
    """A line, by which it is corrected, around its words."""
    words = " ".join(f"<span {_about(word)}>{text(word.text)}</span>" for word in line.words)
    turn = f' data-a="{line.angle}"' if line.angle else ""
    return f'<span class="line" {_place(line.box)} {_sure(line.confidence)}{turn}>{words}</span>'


def _about(word: PageWord) -> str:
    role = ' role="mark"' if word.confidence < DOUBT else ""
    return f'class="{_classes(word)}"{role} {_place(word.box)} {_sure(word.confidence)}'


def _classes(word: PageWord) -> str:
    tint = next((name for bar, name in TINTS if word.confidence < bar), "")
    return " ".join(filter(None, ["w", tint, "doubt" if word.confidence < DOUBT else ""]))


def _sure(confidence: float) -> str:
    return f'data-c="{100 * confidence:.0f}"'


def _place(box: Box) -> str:
    return 'data-b="{:g} {:g} {:g} {:g}"'.format(*(round(1000 * edge, 1) for edge in box.as_list()))


def _replay(block: Block) -> str:
    """The record of the denoising, where there is one: text, step and proposals of each token."""
    if not block.tokens:
        return ""
    record = [[one.text, one.step, list(one.proposed)] for one in block.tokens]
    data = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
    return f'<div class="replay" data-tokens="{escape(data)}" hidden></div>'
