"""The supervisor's side of one worker: starts it, sees what it exceeds, ends it."""

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing import get_context

import psutil

from mdocr.batch.workers.messages import Assignment, Done, Message, ReaderMaker, Ready
from mdocr.batch.workers.options import WorkerOptions
from mdocr.batch.workers.process import Settings, work
from mdocr.errors import CrashError, InputError, MemoryLimitError, TimeLimitError

ALONE_HINT = "It was tried twice. The other pages are read; see docs/reliability.md for the limits."

UNWANTED_SECONDS = 5.0
"""How long a worker may go on with what was cancelled: to start another costs as much."""

SPAWN = get_context("spawn")
"""A fresh process: a forked one would inherit locks and threads in any state."""


class Worker:
    """One worker process.

    Args:
        make: makes what reads in it.
        options: its limits.
        memory: bytes that it may take.
        device: the only one that it sees; empty for all.

    Attributes:
        device: see above.
        connection: to it.
        assignment: what it does; None while it is idle.
        left: pages of the assignment that it has not reported; 0 stands for the opening.
        unwanted_since: when its assignment was cancelled; None for one that is wanted.
    """

    def __init__(
        self, make: ReaderMaker, options: WorkerOptions, memory: int, device: str = ""
    ) -> None:
        self._options = options
        self._memory = memory
        self.device = device
        level = logging.getLogger("mdocr").getEffectiveLevel()
        self.connection, theirs = SPAWN.Pipe()
        settings = Settings(options.threads, os.getpid(), level, device)
        self._process = SPAWN.Process(
            target=work, args=(theirs, make, settings), name="mdocr-worker", daemon=True
        )
        with _no_interrupt():
            self._process.start()
        theirs.close()
        self._usage = _usage_of(self._process.pid)
        self.assignment: Assignment | None = None
        self.left: list[int] = []
        self.unwanted_since: float | None = None
        self.is_ready = False
        self._has_spoken = False
        self._began = self._heard = time.monotonic()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid or 0

    def give(self, assignment: Assignment) -> None:
        """Hands over an assignment; the clocks begin.

        Raises:
            OSError: the worker has died.
        """
        self.assignment, self.unwanted_since = assignment, None
        self.left = list(assignment.pages) or [0]
        self._began = self._heard = time.monotonic()
        self.connection.send(assignment)

    def hear(self) -> Message:
        """The next message.

        Raises:
            EOFError, OSError: the worker has died.
        """
        message: Message = self.connection.recv()
        self._heard = time.monotonic()
        if isinstance(message, Ready):
            self.is_ready, self._began = True, self._heard
        if not self._has_spoken:
            self._has_spoken, self._began = True, self._heard
        return message

    def end_unwanted(self, answer: Message) -> None:
        """Takes what comes of a cancelled assignment; after the last it is idle again."""
        if isinstance(answer, Done):
            self.assignment = self.unwanted_since = None

    def report(self, page: int) -> None:
        """A page, or 0 for all, was reported: the clock of the next one begins."""
        self.left = [one for one in self.left if page and one != page]
        self._began = time.monotonic()

    @property
    def is_overdue(self) -> bool:
        """Whether it is at what nobody wants any more, for longer than it may."""
        began = self.unwanted_since
        return began is not None and time.monotonic() - began > UNWANTED_SECONDS

    @property
    def is_starting(self) -> bool:
        """Whether its process or the model is not yet there."""
        pages = self.assignment is not None and bool(self.assignment.pages)
        return not self._has_spoken or (pages and not self.is_ready)

    def forgive(self, seconds: float) -> None:
        """The supervisor itself did not listen for so long."""
        self._began += seconds
        self._heard += seconds

    def excess(self) -> InputError | None:
        """What limit the worker exceeds, if any."""
        if self.assignment is None:
            return None
        now, options = time.monotonic(), self._options
        seconds = options.page_seconds * self.assignment.clocks
        if self.is_starting:
            seconds = options.start_seconds
        if now - self._began > seconds:
            return _timeout(f"it took more than {seconds:g} s")
        if now - self._heard > options.silent_seconds and not self.is_starting:
            return _timeout(f"no sign of life for {options.silent_seconds:g} s")
        if self._rss() > self._memory:
            return MemoryLimitError(
                f"out of memory: it took more than {self._memory / 2**20:,.0f} MiB", ALONE_HINT
            )
        return None

    def obituary(self) -> InputError:
        """Why a worker that is no more has died."""
        self._process.join(5)
        code = self._process.exitcode
        return CrashError(f"crashed: {how_it_ended(code)}", ALONE_HINT)

    def kill(self) -> None:
        """Ends it at once; does nothing to one that has ended."""
        self._process.kill()
        self._process.join(10)
        self.connection.close()

    def _rss(self) -> int:
        """Bytes of resident memory; 0 for a process that is no more."""
        try:
            return int(self._usage.memory_info().rss) if self._usage else 0
        except psutil.Error:
            return 0


def how_it_ended(code: int | None) -> str:
    """What an exit code of ``multiprocessing`` says of a process."""
    if code is None or code >= 0:
        return f"its process ended with code {code}"
    try:
        return f"its process was ended by {signal.Signals(-code).name}"
    except ValueError:  # a signal without a name
        return f"its process was ended by signal {-code}"


def _timeout(reason: str) -> TimeLimitError:
    return TimeLimitError(f"timeout: {reason}", ALONE_HINT)


def _usage_of(pid: int | None) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Ctrl-C is held back, and for ever from the processes that are started meanwhile."""
    if threading.current_thread() is not threading.main_thread() or not hasattr(
        signal, "pthread_sigmask"
    ):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
