"""What supervisor and workers tell one another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from mdocr.document.model import Source
from mdocr.document.words import Word
from mdocr.errors import MdocrError
from mdocr.options import ParseOptions
from mdocr.parsing.page_work import ReadPage


@dataclass(frozen=True)
class Assignment:
    """What one worker is to do with one document.

    Attributes:
        number: of the document, chosen by who submits it; each answer comes with it.
        path: the document.
        options: how it is read; ``options.pages`` counts when it is opened.
        pages: to be read, from 1; empty to open it.
        opened: the file as it was when it was opened, see ``Found.state``; pages are not read from
            another one.
        again: whether this is the second try.
    """

    number: int
    path: str
    options: ParseOptions
    pages: tuple[int, ...] = ()
    opened: tuple[int, int] | None = None
    again: bool = False


@dataclass(frozen=True)
class Found:
    """A document was opened.

    Attributes:
        source: the file.
        pages: numbers of the chosen ones, ascending.
        state: size and time of its last change, by which a changed file is noticed.
    """

    source: Source
    pages: tuple[int, ...]
    state: tuple[int, int]


@dataclass(frozen=True)
class FoundWord:
    """A picture of a word was read."""

    word: Word


@dataclass(frozen=True)
class Done:
    """Nothing more comes of an assignment."""


@dataclass(frozen=True)
class Ready:
    """The model is loaded: the clock of the page begins."""


@dataclass(frozen=True)
class Alive:
    """A sign of life."""


@dataclass(frozen=True)
class Said:
    """A record of the log."""

    logger: str
    level: int
    text: str


@dataclass(frozen=True)
class Unable:
    """The worker cannot read anything, such as for want of weights."""

    error: MdocrError


Answer = Found | ReadPage | FoundWord | Done
"""What comes of an assignment: ``Found`` or a ``ReadPage`` of page 0 for a document to be opened,
a ``ReadPage`` for each page, a ``FoundWord`` for a word, then ``Done``."""

Message = Answer | Ready | Alive | Said | Unable


class AssignedReader(Protocol):
    """What a worker does with its assignments."""

    def load(self) -> None:
        """Loads the model; called before the first page.

        Raises:
            MdocrError: nothing can be read without it.
        """

    def find(self, assignment: Assignment) -> Found | FoundWord:
        """Opens a document, or reads a picture of a word.

        Raises:
            MdocrError: it cannot be opened.
        """

    def read(self, assignment: Assignment) -> Iterator[ReadPage]:
        """Reads the pages of a document, in their order."""


ReaderMaker = Callable[[], AssignedReader]
"""Makes a worker's reader; sent to the worker, so that it has to be picklable."""
