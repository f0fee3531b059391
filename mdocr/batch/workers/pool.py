"""Many workers: assignments in, answers out; what is lost with one is tried once more, alone."""

import time
from collections import deque
from collections.abc import Iterator
from multiprocessing.connection import wait
from types import TracebackType

from mdocr.batch.workers.devices import least_used
from mdocr.batch.workers.handle import Worker
from mdocr.batch.workers.messages import (
    Alive,
    Answer,
    Answered,
    Assignment,
    Done,
    Message,
    ReaderMaker,
    Ready,
    Said,
    Unable,
)
from mdocr.batch.workers.options import WorkerOptions
from mdocr.errors import CrashError, InputError, MdocrError
from mdocr.parsing.page_work import ReadPage, failed

POLL = 0.1
"""Seconds between two looks at clocks and memory."""

MOST_DEATHS = 10
"""Workers that die one after another before they have loaded the model: then none ever will."""


class WorkerPool:
    """Processes that open documents and read pages; each is replaced when it dies.

    Workers are started when there is work for them, and killed by ``close``, which a ``with`` block
    calls. Not to be used by two threads at a time, except ``submit`` and ``cancel``.

    Args:
        make: makes what reads, in each worker; ``PageReaderMaker`` for documents.
        options: how many workers, and their limits.
    """

    def __init__(self, make: ReaderMaker, options: WorkerOptions) -> None:
        self._make = make
        self.options = options
        self._memory = options.memory_limit()
        self._waiting: deque[Assignment] = deque()
        self._cancelled: set[int] = set()
        self._workers: list[Worker] = []
        self._deaths = 0
        self._looked = time.monotonic()

    def __enter__(self) -> "WorkerPool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Kills all workers; what they were at is lost."""
        while self._workers:
            self._workers.pop().kill()

    @property
    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return [worker.pid for worker in self._workers]

    @property
    def waiting(self) -> int:
        """Assignments that no worker has begun."""
        return len(self._waiting)

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to wait for."""
        return not self._waiting and all(worker.assignment is None for worker in self._workers)

    def submit(self, assignment: Assignment) -> None:
        """Adds an assignment to the end of the queue."""
        self._waiting.append(assignment)

    def cancel(self, number: int) -> None:
        """Forgets a document: nothing more comes of it.

        A worker that is at it ends its assignment, if that takes but a few seconds, else it is
        killed.
        """
        self._cancelled.add(number)

    def wait(self, seconds: float = POLL) -> Iterator[Answered]:
        """What came of assignments; after so many seconds at the latest, perhaps nothing.

        Each ends with a ``Done``; one of several pages that is lost with its worker goes on as one
        for each page.

        Raises:
            MdocrError: the model cannot be loaded, or workers die as soon as they are started.
        """
        self._drop_cancelled()
        self._hand_out()
        listening = {worker.connection: worker for worker in self._workers}
        self._forgive()
        ready = wait(list(listening), min(seconds, POLL)) if listening else []
        self._looked = time.monotonic()
        for connection in ready:
            yield from self._hear(listening[connection])  # type: ignore[index]
        for worker in list(self._workers):
            error = worker.excess()
            if error:
                yield from self._lose(worker, error)
            elif worker.is_overdue:
                self._dismiss(worker)

    def _forgive(self) -> None:
        """Time in which nobody looked, such as while a disk was slow, counts for no worker."""
        away = time.monotonic() - self._looked
        if away > 1:
            for worker in self._workers:
                worker.forgive(away)

    def _hand_out(self) -> None:
        """Gives waiting assignments to workers, old and new."""
        while self._waiting:
            worker = next((one for one in self._workers if one.assignment is None), None)
            if worker is None:
                if len(self._workers) >= self.options.workers:
                    return
                worker = self._started()
            try:
                worker.give(self._waiting[0])
                self._waiting.popleft()
            except OSError:  # it has died while it was idle: another takes its place
                worker.assignment = None
                self._bury(worker)

    def _started(self) -> Worker:
        taken = (worker.device for worker in self._workers)
        device = least_used(self.options.devices, taken)
        worker = Worker(self._make, self.options, self._memory, device)
        self._workers.append(worker)
        return worker

    def _hear(self, worker: Worker) -> Iterator[Answered]:
        """All that a worker has told by now."""
        try:
            while True:
                yield from self._take(worker, worker.hear())
                if not worker.connection.poll():
                    return
        except (EOFError, OSError):
            yield from self._lose(worker, worker.obituary())

    def _take(self, worker: Worker, message: Message) -> Iterator[Answered]:
        if isinstance(message, Said):
            message.repeat()
        elif isinstance(message, Unable):
            raise message.error
        elif isinstance(message, Ready):
            self._deaths = 0
        elif isinstance(message, Alive):
            return
        elif worker.unwanted_since is not None:
            worker.end_unwanted(message)
        elif worker.assignment is not None:
            yield from self._answer(worker, worker.assignment, message)

    def _answer(self, worker: Worker, assignment: Assignment, answer: Answer) -> Iterator[Answered]:
        if not isinstance(answer, Done):
            worker.report(answer.key[1] if isinstance(answer, ReadPage) else 0)
            yield assignment.number, answer
            return
        worker.assignment = None
        for page in worker.left:
            error = CrashError("crashed: its worker ended with it and reported nothing")
            yield assignment.number, failed((assignment.number, page), error)
        yield assignment.number, answer

    def _lose(self, worker: Worker, error: InputError) -> Iterator[Answered]:
        """A worker is lost: what it had not reported is tried once more, alone, or has failed."""
        assignment, left = worker.assignment, worker.left
        self._bury(worker)
        if assignment is None or worker.unwanted_since is not None:
            return
        if assignment.again:
            for page in left:
                yield assignment.number, failed((assignment.number, page), error)
            yield assignment.number, Done()
            return
        self._waiting.extendleft(reversed(assignment.once_more(left)))
        if not left:  # it had reported all, but not that it was done
            yield assignment.number, Done()

    def _dismiss(self, worker: Worker) -> None:
        worker.kill()
        self._workers.remove(worker)

    def _bury(self, worker: Worker) -> None:
        self._dismiss(worker)
        self._deaths += worker.is_starting
        if self._deaths > MOST_DEATHS:
            raise MdocrError(
                "worker processes die as soon as they are started",
                "Read in this process to see why: --workers 0",
            )

    def _drop_cancelled(self) -> None:
        if not self._cancelled:
            return
        self._waiting = deque(one for one in self._waiting if one.number not in self._cancelled)
        for worker in self._workers:
            if worker.assignment and worker.assignment.number in self._cancelled:
                worker.unwanted_since = time.monotonic()
        self._cancelled.clear()
