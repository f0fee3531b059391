"""What is known of a document from earlier runs: a hidden file beside its results.

The first line says of which file, weights, options and version its pages are: they count only for
the same. Each line below is a page as it was read, so that it can be written in other formats
without reading it again; of two lines of one page the later counts. Lines are appended as pages
come, so the file grows with the pages and not with their square.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mdocr import __version__
from mdocr.batch.json_lines import append, as_lines, read
from mdocr.document.model import Page, Source
from mdocr.files import is_full, write_text
from mdocr.options import ParseOptions

SCHEMA = "mdocr.progress/2"

_WITHOUT_EFFECT = ("pages", "password", "batch_size", "jobs", "draw_layout", "page_pictures")

logger = logging.getLogger(__name__)


class PageRecords:
    """The pages of one document that have been read, now or earlier.

    Args:
        path: the file; see ``records_file``.
        model: what tells the model, and what runs it, from others; as JSON gives it back.
        options: how the document is read.
    """

    def __init__(self, path: Path, model: Mapping[str, Any], options: ParseOptions) -> None:
        self.path = path
        self._key: dict[str, Any] = {"model": dict(model), "options": reading_options(options)}
        self._appends = False  # the file is there, whole, and of this key
        self._refused = False

    def open(self, source: Source, is_whole: Callable[[Page], bool]) -> Mapping[int, Page]:
        """The pages known from earlier runs, by number.

        Args:
            source: the document.
            is_whole: whether what belongs to a page, such as its pictures, is still there.
        """
        self._key |= {"schema": SCHEMA, "version": __version__, "sha256": source.sha256}
        try:
            first, *records = read(self.path)
            if first != self._key:
                return {}
            pages = _pages(records)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("%s cannot be used, all pages are read anew: %s", self.path, error)
            return {}
        kept = {number: page for number, page in pages.items() if is_whole(page)}
        self._appends = len(kept) == len(pages)
        if not self._appends:
            self._write([self._key, *(page.to_dict() for page in kept.values())])
        return kept

    def add(self, page: Page) -> None:
        """Keeps a page for a later run.

        Where that cannot be done, it is reported once: the document itself may yet be written.

        Raises:
            OSError: the disk is full.
        """
        record = page.to_dict()
        self._write([record] if self._appends else [self._key, record])

    def discard(self) -> None:
        """Forgets all pages: the document has changed while it was read."""
        self._appends = False
        self.path.unlink(missing_ok=True)

    def _write(self, records: list[dict[str, Any]]) -> None:
        """Appends records, or begins the file with them."""
        if self._refused:
            return
        try:
            if self._appends:
                append(self.path, records)
            else:
                write_text(self.path, as_lines(records))
            self._appends = True
        except OSError as error:
            if is_full(error):
                raise
            self._refused = True
            logger.warning("%s cannot be kept for a later run: %s", self.path, error.strerror)


def records_file(folder: Path, stem: str) -> Path:
    """The file of what is known of a document."""
    return folder / f".{stem}.progress.jsonl"


def reading_options(options: ParseOptions) -> dict[str, Any]:
    """The options on which it depends what is read, as JSON gives them back."""
    record = {key: value for key, value in asdict(options).items() if key not in _WITHOUT_EFFECT}
    plain: dict[str, Any] = json.loads(json.dumps(record))
    return plain


def _pages(records: list[dict[str, Any]]) -> dict[int, Page]:
    """Pages by number; of two records of one page the later counts."""
    return {page.number: page for page in map(Page.from_dict, records)}
