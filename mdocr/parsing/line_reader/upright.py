"""Which way up a page, or a part of it, is to be read.

The reader's confidence tells: text that lies on its side or stands on its head is read with a mean
confidence of .73 at most, upright text with .96 or more. So a few lines of what was read with doubt
are tried in the other directions too, and the surest direction wins.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mdocr.document.model import Box, Unread
from mdocr.fragments.components import merge_overlapping
from mdocr.layout import LayoutBox
from mdocr.parsing.line_reader.frames import gathered
from mdocr.parsing.line_reader.noise import is_noise, mean_confidence
from mdocr.parsing.line_reader.reading import LineReading
from mdocr.parsing.line_reader.trials import Trial

SURE = 0.87
"""Mean confidence of a page's characters below which other directions are tried."""

LEAST = 0.7
"""Confidence that another direction of a page must exceed, by the margin: what lies on its side or
stands on its head is read with as much."""

SURELY, MIRROR_MARGIN = 0.95, 0.03
"""Mean confidence below which a page may be seen in a mirror, and above which it is read so; and
how much surer it must be."""

SURE_PART = 0.8
"""The same of a region on an upright page."""

MARGIN = 0.08
"""How much surer another direction must be."""

CLEAR, LEAST_CLEAR = 0.2, 0.6
"""How much surer than all others a direction must be that is not as sure, and how sure at least:
labels in frames are read with doubt this way up too."""

MOST_PARTS = 6
"""Parts of a page that are tried in other directions."""

LEAST_LETTERS = 6
"""Letters and digits without which a part was not read."""

HIGH_STACK, NEAR_STACK = 3.0, 4.0
"""Height of a stack of lines of which nothing was read, at least, and the blank between two of
them, at most, in heights of a line."""

INSIDE = 0.6
"""Share of a region that lies in a part of the page which is read turned."""


def is_doubtful(reading: LineReading) -> bool:
    """Whether a page may not be upright: read unsurely, or for the most part stacks of letters."""
    stacks = sum(box.width * box.height for box in reading.view.layout.sideways)
    rows = [line.box for region in reading.regions for line in region.lines]
    if stacks > sum(box.width * box.height for box in rows):
        return True
    return bool(rows) and mean_confidence(reading.lines().values()) < SURE


def surest(trials: Sequence[Trial], than: float) -> Trial | None:
    """The trial in the best direction.

    Args:
        trials: of the same in all directions, that in which it was read first.
        than: confidence that has to be exceeded, as that of the first, by ``MARGIN``.

    Returns:
        None if no other is sure enough.
    """
    first, *others = trials
    best = max(others, key=lambda one: one.confidence)
    if best.letters < LEAST_LETTERS:
        return None
    is_sure = best.confidence > max(than, first.confidence) + MARGIN
    second = max(one.confidence for one in trials if one is not best)
    is_clear = best.confidence > max(LEAST_CLEAR, second + CLEAR)
    return best if is_sure or is_clear else None


def may_be_mirrored(reading: LineReading) -> bool:
    """Whether a page was read less surely than those are that make sense."""
    return 0 < mean_confidence(reading.lines().values()) < SURELY


def is_surer(trial: Trial, reading: LineReading) -> bool:
    """Whether a trial was read as surely as what makes sense, and so much surer than a page."""
    least = mean_confidence(reading.lines().values()) + MIRROR_MARGIN
    return trial.letters >= LEAST_LETTERS and trial.confidence > max(SURELY, least)


def kept_letters(reading: LineReading) -> int:
    """Letters and digits in the lines that are kept."""
    kept = (line.content for line in reading.lines().values() if not is_noise(line))
    return sum(character.isalnum() for content in kept for character in content)


def doubtful_parts(reading: LineReading) -> list[Box]:
    """Parts of an upright page that may lie on their side: doubtful text, and stacks of letters."""
    lines = reading.lines()
    heights = [line.box.height for region in reading.regions for line in region.lines]
    gap = float(np.median(heights)) if heights else 0.0
    found = [*reading.view.layout.sideways]
    sound: list[LayoutBox] = []
    scraps: list[LayoutBox] = []
    for number, region in enumerate(reading.regions):
        own = [lines[number, row] for row in range(len(region.lines)) if (number, row) in lines]
        if own and mean_confidence(own) < SURE_PART:
            found.append(region.box)
        elif sum(one.isalnum() for line in own for one in line.content) >= LEAST_LETTERS:
            sound.append(region.box)
            rows = [region.lines[row] for row in range(len(region.lines)) if (number, row) in lines]
            scraps += [
                row.box
                for row, line in zip(rows, own, strict=True)
                if is_noise(line, bool(region.cells))
            ]
    found += _stacked(scraps, gap)
    if not found:
        return []
    merged = merge_overlapping(_edges(found), gap)
    merged = gathered(merged, _edges(sound), reading.view.pixels, gap)
    sizes = np.prod(merged[:, 2:] - merged[:, :2], axis=1)
    largest = merged[np.argsort(-sizes)[:MOST_PARTS]]
    return [reading.view.outline(LayoutBox(*box).padded(0.5 * gap)) for box in largest.tolist()]


def _stacked(scraps: Sequence[LayoutBox], height: float) -> list[LayoutBox]:
    """Stacks of what was read as nothing, as a word on its side in a table is."""
    stacks = [
        LayoutBox(*box) for box in merge_overlapping(_edges(scraps), NEAR_STACK * height).tolist()
    ]
    return [one for one in stacks if one.height > max(HIGH_STACK * height, one.width)]


def unread_stacks(reading: LineReading, parts: Sequence[Box]) -> list[Unread]:
    """Stacks of letters, which may be text on its side, in no part that is read turned."""
    places = map(reading.view.outline, reading.view.layout.sideways)
    return [Unread(place, "unsure") for place in places if not is_inside(place, parts)]


def is_inside(box: Box, parts: Sequence[Box]) -> bool:
    """Whether a region lies in one of the parts that are read turned."""
    return any(box.inside(part) >= INSIDE for part in parts)


def _edges(boxes: Sequence[LayoutBox]) -> NDArray[np.float64]:
    return np.array([list(box) for box in boxes], np.float64).reshape(-1, 4)
