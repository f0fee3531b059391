"""The lines of squared paper, taken off what is written on it.

They are straight, evenly spaced, as far apart both ways, and run over the whole sheet: no table is
ruled so. Strokes that cross a line stay whole: it is filled with what is on both sides of it.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.geometry import Pixels
from mdocr.fragments.ink import runs

FEWEST = 12
"""Lines each way at least."""

DRAWN, DARKER = 0.7, 90
"""Share of the sheet over which a line is darker than what is beside it, and levels by which at
least: through paler squares letters are read as they are."""

SAMPLED = 8
"""Of so many places along a line one is looked at."""

INK = 30
"""Levels by which ink on a line is darker than the line."""

EVEN = 0.15
"""Share of the usual distance of lines by which most distances differ from it at most."""

THICKEST = 0.15
"""Thickness of a line in distances of lines at most."""

BESIDE, EDGE = 4, 1
"""Distance in pixels at which the paper beside a line is looked at, and pixels beside a line that
it has blurred."""

Lines = NDArray[np.int64]


def without_squares(picture: Pixels) -> Pixels:
    """A page without the squares of its paper.

    Args:
        picture: [H, W, 3] RGB; it is returned itself where there are none.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    level, level_step = _lines(grey[:, ::SAMPLED])
    if not level_step:
        return picture
    upright, upright_step = _lines(grey[::SAMPLED].T)
    if not upright_step or abs(level_step - upright_step) > EVEN * level_step:
        return picture
    filled = _filled(picture.astype(np.float32), level)
    filled = _filled(filled.transpose(1, 0, 2), upright).transpose(1, 0, 2)
    return np.ascontiguousarray(filled.round().astype(np.uint8))


def _lines(grey: Pixels) -> tuple[Lines, float]:
    """Rows, [L, 2], at which even lines start and end, and their distance; 0 if there are none."""
    levels = grey.astype(np.int16)
    beside = np.minimum(np.roll(levels, BESIDE, axis=0), np.roll(levels, -BESIDE, axis=0))
    found = runs((beside - levels > DARKER).mean(axis=1) > DRAWN)
    if len(found) < FEWEST:
        return found, 0.0
    steps = np.diff(found.mean(axis=1))
    usual = float(np.median(steps))
    is_even = (np.abs(steps - usual) < EVEN * usual).mean() > DRAWN
    is_thin = np.median(found[:, 1] - found[:, 0]) < THICKEST * usual
    covers = len(found) * usual > DRAWN * len(grey)
    return found, usual if is_even and is_thin and covers else 0.0


def _filled(picture: NDArray[np.float32], lines: Lines) -> NDArray[np.float32]:
    """A picture, [H, W, 3], whose rows at some lines go over from those above to those below."""
    made: NDArray[np.float32] = np.array(picture, np.float32)
    for start, end in lines.tolist():
        top, foot = max(start - EDGE, 0), min(end + EDGE, len(made))
        above, below = made[max(top - 1, 0)], made[min(foot, len(made) - 1)]
        shares = np.linspace(0, 1, foot - top + 2, dtype=np.float32)[1:-1, None, None]
        own = made[top:foot]
        is_ink = (own < np.median(made[start:end], axis=(0, 1)) - INK).all(axis=2, keepdims=True)
        made[top:foot] = np.where(is_ink, own, above + shares * (below - above))
    return made
