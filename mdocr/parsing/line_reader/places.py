"""Where the words of a line stand: CTC frames tell which gap in the ink parts which words.

The running sum of characters over the frames of a line (``mdocr.models.alignment``) is what the
decoder itself finds its place by: character ``i`` stands where the sum passes ``i + 1/2``. That is
as fine as a frame, four pixels of a line 32 high. So the border of two words is looked for near by,
in the widest gap of the ink, and each word's box is that of the ink between two borders.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np

from mdocr.fragments.ink import runs
from mdocr.parsing.line_reader.strips import Mask

REACH = 2.5
"""Widths of a letter within which the gap between two words is looked for."""

WORD_GAP = 0.2
"""Heights of the strip from which a gap is as wide as one between words."""

NARROW = 3.0
"""Widths of a letter by which a gap of no width counts as farther away."""


@dataclass(frozen=True)
class PlacedCharacter:
    """A character of a line, with its middle in pixels of the strip."""

    text: str
    confidence: float
    x: float


@dataclass(frozen=True)
class PlacedWord:
    """A word of a line, with its outline in pixels of the strip."""

    text: str
    confidence: float
    x0: int
    y0: int
    x1: int
    y1: int


def placed_characters(
    text: str, confidences: Sequence[float], frames: Sequence[float], left: float, width: float
) -> list[PlacedCharacter]:
    """The characters of a piece of a line.

    Args:
        text: of the piece.
        confidences: of its characters, if they are known.
        frames: how many characters stand up to each frame; if empty, letters are taken to be of
            one width.
        left: where the piece begins on the strip, in pixels.
        width: of a frame in pixels; of the whole piece where there are no frames.
    """
    counts = np.arange(len(text)) + 0.5
    if frames:
        middles = (np.arange(len(frames)) + 0.5) * width
        places = np.interp(counts * (frames[-1] / max(len(text), 1)), frames, middles)
    else:
        places = counts * width / max(len(text), 1)
    sure = [*confidences[: len(text)], *[0.0] * (len(text) - len(confidences))]
    rows = zip(text, sure, (left + places).tolist(), strict=True)
    return [PlacedCharacter(*row) for row in rows]


def placed_words(characters: Sequence[PlacedCharacter], mask: Mask) -> list[PlacedWord]:
    """The words of a line with the outlines of their ink.

    Args:
        characters: of the line, spaces among them.
        mask: where the strip has ink, [h, w].
    """
    words = [
        list(word)
        for is_space, word in groupby(characters, lambda one: one.text.isspace())
        if not is_space
    ]
    inked = np.flatnonzero(mask.any(axis=0))
    if not words or not len(inked):
        return []
    edges = [(0, int(inked[0])), *_borders(words, mask), (int(inked[-1]) + 1, mask.shape[1])]
    return [
        _outlined(word, mask, before[1], after[0])
        for word, before, after in zip(words, edges, edges[1:], strict=False)
    ]


def _borders(words: Sequence[Sequence[PlacedCharacter]], mask: Mask) -> Iterator[tuple[int, int]]:
    """Where each word but the last ends, and where the next begins."""
    gaps = runs(np.asarray(~mask.any(axis=0)))
    letters = sum(map(len, words)) + len(words) - 1
    pitch = max(float(np.ptp(np.flatnonzero(mask.any(axis=0)))) / max(letters, 1), 1.0)
    end = 0
    for word, following in pairwise(words):
        middle = (word[-1].x + following[0].x) / 2
        after = gaps[(gaps[:, 0] > end) & (abs(gaps.mean(axis=1) - middle) < REACH * pitch)]
        if len(after):
            width = (after[:, 1] - after[:, 0]) / (WORD_GAP * mask.shape[0])
            away = abs(after.mean(axis=1) - middle) / pitch
            start, end = after[(away + NARROW * np.maximum(1 - width, 0)).argmin()].tolist()
        else:  # the words touch
            start = end = min(max(round(middle), end + 1), mask.shape[1])
        yield start, end


def _outlined(word: Sequence[PlacedCharacter], mask: Mask, left: int, right: int) -> PlacedWord:
    part = mask[:, left : max(right, left + 1)]
    rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
    top, foot = (int(rows[0]), int(rows[-1]) + 1) if len(rows) else (0, mask.shape[0])
    start, end = (int(columns[0]), int(columns[-1]) + 1) if len(columns) else (0, part.shape[1])
    sure = sum(one.confidence for one in word) / len(word)
    return PlacedWord("".join(one.text for one in word), sure, left + start, top, left + end, foot)
