"""Images of formulas, scaled and normalised for the line reader."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.errors import InputError
from mdocr.models.line_reader_config import COLUMN, FORMULA_HEIGHT
from mdocr.preprocessing.line_images import (
    WIDTH_STEP,
    LineImage,
    normalise,
    pad_line,
)

Pixels = NDArray[np.uint8]

MARGIN = 2
"""Pixels of background around the ink."""

LETTER = 13
"""Height of a usual letter in pixels; letters of tall formulas are smaller."""

STRETCH = 1.3
"""Horizontal stretch: scripts and parts of fractions need image tokens of their own."""

LARGEST = 4.0
"""Maximum magnification."""

WIDEST = 2048
"""Maximum width of a strip in pixels."""


def prepare_formula(image: Image.Image) -> LineImage:
    """Crops a formula to its ink, scales it, and pastes it onto a strip of ``FORMULA_HEIGHT``.

    Raises:
        InputError: the formula is far too long for its height.
    """
    strip = formula_strip(np.asarray(image.convert("RGB")))
    pixels = pad_line(strip, math.ceil(strip.shape[1] / WIDTH_STEP) * WIDTH_STEP)
    return LineImage(normalise(pixels), pixels.shape[1] // COLUMN)


def formula_strip(pixels: Pixels, widest: int | None = None) -> Pixels:
    """The formula [h, w, 3], centred on a strip [64, width, 3] of its background.

    Args:
        pixels: dark on light, or light on dark.
        widest: maximum width; a longer formula gets smaller letters.

    Raises:
        InputError: the formula is far too long for its height.
    """
    ink = find_ink(pixels)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    if not len(rows):
        return np.full((FORMULA_HEIGHT, COLUMN, 3), _paper(pixels), np.uint8)
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = ink[box].shape
    room = FORMULA_HEIGHT - 2 * MARGIN
    scale = min(room / height, LETTER / letter_height(ink[box]), LARGEST)
    if widest is not None:
        scale = min(scale, (widest - 2 * MARGIN) / (STRETCH * width))
    size = max(1, round(STRETCH * width * scale)), max(1, min(room, round(height * scale)))
    if size[0] > WIDEST:
        raise InputError(
            f"a formula of {width} × {height} pixels is too long to be read",
            "Cut it into shorter pieces.",
        )
    method = cv2.INTER_AREA if STRETCH * scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(np.ascontiguousarray(pixels[box]), size, interpolation=method)
    strip = np.empty((FORMULA_HEIGHT, size[0] + 2 * MARGIN, 3), np.uint8)
    strip[:] = _paper(pixels)
    top = (FORMULA_HEIGHT - size[1]) // 2
    strip[top : top + size[1], MARGIN : MARGIN + size[0]] = scaled
    return strip


def find_ink(pixels: Pixels) -> NDArray[np.bool_]:
    """True where a pixel is closer to ink than to background (Otsu), [h, w]."""
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    threshold, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_OTSU)
    dark: NDArray[np.bool_] = grey <= threshold
    if int(grey.max()) - int(grey.min()) < 32:
        return np.zeros_like(dark)
    return ~dark if dark.mean() > 0.5 else dark


def _paper(pixels: Pixels) -> Pixels:
    """The background colour [3]: the median."""
    return np.asarray(np.median(pixels.reshape(-1, 3), axis=0), np.uint8)


def letter_height(ink: NDArray[np.bool_]) -> float:
    """Median height of letter-shaped components; half the total height if there are none."""
    # Rows of pixels lost in print are closed.
    mended = cv2.dilate(ink.astype(np.uint8), np.ones((2, 2), np.uint8))
    _, _, stats, _ = cv2.connectedComponentsWithStats(mended, connectivity=8)
    widths, heights = (stats[1:, i].astype(float) for i in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT))
    shaped = (heights > 0.1 * ink.shape[0]) & (widths < 3 * heights) & (heights < 5 * widths)
    if not shaped.any():
        return max(float(ink.shape[0]) / 2, 1.0)
    return max(float(np.median(heights[shaped])) - 1, 1.0)
