"""Files and folders written whole or not at all.

They are made under a temporary name beside their place and renamed when they are complete, so that
nobody who reads them ever sees half of one, and a failure leaves what stood there. A temporary file
is locked while it is written: one that is not was left by a process that died, and can be removed.
"""

import contextlib
import errno
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator
from pathlib import Path

from mdocr.errors import UsageError

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None  # type: ignore[assignment]

NAME_KEPT = 40
"""Characters of a name that its temporary name shows; the whole could be too long for the disk."""

TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.part", re.DOTALL)
"""Temporary names."""


@contextlib.contextmanager
def written_whole(path: Path, *, alone: bool = False) -> Iterator[Path]:
    """Gives an empty temporary file beside ``path``; at the end it replaces ``path``.

    Missing folders are made. A link is followed: the file that it leads to is replaced, and its
    permissions stay. A pipe or a device is given as it stands.

    Args:
        path: the file to write.
        alone: no other process writes this file, so that the temporary name can be the same each
            time, and what a killed process left is written over.

    Raises:
        OSError: ``path`` is a folder or read-only, or the disk refuses.
    """
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if path.exists() and not path.is_file():
        yield path
        return
    path = Path(os.path.realpath(path))
    mode = _mode(path)
    temporary = path.with_name(f".{path.name}.part") if alone else _beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        mode = mode or temporary.stat().st_mode
        with _locked(temporary):
            yield temporary
            temporary.chmod(mode)  # safetensors leaves a file that only its owner may read
            temporary.replace(path)
    except OSError as error:
        if is_full(error) and error.filename is None:  # writing to an open file names none
            error.filename = str(path)
        raise
    finally:
        with contextlib.suppress(OSError):  # must not hide why it is not there
            temporary.unlink()


@contextlib.contextmanager
def written_folder(path: Path) -> Iterator[Path]:
    """Gives an empty temporary folder beside ``path``; at the end it takes that name.

    Raises:
        OSError: ``path`` is there and not an empty folder, or the disk refuses.
    """
    temporary = _beside(path)
    try:
        temporary.mkdir(parents=True)
        with _locked(temporary):
            yield temporary
            temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_stale(folder: Path) -> None:
    """Removes the temporary files and folders that processes left which died while they wrote."""
    if fcntl is None or not folder.is_dir():
        return
    for path in folder.iterdir():
        if not TEMPORARY.fullmatch(path.name):
            continue
        with contextlib.suppress(OSError), _locked(path, by_force=False):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def make_folder(folder: Path) -> None:
    """Makes a folder where it is missing, and sees whether it can be written to.

    Raises:
        UsageError: it cannot.
    """
    with _told(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _probe(folder)


def check_folder(folder: Path) -> None:
    """Sees whether a folder can be written to, or made where it is missing; leaves nothing.

    Raises:
        UsageError: it cannot.
    """
    with _told(folder):
        _probe(next(place for place in (folder, *folder.parents) if place.exists()))


def is_full(error: BaseException | None) -> bool:
    """Whether there is no more room on the disk, for anything."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def write_text(path: Path, text: str) -> None:
    """Writes a text file in UTF-8, whole or not at all.

    Raises:
        OSError: ``path`` is a folder, or the disk refuses.
    """
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _mode(path: Path) -> int:
    """Permissions of a file; 0 where there is none.

    Raises:
        PermissionError: it is read-only.
    """
    if not path.exists():
        return 0
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def _locked(path: Path, *, by_force: bool = True) -> Iterator[None]:
    """Holds a lock on a file or folder, so that ``remove_stale`` leaves it alone.

    Args:
        path: the file or folder.
        by_force: go on without a lock where the disk has none.

    Raises:
        OSError: another process holds it.
    """
    if fcntl is None:
        yield
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        with contextlib.suppress(*[OSError] * by_force):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:NAME_KEPT]}.{uuid.uuid4().hex[:8]}.part")


def _probe(folder: Path) -> None:
    probe = folder / f".{uuid.uuid4().hex}.tmp"
    probe.touch()
    probe.unlink()


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"cannot write to the folder {str(folder)!r}: {error.strerror or error}",
            "Give a folder that you may write to.",
        ) from error
