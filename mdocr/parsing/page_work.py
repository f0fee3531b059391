"""A page in flight: the texts that it asks for, what it makes of them, and its outcome."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mdocr.decoding.requests import Generation, Request
from mdocr.document.model import Block, Failure, LayerUse, Page, Unread
from mdocr.errors import MdocrError
from mdocr.inputs.page_picture import PagePicture
from mdocr.render.report_pictures import encoded_page, picture_name

logger = logging.getLogger(__name__)

Key = tuple[int, int]
"""Number of the document in the order of the input, from 0, and of the page, from 1."""


@dataclass(frozen=True)
class ReadPage:
    """The outcome of one page.

    Attributes:
        key: which page it is.
        page: what was read; None where the page failed.
        failures: of the page, or of blocks on it.
        pictures: encoded pictures by file name, as the blocks name them.
        notes: warnings for people, such as of texts that were cut.
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
        place: by which the page knows the text again.
        make: prepares the request; called when there is room for it.
        size: sequences of similar size are generated together.
    """

    page: "PageWork"
    place: int
    make: Callable[[], Request]
    size: int = 0


class PageWork:
    """A page in flight; a subclass says how it is read.

    Args:
        key: which page it is.
        sheet: the page's picture.

    Attributes:
        unread: what was seen on it and is not written; a subclass adds to it.
        text_layer: what became of its text layer; a subclass sets it.
        keeps_picture: whether a small picture of it is kept for a report.
    """

    keeps_picture = False

    def __init__(self, key: Key, sheet: PagePicture) -> None:
        self.key = key
        self.sheet = sheet
        self.failures: list[Failure] = []
        self.notes: list[str] = []
        self.unread: list[Unread] = []
        self.text_layer: LayerUse | None = None
        self.error: MdocrError | None = None
        self._began = time.perf_counter()

    def begin(self) -> list[Job]:
        """The texts that can be generated at once."""
        raise NotImplementedError

    def take(self, place: int, made: Generation) -> list[Job]:
        """Called with a generated text; returns the texts that can be generated now."""
        raise NotImplementedError

    def miss(self, place: int, error: MdocrError) -> None:
        """Called when a request failed."""
        raise NotImplementedError

    def compose(self) -> tuple[list[Block], dict[str, bytes], bytes]:
        """Blocks in reading order, their pictures by file name, and the drawn layout."""
        raise NotImplementedError

    def note(self, message: str) -> None:
        """Adds a warning."""
        self.notes.append(message)

    def finish(self) -> ReadPage:
        """The outcome, once all texts have been generated."""
        if self.error is not None:
            return failed(self.key, self.error)
        try:
            blocks, pictures, drawing = self.compose()
        except Exception as error:  # one page must not end the others
            return failed(self.key, error)
        if not blocks and not self.unread:
            self.note("nothing was found on it")
        page = Page(
            self.sheet.number,
            self.sheet.width,
            self.sheet.height,
            tuple(blocks),
            time.perf_counter() - self._began,
            (*self.unread, *self.sheet.beside),
            self.text_layer,
            tuple(self.notes),
        )
        if self.keeps_picture:
            pictures = {**pictures, picture_name(page.number): encoded_page(self.sheet)}
        self.notes += _summary(page)
        return ReadPage(self.key, page, tuple(self.failures), pictures, tuple(self.notes), drawing)


def _summary(page: Page) -> list[str]:
    """One line about what of a page is not written, if there is any."""
    counts = Counter(one.reason for one in page.unread if one.reason != "paratext")
    if not counts:
        return []
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
    advice = "; --keep-unsure writes what is unsure" if counts["unsure"] + counts["script"] else ""
    return [f'seen and not written: {reasons} (in the JSON under "unread"){advice}']


def failed(key: Key, error: Exception) -> ReadPage:
    """The outcome of a page, or of a whole document (page 0), that cannot be read."""
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
