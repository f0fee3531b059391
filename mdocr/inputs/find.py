"""Arguments to files: names, folders and patterns; what a folder holds besides is reported."""

import glob
import logging
import os
import re
import stat
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
        matches = _matches(argument)
        ordered = sorted(matches, key=natural_order)
        # "**" matches folders and what is in them.
        yield from dict.fromkeys(path for match in ordered for path in _taken(match, suffixes))
        if not matches:
            yield _nothing(argument, "nothing matches", FROM_HERE)
    else:
        problem = _nothing(argument, "no such file or folder:", FROM_HERE)
        yield FailedInput(argument, url_error(argument) or problem.error)


def _matches(pattern: str) -> list[str]:
    """Files and folders of a pattern; ``**`` follows no links, which may lead in circles."""
    parts = Path(pattern).parts
    if "**" not in parts:
        return glob.glob(pattern)  # noqa: PTH207, Path.glob refuses "/..."
    fixed = next(place for place, part in enumerate(parts) if glob.has_magic(part))
    start, rest = Path(*parts[:fixed]), Path(*parts[fixed:])
    asks_for_hidden = any(part.startswith(".") for part in rest.parts)
    return [
        str(path)
        for path in start.glob(str(rest))
        if asks_for_hidden or not _is_hidden(path.relative_to(start))
    ]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _taken(path: str, suffixes: frozenset[str]) -> Iterator[str | FailedInput]:
    """A file, or all below a folder."""
    if path == STDIN or not Path(path).is_dir():
        yield path
        return
    names, closed, links = _in_folder(path)
    below = [name for name in names if _is_taken(name, suffixes)]
    _report_skipped(path, [name for name in names if not _is_taken(name, suffixes)])
    _report_links(path, links)
    yield from below
    yield from closed
    if not below and not closed:
        taken = ", ".join(sorted(suffixes))
        yield _nothing(path, "no picture in the folder", f"Names taken end in: {taken}")


def _nothing(argument: str, problem: str, hint: str) -> FailedInput:
    return FailedInput(argument, InputError(f"{problem} {argument!r}", hint))


def _in_folder(folder: str) -> tuple[list[str], list[FailedInput], list[str]]:
    """What is below a folder, hidden names left out, in natural order.

    Returns:
        The files, links that lead nowhere among them; the folders that may not be listed; the links
        to folders, which are not followed, since they may lead in circles.
    """
    files: list[str] = []
    closed: list[FailedInput] = []
    links: list[str] = []
    for parent, folders, names in os.walk(folder, onerror=lambda e: closed.append(_closed(e))):
        folders[:] = [name for name in folders if not name.startswith(".")]
        links += [str(path) for name in folders if (path := Path(parent, name)).is_symlink()]
        files += [str(Path(parent, name)) for name in names if not name.startswith(".")]
    return sorted(files, key=natural_order), closed, sorted(links, key=natural_order)


def _closed(error: OSError) -> FailedInput:
    problem = f"the folder {error.filename!r} cannot be listed: {error.strerror}"
    return FailedInput(str(error.filename), InputError(problem, "Ask for the right to read it."))


def _is_taken(name: str, suffixes: frozenset[str]) -> bool:
    """Whether a name in a folder is one of a document; what cannot be opened is found out later."""
    ending, mode = Path(name).suffix.lower(), mode_of(name)
    is_known = ending in suffixes and (ending not in HEIC_SUFFIXES or has_heic())
    return is_known and (mode is None or stat.S_ISREG(mode))


def _report_skipped(folder: str, names: list[str]) -> None:
    """Says how many files of a folder are not read, and which; those in HEIC could be."""
    if not names:
        return
    is_heic = any(Path(name).suffix.lower() in HEIC_SUFFIXES for name in names)
    hint = f"; HEIC needs an extra. {install_hint('heic')}" if is_heic else ""
    logger.warning(
        "%d files in %r are no pictures to be read and are skipped: %s%s%s",
        len(names),
        folder,
        *_named(folder, names),
        hint,
    )


def _report_links(folder: str, links: list[str]) -> None:
    """Says which folders are not looked into."""
    if links:
        logger.warning(
            "%d links to folders in %r are not followed; name those that are to be read: %s%s",
            len(links),
            folder,
            *_named(folder, links),
        )


def _named(folder: str, names: list[str]) -> tuple[str, str]:
    """The first of some names below a folder, and how many more there are."""
    shown = [str(Path(name).relative_to(folder)) for name in names[:MOST_NAMED]]
    more = len(names) - MOST_NAMED
    return ", ".join(shown), f" and {more} more" if more > 0 else ""


def real_path(path: str | Path) -> Path:
    """The file that a path leads to; ``Path.resolve`` fails where links lead in a circle."""
    return Path(os.path.realpath(path))


def natural_order(path: str) -> list[list[str | int]]:
    """Sort key that takes digits as numbers and folders one by one."""
    return [
        [
            int(run) if run.isascii() and run.isdigit() else run
            for run in re.split("([0-9]+)", part.casefold())
        ]
        for part in Path(path).parts
    ]
