"""Which documents are read: what the arguments name, less what an earlier run has written."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path, PurePosixPath

from mdocr.batch.outputs import refuse_inputs
from mdocr.batch.remote import find_remote, is_remote
from mdocr.batch.results import DRAWING_NAME
from mdocr.errors import InputError
from mdocr.inputs.find import FailedInput, find_files, real_path
from mdocr.inputs.formats import PICTURE_SUFFIXES
from mdocr.parsing.crops import FILE_NAME

SUFFIXES = PICTURE_SUFFIXES | {".pdf"}
"""Endings of documents."""

LIST_SUFFIX = ".txt"
"""Ending of a list of documents."""


def find_documents(
    arguments: Sequence[str], output: str, drawings: Path | None = None
) -> list[str | FailedInput]:
    """The files that arguments name, without the pictures that an earlier run has written.

    Args:
        arguments: files, folders, patterns, addresses, lists of them; a file that is named itself
            is always read.
        output: as after ``-o``.
        drawings: folder of drawn layouts.

    Raises:
        InputError: nothing is left.
        UsageError: the output would be written over one of them.
    """
    arguments = list(listed(arguments))
    found = [
        item
        for item in _found(arguments)
        if item in arguments or not _is_product(item, output, drawings)
    ]
    if not found:
        raise InputError("there are only results of earlier runs to read", "Name the documents.")
    refuse_inputs(Path(output), found)
    return found


def _found(arguments: Sequence[str]) -> Iterator[str | FailedInput]:
    for elsewhere, group in groupby(arguments, key=is_remote):
        if elsewhere:
            for address in group:
                yield from find_remote(address, SUFFIXES)
        else:
            yield from find_files(group, SUFFIXES)


def listed(arguments: Sequence[str]) -> Iterator[str]:
    """The arguments, those of a list in its place: a file that ends in .txt, a path in each line.

    Raises:
        InputError: a list cannot be read.
    """
    for argument in arguments:
        path = Path(argument)
        if path.suffix.lower() == LIST_SUFFIX and path.is_file():
            yield from _lines(path)
        else:
            yield argument


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror}", "Name another list."
        ) from error
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or any("\0" in line for line in lines):
        raise InputError(
            f"{path} is no list of documents", "Write the path of a document in each line."
        )
    lines = [line.removesuffix("\r") for line in lines]
    if not any(_may_be_there(line) for line in lines):
        raise InputError(
            f"{path}, taken for a list of documents, names none: {lines[0][:80]!r} is not there",
            "Write the path of a document in each line, from the current folder on.",
        )
    return lines


def _may_be_there(name: str) -> bool:
    """Whether a name is of a file or folder, or ends like one, or is an address or a pattern."""
    if Path(name).suffix.lower() in SUFFIXES:
        return True
    try:
        return is_remote(name) or any(sign in name for sign in "*?[") or Path(name).exists()
    except OSError:  # longer than a name can be
        return False


def _is_product(item: str | FailedInput, output: str, drawings: Path | None) -> bool:
    if not isinstance(item, str):
        return False
    if is_remote(item):
        there = PurePosixPath(item)
        is_below = is_remote(output) and there.parents[1] == PurePosixPath(output)
        is_picture = FILE_NAME.fullmatch(there.name) is not None
        return is_below and is_picture and there.parent.name.endswith("_images")
    path = real_path(item)
    if drawings is not None and path.parent == real_path(drawings):
        return DRAWING_NAME.fullmatch(path.name) is not None
    if not output or not FILE_NAME.fullmatch(path.name):
        return False
    target, folder = real_path(output), path.parent
    is_beside_file = folder == target.parent / f"{target.stem}_images"
    return is_beside_file or (folder.parent == target and folder.name.endswith("_images"))
