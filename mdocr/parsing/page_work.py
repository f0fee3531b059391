"""A page in work: which texts it asks for, what it makes of them, what became of it."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mdocr.decoding.requests import Generation, Request
from mdocr.document.model import Block, Failure, Page
from mdocr.errors import MdocrError
from mdocr.inputs.page_picture import PagePicture

logger = logging.getLogger(__name__)

Key = tuple[int, int]
"""Number of the document in the order of the input, from 0, and of the page, from 1."""


@dataclass(frozen=True)
class ReadPage:
    """What became of one page.

    Attributes:
        key: which page it is.
        page: what was read; None where the page failed.
        failures: of the page, or of blocks on it.
        pictures: encoded pictures by file name, as the blocks name them.
        notes: what a person should know about the reading, such as texts that were cut.
        drawing: the page with its regions, a PNG; empty unless asked for.
        error: why the page failed.
    """

    key: Key
    page: Page | None = None
    failures: tuple[Failure, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    drawing: bytes = b""
    error: MdocrError | None = None


@dataclass(frozen=True)
class Job:
    """A text that a page asks for.

    Attributes:
        page: the page.
        place: by which the page knows the text.
        make: prepares the request, when there is room for it.
        size: texts of about one size are generated together.
    """

    page: "PageWork"
    place: int
    make: Callable[[], Request]
    size: int = 0


class PageWork:
    """A page in work; a subclass says how it is read.

    Args:
        key: which page it is.
        sheet: the page's picture.
    """

    def __init__(self, key: Key, sheet: PagePicture) -> None:
        self.key = key
        self.sheet = sheet
        self.failures: list[Failure] = []
        self.notes: list[str] = []
        self.error: MdocrError | None = None
        self._began = time.perf_counter()

    def begin(self) -> list[Job]:
        """The texts that can be generated at once."""
        raise NotImplementedError

    def take(self, place: int, made: Generation) -> list[Job]:
        """Takes a text, and returns those that can be generated now."""
        raise NotImplementedError

    def miss(self, place: int, error: MdocrError) -> None:
        """Takes the news that a text cannot be had."""
        raise NotImplementedError

    def compose(self) -> tuple[list[Block], dict[str, bytes], bytes]:
        """Blocks in reading order, their pictures by file name, and the drawn layout."""
        raise NotImplementedError

    def note(self, message: str) -> None:
        """Keeps what a person should know."""
        self.notes.append(message)

    def finish(self) -> ReadPage:
        """The page, once all its texts are there."""
        if self.error is not None:
            return failed(self.key, self.error)
        try:
            blocks, pictures, drawing = self.compose()
        except Exception as error:  # one page must not end the others
            return failed(self.key, error)
        page = Page(
            self.sheet.number,
            self.sheet.width,
            self.sheet.height,
            tuple(blocks),
            time.perf_counter() - self._began,
        )
        return ReadPage(self.key, page, tuple(self.failures), pictures, tuple(self.notes), drawing)


def failed(key: Key, error: Exception) -> ReadPage:
    """The outcome of a page, or a whole document (page 0), that cannot be read."""
    known = as_known(error)
    return ReadPage(key, failures=(failure_of(known, key[1]),), error=known)


def failure_of(error: MdocrError, page: int, order: int = 0) -> Failure:
    """The record of an error."""
    return Failure(error.message, page, order, type(error).__name__, error.hint)


def as_known(error: Exception) -> MdocrError:
    """The error as one of ours; any other is logged with its traceback."""
    if isinstance(error, MdocrError):
        return error
    logger.debug("unexpected error", exc_info=error)
    return MdocrError(
        f"unexpected {type(error).__name__}: {error}",
        "Run again with --verbose to see the traceback.",
    )
