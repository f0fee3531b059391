"""What supervisor and workers tell one another."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from mdocr.batch.workers.options import WorkerOptions
from mdocr.document.model import Source
from mdocr.document.words import Word
from mdocr.errors import MdocrError
from mdocr.options import ParseOptions
from mdocr.parsing.events import Errand, Made
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

    @property
    def clocks(self) -> int:
        """For how many times the clock of a page it may do without an answer."""
        return 1

    def once_more(self, left: Sequence[int]) -> list["Assignment"]:
        """What remains of it when its worker is lost: each page alone; 0 stands for the opening."""
        each = ((page,) if page else () for page in left)
        return [replace(self, pages=pages, again=True) for pages in each]

    def unreported(self, answers: Iterable["Answer"]) -> list[int]:
        """Its pages of which nothing was told; 0 stands for the opening."""
        told = {answer.key[1] if isinstance(answer, ReadPage) else 0 for answer in answers}
        return [] if 0 in told else [page for page in self.pages or (0,) if page not in told]


@dataclass(frozen=True, kw_only=True)
class ErrandAssignment(Assignment):
    """Something is to be made from a document's file."""

    errand: Errand

    @property
    def clocks(self) -> int:
        """The errand is done as a whole."""
        return max(1, self.errand.pages)


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
class FoundWords:
    """Pictures of words were read together; by the numbers of their assignments."""

    outcomes: tuple[tuple[int, Word | MdocrError], ...]


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

    def repeat(self) -> None:
        """Logs it here."""
        logging.getLogger(self.logger).log(self.level, "%s", self.text)


@dataclass(frozen=True)
class Unable:
    """The worker cannot read anything, such as for want of weights."""

    error: MdocrError


Answer = Found | ReadPage | FoundWords | Made | Done
"""What comes of an assignment: ``Found`` or a ``ReadPage`` of page 0 for a document to be opened,
a ``ReadPage`` for each page, ``FoundWords`` for words, ``Made`` or a ``ReadPage`` of page 0 for an
errand, then ``Done``."""

Message = Answer | Ready | Alive | Said | Unable


Answered = tuple[int, Answer]
"""The number of an assignment's document, and what came of it."""


class AssignmentPool(Protocol):
    """Workers, here or elsewhere: assignments in, answers out."""

    options: WorkerOptions

    @property
    def waiting(self) -> int:
        """Assignments that no worker has begun."""

    def submit(self, assignment: Assignment) -> None:
        """Adds an assignment to the end of the queue."""

    def wait(self) -> Iterator[Answered]:
        """What came of assignments; after a moment perhaps nothing."""


class AssignedReader(Protocol):
    """What a worker does with its assignments."""

    def load(self) -> None:
        """Loads the model; called before the first page.

        Raises:
            MdocrError: nothing can be read without it.
        """

    def find(self, assignment: Assignment) -> Found | FoundWords:
        """Opens a document, or reads pictures of words.

        Raises:
            MdocrError: it cannot be opened.
        """

    def read(self, assignment: Assignment) -> Iterator[ReadPage]:
        """Reads the pages of a document, in their order."""


ReaderMaker = Callable[[], AssignedReader]
"""Makes a worker's reader; sent to the worker, so that it has to be picklable."""
