"""Steps from a document as it was read to one as it is written: one small step per file.

``finish`` keeps every block on its page and is idempotent; JSON is written after it.
``finish(..., join=True)`` also joins what the page layout has cut (lines, paragraphs, tables), for
formats of running text.
"""

from collections.abc import Callable
from dataclasses import replace

from mdocr.document.document import Document
from mdocr.document.model import Block, Page
from mdocr.postprocess.amounts import close_amounts
from mdocr.postprocess.captions import place_captions
from mdocr.postprocess.duplicates import drop_duplicates
from mdocr.postprocess.formulas import repair_formulas
from mdocr.postprocess.hyphens import join_lines
from mdocr.postprocess.lists import split_lists
from mdocr.postprocess.paragraphs import join_paragraphs
from mdocr.postprocess.paratext import set_paratext_aside
from mdocr.postprocess.tables import join_tables
from mdocr.postprocess.titles import drop_false_titles, level_titles

PageStep = Callable[[list[Block]], list[Block]]
DocumentStep = Callable[[tuple[Page, ...]], tuple[Page, ...]]

PAGE_STEPS: tuple[PageStep, ...] = (
    drop_duplicates,
    repair_formulas,
    close_amounts,
    split_lists,
    drop_false_titles,
    place_captions,
)
JOINING_STEPS: tuple[DocumentStep, ...] = (join_lines, join_tables, join_paragraphs)


def finish(document: Document, *, keep_paratext: bool = False, join: bool = False) -> Document:
    """The document as it should be written.

    Args:
        document: as it was read, or finished before.
        keep_paratext: keep running heads, page numbers, margin notes and page footnotes, which
            else are only among what is ``unread`` on their pages.
        join: also join lines, and paragraphs and tables across columns and pages.
    """
    pages = document.pages if keep_paratext else set_paratext_aside(document.pages)
    pages = tuple(map(_on_page, pages))
    for step in (level_titles, *(JOINING_STEPS if join else ())):
        pages = step(pages)
    return replace(document, pages=tuple(map(_numbered, pages)))


def _on_page(page: Page) -> Page:
    blocks = list(page.blocks)
    for step in PAGE_STEPS:
        blocks = step(blocks)
    return replace(page, blocks=tuple(blocks))


def _numbered(page: Page) -> Page:
    blocks = (replace(block, order=order) for order, block in enumerate(page.blocks, start=1))
    return replace(page, blocks=tuple(blocks))
