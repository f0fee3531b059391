"""What is known of a document from earlier runs: a hidden file beside its results.

It holds pages as they were read, so that they can be written in other formats without reading them
again. It counts only for the same file, weights, options and version.
"""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mdocr import __version__
from mdocr.document.model import Page, Source
from mdocr.files import is_full, write_text
from mdocr.options import ParseOptions

SCHEMA = "mdocr.progress/1"
SAVE_EVERY = 4
"""Pages between two writings."""

_WITHOUT_EFFECT = ("pages", "password", "batch_size", "jobs", "draw_layout")

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
        self.pages: dict[int, Page] = {}
        self._key: dict[str, Any] = {"model": dict(model), "options": reading_options(options)}
        self._unsaved = 0
        self._refused = False

    def open(self, source: Source, is_whole: Callable[[Page], bool]) -> Mapping[int, Page]:
        """The pages known from earlier runs, by number.

        Args:
            source: the document.
            is_whole: whether what belongs to a page, such as its pictures, is still there.
        """
        self._key |= {"schema": SCHEMA, "version": __version__, "sha256": source.sha256}
        try:
            record = json.loads(self.path.read_text(encoding="utf-8"))
            if {key: record.get(key) for key in self._key} == self._key:
                pages = map(Page.from_dict, record["pages"])
                self.pages = {page.number: page for page in pages if is_whole(page)}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("%s cannot be used, all pages are read anew: %s", self.path, error)
        return self.pages

    def add(self, page: Page) -> None:
        """Keeps a page; writes the file after every few."""
        self.pages[page.number] = page
        self._unsaved += 1
        if self._unsaved >= SAVE_EVERY:
            self.save()

    def save(self) -> None:
        """Writes the file, whole or not at all, if there is anything new.

        Where it cannot be written, that is told once: the document itself may yet be written.

        Raises:
            OSError: the disk is full.
        """
        if not self._unsaved or self._refused:
            return
        pages = [self.pages[number].to_dict() for number in sorted(self.pages)]
        text = json.dumps({**self._key, "pages": pages}, ensure_ascii=False)
        try:
            write_text(self.path, text)
        except OSError as error:
            if is_full(error):
                raise
            self._refused = True
            logger.warning("%s cannot be kept for a later run: %s", self.path, error.strerror)
        self._unsaved = 0


def records_file(folder: Path, stem: str) -> Path:
    """Where what is known of a document stands."""
    return folder / f".{stem}.progress.json"


def reading_options(options: ParseOptions) -> dict[str, Any]:
    """The options on which it depends what is read, as JSON gives them back."""
    record = {key: value for key, value in asdict(options).items() if key not in _WITHOUT_EFFECT}
    plain: dict[str, Any] = json.loads(json.dumps(record))
    return plain
