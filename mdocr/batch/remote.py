"""Documents at addresses, such as ``s3://`` and ``https://``: found, and fetched in their turn.

What opens them is the package fsspec, with the package of each protocol.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from mdocr.errors import InputError, MdocrError, MissingExtraError, install_hint
from mdocr.inputs.find import FailedInput, natural_order
from mdocr.inputs.streams import is_url, mode_of
from mdocr.parsing.events import Event, Made, Opened
from mdocr.parsing.page_work import ReadPage


def is_remote(name: str) -> bool:
    """Whether a name is an address, and no file."""
    return is_url(name) and mode_of(name) is None


def find_remote(address: str, suffixes: frozenset[str]) -> Iterator[str | FailedInput]:
    """The addresses of the documents that one address names.

    Args:
        address: of a document, of a folder with all below it, or a pattern.
        suffixes: lower-case endings of the documents to take from a folder.
    """
    is_pattern = any(sign in address.partition("?")[0] for sign in "*[")
    if not is_pattern and _suffix(address) in suffixes:
        yield address  # nothing is asked until its turn comes
        return
    try:
        system, path = file_system(address)
        names = system.glob(path) if is_pattern else system.find(path)
    except Exception as error:
        yield FailedInput(address, _known(address, error))
        return
    found = [system.unstrip_protocol(name) for name in names if _suffix(name) in suffixes]
    yield from sorted(found, key=natural_order)
    if not found:
        taken = ", ".join(sorted(suffixes))
        problem = InputError(f"no documents at {address!r}", f"Names taken end in: {taken}")
        yield FailedInput(address, problem)


def file_system(address: str, purpose: str = "to read") -> tuple[Any, str]:
    """What opens an address, and the path in it.

    Raises:
        MissingExtraError: the package is missing.
        Exception: of the file system, each of which has its own.
    """
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise MissingExtraError("fsspec", "remote", f"{purpose} {address}") from error
    system, path = url_to_fs(address)
    return system, path


class Fetched:
    """Copies of remote documents, kept while they are read; a context manager."""

    def __init__(self) -> None:
        self._copies = ExitStack()

    def __enter__(self) -> "Fetched":
        return self

    def __exit__(self, *exception: object) -> None:
        self._copies.close()

    @cached_property
    def _folder(self) -> Path:
        """Made for the first of them; most runs fetch nothing."""
        made = TemporaryDirectory(prefix="mdocr-fetched-")
        return Path(self._copies.enter_context(made))

    def fetch(self, address: str, number: int) -> Path:
        """Copies a document.

        Raises:
            MdocrError: it cannot be had.
        """
        name = PurePosixPath(address.partition("?")[0]).name
        copy = self._folder / f"{number}-{name[-100:]}"
        try:
            system, path = file_system(address)
            system.get_file(path, str(copy))
        except Exception as error:
            copy.unlink(missing_ok=True)
            raise _known(address, error) from error
        return copy


def renamed(event: Event, copy: Path, address: str) -> Event:
    """What is reported of a copy, as of the document that it is a copy of."""
    if isinstance(event, Opened):
        return replace(event, source=replace(event.source, path=address))
    if isinstance(event, ReadPage):
        failures = tuple(
            replace(failure, message=failure.message.replace(str(copy), address))
            for failure in event.failures
        )
        if event.error:
            event.error.message = event.error.message.replace(str(copy), address)
        return replace(event, failures=failures)
    if isinstance(event, Made) and isinstance(event.outcome, MdocrError):
        event.outcome.message = event.outcome.message.replace(str(copy), address)
    return event


def _suffix(address: str) -> str:
    return PurePosixPath(address.partition("?")[0]).suffix.lower()


def _known(address: str, error: Exception) -> MdocrError:
    """Each file system has errors of its own."""
    if isinstance(error, MdocrError):
        return error
    if isinstance(error, ImportError):
        return InputError(
            f"{address} cannot be read: {error}",
            f"{install_hint('remote')}; other protocols have packages of their own.",
        )
    reason = "there is no such file" if isinstance(error, FileNotFoundError) else error
    return InputError(
        f"{address} cannot be read: {reason}", "Check the address, and your access to it."
    )
