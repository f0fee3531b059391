"""Corrected lines and words as labelled pictures.

A picture lies beside the CSV, where a review has put it; else the line is cut from its document, as
the reader of lines cuts it.
"""

import logging
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from PIL import Image

from mdocr.document.corrections import Correction, read_corrections
from mdocr.document.model import PageLine
from mdocr.errors import InputError
from mdocr.inputs.labelled import HINT, FolderCollection
from mdocr.inputs.pages import open_pages
from mdocr.inputs.pictures import open_picture
from mdocr.parsing.line_reader.pictures import line_pictures, without_tick_box

logger = logging.getLogger(__name__)


def check_corrections(table: Path) -> None:
    """Reads what says which pictures there are, without the pictures; see ``corrected_pictures``.

    Raises:
        InputError: it cannot be read or holds no correction.
    """
    if not table.is_dir():
        read_corrections(table)
    elif not FolderCollection(table).rows:
        raise InputError(f"{table} has no labelled picture", HINT)


def corrected_pictures(table: Path) -> Iterator[tuple[Image.Image, str]]:
    """The picture of each corrected line and word, RGB, and what it says.

    Args:
        table: the CSV; or a folder of pictures with ``labels.tsv``.

    Raises:
        InputError: it cannot be read or holds no correction, or a picture is nowhere to be found.
    """
    if table.is_dir():
        folder = FolderCollection(table)
        yield from ((folder.picture(row), folder.text(row)) for row in range(len(folder)))
        return
    rows = read_corrections(table)
    for row in rows:
        if _is_there(row, table) or not row.box:
            yield _picture(row, table), row.correction
    cut = sorted(
        (row for row in rows if row.box and not _is_there(row, table)),
        key=lambda row: (row.source, row.page),
    )
    for (source, page), group in groupby(cut, key=lambda row: (row.source, row.page)):
        yield from _cut(_found(source, table), page, list(group))


def _is_there(row: Correction, table: Path) -> bool:
    return bool(row.picture) and (table.parent / row.picture).is_file()


def _picture(row: Correction, table: Path) -> Image.Image:
    is_there = _is_there(row, table)
    return open_picture(table.parent / row.picture if is_there else _found(row.source, table))


def _cut(source: Path, page: int, rows: list[Correction]) -> Iterator[tuple[Image.Image, str]]:
    """The lines of one page."""
    lines = [PageLine(row.text, row.box, angle=row.angle) for row in rows if row.box]
    with open_pages(source) as pages:
        if not 1 <= page <= pages.count:
            raise InputError(
                f"{source} has no page {page}, of which a line is corrected",
                "Is it the document that was read?",
            )
        pictures = line_pictures(pages.read(page).picture, lines)
        for picture, row in zip(pictures, rows, strict=True):
            yield picture, without_tick_box(row.correction)


def _found(source: str, table: Path) -> Path:
    """A document as it was named when it was read, or beside the CSV."""
    places = Path(source), table.parent / Path(source).name
    for place in places:
        if source and place.is_file():
            return place
    raise InputError(
        f"{source!r} is not there, of which lines are corrected in {table}",
        "Train from the folder in which it was read, or put it beside the corrections.",
    )


def known_part(text: str, symbols: frozenset[str]) -> str:
    """A text as a model can write it; empty where it lacks one of the characters."""
    missing = {symbol for symbol in text if symbol not in symbols}
    if missing:
        logger.warning("left out: %r has %s, which the model lacks", text, "".join(sorted(missing)))
        return ""
    return text
