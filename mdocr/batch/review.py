"""The doubtful lines and words of a run, with their pictures, as a sheet and a CSV to correct."""

import logging
from collections.abc import Iterable, Iterator
from itertools import repeat
from pathlib import Path

from PIL import Image

from mdocr.batch.ownership import OwnFiles
from mdocr.document.corrections import Correction, write_corrections
from mdocr.document.model import Page, PageLine
from mdocr.document.saving import write_files
from mdocr.document.words import Word
from mdocr.errors import MdocrError, UsageError
from mdocr.files import make_folder
from mdocr.inputs.pages import PageError, Pages, open_pages
from mdocr.inputs.pictures import open_picture
from mdocr.options import ParseOptions
from mdocr.parsing.line_reader.pictures import line_pictures, without_tick_box
from mdocr.render.placed import placed_lines

TABLE, SHEET, PICTURES = "review.csv", "review.html", "lines"
"""Names in the folder of a review."""

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
        if not 0 <= below <= 1:
            raise UsageError(f"review below must be between 0 and 1, not {below:g}")
        if (folder / TABLE).exists() and not force:
            raise UsageError(
                f"{folder / TABLE} is there, and may hold corrections",
                "Name another folder, or write over it with: --force",
            )
        make_folder(folder)
        self.folder, self.below = folder, below
        self.options = options or ParseOptions()
        self.rows: list[Correction] = []

    def add_document(self, source: str, pages: Iterable[Page], copy: Path | None = None) -> None:
        """Takes the doubtful lines of a document; ``copy`` is of one that lies elsewhere."""
        doubtful = {page.number: lines for page in pages if (lines := list(self._doubtful(page)))}
        for number, picture in _pages(str(copy or source), list(doubtful), self.options):
            lines = doubtful[number]
            shown = line_pictures(picture, lines) if picture else repeat(None)
            for line, strip in zip(lines, shown, strict=False):
                self._add_line(source, number, line, strip)

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

    def _doubtful(self, page: Page) -> Iterator[PageLine]:
        for block in page.blocks:
            for line in placed_lines(block):
                if line.text.strip() and _confidence(line) < self.below:
                    yield line

    def _add_line(
        self, source: str, page: int, line: PageLine, picture: Image.Image | None
    ) -> None:
        text = without_tick_box(line.text)
        row = Correction(source, text, "", _confidence(line), "", page, line.box, line.angle)
        self._add(row, picture)

    def _add(self, row: Correction, picture: Image.Image | None) -> None:
        name = ""
        if picture is not None:
            name = f"{PICTURES}/{len(self.rows) + 1:05d}.png"
            path = self.folder / name
            make_folder(path.parent)
            picture.save(path)
        self.rows.append(Correction(**{**vars(row), "picture": name}))


def _confidence(line: PageLine) -> float:
    """That of its least sure word."""
    return min((word.confidence for word in line.words), default=line.confidence)


def _pages(
    source: str, numbers: list[int], options: ParseOptions
) -> Iterator[tuple[int, Image.Image | None]]:
    """The pictures of pages, as they were read; None, with a warning, where one is gone."""
    left = list(numbers)
    try:
        with open_pages(source, "", options.dpi, options.password) as pages:
            while left:
                yield left[0], _page(pages, left[0])
                left.pop(0)
    except MdocrError as error:
        logger.warning("the review has no pictures of %s: %s", source, error)
        yield from ((number, None) for number in left)


def _page(pages: Pages, number: int) -> Image.Image | None:
    try:
        return pages.read(number).picture
    except PageError as error:
        logger.warning("the review has no pictures of it: %s", error)
        return None


def _word_picture(path: str) -> Image.Image | None:
    try:
        return open_picture(path) if path else None
    except MdocrError as error:
        logger.warning("the review has no picture: %s", error)
        return None
