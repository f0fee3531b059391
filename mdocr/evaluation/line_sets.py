"""Scores of labelled pictures of lines, such as ``mdocr train lines`` and ``synth lines`` write."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.errors import InputError
from mdocr.evaluation.metrics import edits
from mdocr.inputs.labelled import Collection
from mdocr.parsing.line_reader.pieces import split_line
from mdocr.parsing.parser import Parser

logger = logging.getLogger(__name__)

TOGETHER = 32
"""Lines that are read at a time."""


@dataclass(frozen=True)
class ReadLine:
    """A line beside its ground truth.

    Attributes:
        read: what was read.
        true: what it says.
        passes: those through the model, of all its pieces.
    """

    read: str
    true: str
    passes: int


def read_lines(
    parser: Parser, lines: Collection, count: int, threshold: float
) -> Iterator[ReadLine]:
    """Reads the first ``count`` lines of a collection; an unreadable picture gives no text.

    Long lines are read in pieces, as those of pages are.
    """
    for start in range(0, count, TOGETHER):
        numbers = range(start, min(start + TOGETHER, count))
        pieces = [
            (number, piece.joint, Image.fromarray(piece.pixels))
            for number in numbers
            for piece in split_line(_pixels(lines, number))
        ]
        made = parser.generate([picture for *_, picture in pieces], "text", threshold=threshold)
        read, passes = dict.fromkeys(numbers, ""), dict.fromkeys(numbers, 0)
        for (number, joint, _), text in zip(pieces, made, strict=True):
            read[number] += joint + text.text
            passes[number] += text.passes
        for number in numbers:
            yield ReadLine(read[number], lines.text(number), passes[number])


def summary(found: Sequence[ReadLine]) -> dict[str, Any]:
    """Number of lines and characters, errors a character, share of lines without one, passes."""
    characters = sum(len(line.true) for line in found)
    wrong = [edits(line.read, line.true) for line in found]
    return {
        "lines": len(found),
        "characters": characters,
        "errors": sum(wrong) / max(characters, 1),
        "exact": sum(not one for one in wrong) / max(len(found), 1),
        "passes": sum(line.passes for line in found) / max(len(found), 1),
    }


def _pixels(lines: Collection, number: int) -> NDArray[np.uint8]:
    """The picture of a line; a blank one where it cannot be opened."""
    try:
        return np.asarray(lines.picture(number).convert("RGB"))
    except InputError as error:
        logger.warning("counted as misread: %s", error.message)
        return np.full((32, 32, 3), 255, np.uint8)
