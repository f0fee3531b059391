"""What lies below an overlay: seen through it, or guessed from what is beside its strokes."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

BRIGHT = 0.3
"""Share of the contrast of text to paper by which an overlay is brighter than text at least."""

ALIKE = 16
"""Levels by which two that are of one colour differ at most."""

FRINGE = 3
"""Pixels at the edge of an overlay, or of a letter, that are mixed with what is beside them."""

SEEN, LEAST_SEEN = 0.2, 0.003
"""Share of the contrast to text by which letters below an overlay are darker than it, and share of
it that they take at least if it can be seen through."""

COLOURED = 40
"""Difference between the brightest and the darkest channel of a colour, at least."""

FAINT, MIXED, OPAQUE = 0.08, 0.4, 0.6
"""Shares of an overlay's colour in a place from which it has something of it, belongs to it, and
has nothing else."""

DARKEST = 10
"""Percentile of what is below an overlay that is text and no edge of it."""

STEM = 0.35
"""Width of what is seen of a letter below an overlay, in heights of a letter, at most."""

NOISE = 3
"""Median deviations from an overlay's level down to which it is taken for paper."""

REACH = 3
"""Pixels from which a place that is hidden is filled."""


@dataclass(frozen=True)
class Levels:
    """Levels of text and paper, 0 to 255.

    Attributes:
        text: of the brightest channel.
        paper: of the brightest channel.
        grey: of paper.
        light: grey level from which on all is paper.
    """

    text: int
    paper: int
    grey: int
    light: int

    @property
    def dark(self) -> int:
        """Level of the brightest channel up to which all is text."""
        return round(self.text + BRIGHT * (self.paper - self.text))


def brightest(picture: Pixels) -> Pixels:
    """The brightest channel, [H, W], of [H, W, 3]."""
    red, green, blue = cv2.split(picture)
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def square(side: int) -> Pixels:
    """A brush."""
    return np.ones((side, side), np.uint8)


def lift(
    picture: Pixels, mask: Pixels, colour: NDArray[np.float64], levels: Levels, size: float
) -> bool:
    """Takes an overlay of one colour off a picture.

    Args:
        picture: [H, W, 3] RGB; it is changed.
        mask: 1 where the overlay is, [H, W].
        colour: of the overlay, RGB.
        levels: of text and paper.
        size: height of a letter of the text.

    Returns:
        Whether it hides what is below.
    """
    bright = brightest(picture)
    level, is_coloured = colour.max(), np.ptp(colour) >= COLOURED
    share = _share(picture, colour) if is_coloured else np.zeros(mask.shape)
    alike = cv2.inRange(picture, colour - ALIKE, colour + ALIKE) // 255
    near = cv2.dilate(mask, square(round(size) | 1))
    alike_near = cv2.bitwise_and(cv2.morphologyEx(alike, cv2.MORPH_OPEN, square(3)), near)
    whole = cv2.bitwise_or(mask, alike_near) | (share > MIXED).astype(np.uint8)
    whole = cv2.morphologyEx(whole, cv2.MORPH_CLOSE, square(round(STEM * size) | 1))
    inner = bright[cv2.erode(whole, square(3)) > 0]
    below = inner[inner < level - SEEN * (level - levels.text)]
    hides = len(below) < LEAST_SEEN * len(inner)
    if hides and is_coloured:
        alike = (share > OPAQUE).astype(np.uint8)
        seen = (bright - share * level) / np.maximum(1 - share, 1 - OPAQUE)
    else:
        text = levels.text if hides else np.percentile(below, DARKEST)
        noise = NOISE * np.median(np.abs(bright[mask > 0] - level))
        seen = (bright - text) / (level - noise - text) * levels.paper
    area = cv2.dilate(whole, square(2 * FRINGE + 1)) > 0
    made = np.where(area, seen.clip(0, levels.paper), bright).astype(np.uint8)
    if hides:
        hidden = np.asarray(alike * area, np.uint8)
        made = np.asarray(cv2.inpaint(made, hidden, REACH, cv2.INPAINT_TELEA), np.uint8)
    picture[area] = made[area][:, None]
    return hides


def _share(picture: Pixels, colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of a colour is in each place, 0 to 1, [H, W]; what has another hue has none."""
    tint = picture.astype(np.float32)
    tint -= tint.min(axis=2, keepdims=True)
    own = (colour - colour.min()).astype(np.float32)
    share = np.clip(tint @ own / (own @ own), 0, 1)
    share[(share < FAINT) | (np.abs(tint - share[..., None] * own).max(axis=2) > COLOURED)] = 0
    return np.asarray(share, np.float64)
