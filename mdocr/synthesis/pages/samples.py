"""Synthetic pages on disk: images, documents, layout texts, plain texts, a manifest."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from mdocr.document import tables
from mdocr.document.block_types import PARATEXT_TYPES
from mdocr.document.document import Document
from mdocr.document.layout_text import format_layout
from mdocr.document.model import Block, Page, Source
from mdocr.files import write_text
from mdocr.synthesis.pages.manifests import ManifestSample, write_manifest
from mdocr.synthesis.pages.sheets import PageSynthesizer, SyntheticPage
from mdocr.synthesis.samples import DIGITS, clear_samples, save_picture, write_words

TASKS = {"table": "table", "equation": "formula"}
"""Task of a region by its type; ``text`` for all others."""

UNREAD = ("image", "chart", "list")
"""Types without ground truth: images, and frames around other regions."""


def draw_pages(
    synthesizer: PageSynthesizer, count: int, difficulty: float, seed: int
) -> Iterator[SyntheticPage]:
    """Yields ``count`` pages; reproducible by seed."""
    for number in range(count):
        yield synthesizer.draw(np.random.default_rng((seed, number)), difficulty)


def write_pages(pages: Iterable[SyntheticPage], folder: Path, *, force: bool = False) -> int:
    """Writes pages to ``folder``; returns their number.

    For each page ``pages/NUMBER.png``, ``.json`` (schema ``mdocr.document/1``), ``.layout.txt`` (as
    the page model writes it) and ``.gt.txt`` (text in reading order, without paratext); and
    ``manifest.jsonl`` with all layouts and regions as training samples. With ``force`` they replace
    the samples that the folder holds.

    Raises:
        UsageError: the folder already holds samples.
    """
    clear_samples(folder, force)
    inner = folder / "pages"
    samples: list[ManifestSample] = []
    count = 0
    for count, page in enumerate(pages, start=1):
        path = inner / f"{count:0{DIGITS}d}.png"
        save_picture(Image.fromarray(page.picture), path)
        record = json.dumps(_document(page, path).to_dict(), ensure_ascii=False, indent=1)
        write_text(path.with_suffix(".json"), record)
        write_text(path.with_suffix(".layout.txt"), format_layout(page.blocks) + "\n")
        write_text(path.with_suffix(".gt.txt"), plain_text(page.blocks))
        samples += page_samples(page.blocks, path.resolve())
    write_manifest(samples, folder / "manifest.jsonl")
    return count


def write_crops(
    pictures: Iterable[tuple[Image.Image, str]], task: str, folder: Path, *, force: bool = False
) -> int:
    """Writes images of formulas or tables with labels, a contact sheet and a manifest.

    With ``force`` they replace the samples that the folder holds.

    Raises:
        UsageError: the folder already holds samples.
    """
    count = write_words(pictures, folder, force=force)
    lines = (folder / "labels.tsv").read_text("utf-8").splitlines()
    pairs = (line.split("\t", 1) for line in lines)
    samples = [ManifestSample((folder / name).resolve(), task, text) for name, text in pairs]
    write_manifest(samples, folder / "manifest.jsonl")
    return count


def page_samples(blocks: Iterable[Block], image: Path) -> list[ManifestSample]:
    """Training samples of a page: its layout, and each of its regions."""
    known = list(blocks)
    regions = [
        ManifestSample(image, TASKS.get(block.type, "text"), block.content, block.box)
        for block in known
        if block.type not in UNREAD and block.content
    ]
    return [ManifestSample(image, "layout", format_layout(known)), *regions]


def plain_text(blocks: Iterable[Block]) -> str:
    """Plain text in reading order: cells between tabs, formulas between ``$$``."""
    body = [block for block in blocks if block.content and block.type not in PARATEXT_TYPES]
    return "".join(f"{_plain(block)}\n" for block in body)


def _plain(block: Block) -> str:
    if block.format == "latex":
        return f"$${block.content}$$"
    if block.format == "otsl":
        rows = tables.parse(block.content, "otsl").rows()
        return "\n".join("\t".join(cell.text for cell in row) for row in rows)
    return block.content


def _document(page: SyntheticPage, path: Path) -> Document:
    width, height = page.paper
    shown = Page(1, float(width), float(height), page.blocks)
    return Document(Source(path.name, 1), "mdocr synth pages", (shown,))
