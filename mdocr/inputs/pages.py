"""Documents to page pictures, one at a time; knows nothing of layout or models.

    open_pages(source) → Pages, an iterator of PagePicture
        a PDF          rendered by MuPDF, page by page
        a picture      one page, or one a frame
        a list         one page a picture

A page is rendered when it is asked for and forgotten afterwards, so that a book of a thousand pages
takes no more memory than a leaf.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image

from mdocr.errors import InputError, UsageError
from mdocr.inputs.find import FROM_HERE
from mdocr.inputs.page_picture import OpenDocument, PagePicture
from mdocr.inputs.pdf import PdfDocument
from mdocr.inputs.picture_pages import PictureFile, PictureList
from mdocr.inputs.pictures import Picture, content_of, is_picture
from mdocr.inputs.ranges import parse_ranges
from mdocr.inputs.streams import stream_content
from mdocr.options import PageNumbers, page_ranges

DocumentInput: TypeAlias = Picture | Sequence[Picture]
"""A path, the content of a PDF or a picture, a picture in memory, or a list of page pictures."""

HEAD = 1024
"""Bytes in which a PDF must name itself."""

MOST_PAGES = 20_000
"""Pages that are read of a document: a file of a few kilobytes can claim millions."""


class PageError(InputError):
    """One page cannot be read; the pages after it may be.

    Attributes:
        number: the page, from 1.
    """

    def __init__(self, path: str | Path, number: int, reason: object) -> None:
        super().__init__(f"page {number} of {path} cannot be read: {reason}")
        self.number = number


class Pages(Iterator[PagePicture]):
    """The chosen pages of one document, each read when it is asked for.

    ``next`` raises PageError for a page that cannot be read, and may be called again for those
    after it. ``len`` is the number of chosen pages. The file is closed after the last page, by
    ``close``, and at the end of a ``with`` block.

    Attributes:
        path: the document; empty for one held in memory.
        content: the document itself, where it did not lie in a file.
        count: how many pages the document has.
        numbers: the chosen pages, ascending.
    """

    def __init__(
        self, path: Path, source: OpenDocument, numbers: list[int], content: bytes | None = None
    ) -> None:
        self.path = path
        self.content = content
        self.count = source.count
        self.numbers = numbers
        self._source = source
        self._next = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def __next__(self) -> PagePicture:
        if self._next >= len(self.numbers):
            self.close()
            raise StopIteration
        number = self.numbers[self._next]
        self._next += 1
        return self.read(number)

    def read(self, number: int) -> PagePicture:
        """One page of the document, chosen or not.

        Raises:
            PageError: it cannot be read.
        """
        try:
            page = self._source.read(number)
        except Exception as error:  # MuPDF's and Pillow's errors have no common base
            raise PageError(self.path, number, error) from error
        if 0 in page.picture.size:
            raise PageError(self.path, number, "it has no area")
        return page

    def close(self) -> None:
        """Closes the file; pages already handed out stay as they are."""
        self._next = len(self.numbers)
        self._source.close()

    def __enter__(self) -> "Pages":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_pages(
    source: DocumentInput,
    pages: PageNumbers = "",
    dpi: float = 200,
    password: str = "",
    *,
    text: bool = False,
) -> Pages:
    """Opens a document.

    Args:
        source: see ``DocumentInput``; a path may be a named pipe, or ``-`` for standard input. PDFs
            are known by their content, or else by their name.
        pages: which, such as ``1-3,7,12-end``; empty for all.
        dpi: resolution for PDFs, and what a picture is taken for that states none.
        password: of an encrypted PDF.
        text: also read the text layer of a PDF.

    Raises:
        InputError: the document is missing, damaged, empty, of another kind, or locked; or more
            than ``MOST_PAGES`` pages are asked for.
        UsageError: ``pages`` or ``dpi`` makes no sense, or there is no such page.
    """
    if not 1 <= dpi <= 2400:
        raise UsageError(f"dpi must be between 1 and 2400, not {dpi:g}")
    path = Path(source) if isinstance(source, str | os.PathLike) else Path()
    name = str(source) if isinstance(source, str | os.PathLike) else "the document"
    content = _content(source)
    opened = _opened(source, path, content, dpi, password, text)
    try:
        numbers = parse_ranges(page_ranges(pages), opened.count)
    except UsageError as error:
        opened.close()
        raise UsageError(f"{name}: {error.message}", error.hint) from error
    if len(numbers) > MOST_PAGES:
        opened.close()
        raise InputError(
            f"{name} has too many pages: {len(numbers):,}, and {MOST_PAGES:,} can be read at once",
            f"Read it in parts: --pages 1-{MOST_PAGES}",
        )
    return Pages(path, opened, numbers, content)


def _content(source: Any) -> bytes | None:
    """What is held of a document that does not lie in a file."""
    if isinstance(source, str | os.PathLike):
        return stream_content(source)
    return content_of(source)


def _opened(
    source: Any, path: Path, content: bytes | None, dpi: float, password: str, text: bool
) -> OpenDocument:
    name = str(path) if isinstance(source, str | os.PathLike) else "the document"
    if isinstance(source, Image.Image | np.ndarray):
        return PictureList([source], dpi)
    if not is_picture(source):
        return PictureList(_page_list(source), dpi)
    head = _head(path) if content is None else content[:HEAD]
    if not head:
        raise InputError(f"{name} is empty", "Copy or download it again.")
    if _says_pdf(head, path):
        return PdfDocument(name, path, dpi, password, content, text=text)
    return PictureFile(name, path, dpi, content)


def is_pdf(path: str | os.PathLike[str]) -> bool:
    """Whether a file is opened as a PDF; by its name alone if it is none that can be opened."""
    try:
        return _says_pdf(_head(Path(path)) if Path(path).is_file() else b"", Path(path))
    except InputError:
        return _says_pdf(b"", Path(path))


def _says_pdf(head: bytes, path: Path) -> bool:
    return b"%PDF-" in head or path.suffix.lower() == ".pdf"


def _page_list(source: Any) -> list[Picture]:
    """The page pictures that a program gives."""
    hint = "Give a path, a PIL picture, an array, bytes, a binary stream, or a list of pictures."
    if not isinstance(source, Sequence):
        raise InputError(f"a {type(source).__name__} is no document", hint)
    for item in source:
        if not is_picture(item):
            raise InputError(f"a {type(item).__name__} is no page picture", hint)
    if not source:
        raise InputError("there are no page pictures in the list", hint)
    return list(source)


def _head(path: Path) -> bytes:
    """The first bytes of a file, in which a PDF must name itself."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist", FROM_HERE) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be opened: {error.strerror or error}", "Name a file that you may read."
        ) from error
    return head
