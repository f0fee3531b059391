"""Claims on documents, so that several runs, on several machines, share one folder of results.

A claim is a file made with ``O_EXCL``. Who holds it touches it now and then; one that has not been
touched for long is void, as is one of a process of this machine that is no more. Should two runs
ever read the same document, they write the same files.
"""

import contextlib
import json
import os
import socket
import threading
import time
from pathlib import Path

import psutil

FOLDER = ".claims"
REFRESH = 30.0
"""Seconds between touches."""

EXPIRY = 300.0
"""Seconds after which a claim that was not touched is void."""

WRITTEN = 10.0
"""Seconds after which one that says nothing was left by a process that died over it."""

SAME_START = 2.0
"""Seconds between two readings of when a process was started, at most."""


class Claims:
    """The claims that this run holds in one folder of results; a context manager.

    Args:
        folder: of the results.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER
        self._held: set[Path] = set()
        self._ended = threading.Event()
        self._refresher = threading.Thread(target=self._refresh, name="mdocr-claims", daemon=True)

    def __enter__(self) -> "Claims":
        self._refresher.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        for path in list(self._held):
            self._remove(path)
        with contextlib.suppress(OSError):
            self._folder.rmdir()  # refused while others hold some

    def take(self, name: str) -> bool:
        """Claims a document; False if another run holds it."""
        path = self._folder / name
        for _ in range(2):  # an expired claim is in the way of the first try
            try:
                self._make(path)
                return True
            except FileExistsError:
                if not is_void(path):
                    return False
                path.unlink(missing_ok=True)
            except OSError:  # a folder that takes no claims is that of one run
                if path in self._held:  # empty, and in the way of the next run
                    self._remove(path)
                return True
        return False

    def release(self, name: str) -> None:
        """Gives a document free."""
        self._remove(self._folder / name)

    def _make(self, path: Path) -> None:
        self._folder.mkdir(exist_ok=True)
        own = psutil.Process()
        record = {"host": socket.gethostname(), "pid": own.pid, "started": own.create_time()}
        with path.open("x", encoding="ascii") as file:
            self._held.add(path)
            json.dump(record, file)

    def _remove(self, path: Path) -> None:
        self._held.discard(path)
        with contextlib.suppress(OSError):
            path.unlink()

    def _refresh(self) -> None:
        while not self._ended.wait(REFRESH):
            for path in list(self._held):
                with contextlib.suppress(OSError):
                    os.utime(path)


def is_void(path: Path) -> bool:
    """Whether nobody holds a claim any more."""
    try:
        age = time.time() - path.stat().st_mtime
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return age > EXPIRY or _is_of_the_dead(text, age)


def _is_of_the_dead(text: str, age: float) -> bool:
    try:
        record = json.loads(text)
        host, pid, started = record["host"], int(record["pid"]), float(record["started"])
    except (ValueError, KeyError, TypeError):
        return age > WRITTEN
    return host == socket.gethostname() and not _is_running(pid, started)


def _is_running(pid: int, started: float) -> bool:
    """Whether a process of this machine is there, and no later one of its number."""
    try:
        found = float(psutil.Process(pid).create_time())
    except psutil.Error:
        return False
    return abs(found - started) < SAME_START
