"""Underscores side by side, which touch: the length of their stroke tells how many there are.

``__init__`` looks like ``_init_`` with long underscores, and is read so.
"""

import re
from bisect import bisect
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mdocr.fragments.geometry import Pixels
from mdocr.models.line_reader_config import COLUMN, LINE_HEIGHT
from mdocr.parsing.line_reader.places import placed_characters
from mdocr.parsing.line_reader.strips import Glyph, glyphs, ink_mask
from mdocr.parsing.texts import Text

LOW, THIN, LONG = 0.2, 0.25, 0.4
"""Heights of a capital: how far above the base line an underscore ends at most, how thick it is at
most, and how long at least."""

NARROWEST, WIDEST = 0.58, 0.98
"""Length of a single underscore in heights of a capital; of fonts of all kinds."""

LENGTHS = (1.1, 2.05, 2.95, 3.9)
"""Lengths of a stroke from which it is two underscores, three, four, and more, where no single one
tells theirs."""

NEAR = 0.2
"""Blank between strokes of one run of underscores at most, in the same."""

MOST = 4
"""Underscores side by side at most: more are a blank to be filled in."""


def with_underscores(text: Text, pixels: Pixels, frames: Sequence[float]) -> Text:
    """What was read of a piece of a line, with as many underscores as it shows.

    Args:
        text: what was read.
        pixels: the piece, [h, w, 3] or [h, w], level.
        frames: how many characters stand up to each of its frames.
    """
    runs = list(re.finditer("_+", text.content))
    if not runs or not frames:
        return text
    capital, strokes = _low_strokes(glyphs(ink_mask(pixels)))
    lengths = [(one.x1 - one.x0) / capital for one in strokes]
    single = [length for length in lengths if NARROWEST <= length <= WIDEST]
    unit = float(np.median(single)) if single else 0.0
    width = COLUMN * len(pixels) / LINE_HEIGHT
    characters = placed_characters(text.content, text.confidences, frames, 0.0, width)
    content, confidences = text.content, list(text.confidences)
    for run in reversed(runs):
        x = (characters[run.start()].x + characters[run.end() - 1].x) / 2
        reach = NEAR * capital
        own = [n for n, one in enumerate(strokes) if one.x0 - reach < x < one.x1 + reach]
        more = _count(lengths[own[0]], unit) - len(run[0]) if own else 0
        if more > 0 and len(run[0]) + more <= MOST:
            content = content[: run.end()] + "_" * more + content[run.end() :]
            confidences[run.end() : run.end()] = confidences[run.end() - 1 : run.end()] * more
    return replace(text, content=content, confidences=tuple(confidences))


def _count(length: float, unit: float) -> int:
    """Underscores in a stroke, by the length of a single one; 0 where that is not known."""
    return round(length / unit) if unit else 1 + bisect(LENGTHS, length)


def _low_strokes(found: Sequence[Glyph]) -> tuple[float, list[Glyph]]:
    """Height of a capital among some glyphs, and the strokes below the base line."""
    high = [glyph for glyph in found if glyph.height > 0.5 * max(one.height for one in found)]
    base = float(np.median([glyph.y1 for glyph in high] or [0]))
    capital = max(1.0, float(np.percentile([base - glyph.y0 for glyph in high] or [0], 85)))
    strokes: list[Glyph] = []
    for glyph in found:
        is_low = glyph.y0 > base - LOW * capital and glyph.height < THIN * capital
        if not is_low or glyph.x1 - glyph.x0 < LONG * capital:
            continue
        if strokes and glyph.x0 - strokes[-1].x1 < NEAR * capital:
            strokes[-1] = replace(strokes[-1], x1=glyph.x1)
        else:
            strokes.append(glyph)
    return capital, strokes
