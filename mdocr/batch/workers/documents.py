"""Documents through a pool of workers, reported as ``parsing.read_documents`` reports them."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mdocr.batch.workers.messages import Answer, Assignment, AssignmentPool, Found
from mdocr.options import ParseOptions
from mdocr.parsing.events import Ended, Event, Opened
from mdocr.parsing.page_work import ReadPage
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


@dataclass
class _OpenDocument:
    """A document in the hands of workers: pages to be assigned, and those that are awaited."""

    task: DocumentTask
    found: Found | None = None
    unassigned: deque[int] = field(default_factory=deque)
    awaited: set[int] = field(default_factory=set)

    @property
    def path(self) -> str:
        return str(self.task.source)


class _Documents:
    def __init__(
        self, pool: AssignmentPool, tasks: Iterable[DocumentTask], options: ParseOptions
    ) -> None:
        self._pool = pool
        self._tasks = enumerate(tasks)
        self._options = options
        self._open: dict[int, _OpenDocument] = {}

    def events(self) -> Iterator[Event]:
        while True:
            while self._pool.waiting < self._pool.options.workers and self._assign():
                pass
            if not self._open:
                return
            for number, answer in self._pool.wait():
                document = self._open.get(number)
                if document is not None:  # not one that has failed as a whole
                    yield from self._take(number, document, answer)

    def _assign(self) -> bool:
        """Submits pages of the first document that has any, or the opening of the next."""
        for number, document in self._open.items():
            if document.unassigned and document.found:
                self._submit_pages(number, document, document.found)
                return True
        if len(self._open) >= AHEAD * self._pool.options.workers:
            return False
        number, task = next(self._tasks, (0, None))
        if task is None:
            return False
        document = self._open[number] = _OpenDocument(task)
        self._pool.submit(Assignment(number, document.path, self._options))
        return True

    def _submit_pages(self, number: int, document: _OpenDocument, found: Found) -> None:
        count = min(self._pool.options.pages_at_once, len(document.unassigned))
        pages = tuple(document.unassigned.popleft() for _ in range(count))
        document.awaited.update(pages)
        self._pool.submit(
            Assignment(number, document.path, self._options, pages, opened=found.state)
        )

    def _take(self, number: int, document: _OpenDocument, answer: Answer) -> Iterator[Event]:
        if isinstance(answer, Found):
            yield self._opened(number, document, answer)
        elif isinstance(answer, ReadPage):
            warn_of(answer, document.path)
            yield answer
            document.awaited.discard(answer.key[1])
            if answer.key[1] == 0:  # the document itself
                document.unassigned.clear()
                document.awaited.clear()
        else:
            return
        if not document.unassigned and not document.awaited:
            del self._open[number]
            yield Ended(number)

    def _opened(self, number: int, document: _OpenDocument, found: Found) -> Opened:
        known = document.task.kept(found.source)
        kept = tuple(known[page] for page in found.pages if page in known)
        document.found = found
        document.unassigned.extend(page for page in found.pages if page not in known)
        return Opened(number, found.source, len(document.unassigned), kept)
