"""The doubtful lines and words of a run, with their pictures, as a sheet and a CSV to correct."""

import io
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from PIL import Image

from mdocr.batch.ownership import OwnFiles
from mdocr.document.corrections import Correction, write_corrections
from mdocr.document.model import Page, PageLine
from mdocr.document.saving import write_files
from mdocr.document.words import Word
from mdocr.errors import MdocrError, UsageError
from mdocr.files import make_folder
from mdocr.inputs.pages import PageError, open_pages
from mdocr.inputs.pictures import open_picture
from mdocr.options import ParseOptions, check_share
from mdocr.parsing.events import Errand
from mdocr.parsing.line_reader.pictures import line_pictures, without_tick_box
from mdocr.render.placed import placed_lines

TABLE, SHEET, PICTURES = "review.csv", "review.html", "lines"
"""Names in the folder of a review."""

ERRAND = "review"
"""Name of what is made from a document's file."""

Strips = Mapping[int, Sequence[bytes]]
"""Pictures of the doubtful lines of pages, in their order, by number of the page."""

logger = logging.getLogger(__name__)


class Review:
    """Gathers what was read with doubt; ``end`` writes it.

    Args:
        folder: of sheet, CSV and pictures; made now.
        below: confidence below which a word is doubtful, 0 to 1.
        options: how the documents are opened.
        force: write over an earlier review.

    Raises:
        UsageError: there is an earlier review, which may hold corrections.
    """

    def __init__(
        self,
        folder: Path,
        below: float,
        options: ParseOptions | None = None,
        *,
        force: bool = False,
    ) -> None:
        check_share("review below", below)
        if (folder / TABLE).exists() and not force:
            raise UsageError(
                f"{folder / TABLE} is there, and may hold corrections",
                "Name another folder, or write over it with: --force",
            )
        make_folder(folder)
        self.folder, self.below = folder, below
        self.options = options or ParseOptions()
        self.rows: list[Correction] = []

    def errands(self, file: str, pages: Iterable[Page]) -> list[Errand]:
        """What is made from the file of a document: ``Strips``, if there is any doubt."""
        lines = dict(self._doubtful_pages(pages))
        errand = Errand(ERRAND, partial(strips, file, lines, self.options), len(lines))
        return [errand] if lines else []

    def add_document(self, source: str, pages: Iterable[Page], shown: Strips) -> None:
        """Takes the doubtful lines of a document; pages that are not shown have no pictures."""
        for number, lines in self._doubtful_pages(pages):
            for at, line in enumerate(lines):
                self._add_line(source, number, line, shown[number][at] if number in shown else b"")

    def add_word(self, word: Word) -> None:
        """Takes the picture of a word if it was read with doubt."""
        if word.confidence < self.below:
            row = Correction(word.path, word.text, "", word.confidence)
            self._add(row, _word_picture(word.path))

    def end(self) -> list[Path]:
        """Writes the sheet and the CSV; returns them."""
        from mdocr.render.review_sheet import render_sheet  # with HTML: not at start-up

        files = {
            self.folder / SHEET: render_sheet(self.rows, TABLE, self.below),
            self.folder / TABLE: write_corrections(self.rows),
        }
        write_files(files, {}, self.folder)
        OwnFiles().add(files)
        return list(files)

    def _doubtful_pages(self, pages: Iterable[Page]) -> Iterator[tuple[int, list[PageLine]]]:
        for page in pages:
            if lines := list(self._doubtful(page)):
                yield page.number, lines

    def _doubtful(self, page: Page) -> Iterator[PageLine]:
        for block in page.blocks:
            for line in placed_lines(block):
                if line.text.strip() and _confidence(line) < self.below:
                    yield line

    def _add_line(self, source: str, page: int, line: PageLine, picture: bytes) -> None:
        text = without_tick_box(line.text)
        row = Correction(source, text, "", _confidence(line), "", page, line.box, line.angle)
        self._add(row, picture)

    def _add(self, row: Correction, picture: bytes) -> None:
        name = ""
        if picture:
            name = f"{PICTURES}/{len(self.rows) + 1:05d}.png"
            path = self.folder / name
            make_folder(path.parent)
            path.write_bytes(picture)
        self.rows.append(Correction(**{**vars(row), "picture": name}))


def _confidence(line: PageLine) -> float:
    """That of its least sure word."""
    return min((word.confidence for word in line.words), default=line.confidence)


def strips(
    file: str, lines: Mapping[int, Sequence[PageLine]], options: ParseOptions
) -> dict[int, list[bytes]]:
    """The pictures of lines, cut from their pages; a page that is gone is left out, with a warning.

    Args:
        file: of the document.
        lines: by number of the page.
        options: how it is opened.
    """
    cut: dict[int, list[bytes]] = {}
    try:
        with open_pages(file, "", options.dpi, options.password) as pages:
            for number, asked in lines.items():
                try:
                    picture = pages.read(number).picture
                except PageError as error:
                    logger.warning("the review has no pictures of it: %s", error)
                else:
                    cut[number] = [_encoded(strip) for strip in line_pictures(picture, asked)]
    except MdocrError as error:
        logger.warning("the review has no pictures of %s: %s", file, error)
    return cut


def _word_picture(path: str) -> bytes:
    try:
        return _encoded(open_picture(path)) if path else b""
    except MdocrError as error:
        logger.warning("the review has no picture: %s", error)
        return b""


def _encoded(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()
