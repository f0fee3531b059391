"""Real lines to train on: those of PDFs, where the picture confirms what the text layer says."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

from PIL import Image

from mdocr.document.model import Page, PageLine
from mdocr.errors import InputError, MdocrError, UsageError
from mdocr.inputs.find import FailedInput, find_files
from mdocr.options import ParseOptions
from mdocr.parsing.events import Event
from mdocr.parsing.line_reader.pictures import line_pictures, without_tick_box
from mdocr.parsing.loading import load_parser
from mdocr.parsing.page_work import Key, ReadPage
from mdocr.parsing.parser import Parser
from mdocr.parsing.pipeline import DocumentTask, Sheet, read_sheets, sheets
from mdocr.synthesis.samples import check_samples_folder, write_words

SHORTEST = 2
"""Characters of a line; single ones are page numbers and bullets."""

SUFFIXES = frozenset({".pdf"})

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PdfLines:
    """Lines that were cut: how many, and which documents gave none and why."""

    count: int
    failures: list[str]


def write_pdf_lines(
    documents: Sequence[str], folder: Path, model: str, dpi: int, *, force: bool = False
) -> PdfLines:
    """Writes the lines of PDFs as ``mdocr synth lines`` writes rendered ones.

    Args:
        documents: PDFs, or folders of them.
        folder: where to write.
        model: a line reader, which judges the text layers.
        dpi: resolution at which pages are rendered.
        force: replace the lines that the folder holds.

    Raises:
        UsageError: the folder holds lines already, or the model reads no lines.
        InputError: none of the documents gives a line.
    """
    check_samples_folder(folder, force)
    parser = load_parser(model)
    if not parser.reads_lines:
        raise UsageError(f"{parser.name} is no line reader", "Name one, such as: --model lite")
    failures: list[str] = []
    lines = _all_lines(documents, parser, dpi, failures)
    first = list(islice(lines, 1))
    if not first:
        raise InputError("no document gives a line", "\n".join(failures))
    return PdfLines(write_words(chain(first, lines), folder, force=force), failures)


def _all_lines(
    documents: Sequence[str], parser: Parser, dpi: int, failures: list[str]
) -> Iterator[tuple[Image.Image, str]]:
    for path in find_files(documents, SUFFIXES):
        if isinstance(path, FailedInput):
            failures.append(f"{path.path}: {path.error.message}")
            continue
        count = 0
        try:
            for sample in pdf_lines(path, parser, dpi):
                count += 1
                yield sample
        except MdocrError as error:
            failures.append(f"{path}: {error.message}")
        else:
            logger.info("%s: %d lines", path, count)
            if not count:
                failures.append(f"{path}: it has no text that its pages show")


def pdf_lines(path: str, parser: Parser, dpi: int) -> Iterator[tuple[Image.Image, str]]:
    """Lines as the line reader cuts them, RGB, with the text that the file has for them.

    Args:
        path: of a PDF.
        parser: a line reader, which judges the text layer.
        dpi: resolution at which pages are rendered.

    Raises:
        MdocrError: the document cannot be read; a page that cannot is left out, with a warning.
    """
    options = ParseOptions(text_layer="verify", boxes="line", dpi=dpi)
    pictures: dict[Key, Image.Image] = {}  # of the pages in flight

    def kept() -> Iterator[Sheet | Event]:
        for item in sheets([DocumentTask(path)], options):
            if isinstance(item, Sheet):
                pictures[item.key] = item.picture.picture
            yield item

    for event in read_sheets(lambda: parser, kept(), options):
        if not isinstance(event, ReadPage):
            continue
        picture = pictures.pop(event.key, None)
        if event.page and picture:
            lines = list(_confirmed(event.page))
            texts = (" ".join(without_tick_box(line.text).split()) for line in lines)
            yield from zip(line_pictures(picture, lines), texts, strict=True)
        elif event.error and not event.key[1]:
            raise event.error
        elif event.error:
            logger.warning("left out: %s", event.error)


def _confirmed(page: Page) -> Iterator[PageLine]:
    for block in page.blocks:
        if block.source == "text-layer":
            yield from (line for line in block.lines if len(line.text.strip()) >= SHORTEST)
