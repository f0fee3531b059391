"""Documents read by the actors of a Ray cluster, in the place of processes of this machine.

An actor does what a worker process does; where documents go, what is known of them and what is
tried again stays here. Pages travel as paths and numbers, so all machines must see the documents.
"""

import contextlib
import logging
import os
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayError

from mdocr.batch.workers.devices import share_of_each
from mdocr.batch.workers.handle import ALONE_HINT
from mdocr.batch.workers.messages import (
    Answered,
    Assignment,
    Done,
    Found,
    Message,
    ReaderMaker,
    Said,
    Unable,
)
from mdocr.batch.workers.options import WorkerOptions
from mdocr.batch.workers.process import MOST_SAID, Assignee, LogSender, use_threads
from mdocr.errors import CrashError, DeviceError, InputError, TimeLimitError
from mdocr.parsing.events import Made
from mdocr.parsing.page_work import ReadPage, as_known, failed

MOST_DEATHS = 10
"""Actors that end one after another before they are ready: then none ever will be."""

HINT = "Look at the cluster with: ray status"

LOST_HINT = "What was read is kept: when the cluster is there again, run the same command."

OUTCOMES = (Found, ReadPage, Made)


class Actor:
    """Reads pages on some machine of the cluster.

    Args:
        make: makes what reads.
        threads: how many it may use.
        folder: where relative paths start, if this machine has it.
    """

    def __init__(self, make: ReaderMaker, threads: int, folder: Path) -> None:
        with contextlib.suppress(OSError):
            os.chdir(folder)
        use_threads(threads)
        self._work = Assignee(make)
        self._said: list[Message] = []
        self._log = LogSender(self._said.append)
        logging.getLogger("mdocr").addHandler(self._log)

    def load(self) -> list[Message]:
        """Loads the model."""
        try:
            self._work.load()
        except Exception as error:
            return [Unable(as_known(error))]
        return []

    def read(self, assignment: Assignment) -> list[Message]:
        """All that comes of an assignment."""
        self._log.left = MOST_SAID
        self._said.clear()
        answers = list(self._work.messages(assignment))
        return [*self._said, *answers]


REMOTE: Any = ray.remote(Actor)


@dataclass
class Task:
    """What an actor is at.

    Attributes:
        actor: the actor.
        assignment: None while the actor starts.
        began: when, by the clock that only goes forward.
    """

    actor: Any
    assignment: Assignment | None = None
    began: float = field(default_factory=time.monotonic)


