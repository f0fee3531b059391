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
                return True
        return False

    def release(self, name: str) -> None:
        """Gives a document free."""
        self._remove(self._folder / name)

    def _make(self, path: Path) -> None:
        self._folder.mkdir(exist_ok=True)
        record = {"host": socket.gethostname(), "pid": os.getpid(), "time": time.time()}
        with path.open("x", encoding="ascii") as file:
            json.dump(record, file)
        self._held.add(path)

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
        if time.time() - path.stat().st_mtime > EXPIRY:
            return True
        record = json.loads(path.read_text(encoding="ascii"))
        is_here = record["host"] == socket.gethostname()
        return is_here and not psutil.pid_exists(int(record["pid"]))
    except FileNotFoundError:
        return True
    except (OSError, ValueError, KeyError, TypeError):
        return False  # it is just being written, or will expire
