"""Standard input and pipes, which can be read only once, from beginning to end."""

import logging
import os
import re
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from mdocr.errors import InputError

STDIN = "-"
"""The path of what comes on standard input."""

PATIENCE = 3.0
"""Seconds after which it is said what is waited for."""

MOST_BYTES = 2 << 30
"""Bytes that are taken from a stream: it may never end, and memory and disks do."""

_PIECE = 1 << 20

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/{1,2}[^/\\]")

logger = logging.getLogger(__name__)


def stream_content(path: str | os.PathLike[str]) -> bytes | None:
    """All that comes on standard input or through a named pipe, read until it ends.

    Returns:
        The bytes; None for anything that can be opened like a file, or is not there.

    Raises:
        InputError: nothing came, or more than ``MOST_BYTES``; or ``path`` is a device or a socket,
            which may never end, or the address of something on the web.
    """
    stream = _stream(os.fspath(path))
    return None if stream is None else b"".join(_pieces(*stream))


def save_stream(path: str | os.PathLike[str], copy: Path) -> None:
    """Writes all that comes on standard input or through a named pipe to a file.

    Raises:
        InputError: see ``stream_content``; or the disk has no room for it.
    """
    stream = _stream(os.fspath(path))
    if stream is None:
        raise InputError(f"{str(path)!r} is no pipe any more", "Run the same command again.")
    try:
        with copy.open("wb") as file:
            file.writelines(_pieces(*stream))
    except OSError as error:
        raise InputError(
            f"{stream[0]} cannot be read: {error.strerror or error}",
            f"It is kept in {str(copy.parent)!r} meanwhile; TMPDIR names another folder.",
        ) from error


def _stream(name: str) -> tuple[str, Callable[[], AbstractContextManager[BinaryIO]]] | None:
    """A name for messages, and what opens it; None for no stream.

    Raises:
        InputError: it is none that is read.
    """
    if name == STDIN:
        if sys.stdin is None:
            raise InputError("standard input is closed", "Pipe a picture or a PDF to it.")
        return "standard input", lambda: nullcontext(sys.stdin.buffer)
    kind = mode_of(name)
    if kind is None and (error := url_error(name)):
        raise error
    if kind is None or stat.S_ISREG(kind) or stat.S_ISDIR(kind):
        return None
    if stat.S_ISFIFO(kind):
        return f"the pipe {name!r}", lambda: Path(name).open("rb")
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


def _pieces(name: str, opened: Callable[[], AbstractContextManager[BinaryIO]]) -> Iterator[bytes]:
    count = 0
    with _patience(name), opened() as stream:
        while piece := stream.read(_PIECE):
            count += len(piece)
            if count > MOST_BYTES:
                raise InputError(
                    f"more than {MOST_BYTES:,} bytes came on {name}",
                    "Save it to a file, and name that.",
                )
            yield piece
    if not count:
        raise InputError(f"nothing came on {name}", "Pipe a picture or a PDF to it.")


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
