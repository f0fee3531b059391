"""The manifest of a folder of results: a line of JSON for each document, and what became of it.

Lines are appended as documents end, so that several runs may write to it; of two lines of one
document the later counts, and the last run to end leaves one for each.
"""

import contextlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock

from mdocr.batch.json_lines import append, as_lines, read
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
        self._write(lambda: append(self.path, [record]))

    def end(self) -> None:
        """Leaves one line for each document, in the order of their paths."""
        self._write(self._sort)

    def _sort(self) -> None:
        records = _records(self.path)  # other runs may have added to it
        if records:
            write_text(self.path, as_lines(records[path] for path in sorted(records)))

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


def record_of(path: str, stem: str, document: ReadDocument, written: bool) -> dict[str, Any]:
    """The line of a document.

    Args:
        path: as it was given.
        stem: of its files.
        document: what became of it.
        written: whether its files are there.
    """
    source = document.source
    whole = DONE if not document.failures else PARTIAL
    failures = sorted(document.failures, key=lambda failure: (failure.page, failure.order))
    return {
        "path": path,
        "name": stem,
        "sha256": source.sha256 if source else "",
        "state": whole if written and document.error is None else FAILED,
        "pages": len(document.pages),
        "characters": sum(map(_characters, document.pages)),
        "unread": sum(len(page.unread) for page in document.pages),
        "seconds": round(sum(page.seconds for page in document.pages), 3),
        "failures": [
            {"page": one.page, "region": one.order, "error": one.error, "message": one.message}
            for one in failures
        ],
    }


def _characters(page: Page) -> int:
    return sum(len(block.content) for block in page.blocks)


def _records(path: Path) -> dict[str, dict[str, Any]]:
    """Records by the path of their document; what is damaged is left out."""
    records: dict[str, dict[str, Any]] = {}
    with contextlib.suppress(OSError):
        for record in read(path):
            with contextlib.suppress(KeyError, TypeError):
                records[str(record["path"])] = record
    return records


def _timeless(record: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "seconds"}
