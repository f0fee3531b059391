"""How many processes read, and what each may take."""

import os
from dataclasses import dataclass

import psutil

from mdocr.errors import UsageError

SHARE = 0.8
"""Of the memory that is free at the start, what all workers together may take."""

LEAST_MEMORY = 2 << 30
"""Bytes; a worker's limit is not below this unless it is named."""


@dataclass(frozen=True)
class WorkerOptions:
    """How many processes read, and what each may take.

    Attributes:
        workers: processes.
        threads: of each.
        page_seconds: the longest that a page may take, and to open a document.
        silent_seconds: the longest without a sign of life; code that holds Python's lock gives
            none, so this is how a hanging PDF library is found.
        start_seconds: the longest that loading the model may take.
        memory: bytes of resident memory of each; None for a share of what is free.
        pages_at_once: pages of a document that a worker reads together; more than one for models
            that need large batches.
        devices: that they share out, as ``visible_devices`` names them; empty to leave that to
            their models.
    """

    workers: int = 1
    threads: int = 1
    page_seconds: float = 300
    silent_seconds: float = 60
    start_seconds: float = 600
    memory: int | None = None
    pages_at_once: int = 1
    devices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("workers", "threads", "pages_at_once"):
            if (value := getattr(self, name)) < 1:
                raise UsageError(f"{name.replace('_', ' ')} must be at least 1, not {value}")
        for name in ("page_seconds", "silent_seconds", "start_seconds"):
            if not (value := getattr(self, name)) > 0:
                raise UsageError(f"{name.replace('_', ' ')} must be above 0, not {value:g}")
        if self.memory is not None and self.memory < 1:
            raise UsageError(f"the memory of a worker must be above 0, not {self.memory}")

    def memory_limit(self) -> int:
        """Bytes of each worker, now."""
        if self.memory is not None:
            return self.memory
        return max(LEAST_MEMORY, int(psutil.virtual_memory().available * SHARE) // self.workers)


def threads_of_each(workers: int) -> int:
    """Threads of each of so many workers: ``OMP_NUM_THREADS``, or its share of the cores."""
    named = os.environ.get("OMP_NUM_THREADS", "")
    if named.isdecimal() and int(named):
        return int(named)
    return max(1, core_count() // max(1, workers))


def core_count() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on Linux
        return os.cpu_count() or 1
