"""The worker's side: a loop over assignments, which ends with its supervisor.

A worker prints nothing. Its log goes to the supervisor, and a thread gives signs of life.
"""

import contextlib
import ctypes
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from mdocr.batch.workers.devices import use_device
from mdocr.batch.workers.messages import (
    Alive,
    AssignedReader,
    Assignment,
    Done,
    ErrandAssignment,
    Message,
    ReaderMaker,
    Ready,
    Said,
    Unable,
)
from mdocr.errors import MdocrError
from mdocr.parsing.events import Made
from mdocr.parsing.page_work import as_known, failed

BEAT = 1.0
"""Seconds between signs of life."""

MOST_SAID = 50
"""Records of the log that one assignment may send: a damaged file can cause any number."""

PR_SET_PDEATHSIG = 1
OOM_SCORE = Path("/proc/self/oom_score_adj")
VICTIM = "500"
"""Linux ends the process of the highest score when memory is out: a worker, and nobody else."""

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Settings:
    """What a worker is told at its start.

    Attributes:
        threads: how many it may use.
        supervisor: the process that it dies with.
        level: of the log.
        device: the only one that it sees; empty for all.
    """

    threads: int
    supervisor: int
    level: int
    device: str = ""


def work(connection: Connection, make: ReaderMaker, settings: Settings) -> None:
    """The whole life of a worker.

    Args:
        connection: to the supervisor; the worker ends when it is closed.
        make: makes what reads.
        settings: see there.
    """
    _settle(settings)
    voice = Voice(connection)
    voice.tell(Alive())
    logger = logging.getLogger("mdocr")
    logger.setLevel(settings.level)
    logger.addHandler(voice.handler)
    threading.Thread(target=_beat, args=(voice, settings.supervisor), daemon=True).start()
    use_threads(settings.threads)
    use_device(settings.device)
    with contextlib.suppress(EOFError, OSError):  # the supervisor is gone
        _serve(connection, voice, make)


def _serve(connection: Connection, voice: "Voice", make: ReaderMaker) -> None:
    work = Assignee(make)
    while True:
        assignment: Assignment = connection.recv()
        voice.handler.left = MOST_SAID
        for message in work.messages(assignment):
            voice.tell(message)
            if isinstance(message, Unable):
                return


class Assignee:
    """What a worker does with its assignments; the model is loaded before the first page.

    Args:
        make: makes what reads.
    """

    def __init__(self, make: ReaderMaker) -> None:
        self._make = make
        self._reader: AssignedReader | None = None
        self._is_ready = False

    def load(self) -> AssignedReader:
        """What reads, its model loaded.

        Raises:
            MdocrError: nothing can be read without it.
        """
        reader = self._made()
        if not self._is_ready:
            reader.load()
            self._is_ready = True
        return reader

    def messages(self, assignment: Assignment) -> Iterator[Message]:
        """All that comes of an assignment, ``Done`` at last; or ``Unable``."""
        try:
            reader = self.load() if assignment.pages else self._made()
        except Exception as error:  # without a model there is nothing to go on with
            yield Unable(as_known(error))
            return
        if assignment.pages:
            yield Ready()
        yield from _answers(reader, assignment)

    def _made(self) -> AssignedReader:
        self._reader = self._reader or self._make()
        return self._reader


def _answers(reader: AssignedReader, assignment: Assignment) -> Iterator[Message]:
    try:
        if isinstance(assignment, ErrandAssignment):
            errand = assignment.errand
            yield Made(assignment.number, errand.name, errand.make())
        elif assignment.pages:
            yield from reader.read(assignment)
        else:
            yield reader.find(assignment)
    except MdocrError as error:
        yield failed((assignment.number, 0), error)
    except MemoryError:
        raise SystemExit(1) from None  # a new process tries again
    except Exception as error:  # one document must not end the others
        yield failed((assignment.number, 0), error)
    yield Done()


class Voice:
    """Tells the supervisor; from several threads, one at a time."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()
        self.handler = LogSender(self.tell)

    def tell(self, message: Message) -> None:
        """Sends a message whole."""
        with self._lock:
            self._connection.send(message)


class LogSender(logging.Handler):
    """Sends records of the log, up to a number that each assignment renews."""

    def __init__(self, tell: Callable[[Message], None]) -> None:
        super().__init__()
        self._tell = tell
        self.left = MOST_SAID

    def emit(self, record: logging.LogRecord) -> None:
        """Sends one record."""
        self.left -= 1
        if self.left < 0:
            return
        text = record.getMessage() if self.left else "more of this is not shown"
        with contextlib.suppress(OSError):
            self._tell(Said(record.name, record.levelno, text))


def _beat(voice: Voice, supervisor: int) -> None:
    """Gives signs of life; ends the process when the supervisor is gone."""
    pause = threading.Event()
    while not pause.wait(BEAT):
        try:
            if os.getppid() != supervisor:
                os._exit(1)
            voice.tell(Alive())
        except OSError:
            os._exit(1)


def _settle(settings: Settings) -> None:
    """Makes the process one that dies with its supervisor, prints nothing and leaves no dump."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the supervisor hears of it too
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != settings.supervisor:
            os._exit(1)
        with contextlib.suppress(OSError):
            OOM_SCORE.write_text(VICTIM)
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def use_threads(count: int) -> None:
    """Limits the threads of what computes, before it is imported or after."""
    for name in THREAD_VARIABLES:
        os.environ[name] = str(count)
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import cv2

    cv2.setNumThreads(count)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(count)
