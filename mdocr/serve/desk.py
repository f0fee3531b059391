"""Requests through a pool of workers, in turns: a long document does not hold up a word.

Words that wait are read together, which takes a third of the time of one after another.

One thread listens to the workers, since they die with the thread that started them. Whoever submits
is told of events in that thread.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from mdocr.batch.workers import Assignment, Found, WorkerOptions, WorkerPool
from mdocr.batch.workers.documents import OPENING, AssignedDocument
from mdocr.batch.workers.messages import Answer, FoundWords, ReaderMaker
from mdocr.document.words import Word
from mdocr.parsing.events import Ended, Event
from mdocr.parsing.page_work import ReadPage, as_known, failed
from mdocr.serve.errors import too_large
from mdocr.serve.pace import AnswerPace, answers_until_half
from mdocr.serve.reader import WordAssignment

LATENCY = 0.01
"""Seconds until a new request is seen while workers are busy."""

MOST_TOGETHER = 16
"""Words of different requests that are read in one batch."""

Told = Event | Word
"""What is told of an assignment: a ``Word`` or the events of a document, at last ``Ended``."""

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class ServedDocument(AssignedDocument):
    """A document or word in the hands of workers.

    Attributes:
        tell: is told what comes of it.
        batch: number of the word with which it is read; 0 for what is read alone.
    """

    tell: Callable[[Told], None] = lambda told: None
    batch: int = 0


class Desk:
    """Hands requests to workers, a page of each in turn.

    Args:
        make: makes what reads.
        options: of the workers.
        max_pages: of a document.
    """

    def __init__(self, make: ReaderMaker, options: WorkerOptions, max_pages: int) -> None:
        self._start_pool = partial(WorkerPool, make, options)
        self._pool = self._start_pool()
        self._max_pages = max_pages
        self._orders: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._open: dict[int, ServedDocument] = {}
        self._turns: deque[ServedDocument] = deque()
        self._closing = False
        self.pace = AnswerPace()
        self._thread = threading.Thread(target=self._run, name="mdocr-desk")
        self._thread.start()

    def close(self) -> None:
        """Ends workers and thread; who still waits is told ``Ended``."""
        self.stop()
        self._thread.join()

    def stop(self) -> None:
        """Begins to close; may be called by a signal's handler."""
        self._orders.put(self._stop)

    def submit(self, assignment: Assignment, tell: Callable[[Told], None]) -> None:
        """Adds a request; called from any thread."""
        self._orders.put(partial(self._begin, ServedDocument(assignment, tell=tell)))

    def cancel(self, number: int) -> None:
        """Forgets a request and frees its work; nothing happens to one that has ended."""
        self._orders.put(partial(self._cancel, number))

    @property
    def workers(self) -> int:
        """How many pages are read at once."""
        return self._pool.options.workers

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return self._pool.pids

    @property
    def unread(self) -> int:
        """Requests that have not ended."""
        return len(self._open)

    def seconds_until_room(self) -> float:
        """About how long until half of the requests have ended."""
        left = [document.left for document in list(self._open.values())]
        return answers_until_half(left) * self.pace.seconds

    def _run(self) -> None:
        while not self._closing:
            try:
                self._obey()
                self._assign()
                for number, answer in self._pool.wait(LATENCY):
                    self._take(number, answer)
            except Exception as error:  # no model, say; the next request tries again
                self._give_up(error)
        self._pool.close()
        for number in list(self._open):
            self._end(number)

    def _obey(self) -> None:
        """Follows orders, and waits for one where there is nothing else to do."""
        if not self._open:
            self._orders.get()()
            self.pace.begin()
        while not self._orders.empty():
            self._orders.get()()

    def _stop(self) -> None:
        self._closing = True

    def _begin(self, document: ServedDocument) -> None:
        self._open[document.number] = document
        self._turns.append(document)

    def _cancel(self, number: int) -> None:
        if number in self._open:
            if not self._open[number].batch:  # others in it are still wanted
                self._pool.cancel(number)
            self._end(number)

    def _assign(self) -> None:
        """Gives each idle worker something to do."""
        busy = sum(len(one.awaited) for one in self._open.values() if one.batch in (0, one.number))
        while self._turns and busy < self.workers:
            document = self._turns.popleft()
            self._pool.submit(self._next(document))
            busy += 1
            if document.unassigned:
                self._turns.append(document)

    def _next(self, document: ServedDocument) -> Assignment:
        """What comes next of a document; a word comes with others that wait, read in one batch."""
        assignment = document.next()
        if not isinstance(assignment, WordAssignment):
            return assignment
        others = [one for one in self._turns if assignment.is_like(one.opening)]
        del others[MOST_TOGETHER - 1 :]
        for one in others:
            self._turns.remove(one)
            one.batch = document.batch = document.number
        return replace(assignment, others=tuple(one.next() for one in others))

    def _take(self, number: int, answer: Answer) -> None:
        if isinstance(answer, FoundWords):
            self.pace.tick(len(answer.outcomes))
            for each, outcome in answer.outcomes:
                word = outcome if isinstance(outcome, Word) else failed((each, OPENING), outcome)
                self._report(each, word)
        elif isinstance(answer, Found | ReadPage):
            self.pace.tick()
            self._report(number, answer)

    def _report(self, number: int, answer: Found | ReadPage | Word) -> None:
        document = self._open.get(number)
        if document is None:
            return
        if isinstance(answer, Found):
            self._opened(document, answer)
        else:
            document.tell(answer)
            document.report(answer.key[1] if isinstance(answer, ReadPage) else OPENING)
        if document.is_done:
            self._end(number)

    def _opened(self, document: ServedDocument, found: Found) -> None:
        if len(found.pages) > self._max_pages:
            error = too_large("the document", self._max_pages, "pages")
            document.tell(failed((document.number, OPENING), error))
            document.report(OPENING)
            return
        document.tell(document.open(found))
        self._turns.append(document)

    def _end(self, number: int) -> None:
        document = self._open.pop(number)
        if document in self._turns:
            self._turns.remove(document)
        document.tell(Ended(number))

    def _give_up(self, error: Exception) -> None:
        """All requests fail, and the next begins with new workers."""
        logger.error("the workers failed: %s", as_known(error), exc_info=error)
        self._pool.close()
        self._pool = self._start_pool()
        for number in list(self._open):
            self._open[number].tell(failed((number, OPENING), error))
            self._end(number)
