"""Where the product goes, and the forms that words can take there."""

import contextlib
import csv
import io
import json
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, TextIO

from mdocr.document.words import Word
from mdocr.errors import UsageError
from mdocr.files import written_whole

ERRORS = "backslashreplace"
"""A file name need not be text: what UTF-8 cannot hold becomes an escape, valid in JSON too."""


@contextlib.contextmanager
def open_output(path: Path | None) -> Iterator[TextIO]:
    """Stdout, or a file that is written whole or not at all.

    Args:
        path: None or ``-`` is stdout; a pipe or a device is written as it stands.

    Raises:
        UsageError: the file cannot be written.
    """
    with contextlib.ExitStack() as stack:
        with _disk_errors(path):
            stream = _open(path, stack)
        yield stream
        with _disk_errors(path):
            stack.close()


def refuse_inputs(output: Path | None, found: Iterable[object]) -> None:
    """Refuses to write over what is to be read.

    Args:
        output: the file to write; a folder, stdout or a device is no danger.
        found: paths; anything else is passed over.

    Raises:
        UsageError: the output is one of the inputs.
    """
    if output is None or not output.is_file():
        return
    for path in found:
        with contextlib.suppress(OSError):  # whoever reads it will say what is wrong
            if isinstance(path, str) and output.samefile(path):
                raise UsageError(
                    f"{str(output)!r} is to be read, and would be written over",
                    "Give another file with: -o",
                )


@contextlib.contextmanager
def _disk_errors(path: Path | None) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:  # the reader has seen enough
        raise
    except OSError as error:
        raise UsageError(
            f"cannot write {str(path)!r}: {error.strerror or error}",
            "Give a file in a folder that you may write to.",
        ) from error


def _open(path: Path | None, stack: contextlib.ExitStack) -> TextIO:
    if path is None or str(path) == "-":
        if sys.stdout is None:
            raise UsageError("standard output is closed", "Give a file with: -o")
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8", errors=ERRORS)
        return sys.stdout
    place = stack.enter_context(written_whole(path))
    return stack.enter_context(place.open("w", encoding="utf-8", errors=ERRORS, newline=""))


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
        self._table.writerow(word.to_dict())
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
