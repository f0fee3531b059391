"""What printing and scanning do to formulas, tables and whole pages: as to lines, but larger."""

import numpy as np
from numpy.typing import NDArray

from mdocr.synthesis.common import scans
from mdocr.synthesis.common.glyphs import InkMask
from mdocr.synthesis.common.opencv import opencv

COARSEST = 0.5
"""Least share of the resolution that a scan keeps."""


def with_margins(rng: np.random.Generator, mask: InkMask, most: int = 24) -> InkMask:
    """The ink with 2 to ``most`` pixels of paper on each side."""
    left, top, right, bottom = (int(side) for side in rng.integers(2, most + 1, 4))
    return np.pad(mask, ((top, bottom), (left, right)))


def print_sheet(rng: np.random.Generator, mask: InkMask, difficulty: float) -> NDArray[np.uint8]:
    """A picture of the ink on its paper, RGB [height, width, 3]; nothing moves.

    Args:
        rng: the only source of chance.
        mask: uint8 [height, width], 0 paper to 255 full ink.
        difficulty: 0, clean print, to 1, worn copies of coarse scans.
    """
    difficulty *= float(np.sqrt(rng.random()))
    ink = mask.astype(np.float32) * np.float32(1 / 255)
    ink = scans.press(rng, _coarse(rng, ink, difficulty), difficulty)
    picture = scans.copy(rng, scans.print_ink(rng, ink, difficulty), difficulty)
    return scans.finish(rng, picture, difficulty)


def _coarse(rng: np.random.Generator, ink: scans.Ink, difficulty: float) -> scans.Ink:
    """Seldom: the ink as a scan of fewer pixels shows it, at the size it had."""
    if rng.random() >= 0.3 * difficulty:
        return ink
    cv2 = opencv()
    height, width = ink.shape
    share = rng.uniform(1 - (1 - COARSEST) * difficulty, 1)
    size = max(1, round(width * share)), max(1, round(height * share))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    coarse: scans.Ink = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return coarse