class RayPool:
    """The actors of a cluster, as a pool of workers; a context manager.

    Args:
        address: ``ray``, for the cluster that ``RAY_ADDRESS`` names or else one of this machine; or
            ``ray://HOST:PORT``.
        make: makes what reads, in each actor.
        options: limits of the actors; their memory is watched by Ray.
        workers: most actors; None for one a GPU, or one a core.
        device: ``cuda``, ``cpu``, or ``auto`` for GPUs where the cluster has any.

    Attributes:
        look_seconds: between two looks at how much room the cluster has.
    """

    def __init__(
        self,
        address: str,
        make: ReaderMaker,
        options: WorkerOptions,
        workers: int | None = None,
        device: str = "auto",
    ) -> None:
        self._address = None if address == "ray" else address
        self._make = make
        self._asked = workers
        self._device = device
        self.look_seconds = 2.0
        self.options = options
        self._waiting: deque[Assignment] = deque()
        self._tasks: dict[Any, Task] = {}
        self._idle: list[Any] = []
        self._deaths = 0
        self._looked = 0.0
        self._gpus = 0.0  # of each actor

    def __enter__(self) -> "RayPool":
        try:
            ray.init(
                self._address,
                logging_level=logging.ERROR,
                log_to_driver=False,  # warnings come with the answers
                include_dashboard=False,
            )
        except (ConnectionError, RuntimeError, RayError, ValueError) as error:
            raise DeviceError(
                f"the cluster cannot be reached: {_last_line(error)}", HINT
            ) from error
        self._look()
        return self

    def __exit__(self, *exception: object) -> None:
        ray.shutdown()  # actors end with the program that made them

    @property
    def waiting(self) -> int:
        """Assignments that no actor has begun."""
        return len(self._waiting)

    def submit(self, assignment: Assignment) -> None:
        """Adds an assignment to the end of the queue."""
        self._waiting.append(assignment)

    def wait(self, seconds: float = 0.5) -> Iterator[Answered]:
        """What came of assignments; after so many seconds at the latest, perhaps nothing.

        Raises:
            MdocrError: the model cannot be loaded, no actor can be started, or the cluster is gone.
        """
        try:
            ready = self._ready(seconds)
        except (ConnectionError, RayError) as error:
            raise DeviceError(f"the cluster is lost: {_last_line(error)}", LOST_HINT) from error
        for reference in ready:
            yield from self._take(reference, self._tasks.pop(reference))
        yield from self._end_overdue()

    def _ready(self, seconds: float) -> list[Any]:
        """What has ended, after all that can be begun was."""
        self._look()
        self._start()
        while self._waiting and self._idle:
            assignment, actor = self._waiting.popleft(), self._idle.pop()
            self._tasks[actor.read.remote(assignment)] = Task(actor, assignment)
        ready, _ = ray.wait(list(self._tasks), timeout=seconds) if self._tasks else ([], [])
        return list(ready)

    def _look(self) -> None:
        """Machines may come and go.

        Raises:
            DeviceError: GPUs are asked for, and there are none.
        """
        if self._looked and time.monotonic() - self._looked < self.look_seconds:
            return
        self._looked = time.monotonic()
        resources: dict[str, float] = ray.cluster_resources()
        gpus = 0.0 if self._device == "cpu" else resources.get("GPU", 0.0)
        if self._device == "cuda" and not gpus:
            raise DeviceError("the cluster has no GPUs", f"{HINT}; or use --device cpu.")
        self._gpus = share_of_each(gpus, self._asked) if gpus else 0.0
        room = max(1, round(gpus / self._gpus) if gpus else int(resources.get("CPU", 1)))
        self.options = replace(self.options, workers=min(self._asked or room, room))

    def _start(self) -> None:
        """Starts actors for what waits, as many as there is room for."""
        room = self.options.workers - len(self._tasks) - len(self._idle)
        starting = sum(task.assignment is None for task in self._tasks.values())
        for _ in range(min(room, len(self._waiting) - len(self._idle) - starting)):
            needs = {"num_cpus": 1, "num_gpus": self._gpus}  # Ray shows each actor its own GPU
            actor = REMOTE.options(**needs).remote(self._make, self.options.threads, Path.cwd())
            self._tasks[actor.load.remote()] = Task(actor)

    def _take(self, reference: Any, task: Task) -> Iterator[Answered]:
        try:
            result = ray.get(reference)
        except RayError as error:
            yield from self._lose(task, CrashError(f"crashed: {_reason(error)}", ALONE_HINT))
            return
        for message in result:
            if isinstance(message, Unable):
                raise message.error
            if isinstance(message, Said):
                message.repeat()
        self._deaths = 0
        self._idle.append(task.actor)
        answers = [message for message in result if isinstance(message, OUTCOMES)]
        yield from self._answers(task.assignment, answers)

    def _answers(
        self, assignment: Assignment | None, answers: list[Found | ReadPage | Made]
    ) -> Iterator[Answered]:
        if assignment is None:
            return
        number = assignment.number
        yield from ((number, answer) for answer in answers)
        lost = CrashError("crashed: its actor ended with it and reported nothing")
        for page in assignment.unreported(answers):
            yield number, failed((number, page), lost)
        yield number, Done()

    def _lose(self, task: Task, error: InputError) -> Iterator[Answered]:
        """An actor is lost: what it was at is tried once more, or has failed."""
        ray.kill(task.actor)
        assignment = task.assignment
        if assignment is None:
            self._deaths += 1
            if self._deaths > MOST_DEATHS:
                raise DeviceError(f"no actor can be started: {error.message}", HINT)
        elif not assignment.again:
            left = assignment.pages or (0,)
            self._waiting.extendleft(reversed(assignment.once_more(left)))
        else:
            for page in assignment.pages or (0,):
                yield assignment.number, failed((assignment.number, page), error)
            yield assignment.number, Done()

    def _end_overdue(self) -> Iterator[Answered]:
        """Ends what takes too long."""
        now = time.monotonic()
        for reference, task in list(self._tasks.items()):
            seconds = self._limit(task)
            if now - task.began > seconds:
                del self._tasks[reference]
                message = f"timeout: it took more than {seconds:g} s"
                yield from self._lose(task, TimeLimitError(message, ALONE_HINT))

    def _limit(self, task: Task) -> float:
        """Seconds that it may take; an actor that starts has to load its model."""
        if task.assignment is None:
            return self.options.start_seconds
        return self.options.page_seconds * max(task.assignment.clocks, len(task.assignment.pages))


def _reason(error: RayError) -> str:
    return f"its actor was lost ({type(error).__name__})"


def _last_line(error: Exception) -> str:
    """What a server says is its whole traceback."""
    return (str(error).strip().splitlines() or [type(error).__name__])[-1]
