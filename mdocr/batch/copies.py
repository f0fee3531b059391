"""Copies of documents that lie in no file of this machine, kept while they are read.

Such are those at addresses, and what comes through a pipe: whoever reads pages needs a file, which
several processes can open, and more than once.
"""

from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from mdocr.batch.remote import fetch, is_remote
from mdocr.errors import MdocrError, UsageError
from mdocr.inputs.streams import STDIN, is_stream, save_stream
from mdocr.parsing.events import Event, Made, Opened
from mdocr.parsing.page_work import ReadPage


class Copies:
    """A folder for copies, gone at the end; a context manager."""

    def __init__(self) -> None:
        self._open = ExitStack()

    def __enter__(self) -> "Copies":
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    @cached_property
    def _folder(self) -> Path:
        """Made for the first of them; most runs need none.

        Raises:
            UsageError: it cannot be made.
        """
        try:
            return Path(self._open.enter_context(TemporaryDirectory(prefix="mdocr-copies-")))
        except OSError as error:
            raise UsageError(
                f"there is no folder for temporary files: {error.strerror or error}",
                "Name one that you may write to: TMPDIR=DIR mdocr ...",
            ) from error

    def place(self, path: str, number: int) -> Path | None:
        """Where the copy of a document is to lie; None for one that lies in a file.

        Raises:
            UsageError: there is no place for copies.
        """
        if not is_remote(path) and not is_stream(path):
            return None
        name = "stdin" if path == STDIN else PurePosixPath(path.partition("?")[0]).name
        return self._folder / f"{number}-{name[-100:]}"


def make_copy(path: str, copy: Path) -> None:
    """Copies a document.

    Raises:
        MdocrError: it cannot be had.
    """
    try:
        fetch(path, copy) if is_remote(path) else save_stream(path, copy)
    except MdocrError:
        copy.unlink(missing_ok=True)
        raise


def renamed(event: Event, copy: Path, path: str) -> Event:
    """What is reported of a copy, as of the document that it is a copy of."""
    if isinstance(event, Opened):
        return replace(event, source=replace(event.source, path=path))
    if isinstance(event, ReadPage):
        failures = tuple(
            replace(failure, message=failure.message.replace(str(copy), path))
            for failure in event.failures
        )
        if event.error:
            event.error.message = event.error.message.replace(str(copy), path)
        return replace(event, failures=failures)
    if isinstance(event, Made) and isinstance(event.outcome, MdocrError):
        event.outcome.message = event.outcome.message.replace(str(copy), path)
    return event
