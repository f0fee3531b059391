"""Images of text lines, scaled and normalised for the line reader."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.errors import InputError
from mdocr.models.line_reader_config import COLUMN, LINE_HEIGHT

WIDTH_STEP = 16
"""Widths are rounded up to a multiple of this, so that lines of similar width share a batch."""

WIDEST = 8192
"""Pixels at ``LINE_HEIGHT``: a line 256 times as long as it is high."""


@dataclass(frozen=True)
class LineImage:
    """A prepared line or formula.

    Attributes:
        pixels: [3, height, width] in -1..1.
        tokens: number of image tokens.
    """

    pixels: NDArray[np.float32]
    tokens: int


def prepare_line(image: Image.Image) -> LineImage:
    """Scales a line to ``LINE_HEIGHT`` and pads its width with its background.

    Raises:
        InputError: the line is more than 256 times as long as it is high.
    """
    width = max(round(image.width * LINE_HEIGHT / max(image.height, 1)), COLUMN)
    if width > WIDEST:
        raise InputError(
            f"a line of {image.width} × {image.height} pixels is too narrow to be read",
            "Cut it into shorter pieces.",
        )
    scaled = image.convert("RGB").resize((width, LINE_HEIGHT), Image.Resampling.BICUBIC)
    pixels = pad_line(np.asarray(scaled), math.ceil(width / WIDTH_STEP) * WIDTH_STEP)
    return LineImage(normalise(pixels), pixels.shape[1] // COLUMN)


def pad_line(pixels: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Pads [h, w, 3] on the right to ``width`` with the median colour of its right edge."""
    edge = np.median(pixels[:, -2:].reshape(-1, 3), axis=0).astype(np.uint8)
    padded = np.empty((pixels.shape[0], width, 3), np.uint8)
    padded[:] = edge
    padded[:, : pixels.shape[1]] = pixels[:, :width]
    return padded


def normalise(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Bytes [height, width, 3] → [3, height, width] in -1..1."""
    scaled = pixels.transpose(2, 0, 1).astype(np.float32)
    return np.ascontiguousarray(scaled / 127.5 - 1)
