"""Requests through a pool of workers, in turns: a long document does not hold up a word.

One thread listens to the workers, since they die with the thread that started them. Whoever submits
is told of events in that thread.
"""

import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from mdocr.batch.workers import Assignment, Done, Found, WorkerOptions, WorkerPool
from mdocr.batch.workers.messages import Answer, FoundWord, ReaderMaker
from mdocr.parsing.events import Ended, Event, Opened
from mdocr.parsing.page_work import ReadPage, as_known, failed
from mdocr.serve.errors import too_large

LATENCY = 0.01
"""Seconds until a new request is seen while workers are busy."""

Told = Event | FoundWord
"""What is told of an assignment: a ``FoundWord`` or the events of a document, at last ``Ended``."""

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class ServedReading:
    """A document or word in the hands of workers.

    Attributes:
        opening: its first assignment.
        tell: is told what comes of it.
        found: the document, once it is open.
        unassigned: its pages that no worker has.
        running: assignments that are not done.
    """

    opening: Assignment
    tell: Callable[[Told], None]
    found: Found | None = None
    unassigned: deque[int] = field(default_factory=deque)
    running: int = 0

    def next(self) -> Assignment:
        """What a worker is to do next: to open it, or to read a page."""
        self.running += 1
        if self.found is None:
            return self.opening
        page = self.unassigned.popleft()
        return replace(self.opening, pages=(page,), opened=self.found.state)


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
        self._readings: dict[int, ServedReading] = {}
        self._turns: deque[ServedReading] = deque()
        self._closing = False
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
        self._orders.put(partial(self._begin, ServedReading(assignment, tell)))

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
        return len(self._readings)

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
        for number in list(self._readings):
            self._end(number)

    def _obey(self) -> None:
        """Follows orders, and waits for one where there is nothing else to do."""
        if not self._readings:
            self._orders.get()()
        while not self._orders.empty():
            self._orders.get()()

    def _stop(self) -> None:
        self._closing = True

    def _begin(self, reading: ServedReading) -> None:
        self._readings[reading.opening.number] = reading
        self._turns.append(reading)

    def _cancel(self, number: int) -> None:
        if number in self._readings:
            self._pool.cancel(number)
            self._end(number)

    def _assign(self) -> None:
        """Gives each idle worker something to do."""
        busy = sum(reading.running for reading in self._readings.values())
        while self._turns and busy < self.workers:
            reading = self._turns.popleft()
            self._pool.submit(reading.next())
            busy += 1
            if reading.unassigned:
                self._turns.append(reading)

    def _take(self, number: int, answer: Answer) -> None:
        reading = self._readings.get(number)
        if reading is None:
            return
        if isinstance(answer, Done):
            reading.running -= 1
            if not reading.running and not reading.unassigned:
                self._end(number)
        elif isinstance(answer, Found):
            self._opened(reading, answer)
        else:
            reading.tell(answer)
            if isinstance(answer, ReadPage) and answer.key[1] == 0:  # the document itself
                reading.unassigned.clear()

    def _opened(self, reading: ServedReading, found: Found) -> None:
        number = reading.opening.number
        if len(found.pages) > self._max_pages:
            error = too_large("the document", self._max_pages, "pages")
            reading.tell(failed((number, 0), error))
            return
        reading.found = found
        reading.unassigned.extend(found.pages)
        self._turns.append(reading)
        reading.tell(Opened(number, found.source, len(found.pages)))

    def _end(self, number: int) -> None:
        reading = self._readings.pop(number)
        if reading in self._turns:
            self._turns.remove(reading)
        reading.tell(Ended(number))

    def _give_up(self, error: Exception) -> None:
        """All requests fail, and the next begins with new workers."""
        logger.error("the workers failed: %s", as_known(error), exc_info=error)
        self._pool.close()
        self._pool = self._start_pool()
        for number in list(self._readings):
            self._readings[number].tell(failed((number, 0), error))
            self._end(number)
