"""Default documents of benchmarks: pages of running text, rendered by MuPDF."""

import html
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf

from mdocr.evaluation.page_parts import PagePart
from mdocr.evaluation.page_sets import TruePage
from mdocr.synthesis.corpora.sentences import load_sentences

mupdf: Any = pymupdf  # it has no types
PAPER = mupdf.paper_rect("a4")
MARGINS = (60, 60, -60, -60)
PARAGRAPHS = 8
PARAGRAPH = 350
"""Approximate characters of a paragraph."""

DPI = 150


def synthetic_pages(folder: Path, count: int, seed: int = 0) -> list[TruePage]:
    """Pages of English text, reproducible by seed; written to ``folder``.

    Raises:
        MdocrError: an extra is not installed.
    """
    texts = synthetic_texts(count, seed)
    return [
        set_page(paragraphs, folder / f"made-{number:02d}.png")
        for number, paragraphs in enumerate(texts, start=1)
    ]


def synthetic_texts(count: int, seed: int = 0) -> list[list[str]]:
    """Paragraphs of ``count`` pages, in English.

    Raises:
        MdocrError: an extra is not installed.
    """
    sentences = load_sentences()
    rng = np.random.default_rng(seed)
    return [
        [sentences.passage(rng, PARAGRAPH, "en") for _ in range(PARAGRAPHS)] for _ in range(count)
    ]


def set_page(paragraphs: Sequence[str], path: Path) -> TruePage:
    """Renders paragraphs on a page.

    Args:
        paragraphs: plain texts; the font is reduced until they fit.
        path: of the image to write.
    """
    with mupdf.open() as document:
        page = document.new_page(width=PAPER.width, height=PAPER.height)
        body = "".join(f"<p>{html.escape(text)}</p>" for text in paragraphs)
        page.insert_htmlbox(PAPER + MARGINS, body, css="p { font-size: 11pt; line-height: 1.3 }")
        page.get_pixmap(dpi=DPI).save(path)
    return TruePage(path.stem, path, tuple(PagePart("text", text) for text in paragraphs))
