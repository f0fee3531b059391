"""What is done to a read document before it is written: one small step per file.

``finish`` keeps every block on its page, and gives a finished document back unchanged.
``finish(..., join=True)`` also joins what the page layout has cut (lines, paragraphs, tables), for
formats that are read and not measured.
"""

from collections.abc import Callable
from dataclasses import replace

from mdocr.document.document import Document
from mdocr.document.model import Block, Page
from mdocr.postprocess.captions import place_captions
from mdocr.postprocess.duplicates import drop_duplicates
from mdocr.postprocess.formulas import repair_formulas
from mdocr.postprocess.hyphens import join_lines
from mdocr.postprocess.lists import split_lists
from mdocr.postprocess.paragraphs import join_paragraphs
from mdocr.postprocess.paratext import drop_paratext
from mdocr.postprocess.tables import join_tables
from mdocr.postprocess.titles import level_titles

PageStep = Callable[[list[Block]], list[Block]]
DocumentStep = Callable[[tuple[Page, ...]], tuple[Page, ...]]

PAGE_STEPS: tuple[PageStep, ...] = (drop_duplicates, repair_formulas, split_lists, place_captions)
JOINING_STEPS: tuple[DocumentStep, ...] = (join_lines, join_tables, join_paragraphs)


def finish(document: Document, *, keep_paratext: bool = False, join: bool = False) -> Document:
    """The document as it should be written.

    Args:
        document: as it was read, or finished before.
        keep_paratext: keep headers, footers, page numbers, margin notes and page footnotes.
        join: also join lines, and paragraphs and tables across columns and pages.
    """
    pages = tuple(_on_page(page, keep_paratext) for page in document.pages)
    for step in (level_titles, *(JOINING_STEPS if join else ())):
        pages = step(pages)
    return replace(document, pages=tuple(map(_numbered, pages)))


def _on_page(page: Page, keep_paratext: bool) -> Page:
    blocks = list(page.blocks)
    if not keep_paratext:
        blocks = drop_paratext(blocks)
    for step in PAGE_STEPS:
        blocks = step(blocks)
    return replace(page, blocks=tuple(blocks))


def _numbered(page: Page) -> Page:
    blocks = (replace(block, order=order) for order, block in enumerate(page.blocks, start=1))
    return replace(page, blocks=tuple(blocks))
