"""Masks of set text (ink, outline, extrusion, shadow) before deformation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mdocr.synthesis.common.glyphs import (
    InkMask,
    PixelBox,
    Setting,
    stamp,
)
from mdocr.synthesis.common.opencv import opencv


@dataclass(frozen=True)
class WordMask:
    """A word on a mask with margins.

    Attributes:
        mask: uint8 [height, width].
        box: left, top, right, bottom of the word's ink on the mask, in pixels.
    """

    mask: InkMask
    box: PixelBox


def draw_word(
    word: Setting, neighbours: Sequence[tuple[str, Setting]], rng: np.random.Generator
) -> WordMask:
    """Renders a word with margins of half its height, and its neighbours, clipped.

    Args:
        word: the word itself.
        neighbours: pairs of a side and a setting: another word (left, right, above, below), or a
            letter of a longer word that the ground truth leaves out (before, next).
        rng: source of the neighbours' distances.
    """
    left, top, right, bottom = word.box
    room = max(word.size, bottom - top) // 2 + 2
    dx, dy = room - left, room - top
    mask = np.zeros((bottom - top + 2 * room, right - left + 2 * room), np.uint8)
    stamp(mask, word, dx, dy)
    for side, other in neighbours:
        x, y = _beside(side, word, other, rng)
        stamp(mask, other, dx + x, dy + y)
    return WordMask(mask, (room, room, right + dx, bottom + dy))


def _beside(side: str, word: Setting, other: Setting, rng: np.random.Generator) -> tuple[int, int]:
    """Offset of a neighbour: a word space on the same base line, or a line away."""
    left, top, right, bottom = word.box
    if side == "before":
        return left - letter_gap(word) - other.box[2], 0
    if side == "next":
        return right + letter_gap(word) - other.box[0], 0
    space = 1 + int(word.size * (rng.uniform(0.2, 0.45) + 2 * max(word.spacing, 0.0)))
    if side == "left":
        return left - space - other.box[2], 0
    if side == "right":
        return right + space - other.box[0], 0
    along = int(rng.uniform(left - other.box[2], right - other.box[0]))
    gap = 1 + int(word.size * rng.uniform(0.06, 0.35))
    return along, top - gap - other.box[3] if side == "above" else bottom + gap - other.box[1]


def letter_gap(word: Setting) -> int:
    """Pixels between the ink of two adjacent letters."""
    return 1 + int(word.size * max(0.06 + word.spacing, 0.0))


def underline(mask: InkMask, box: PixelBox, rng: np.random.Generator) -> InkMask:
    """Adds a straight or curved stroke below, above or, rarely, through the word."""
    left, top, right, bottom = box
    height = bottom - top
    place = rng.random()
    thickness = 1 + int(height * rng.uniform(0.01, 0.1 if place < 0.9 else 0.03))
    away = thickness // 2 + 1 + int(height * rng.uniform(0.0, 0.15))
    y = bottom + away if place < 0.6 else top - away if place < 0.9 else (top + bottom) // 2
    bend = height * rng.normal(0, 0.15) if place < 0.9 and rng.random() < 0.4 else 0.0
    over = height * rng.uniform(-0.3, 0.5, 2)
    along = np.linspace(-1, 1, 17)
    x = np.linspace(left - over[0], right + over[1], 17)
    points = np.stack([x, y + bend * (1 - along**2)], axis=1).round().astype(np.int32)
    lined: InkMask = opencv().polylines(mask.copy(), [points], False, 255, thickness)
    return lined


def part(mask: InkMask, box: PixelBox, word: Setting, rng: np.random.Generator) -> InkMask:
    """Ink of one letter, or of the word's last letters, which is to get another colour."""
    letters = word.letters
    first = int(rng.random() * len(letters))
    last = first if rng.random() < 0.4 else len(letters) - 1
    moved = box[0] - word.box[0]
    start = letters[first][0] + moved
    end = letters[last][0] + letters[last][2].mask.shape[1] + moved
    parted = np.zeros_like(mask)
    parted[:, max(start, 0) : end] = mask[:, max(start, 0) : end]
    return parted


def embolden(mask: InkMask, pixels: int) -> InkMask:
    """Thickens strokes by ``pixels`` on every side."""
    thicker: InkMask = opencv().dilate(mask, _disc(pixels))
    return thicker


def extrude(mask: InkMask, dx: int, dy: int) -> InkMask:
    """Extrudes the mask to (dx, dy), as the sides of solid letters."""
    cv2 = opencv()
    reach = max(abs(dx), abs(dy), 1)
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.uint8)
    cv2.line(kernel, (reach, reach), (reach - dx, reach - dy), 1)
    extruded: InkMask = cv2.dilate(mask, kernel)
    return extruded


def cast(mask: InkMask, dx: int, dy: int, blur: float) -> InkMask:
    """A shadow: the mask moved by (dx, dy) and blurred by ``blur`` pixels."""
    cv2 = opencv()
    shadow = np.zeros_like(mask)
    height, width = mask.shape
    shadow[max(dy, 0) : height + dy, max(dx, 0) : width + dx] = mask[
        max(-dy, 0) : height - dy, max(-dx, 0) : width - dx
    ]
    if blur > 0.3:
        shadow = cv2.GaussianBlur(shadow, (0, 0), blur)
    return shadow


def _disc(radius: int) -> InkMask:
    cv2 = opencv()
    disc: InkMask = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return disc
