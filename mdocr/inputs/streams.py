"""Standard input and pipes, which can be read only once, from beginning to end."""

import logging
import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mdocr.errors import InputError

STDIN = "-"
"""The path of what comes on standard input."""

PATIENCE = 3.0
"""Seconds after which it is said what is waited for."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/{1,2}[^/\\]")

logger = logging.getLogger(__name__)


def stream_content(path: str | os.PathLike[str]) -> bytes | None:
    """All that comes on standard input or through a named pipe, read until it ends.

    Returns:
        The bytes; None for anything that can be opened like a file, or is not there.

    Raises:
        InputError: nothing came, or ``path`` is a device or a socket, which may never end, or the
            address of something on the web.
    """
    name = os.fspath(path)
    if name == STDIN:
        if sys.stdin is None:
            raise InputError("standard input is closed", "Pipe a picture or a PDF to it.")
        return _read("standard input", sys.stdin.buffer.read)
    kind = mode_of(name)
    if kind is None and (error := url_error(name)):
        raise error
    if kind is None or stat.S_ISREG(kind) or stat.S_ISDIR(kind):
        return None
    if stat.S_ISFIFO(kind):
        return _read(f"the pipe {name!r}", Path(name).read_bytes)
    raise InputError(
        f"{name!r} is a device or a socket, not a file",
        f"Name a picture or a PDF, or write {STDIN} and pipe one to standard input.",
    )


def is_url(name: str) -> bool:
    """Whether a name is the address of something on the web, or in a store."""
    return _URL.match(name) is not None


def url_error(name: str) -> InputError | None:
    """Why the address of something on the web is not read; None for anything else."""
    if not is_url(name):
        return None
    return InputError(
        f"{name!r} is a URL, and only files are read",
        f"Fetch it first, such as with: curl -sL URL | mdocr parse {STDIN}",
    )


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether it is standard input or a named pipe, which may keep who reads it waiting."""
    kind = mode_of(os.fspath(path))
    return os.fspath(path) == STDIN or (kind is not None and stat.S_ISFIFO(kind))


def mode_of(name: str) -> int | None:
    """``st_mode`` of a file, or of what a link leads to; None if that cannot be had."""
    try:
        return Path(name).stat().st_mode
    except (OSError, ValueError):  # whoever opens it will say what is wrong
        return None


def _read(name: str, read: Callable[[], bytes]) -> bytes:
    with _patience(name):
        content = read()
    if not content:
        raise InputError(f"nothing came on {name}", "Pipe a picture or a PDF to it.")
    return content


@contextmanager
def _patience(name: str) -> Iterator[None]:
    """Says what is waited for when it takes long: the other end may never be opened."""
    timer = threading.Timer(PATIENCE, logger.warning, ("waiting for %s to end", name))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
