"""Lines of JSON in a file that grows: several runs may add to it, and each may be killed."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any


def as_lines(records: Iterable[Any]) -> str:
    """A line of ASCII for each record, since a path in it need not be text."""
    return "".join(f"{json.dumps(record)}\n" for record in records)


def append(path: Path, records: Iterable[Any]) -> None:
    """Adds records to a file; begins a line of its own after one that was cut short.

    Raises:
        OSError: the disk refuses.
    """
    text = as_lines(records)
    with path.open("ab+") as file:
        if file.tell():
            file.seek(-1, 2)
            text = text if file.read(1) == b"\n" else f"\n{text}"
        file.write(text.encode("ascii"))


def read(path: Path) -> Iterator[Any]:
    """The records of a file; damaged lines are left out.

    Raises:
        OSError: it is not there, or cannot be read.
    """
    with path.open(encoding="ascii", errors="replace") as file:
        for line in file:
            try:
                yield json.loads(line)
            except (ValueError, RecursionError):
                continue
