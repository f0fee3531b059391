"""Stdout, or a file that is written whole; what is read is never written over."""

import contextlib
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from mdocr.batch.ownership import OwnFiles
from mdocr.errors import UsageError
from mdocr.files import remove_stale, written_whole

ERRORS = "backslashreplace"
"""A file name need not be text: what UTF-8 cannot hold becomes an escape, valid in JSON too."""


@contextlib.contextmanager
def open_output(path: Path | None, *, force: bool = False) -> Iterator[TextIO]:
    """Stdout, or a file that is written whole or not at all.

    Args:
        path: None or ``-`` is stdout; a pipe or a device is written as it stands.
        force: write over a file that mdocr has not written.

    Raises:
        UsageError: the file cannot be written, or must not be.
    """
    files = [path] if path is not None and is_file(path) else []
    own = OwnFiles()
    if not force:
        own.refuse_foreign(files)
    with contextlib.ExitStack() as stack:
        with _disk_errors(path):
            stream = _open(path, stack)
        yield stream
        with _disk_errors(path):
            stack.close()
    own.add(files)


def is_file(output: Path) -> bool:
    """Whether an output is a file, now or when it is written; not stdout, a pipe or a device."""
    return str(output) != "-" and (output.is_file() or not output.exists())


def refuse_inputs(output: Path | None, found: Iterable[object]) -> None:
    """Refuses to write over what is to be read.

    Args:
        output: the file to write; a folder, stdout or a device is no danger.
        found: paths; anything else is ignored.

    Raises:
        UsageError: the output is one of the inputs.
    """
    if output is None or not output.is_file():
        return
    for path in found:
        with contextlib.suppress(OSError):  # whoever reads it will say what is wrong
            if isinstance(path, str) and output.samefile(path):
                raise UsageError(
                    f"{str(output)!r} is an input, and would be written over",
                    "Give another file with: -o",
                )


@contextlib.contextmanager
def _disk_errors(path: Path | None) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader has seen enough
        raise
    except OSError as error:
        raise UsageError(
            f"cannot write {str(path)!r}: {error.strerror or error}",
            "Give a file in a folder that you may write to.",
        ) from error


def _open(path: Path | None, stack: contextlib.ExitStack) -> TextIO:
    if path is None or str(path) == "-":
        if sys.stdout is None:
            raise UsageError("standard output is closed", "Give a file with: -o")
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors=ERRORS)
        return sys.stdout
    remove_stale(path.parent)
    place = stack.enter_context(written_whole(path))
    return stack.enter_context(place.open("w", encoding="utf-8", errors=ERRORS, newline=""))
