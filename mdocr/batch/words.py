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
    DRAFT_COLUMNS = ("draft", "draft_confidence")

    def __init__(self, stream: TextIO, drafted: bool = False) -> None:
        self._stream = stream
        columns = self.COLUMNS + self.DRAFT_COLUMNS if drafted else self.COLUMNS
        self._table = csv.DictWriter(stream, columns, extrasaction="ignore", lineterminator="\n")
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


class ChangesWriter:
    """``path<TAB>draft<TAB>text<TAB>confidence of the draft<TAB>of the text``, a line each."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, word: Word) -> None:
        """Writes one line; the draft is empty where there was none."""
        confidences = f"{word.draft_confidence:.3f}\t{word.confidence:.3f}"
        line = f"{one_line(word.path)}\t{word.draft or ''}\t{word.text}\t{confidences}"
        print(line, file=self._stream, flush=True)

    def end(self) -> None:
        """Nothing follows."""


class OnlyChanged:
    """Passes on the words that are not as their drafts.

    Attributes:
        changed: how many these were.
    """

    def __init__(self, writer: WordWriter) -> None:
        self._writer = writer
        self.changed = 0

    def write(self, word: Word) -> None:
        """Writes a word that is not as its draft, or has none."""
        if word.is_changed:
            self._writer.write(word)
            self.changed += 1

    def end(self) -> None:
        """See ``WordWriter``."""
        self._writer.end()


WRITERS: dict[str, Callable[[TextIO], WordWriter]] = {
    "text": TextWriter,
    "json": JsonWriter,
    "jsonl": JsonLinesWriter,
    "csv": CsvWriter,
}
WORD_FORMATS = tuple(WRITERS)


def word_writer(form: str, stream: TextIO, bare: bool, drafted: bool = False) -> WordWriter:
    """The writer of a form; ``bare`` text goes without paths, ``drafted`` words have drafts."""
    if form == "text":
        return TextWriter(stream, bare)
    return CsvWriter(stream, drafted) if form == "csv" else WRITERS[form](stream)


def changes_writer(form: str, stream: TextIO) -> OnlyChanged:
    """The writer of a form for the words that are not as their drafts."""
    is_text = form == "text"
    return OnlyChanged(
        ChangesWriter(stream) if is_text else word_writer(form, stream, bare=False, drafted=True)
    )


def _json(record: dict[str, Any]) -> str:
    return json.dumps(record, ensure_ascii=False)
