"""Documents at addresses, such as ``s3://`` and ``https://``: found, and fetched in their turn.

What opens them is the package fsspec, with the package of each protocol.
"""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from mdocr.errors import InputError, MdocrError, MissingExtraError, install_hint
from mdocr.inputs.find import FailedInput, natural_order
from mdocr.inputs.streams import is_url, mode_of


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


def fetch(address: str, copy: Path) -> None:
    """Copies a document to a file.

    Raises:
        MdocrError: it cannot be had.
    """
    try:
        system, path = file_system(address)
        system.get_file(path, str(copy))
    except Exception as error:
        raise _known(address, error) from error


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
