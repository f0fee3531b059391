"""Which files mdocr has written, so that it writes over no others.

A hidden file in each folder has a line for each: its name, as JSON.
"""

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from mdocr.batch.json_lines import append, read
from mdocr.errors import UsageError
from mdocr.inputs.find import real_path

RECORD = ".mdocr.jsonl"
"""The hidden file."""

NAMED = 3
"""Files that an error names; of more, the number is given."""


class OwnFiles:
    """The files that mdocr has written, by folder; each record is read once."""

    def __init__(self) -> None:
        self._names: dict[Path, set[str]] = {}

    def refuse_foreign(self, paths: Iterable[Path]) -> None:
        """Refuses to write over files that mdocr has not written.

        Raises:
            UsageError: one of the files is there, and has no record in its folder.
        """
        refuse([path for path in paths if path.is_file() and not self._has(real_path(path))])

    def add(self, paths: Iterable[Path]) -> None:
        """Records files as written; a folder that takes no record is left as it is."""
        for path in map(real_path, paths):
            if not path.is_file() or self._has(path):
                continue
            self._names[path.parent].add(path.name)
            with contextlib.suppress(OSError):
                append(path.parent / RECORD, [path.name])

    def _has(self, path: Path) -> bool:
        folder = path.parent
        if folder not in self._names:
            self._names[folder] = _names(folder / RECORD)
        return path.name in self._names[folder]


def refuse(foreign: Sequence[Path | str]) -> None:
    """Refuses to write over these files, if there are any.

    Raises:
        UsageError: there are.
    """
    if not foreign:
        return
    names = ", ".join(repr(str(path)) for path in foreign[:NAMED])
    more = f" and {len(foreign) - NAMED} more" if len(foreign) > NAMED else ""
    raise UsageError(
        f"{names}{more} would be written over, but mdocr did not write it",
        "Give another place with -o, or write over it with: --force",
    )


def _names(record: Path) -> set[str]:
    try:
        return {name for name in read(record) if isinstance(name, str)}
    except OSError:
        return set()
