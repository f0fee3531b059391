"""Files and pictures in: what the arguments name, and each picture as upright 8-bit RGB.

Knows nothing of models; documents of several pages are opened by ``mdocr.inputs.pages``.
"""

import glob
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mdocr.errors import InputError
from mdocr.inputs.pages import FROM_HERE
from mdocr.inputs.streams import (
    STDIN,
    mode_of,
)

_KINDS = "png jpg jpeg bmp gif tif tiff webp avif jp2 ppm pgm pbm"
PICTURE_SUFFIXES = frozenset(f".{kind}" for kind in _KINDS.split())


@dataclass(frozen=True)
class FailedInput:
    """An input that could not be read."""

    path: str
    error: InputError


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
        yield _nothing(argument, "no such file or folder:", FROM_HERE)


def _taken(path: str, suffixes: frozenset[str]) -> Iterator[str | FailedInput]:
    """A file, or all below a folder."""
    if path == STDIN or not Path(path).is_dir():
        yield path
        return
    below = _in_folder(Path(path), suffixes)
    yield from below
    if not below:
        taken = ", ".join(sorted(suffixes))
        yield _nothing(path, "no picture in the folder", f"Names taken end in: {taken}")


def _nothing(argument: str, problem: str, hint: str) -> FailedInput:
    return FailedInput(argument, InputError(f"{problem} {argument!r}", hint))


def _in_folder(folder: Path, suffixes: frozenset[str]) -> list[str]:
    found = [
        str(path)
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
    ]
    return sorted(found, key=natural_order)


def natural_order(path: str) -> list[list[str | int]]:
    """Sort key that takes digits as numbers and folders one by one."""
    return [
        [
            int(run) if run.isascii() and run.isdigit() else run
            for run in re.split("([0-9]+)", part.casefold())
        ]
        for part in Path(path).parts
    ]
