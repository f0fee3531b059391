"""The formats that words can be written in."""

import csv
import json
import unicodedata
from collections.abc import Callable
from typing import Any, Protocol, TextIO

from mdocr.document.csv_cells import csv_cell
from mdocr.document.words import Word


def one_line(path: str) -> str:
    """A path with its tabs, line breaks and other control characters as escapes."""
    return "".join(c.encode("unicode_escape").decode() if _is_control(c) else c for c in path)


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


class WordWriter(Protocol):
    """Writes words as they come."""

    def write(self, word: Word) -> None:
        """Writes one word, out at once where the form is made of lines."""

    def end(self) -> None:
        """Writes what follows the last word."""


class TextWriter:
    """``path<TAB>text`` a line; the text alone where ``bare``."""

    def __init__(self, stream: TextIO, bare: bool = False) -> None:
        self._stream = stream
        self._bare = bare

    def write(self, word: Word) -> None:
        """Writes one line."""
        start = "" if self._bare else f"{one_line(word.path)}\t"
        print(f"{start}{word.text}", file=self._stream, flush=True)

    def end(self) -> None:
        """Nothing follows."""


class JsonLinesWriter:
    """A word object a line."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, word: Word) -> None:
        """Writes one line."""
        print(_json(word.to_dict()), file=self._stream, flush=True)

    def end(self) -> None:
        """Nothing follows."""


class JsonWriter:
    """One ``mdocr.words/1`` object, a word a line inside it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._before = '{"schema": "mdocr.words/1", "words": ['

    def write(self, word: Word) -> None:
        """Adds one word to the list."""
        self._stream.write(f"{self._before}\n{_json(word.to_dict())}")
        self._before = ","

    def end(self) -> None:
        """Closes the list and the object."""
        self._stream.write(("\n" if self._before == "," else self._before) + "]}\n")


class CsvWriter:
    """A table with a header."""

    COLUMNS = ("path", "text", "confidence", "model", "decoder", "steps")

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._table = csv.DictWriter(
            stream, self.COLUMNS, extrasaction="ignore", lineterminator="\n"
        )
        self._empty = True

    def write(self, word: Word) -> None:
        """Writes one row, the header before the first."""
        if self._empty:
            self._table.writeheader()
        self._empty = False
        self._table.writerow({key: csv_cell(value) for key, value in word.to_dict().items()})
        self._stream.flush()

    def end(self) -> None:
        """Nothing follows."""


WRITERS: dict[str, Callable[[TextIO], WordWriter]] = {
    "text": TextWriter,
    "json": JsonWriter,
    "jsonl": JsonLinesWriter,
    "csv": CsvWriter,
}
WORD_FORMATS = tuple(WRITERS)


def word_writer(form: str, stream: TextIO, bare: bool) -> WordWriter:
    """The writer of a form; ``bare`` text goes without paths."""
    return TextWriter(stream, bare) if form == "text" else WRITERS[form](stream)


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
