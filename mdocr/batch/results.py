"""The files of one document: pictures and drawings as pages come, the formats at its end."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TextIO

from mdocr.batch.destination import Destination
from mdocr.batch.errands import Outcomes, made_forms, rendering_errands, writable
from mdocr.batch.resume import PageRecords, records_file
from mdocr.document.document import Document
from mdocr.document.model import Page, Source
from mdocr.errors import UsageError
from mdocr.files import written_whole
from mdocr.options import ParseOptions
from mdocr.parsing.events import Errand, ReadDocument
from mdocr.parsing.page_work import ReadPage
from mdocr.render.files import write_file, write_folder

DRAWING_NAME = re.compile(r".+-page\d{4,}\.png", re.DOTALL)
"""File names of drawn layouts."""


class Results:
    """The files of one document.

    Args:
        stem: file name without ending.
        destination: where they go.
        open_records: what is known from earlier runs; called when the document is open.
        resume: whether to use it; what is read now is kept in any case.
    """

    def __init__(
        self,
        stem: str,
        destination: Destination,
        open_records: Callable[[], PageRecords | None],
        resume: bool = True,
    ) -> None:
        self.stem = stem
        self.destination = destination
        self.records: PageRecords | None = None
        self._open_records = open_records
        self._resume = resume
        self._source = Source("")

    def known(self, source: Source) -> Mapping[int, Page]:
        """Pages that need not be read, by number."""
        self._source = source
        self.records = self._open_records()
        if self.records is None:
            return {}
        return self.records.open(source, self._is_whole if self._resume else lambda page: False)

    def add(self, read: ReadPage) -> None:
        """Writes the pictures and the drawing of a page, and keeps it for a later run."""
        if read.page is None:
            return
        self.destination.check()
        if self.destination.folder and read.pictures:
            empty = Document(self._source, "")
            folder = self.destination.folder
            write_folder(empty, folder, (), pictures=read.pictures, stem=self.stem)
        if self.destination.drawings and read.drawing:
            with written_whole(self._drawing(read.page.number)) as temporary:
                temporary.write_bytes(read.drawing)
        if self.records and not read.failures:
            self.records.add(read.page)

    def discard(self) -> None:
        """Forgets what was kept for a later run."""
        if self.records:
            self.records.discard()

    def errands(self, document: Document, copy: Path | None = None) -> list[Errand]:
        """What is made from the document's file; ``copy`` is of one that lies elsewhere."""
        options = replace(self.destination.render, file=str(copy or ""))
        return list(rendering_errands(document, self.destination.forms, options))

    def write(self, read: ReadDocument, model: str, outcomes: Outcomes) -> list[Path] | None:
        """Writes the document, in all formats that can be made, or in none.

        Args:
            read: the document.
            model: name of what has read it.
            outcomes: of the errands.

        Returns:
            The files of the formats; None if there is no format that can be made.

        Raises:
            UsageError: a file cannot be written.
        """
        document = read.document(model)
        to, forms = self.destination, writable(self.destination.forms, outcomes)
        if not forms:
            return None
        made = made_forms(forms, outcomes)
        options = replace(to.render, opens_source=False)  # errands have made what needs it
        if to.stream:
            shown = without_pictures(document)
            _write(to.stream, made.get(forms[0]) or shown.render(forms[0], options))
            return []
        if to.folder:
            write_folder(
                document, to.folder, forms, options, pictures={}, stem=self.stem, made=made
            )
        elif to.file:
            write_file(document, to.file, forms[0], options, pictures=read.pictures, made=made)
        files = replace(to, forms=tuple(forms)).files(self.stem)
        to.own.add(files)
        return files

    def _is_whole(self, page: Page) -> bool:
        """Whether the pictures and the drawing of an earlier page are still there."""
        folder = (self.destination.folder or Path()) / f"{self.stem}_images"
        names = [block.image for block in page.blocks if block.image]
        is_drawn = not self.destination.drawings or self._drawing(page.number).is_file()
        return is_drawn and all((folder / name).is_file() for name in names)

    def _drawing(self, number: int) -> Path:
        return (self.destination.drawings or Path()) / f"{self.stem}-page{number:04d}.png"


def records_of(
    stem: str,
    destination: Destination,
    model: Callable[[], Mapping[str, Any]],
    options: ParseOptions,
) -> PageRecords | None:
    """What is known of a document; only results in a folder are kept for later runs."""
    if not destination.folder:
        return None
    return PageRecords(records_file(destination.folder, stem), model(), options)


def _write(stream: TextIO, made: str | bytes) -> None:
    """Writes a format to stdout, a pipe or a file; one that is no text, not to a terminal."""
    if isinstance(made, str):
        stream.write(made)
    elif stream.isatty():
        raise UsageError("this format is no text, and cannot be shown", "Give a file with: -o")
    else:
        stream.buffer.write(made)
        stream.buffer.flush()


def without_pictures(document: Document) -> Document:
    """The document without links to pictures, which have no place beside a stream."""
    pages = (
        replace(page, blocks=tuple(replace(block, image="") for block in page.blocks))
        for page in document.pages
    )
    return replace(document, pages=tuple(pages))
