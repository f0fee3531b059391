"""A finished document as one flow of paragraphs, lists and figures, for formats without pages."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mdocr.document.characters import printable
from mdocr.document.document import Document
from mdocr.document.model import Block
from mdocr.document.tables import Table, parse
from mdocr.options import RenderOptions
from mdocr.postprocess import finish
from mdocr.postprocess.captions import Figure, figures
from mdocr.postprocess.lists import split_marker
from mdocr.render.doubt import mark_doubt

TAGS = {"bold": "b", "italic": "i", "monospace": "code"}
"""Of emphasis in HTML, which Markdown takes too."""


@dataclass(frozen=True)
class Items:
    """A list: (marker, text) of each item."""

    entries: tuple[tuple[str, str], ...]

    @property
    def is_ordered(self) -> bool:
        """Whether the markers are the numbers 1, 2, 3 and so on, or begin later and go on so."""
        numbers = [marker.strip("().") for marker, _ in self.entries]
        if not all(number.isdecimal() and len(number) <= 3 for number in numbers):
            return False
        first = int(numbers[0])
        return [int(number) for number in numbers] == list(range(first, first + len(numbers)))


@dataclass(frozen=True)
class PageMark:
    """Where a page begins."""

    number: int


Element = Block | Figure | Items | PageMark


def elements(
    document: Document, options: RenderOptions, *, marks: bool = False
) -> Iterator[Element]:
    """What the document holds, finished and joined, in reading order.

    Args:
        document: as it was read.
        options: of the format.
        marks: whether the format can mark words that were read with doubt.
    """
    finished = finish(document, keep_paratext=options.keep_paratext, join=True)
    if marks and options.mark_doubt:
        finished = replace(finished, pages=mark_doubt(finished.pages, options.mark_doubt))
    entries: list[tuple[str, str]] = []
    for item in _items(finished, marks=options.page_marks):
        if isinstance(item, Block) and item.type == "list_item":
            entries.append(split_marker(item.content))
            continue
        if entries:
            yield Items(tuple(entries))
            entries = []
        if not isinstance(item, Block) or item.content.strip():
            yield item
    if entries:
        yield Items(tuple(entries))


def _items(document: Document, *, marks: bool) -> Iterator[Block | Figure | PageMark]:
    for page in document.pages:
        if marks:
            yield PageMark(page.number)
        yield from figures(page.blocks)


def table_of(block: Block) -> Table | None:
    """The table that a block holds; ``None`` where it was read as plain text, or not at all."""
    table = parse(block.content, block.format) if block.content.strip() else None
    is_text = block.format == "text" and table and len(table.cells) == 1
    return table if table and table.cells and not is_text else None


def labels(picture: Block) -> str:
    """What is written on a picture, as the text that describes it."""
    return ", ".join(filter(None, printable(picture.content).split("\n")))


def picture_path(block: Block, options: RenderOptions) -> str:
    """Path of a block's picture, relative to the file that is written; empty without one."""
    return f"{options.images}/{block.image}" if block.image else ""
