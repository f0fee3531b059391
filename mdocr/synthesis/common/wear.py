"""Print and scan degradation of formulas, tables and whole pages."""

import numpy as np
from numpy.typing import NDArray

from mdocr.synthesis.common import scans
from mdocr.synthesis.common.glyphs import InkMask
from mdocr.synthesis.common.opencv import opencv

COARSEST = 0.5
"""Lowest relative resolution of a scan."""


def with_margins(rng: np.random.Generator, mask: InkMask, most: int = 24) -> InkMask:
    """Pads the ink by 2 to ``most`` pixels on each side."""
    left, top, right, bottom = (int(side) for side in rng.integers(2, most + 1, 4))
    return np.pad(mask, ((top, bottom), (left, right)))


def print_sheet(rng: np.random.Generator, mask: InkMask, difficulty: float) -> NDArray[np.uint8]:
    """Renders ink on paper, RGB [height, width, 3]; positions do not change.

    Args:
        rng: source of all randomness.
        mask: uint8 [height, width], 0 paper to 255 full ink.
        difficulty: 0 (clean print) to 1 (worn copies of coarse scans).
    """
    difficulty *= float(np.sqrt(rng.random()))
    ink = mask.astype(np.float32) * np.float32(1 / 255)
    ink = scans.press(rng, _coarse(rng, ink, difficulty), difficulty)
    picture = scans.copy(rng, scans.print_ink(rng, ink, difficulty), difficulty)
    return scans.finish(rng, picture, difficulty)


def _coarse(rng: np.random.Generator, ink: scans.Ink, difficulty: float) -> scans.Ink:
    """Sometimes resamples the ink through a lower resolution, keeping its size."""
    if rng.random() >= 0.3 * difficulty:
        return ink
    cv2 = opencv()
    height, width = ink.shape
    share = rng.uniform(1 - (1 - COARSEST) * difficulty, 1)
    size = max(1, round(width * share)), max(1, round(height * share))
    small = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    coarse: scans.Ink = cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)
    return coarse
