"""Downloads one file: resumed, verified, and bounded in time and size.

The bytes are streamed here, over the HTTP client of the hub library: its own downloader checks the
size but never the content, starts over instead of resuming when the file comes through its chunk
store, and gives up when a connection is reset in mid-body.

Knows nothing of models and repositories. The hub library is imported when it is needed: that takes
longer than reading a word.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

from mdocr.errors import WeightsError
from mdocr.weights.urls import without_credentials

logger = logging.getLogger(__name__)

RETRIES = 4
"""Attempts in a row without a single byte before a transfer is given up."""

BACKOFF_SECONDS = 1.0
"""Wait before the first repeated attempt; doubled before each further one."""

TIMEOUT_SECONDS = 30.0

LEAST_BYTES, LEAST_SECONDS = 64 << 10, 120.0
"""A transfer that brings less in this time is given up; else it could go on for ever."""

Advance = Callable[[int], None]
ShowTransfer = Callable[[str, int, int], AbstractContextManager[Advance]]


@contextlib.contextmanager
def _show_nothing(label: str, done: int, total: int) -> Iterator[Advance]:
    yield lambda count: None


show_transfer: ContextVar[ShowTransfer] = ContextVar("show_transfer", default=_show_nothing)
"""Shows the progress of a transfer: called with a label, the bytes already there and all bytes, it
returns a context in which it is called with the bytes of every chunk. The command line sets it; the
library shows nothing."""


class UnreachableError(WeightsError):
    """The server cannot be reached; the hint depends on the model."""


class MissingError(WeightsError):
    """The server has no such file."""


@dataclass(frozen=True)
class RemoteFile:
    """What the server says of a file.

    Attributes:
        url: where to download it.
        label: its name in messages.
        size: in bytes.
        etag: sha256 of the content, or its git object id; anything else cannot be checked.
        revision: commit of the repository; empty outside the hub.
    """

    url: str
    label: str
    size: int
    etag: str
    revision: str = ""


def fetch(remote: RemoteFile, target: Path) -> None:
    """Downloads a file to ``target``, resuming what an earlier attempt left.

    The file takes its name only when it is complete and its content is verified.

    Raises:
        UnreachableError: the connection was lost, or is too slow.
        WeightsError: refused, no room on the disk, or other bytes than promised (then removed).
    """
    require_online(remote.url)
    tag = hashlib.sha256(remote.etag.encode()).hexdigest()[:12]
    partial = target.with_name(f"{target.name}.{tag}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _require_room(remote, partial)
        _transfer(remote, partial)
        _verify(remote, partial)
        partial.replace(target)
    except OSError as error:
        raise WeightsError(
            f"cannot write {target}: {error.strerror or error}",
            "Make room, or set MDOCR_CACHE to a writable folder.",
        ) from error
    for stale in target.parent.glob(f"{target.name}.*.part"):
        stale.unlink(missing_ok=True)


def require_online(url: str) -> None:
    """Raises UnreachableError where ``HF_HUB_OFFLINE`` forbids the network."""
    from huggingface_hub import constants

    asked = os.environ.get("HF_HUB_OFFLINE", "").strip().upper() in ("1", "ON", "YES", "TRUE")
    if asked or constants.HF_HUB_OFFLINE:
        raise UnreachableError(
            f"offline (HF_HUB_OFFLINE is set), so {without_credentials(url)} cannot be reached"
        )


class _Pace:
    """Gives up a transfer that hardly moves, over all its attempts."""

    def __init__(self, remote: RemoteFile, done: int) -> None:
        self._url = remote.url
        self.begin(done)

    def begin(self, done: int) -> None:
        """Counts from here."""
        self._since, self._from = time.monotonic(), done

    def check(self, done: int) -> None:
        """Takes the number of bytes that are there.

        Raises:
            UnreachableError: it has grown too little in ``LEAST_SECONDS``.
        """
        now = time.monotonic()
        if done - self._from >= LEAST_BYTES:
            self.begin(done)
        elif now - self._since > LEAST_SECONDS:
            raise UnreachableError(
                f"the download of {without_credentials(self._url)} hardly moves: "
                f"{done - self._from} bytes in {now - self._since:.0f} s"
            )


def _transfer(remote: RemoteFile, partial: Path) -> None:
    done = _size(partial)
    if done > remote.size:
        done = 0
        partial.unlink()
    partial.touch()
    failures, pace = 0, _Pace(remote, done)
    with show_transfer.get()(remote.label, done, remote.size) as advance:
        while (done := _size(partial)) < remote.size:
            try:
                _receive(remote, partial, advance, pace)
            except transport_errors() as error:
                failures = 0 if _size(partial) > done else failures + 1
                wait_or_give_up(failures, remote.url, error)


def _receive(remote: RemoteFile, partial: Path, advance: Advance, pace: _Pace) -> None:
    """One request; appends what arrives, from where the partial file ends."""
    import huggingface_hub

    done = _size(partial)
    headers = {"Accept-Encoding": "identity", "Range": f"bytes={done}-"}
    token = huggingface_hub.get_token() if remote.revision else None
    if token:
        headers["Authorization"] = f"Bearer {token}"  # not passed on to another host
    session: Any = huggingface_hub.get_session()
    with session.stream(
        "GET", remote.url, headers=headers, follow_redirects=True, timeout=TIMEOUT_SECONDS
    ) as response:
        _require_content(response, remote)
        if response.status_code == HTTPStatus.OK and done:  # the server cannot resume
            advance(-done)
            done = 0
            pace.begin(done)
        with partial.open("ab" if done else "wb") as file:
            for chunk in response.iter_raw():  # a chunk size would hold bytes back
                part = chunk[: remote.size - done]
                file.write(part)
                done += len(part)
                advance(len(part))
                if done == remote.size:  # whatever else the server sends
                    break
                pace.check(done)
    if done < remote.size:
        raise _TemporaryError("the connection was closed early")


class _TemporaryError(Exception):
    """The server may answer later."""


def _require_content(response: Any, remote: RemoteFile) -> None:
    status = response.status_code
    if status in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise WeightsError(
                f"{remote.label} arrives compressed, though that was declined",
                "A proxy or mirror changes the file: set HF_ENDPOINT to another server.",
            )
        return
    if is_temporary(status):
        raise _TemporaryError(f"the server answers {status}")
    refuse(status, remote.label, str(response.request.url.copy_with(path="/", query=None)))


def is_temporary(status: int) -> bool:
    """Whether a server that answers so may answer otherwise later."""
    return status >= 500 or status in (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.REQUEST_TIMEOUT)


def wait_or_give_up(failures: int, url: str, error: Exception) -> None:
    """Waits before the next attempt.

    Raises:
        UnreachableError: there were too many failures in a row.
    """
    if failures > RETRIES:
        raise UnreachableError(
            f"cannot download {without_credentials(url)}: {reason_of(error)}"
        ) from error
    logger.info("connection lost (%s); trying again", reason_of(error))
    time.sleep(BACKOFF_SECONDS * 2 ** max(0, failures - 1))


def transport_errors() -> tuple[type[Exception], ...]:
    """What a broken connection raises: the hub library uses httpx, from release 2 on httpx2."""
    modules = (import_module(name) for name in ("httpx2", "httpx") if find_spec(name))
    return (*(module.RequestError for module in modules), _TemporaryError)


def reason_of(error: Exception) -> str:
    """The first line of an error, without credentials."""
    lines = str(error).strip().splitlines()
    return without_credentials(lines[0]) if lines else type(error).__name__


def refuse(status: int, label: str, server: str) -> NoReturn:
    """Raises the error of an HTTP status that is not temporary.

    Raises:
        MissingError: there is no such file.
        WeightsError: anything else.
    """
    server = without_credentials(server)
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise WeightsError(
            f"{server} refuses access to {label} ({status})",
            "Set HF_TOKEN to an access token that may read it.",
        )
    if status == HTTPStatus.NOT_FOUND:
        raise MissingError(
            f"{server} has no file {label} ({status})",
            "Is HF_ENDPOINT right? A newer version of mdocr may know where the file went.",
        )
    raise WeightsError(
        f"{server} does not give {label}: it answers {status}",
        "Try again later, or set HF_ENDPOINT to another server.",
    )


def _require_room(remote: RemoteFile, partial: Path) -> None:
    needed = remote.size - _size(partial)
    free = shutil.disk_usage(partial.parent).free
    if needed > free:
        raise WeightsError(
            f"{remote.label} needs {needed / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free "
            f"in {partial.parent}",
            "Make room, or set MDOCR_CACHE to a folder on another disk.",
        )


def _verify(remote: RemoteFile, partial: Path) -> None:
    if re.fullmatch(r"[0-9a-f]{64}", remote.etag):
        digest = hashlib.sha256()
    elif re.fullmatch(r"[0-9a-f]{40}", remote.etag):  # the git object id of a small file
        digest = hashlib.sha1(b"blob %d\0" % remote.size, usedforsecurity=False)
    else:
        logger.warning("%s has no checksum; only its size was checked", remote.label)
        return
    with partial.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    if digest.hexdigest() != remote.etag:
        partial.unlink()
        raise WeightsError(
            f"{remote.label} arrived damaged: its {digest.name} is {digest.hexdigest()}, "
            f"not {remote.etag}; it was removed",
            "Run the command again. If it happens again, a proxy or mirror changes the file.",
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
