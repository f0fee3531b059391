"""What is written on the pictures of a page: labels, which describe them, and running text.

Each picture is looked at as a page of its own, on which only writing is looked for. What the reader
is sure of is kept: the rest is the picture.
"""

from collections.abc import Sequence
from dataclasses import replace

from mdocr.document.inline import literal
from mdocr.document.model import Block, Box
from mdocr.parsing.line_reader.formulas import Row
from mdocr.parsing.line_reader.noise import jumbled_share
from mdocr.parsing.line_reader.reading import LineReading
from mdocr.parsing.texts import Text

SURE, LEAST_LETTERS = 0.9, 2
"""Confidence of a line on a picture, and its letters and digits, at least."""

RUNNING_LINES, RUNNING_LETTERS = 3, 20
"""Lines, and letters and digits of each on average, from which text on a picture is no label."""

WHOLE = 0.5
"""Share of the page from which a picture is the page, and what is written on it the text."""

KNOWN = 0.5
"""Share of a line on a picture that lies in a line of the page, and is the same."""


def with_writing(picture: Block, reading: LineReading, known: Sequence[Box]) -> list[Block]:
    """A picture with its labels as its content, and the running text on it behind it.

    Args:
        picture: the picture.
        reading: of what is written on it.
        known: places of the lines of the page.
    """
    labels: list[str] = []
    labelled: list[Row] = []
    texts: list[Block] = []
    for number, region in enumerate(reading.regions):
        rows = [(number, row) for row in range(len(region.lines))]
        sure = [row for row in rows if is_writing(reading.line(row))]
        sure = [row for row in sure if not _is_known(reading.place(row), known)]
        words = [reading.line(row).content for row in sure]
        if sure and (picture.box.area > WHOLE or _is_running(words)):
            texts += reading.text_block(sure)
        elif sure:
            labels.append(literal(" ".join(words)))
            labelled += sure
    lines = reading.text_lines(labelled)
    return [replace(picture, content="\n".join(labels), lines=lines), *texts]


def is_writing(line: Text) -> bool:
    """Whether something on a picture is surely writing."""
    letters = _letters(line.content)
    is_word = letters >= LEAST_LETTERS and 2 * letters > len(line.content)
    return is_word and line.confidence >= SURE and not jumbled_share([line.content], fewest=1)


def _is_running(lines: Sequence[str]) -> bool:
    mean = sum(map(_letters, lines)) / len(lines)
    return len(lines) >= RUNNING_LINES and mean >= RUNNING_LETTERS


def _is_known(box: Box, known: Sequence[Box]) -> bool:
    return any(box.inside(one) > KNOWN for one in known)


def _letters(text: str) -> int:
    return sum(map(str.isalnum, text))
