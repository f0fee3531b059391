"""Documents through a pool of workers, reported as ``parsing.read_documents`` reports them."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mdocr.batch.workers.messages import (
    Answer,
    Assignment,
    AssignmentPool,
    ErrandAssignment,
    Found,
)
from mdocr.document.model import Page, Source
from mdocr.options import ParseOptions
from mdocr.parsing.events import Ended, Errand, Event, Made, Opened, no_errands
from mdocr.parsing.page_work import ReadPage, failed
from mdocr.parsing.pipeline import DocumentTask, warn_of

AHEAD = 2
"""Documents that are open, for each worker, and assignments that wait for it."""


def read_in_workers(
    pool: AssignmentPool, tasks: Iterable[DocumentTask], options: ParseOptions
) -> Iterator[Event]:
    """Reads documents in worker processes; a page that cannot be read costs only itself.

    Args:
        pool: reads; stays open.
        tasks: the documents, given by their paths; taken as there is room for them.
        options: how to read.

    Yields:
        The events of ``parsing.read_documents``, those of several documents among one another.

    Raises:
        MdocrError: see ``WorkerPool.wait``.
    """
    yield from _Documents(pool, tasks, options).events()


OPENING = 0
"""Stands for the opening of a document among its pages."""


@dataclass(eq=False)
class AssignedDocument:
    """A document in the hands of workers: what is to be assigned, and what is awaited.

    Attributes:
        opening: its first assignment.
        known: the pages that need not be read, by number, given the document.
        found: the document, once it is open.
        unassigned: its pages that no worker has.
        awaited: what workers were given and have not reported: pages, or ``OPENING``.
        errands: tells what is to be made from its file once its pages are reported.
        undone: errands that no worker has.
        errand: the one that a worker has, or had last.
        name: for messages.
    """

    opening: Assignment
    known: Callable[[Source], Mapping[int, Page]] = field(default=lambda source: {})
    errands: Callable[[], Sequence[Errand]] = no_errands
    found: Found | None = None
    unassigned: deque[int] = field(default_factory=deque)
    awaited: set[int] = field(default_factory=set)
    undone: deque[Errand] = field(default_factory=deque)
    errand: Errand | None = None
    name: str = ""

    @property
    def number(self) -> int:
        """By which answers are known to be of it."""
        return self.opening.number

    @property
    def left(self) -> int:
        """How many answers are to come, as far as is known."""
        return len(self.unassigned) + len(self.awaited) + len(self.undone)

    @property
    def is_waiting(self) -> bool:
        """Whether something of it can be assigned: a page, or an errand, one at a time."""
        return bool(self.unassigned) or (bool(self.undone) and not self.awaited)

    @property
    def is_done(self) -> bool:
        """Whether nothing more comes of it."""
        return not self.left

    def next(self, count: int = 1) -> Assignment:
        """What a worker is to do next: to open it, to read so many pages at most, or an errand."""
        if self.found is None:
            self.awaited.add(OPENING)
            return self.opening
        if self.undone:
            return self._next_errand()
        pages = tuple(self.unassigned.popleft() for _ in range(min(count, len(self.unassigned))))
        self.awaited.update(pages)
        return replace(self.opening, pages=pages, opened=self.found.state)

    def open(self, found: Found) -> Opened:
        """Notes that it is open."""
        self.found, known = found, self.known(found.source)
        self.awaited.discard(OPENING)
        self.unassigned.extend(page for page in found.pages if page not in known)
        kept = tuple(known[page] for page in found.pages if page in known)
        return Opened(self.number, found.source, len(self.unassigned), kept)

    def _next_errand(self) -> Assignment:
        self.errand = self.undone.popleft()
        self.awaited.add(OPENING)
        asked = self.opening
        return ErrandAssignment(asked.number, asked.path, asked.options, errand=self.errand)

    def begin_errands(self) -> None:
        """Asks, once, what is to be made from its file."""
        self.undone.extend(self.errands())
        self.errands = no_errands

    def end_errand(self, errand: Errand, answer: Made | ReadPage) -> Made:
        """What came of an errand; a page that failed stands for one that did."""
        self.awaited.discard(OPENING)
        return answer if isinstance(answer, Made) else Made(self.number, errand.name, answer.error)

    def report(self, page: int) -> None:
        """Notes that a page was reported, or ``OPENING`` for all that is left of it."""
        self.awaited.discard(page)
        if page == OPENING:
            self.unassigned.clear()
            self.awaited.clear()


class _Documents:
    def __init__(
        self, pool: AssignmentPool, tasks: Iterable[DocumentTask], options: ParseOptions
    ) -> None:
        self._pool = pool
        self._tasks = enumerate(tasks)
        self._options = options
        self._open: dict[int, AssignedDocument] = {}

    def events(self) -> Iterator[Event]:
        while True:
            yield from self._submit()
            if not self._open:
                return
            for number, answer in self._pool.wait():
                document = self._open.get(number)
                if document is not None:  # not one that has failed as a whole
                    yield from self._take(document, answer)

    def _submit(self) -> Iterator[Event]:
        """Gives the pool what it has room for: pages and errands, else documents to be opened."""
        pool, room = self._pool, AHEAD * self._pool.options.workers
        while pool.waiting < pool.options.workers:
            document = next((one for one in self._open.values() if one.is_waiting), None)
            if document is not None:
                pool.submit(document.next(pool.options.pages_at_once))
                continue
            number, task = next(self._tasks, (0, None)) if len(self._open) < room else (0, None)
            if task is None:
                return
            yield from self._begin(number, task)

    def _begin(self, number: int, task: DocumentTask) -> Iterator[Event]:
        """Submits the opening of a document, or tells why it cannot be had."""
        try:
            task.prepare()
        except Exception as error:  # one document must not end the others
            yield failed((number, 0), error)
            yield Ended(number)
            return
        opening = Assignment(number, str(task.source), self._options)
        document = AssignedDocument(opening, task.kept, task.errands, name=task.shown)
        self._open[number] = document
        self._pool.submit(document.next())

    def _take(self, document: AssignedDocument, answer: Answer) -> Iterator[Event]:
        if isinstance(answer, Found):
            yield document.open(answer)
        elif document.errand and isinstance(answer, Made | ReadPage):
            yield document.end_errand(document.errand, answer)
        elif isinstance(answer, ReadPage):
            warn_of(answer, document.name)
            yield answer
            document.report(answer.key[1])
        else:
            return
        if document.is_done:
            document.begin_errands()
        if document.is_done:
            del self._open[document.number]
            yield Ended(document.number)
