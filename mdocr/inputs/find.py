"""Arguments to files: names, folders and patterns; what a folder holds besides is reported."""

import glob
import logging
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mdocr.errors import InputError, MdocrError, install_hint
from mdocr.inputs.formats import HEIC_SUFFIXES, PICTURE_SUFFIXES, has_heic
from mdocr.inputs.streams import STDIN, mode_of, url_error

FROM_HERE = "Check the name; a path that does not start with / starts at the current folder."
"""Hint."""

MOST_NAMED = 5
"""Skipped files that are named; the others are counted."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class FailedInput:
    """An input that could not be read."""

    path: str
    error: MdocrError


def find_files(
    arguments: Iterable[str], suffixes: frozenset[str] = PICTURE_SUFFIXES
) -> list[str | FailedInput]:
    """The files that the command line's arguments name.

    Args:
        arguments: files; folders, taken with all below them; glob patterns; ``-``.
        suffixes: lower-case endings of the files to take from a folder; hidden ones are left out.

    Returns:
        Paths in the order of the arguments, those of a folder or pattern in natural order (2 before
        10); a ``FailedInput`` where an argument names nothing.
    """
    return [found for argument in arguments for found in _expand(argument, suffixes)]


def _expand(argument: str, suffixes: frozenset[str]) -> Iterator[str | FailedInput]:
    if not argument:  # Path would take it for the folder that one is in
        yield FailedInput(argument, InputError("the name of a file is empty", FROM_HERE))
    elif argument == STDIN or mode_of(argument) is not None:
        yield from _taken(argument, suffixes)
    elif glob.has_magic(argument):
        matches = glob.glob(argument, recursive=True)  # noqa: PTH207, Path.glob refuses "/..."
        ordered = sorted(matches, key=natural_order)
        # "**" matches folders and what is in them.
        yield from dict.fromkeys(path for match in ordered for path in _taken(match, suffixes))
        if not matches:
            yield _nothing(argument, "nothing matches", FROM_HERE)
    else:
        problem = _nothing(argument, "no such file or folder:", FROM_HERE)
        yield FailedInput(argument, url_error(argument) or problem.error)


def _taken(path: str, suffixes: frozenset[str]) -> Iterator[str | FailedInput]:
    """A file, or all below a folder."""
    if path == STDIN or not Path(path).is_dir():
        yield path
        return
    visible = _in_folder(Path(path))
    below = [name for name in visible if _is_taken(name, suffixes)]
    _report_skipped(path, [name for name in visible if not _is_taken(name, suffixes)])
    yield from below
    if not below:
        taken = ", ".join(sorted(suffixes))
        yield _nothing(path, "no picture in the folder", f"Names taken end in: {taken}")


def _nothing(argument: str, problem: str, hint: str) -> FailedInput:
    return FailedInput(argument, InputError(f"{problem} {argument!r}", hint))


def _in_folder(folder: Path) -> list[str]:
    """All files below a folder, hidden ones left out, in natural order."""
    found = [
        str(path)
        for path in folder.rglob("*")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    return sorted(found, key=natural_order)


def _is_taken(name: str, suffixes: frozenset[str]) -> bool:
    ending = Path(name).suffix.lower()
    return ending in suffixes and (ending not in HEIC_SUFFIXES or has_heic())


def _report_skipped(folder: str, names: list[str]) -> None:
    """Says how many files of a folder are not read, and which; those in HEIC could be."""
    if not names:
        return
    shown = [str(Path(name).relative_to(folder)) for name in names[:MOST_NAMED]]
    rest = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    is_heic = any(Path(name).suffix.lower() in HEIC_SUFFIXES for name in names)
    hint = f"; HEIC needs an extra. {install_hint('heic')}" if is_heic else ""
    logger.warning(
        "%d files in %r are no pictures to be read and are skipped: %s%s%s",
        len(names),
        folder,
        ", ".join(shown),
        rest,
        hint,
    )


def natural_order(path: str) -> list[list[str | int]]:
    """Sort key that takes digits as numbers and folders one by one."""
    return [
        [
            int(run) if run.isascii() and run.isdigit() else run
            for run in re.split("([0-9]+)", part.casefold())
        ]
        for part in Path(path).parts
    ]
