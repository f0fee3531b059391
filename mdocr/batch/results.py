"""Where documents go as their pages come: a folder, one file, or a stream."""

import logging
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TextIO

from mdocr.batch.resume import Progress, progress_file
from mdocr.document.document import Document
from mdocr.document.model import Failure, Page, Source
from mdocr.files import written_whole
from mdocr.inputs.streams import STDIN
from mdocr.options import ParseOptions, RenderOptions
from mdocr.parsing.page_work import ReadPage
from mdocr.render import render
from mdocr.render.files import write_file, write_folder

logger = logging.getLogger(__name__)

DRAWING_NAME = re.compile(r".+-page\d{4,}\.png", re.DOTALL)
"""File names of drawn layouts."""


@dataclass(frozen=True)
class Destination:
    """Where documents go, and in which form; exactly one of the first three is given.

    Attributes:
        folder: one file a format and document, beside a folder of pictures.
        file: one format of one document.
        stream: one format of one document, without pictures.
        forms: names of formats.
        render: how they are written.
        drawings: folder of the drawn layouts, if they are wanted.
    """

    folder: Path | None = None
    file: Path | None = None
    stream: TextIO | None = None
    forms: tuple[str, ...] = ("md",)
    render: RenderOptions = field(default_factory=RenderOptions)
    drawings: Path | None = None


class Results:
    """Collects one document, page by page, and writes it at its end.

    Args:
        stem: file name without ending.
        destination: where it goes.
        find_progress: what is known from earlier runs; called when the document is open.
        resume: whether to use it; what is read now is kept in any case.
    """

    def __init__(
        self,
        stem: str,
        destination: Destination,
        find_progress: Callable[[], Progress | None],
        resume: bool = True,
    ) -> None:
        self.stem = stem
        self.destination = destination
        self.progress: Progress | None = None
        self._find_progress = find_progress
        self._resume = resume
        self.pages: list[Page] = []
        self.failures: list[Failure] = []
        self._pictures: dict[str, bytes] = {}
        self._source = Source("")

    def known(self, source: Source) -> Mapping[int, Page]:
        """Pages that need not be read, by number."""
        self._source = source
        self.progress = self._find_progress()
        if self.progress is None:
            return {}
        return self.progress.open(source, self._is_whole if self._resume else lambda page: False)

    def keep(self, pages: Iterable[Page]) -> None:
        """Takes pages known from earlier runs."""
        self.pages += pages

    def add(self, read: ReadPage) -> None:
        """Takes what became of a page; its pictures and drawing are written at once."""
        self.failures += read.failures
        if read.page is None:
            return
        self.pages.append(read.page)
        self._place(read.pictures)
        if self.destination.drawings and read.drawing:
            with written_whole(self._drawing(read.page.number)) as temporary:
                temporary.write_bytes(read.drawing)
        if self.progress and not read.failures:
            self.progress.add(read.page)

    def save(self) -> None:
        """Keeps what was read for the next run; also after an interruption."""
        if self.progress:
            self.progress.save()

    def write(self, model: str) -> None:
        """Writes the document, in all formats or in none.

        Raises:
            UsageError: a file cannot be written.
        """
        pages = tuple(sorted(self.pages, key=lambda page: page.number))
        document = Document(self._source, model, pages, tuple(self.failures))
        to, form = self.destination, self.destination.forms[0]
        if to.folder:
            write_folder(document, to.folder, to.forms, to.render, stem=self.stem)
        elif to.file:
            write_file(document, to.file, form, to.render, pictures=self._pictures)
        elif to.stream:
            to.stream.write(render(without_pictures(document), form, to.render))

    def _place(self, pictures: Mapping[str, bytes]) -> None:
        if self.destination.folder and pictures:
            empty = Document(self._source, "")
            write_folder(empty, self.destination.folder, (), pictures=pictures, stem=self.stem)
        elif self.destination.file:
            self._pictures.update(pictures)

    def _is_whole(self, page: Page) -> bool:
        """Whether the pictures and the drawing of an earlier page are still there."""
        folder = (self.destination.folder or Path()) / f"{self.stem}_images"
        names = [block.image for block in page.blocks if block.image]
        is_drawn = not self.destination.drawings or self._drawing(page.number).is_file()
        return is_drawn and all((folder / name).is_file() for name in names)

    def _drawing(self, number: int) -> Path:
        return (self.destination.drawings or Path()) / f"{self.stem}-page{number:04d}.png"


def progress_of(
    stem: str,
    destination: Destination,
    model: Callable[[], Mapping[str, Any]],
    options: ParseOptions,
) -> Progress | None:
    """What is known of a document; only results in a folder are kept for later runs."""
    if not destination.folder:
        return None
    return Progress(progress_file(destination.folder, stem), model(), options)


def without_pictures(document: Document) -> Document:
    """The document without links to pictures, which have no place beside a stream."""
    pages = (
        replace(page, blocks=tuple(replace(block, image="") for block in page.blocks))
        for page in document.pages
    )
    return replace(document, pages=tuple(pages))


def stems(paths: Iterable[str]) -> list[str]:
    """File names without ending, each once: of equal ones, the later get a number."""
    taken: set[str] = set()
    names = []
    for path in paths:
        own = os.fsencode(Path(path).stem).decode("utf-8", "replace")  # a name need not be text
        stem = name = "stdin" if path == STDIN else own or "document"
        number = 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names
