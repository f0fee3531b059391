"""The manifest of a folder of results: a line of JSON for each document, and what became of it.

Lines are appended as documents end, so that several runs may write to it; of two lines of one
document the later counts, and the last run to end leaves one for each.
"""

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from mdocr.document.model import Page
from mdocr.files import is_full, write_text
from mdocr.parsing.events import ReadDocument

NAME = "mdocr.jsonl"
LOCK = ".mdocr.lock"

DONE, PARTIAL, FAILED = "done", "partial", "failed"
"""States: all was read; some pages or regions were not; nothing was, or the file has changed."""

logger = logging.getLogger(__name__)


class Manifest:
    """What became of the documents of a folder.

    Args:
        folder: of the results.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self._lock = FileLock(folder / LOCK)
        self._known = _records(self.path)
        self._refused = False

    def state(self, path: str) -> str | None:
        """The state of a document after earlier runs; None if they have not met it."""
        record = self._known.get(path)
        return None if record is None else record.get("state")

    def add(self, record: Mapping[str, Any]) -> None:
        """Appends the record of a document, unless the same is there.

        Raises:
            OSError: the disk is full.
        """
        known = self._known.get(record["path"])
        self._known[record["path"]] = dict(record)
        if known is not None and _timeless(known) == _timeless(record):
            return
        self._write(lambda: _append(self.path, json.dumps(record)))

    def end(self) -> None:
        """Leaves one line for each document, in the order of their paths."""
        self._write(self._sort)

    def _sort(self) -> None:
        records = _records(self.path)  # other runs may have added to it
        if records:
            lines = (json.dumps(records[path]) for path in sorted(records))
            write_text(self.path, "".join(f"{line}\n" for line in lines))

    def _write(self, write: Any) -> None:
        if self._refused:
            return
        try:
            with self._lock:
                write()
        except OSError as error:
            if is_full(error):
                raise
            self._refused = True
            logger.warning("%s cannot be written: %s", self.path, error.strerror)


def record_of(path: str, stem: str, read: ReadDocument, written: bool) -> dict[str, Any]:
    """The line of a document.

    Args:
        path: as it was given.
        stem: of its files.
        read: what became of it.
        written: whether its files are there.
    """
    source = read.source
    whole = DONE if not read.failures else PARTIAL
    failures = sorted(read.failures, key=lambda failure: (failure.page, failure.order))
    return {
        "path": path,
        "name": stem,
        "sha256": source.sha256 if source else "",
        "state": whole if written and read.error is None else FAILED,
        "pages": len(read.pages),
        "characters": sum(map(_characters, read.pages)),
        "unread": sum(len(page.unread) for page in read.pages),
        "seconds": round(sum(page.seconds for page in read.pages), 3),
        "failures": [
            {"page": one.page, "region": one.order, "error": one.error, "message": one.message}
            for one in failures
        ],
    }


def _characters(page: Page) -> int:
    return sum(len(block.content) for block in page.blocks)


def _append(path: Path, line: str) -> None:
    with path.open("ab+") as file:  # a killed run may have cut the last line short
        if file.tell():
            file.seek(-1, 2)
            line = line if file.read(1) == b"\n" else f"\n{line}"
        file.write(f"{line}\n".encode("ascii"))


def _records(path: Path) -> dict[str, dict[str, Any]]:
    """Records by the path of their document; what is damaged is left out."""
    records: dict[str, dict[str, Any]] = {}
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return records
    for line in lines:
        try:
            record = json.loads(line)
            records[str(record["path"])] = record
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return records


def _timeless(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "seconds"}
