"""Degradations of printed lines: ink spread, paper, low-resolution scans, copier noise, JPEG.

``ink`` is float32 [height, width], 0 paper to 1 full ink; an image is float32 [height, width, 3],
0 to 255. All effects grow with ``difficulty``, 0 (none) to 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mdocr.synthesis.common import backgrounds, effects
from mdocr.synthesis.common.backgrounds import Colour, FloatImage
from mdocr.synthesis.common.glyphs import InkMask
from mdocr.synthesis.common.opencv import opencv

Ink = NDArray[np.float32]


@dataclass(frozen=True)
class Bend:
    """Deviation of the base line from a straight, level one, in pixels at 32 rows.

    Attributes:
        drop: of the right end below the left.
        wave: amplitude of a wave along the line.
        waves: wavelengths per line.
        phase: of the wave.
    """

    drop: float = 0.0
    wave: float = 0.0
    waves: float = 1.0
    phase: float = 0.0

    @property
    def slack(self) -> float:
        """Extra rows that the deviation takes."""
        return abs(self.drop) + 2 * self.wave


def draw_bend(rng: np.random.Generator, width: int, difficulty: float) -> Bend:
    """Samples a skew of up to 1.5 degrees, less in long lines, and sometimes a wave."""
    chance = rng.random() / max(difficulty, 1e-6)
    if chance > 0.4:
        return Bend()
    most = min(9.0, 0.026 * width)
    drop = float(np.clip(rng.normal(0, 0.4 * most), -most, most))
    if chance > 0.08:
        return Bend(drop)
    wave = rng.uniform(0.3, 2.0)
    return Bend(0.3 * drop, wave, rng.uniform(0.3, 0.4 + width / 300), 6.28 * rng.random())


def scan(rng: np.random.Generator, mask: InkMask, width: int, difficulty: float) -> Ink:
    """The mask at the resolution of a scan: low, matching, or high.

    Args:
        rng: source of all randomness.
        mask: uint8 [any, any] of the ink.
        width: of the result at 32 rows.
        difficulty: 0 to 1.
    """
    cv2 = opencv()
    rows, chance, columns = 32, rng.random(), 1.0
    if chance < 0.35 * difficulty:
        rows = int(rng.uniform(25 - 12 * difficulty, 29))
        columns = 2.0 if rng.random() < 0.1 else 1.0  # a fax of standard resolution
    elif chance > 0.75:
        rows = int(rng.uniform(34, 52))
    size = (max(1, round(width * columns * rows / 32)), rows)
    way = cv2.INTER_AREA if rows < mask.shape[0] else cv2.INTER_CUBIC
    if size != mask.shape[::-1]:
        mask = cv2.resize(mask, size, interpolation=way)
    ink: Ink = mask.astype(np.float32) * np.float32(1 / 255)
    return ink


def bend_ink(ink: Ink, bend: Bend) -> Ink:
    """The ink with its base line bent."""
    if not bend.slack:
        return ink
    cv2 = opencv()
    height, width = ink.shape
    along = np.linspace(0, 1, width, dtype=np.float32)
    shift = bend.drop * (along - 0.5) + bend.wave * np.sin(6.28 * bend.waves * along + bend.phase)
    rows = np.arange(height, dtype=np.float32)[:, None] - (shift * height / 32)[None, :]
    columns = np.broadcast_to(np.arange(width, dtype=np.float32), rows.shape)
    bent: Ink = cv2.remap(ink, columns, rows.astype(np.float32), cv2.INTER_LINEAR)
    return bent


def press(rng: np.random.Generator, ink: Ink, difficulty: float) -> Ink:
    """Thick, thin, blurred, faint or broken ink."""
    cv2 = opencv()
    chance = rng.random() / max(difficulty, 1e-6)
    if chance < 0.10:
        ink = np.maximum(
            ink, rng.uniform(0.3, 1.0) * cv2.dilate(ink, _KERNELS[int(rng.random() * 3)])
        )
    elif chance < 0.20:
        thin = cv2.erode(ink, _KERNELS[int(rng.random() * 3)])
        ink = ink + np.float32(rng.uniform(0.2, 0.6)) * (thin - ink)
    if rng.random() < 0.4 * difficulty:
        ink = cv2.GaussianBlur(ink, (0, 0), 0.3 + 1.1 * difficulty * rng.random() ** 1.5)
    if rng.random() < 0.08 * difficulty:
        ink = _worn(rng, ink)
    if rng.random() < 0.08 * difficulty:
        ink = _spotted(rng, ink)
    if rng.random() < 0.05 * difficulty:
        ink = _dotted(rng, ink)
    return ink


_KERNELS = (
    np.ones((2, 2), np.uint8),
    np.ones((1, 2), np.uint8),
    np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8),
)


def _worn(rng: np.random.Generator, ink: Ink) -> Ink:
    """Strokes thick in one letter and thin in the next, as worn metal type prints them."""
    cv2 = opencv()
    height, width = ink.shape
    cells = max(2, width // max(1, round(height * rng.uniform(0.3, 1.5)))), int(rng.uniform(2, 5))
    level = cv2.resize(
        rng.random(cells[::-1], dtype=np.float32), (width, height), interpolation=cv2.INTER_CUBIC
    )
    level = rng.uniform(0.25, 0.42) + rng.uniform(0.08, 0.3) * (level - 0.5)
    soft = cv2.GaussianBlur(ink, (0, 0), height * rng.uniform(0.012, 0.028))
    worn: Ink = np.clip((soft - level) * rng.uniform(2, 5) + 0.5, 0, 1).astype(np.float32)
    return worn


def _spotted(rng: np.random.Generator, ink: Ink) -> Ink:
    """Ink with gaps."""
    cv2 = opencv()
    height, width = ink.shape
    cells = (
        max(2, int(width * rng.uniform(0.1, 0.9))),
        max(2, int(height * rng.uniform(0.3, 0.9))),
    )
    holes = cv2.resize(rng.random(cells[::-1], dtype=np.float32), (width, height))
    worn: Ink = ink * np.clip((holes - rng.uniform(0.05, 0.3)) * 6, rng.uniform(0, 0.5), 1)
    return worn


def _dotted(rng: np.random.Generator, ink: Ink) -> Ink:
    """The dots or rows of a receipt printer."""
    period = rng.uniform(2.0, 3.5)
    height, width = ink.shape
    rows = 0.65 + 0.5 * np.sin(np.arange(height, dtype=np.float32) * (6.28 / period))
    columns = 0.65 + 0.5 * np.sin(np.arange(width, dtype=np.float32) * (6.28 / period))
    grid = rows[:, None] if rng.random() < 0.5 else rows[:, None] * columns[None, :] * 1.3
    dotted: Ink = np.clip(ink * grid, 0, 1).astype(np.float32)
    return dotted


def colours(rng: np.random.Generator, difficulty: float) -> tuple[Colour, Colour]:
    """Colours of paper and ink: mostly black on white; also grey, tinted, and white on dark."""
    chance = rng.random()
    paper = np.full(3, 255.0, np.float32)
    ink = np.full(3, 60.0 * rng.random() ** 2, np.float32)
    if chance < 0.04:
        paper = (90 * rng.random(3)).astype(np.float32) * np.float32(rng.random() < 0.6)
        return paper, (255 - 40 * rng.random(3)).astype(np.float32)
    if chance < 0.20:
        paper -= (45 * rng.random(3) * rng.random()).astype(np.float32)
    elif chance < 0.20 + 0.25 * difficulty:
        paper -= np.float32(70 * rng.random()) + (30 * rng.random(3)).astype(np.float32)
    if rng.random() < 0.1:
        ink = np.full(3, 60 + 90 * rng.random(), np.float32)
    elif rng.random() < 0.1:
        ink = _dark_colour(rng)
    if rng.random() < 0.15 * difficulty:
        ink = ink + (paper - ink) * np.float32(0.65 * rng.random())
    return paper, ink


def _dark_colour(rng: np.random.Generator) -> Colour:
    for _ in range(8):
        colour = backgrounds.draw_colour(rng)
        if backgrounds.brightness(colour) < 130:
            return colour
    return np.array([10, 20, 120], np.float32)


def print_ink(rng: np.random.Generator, ink: Ink, difficulty: float) -> FloatImage:
    """Coloured ink on paper, [height, width, 3]."""
    paper, colour = colours(rng, difficulty)
    mix = np.stack([colour - paper, paper], axis=1)
    printed: FloatImage = opencv().transform(ink, mix)
    texture = _texture(rng, ink, difficulty)
    return printed if texture is None else printed + texture


def _texture(rng: np.random.Generator, ink: Ink, difficulty: float) -> FloatImage | None:
    """Unevenness of the paper (lighting, blotches, grain); None if there is none."""
    size, found = (ink.shape[1], ink.shape[0]), []
    if rng.random() < 0.25 * difficulty:
        found.append(backgrounds.gradient(rng, size, 80 * rng.random() ** 2))
    if rng.random() < 0.2 * difficulty:
        found.append(np.float32(3 + 12 * rng.random()) * backgrounds.clouds(rng, size, 3))
    if rng.random() < 0.15 * difficulty:
        grain = rng.standard_normal((size[1], size[0]), dtype=np.float32)
        found.append(backgrounds.spread(grain * np.float32(2 + 10 * rng.random())))
    if not found:
        return None
    texture: FloatImage = sum(found[1:], found[0]) * backgrounds.spread(1 - np.float32(0.7) * ink)
    return texture


def shine_through(rng: np.random.Generator, ink: Ink, back: Ink) -> Ink:
    """Adds the faint, blurred, mirrored ink of the back side."""
    cv2 = opencv()
    other = cv2.resize(back[:, ::-1].copy(), ink.shape[::-1], interpolation=cv2.INTER_LINEAR)
    other = cv2.GaussianBlur(other, (0, 0), rng.uniform(0.6, 1.8))
    shown: Ink = np.maximum(ink, other * np.float32(rng.uniform(0.08, 0.3)))
    return shown


def overdraw(rng: np.random.Generator, picture: FloatImage, difficulty: float) -> FloatImage:
    """Sometimes strokes across the line: of a pen, or wide and pale as of a stamp or watermark."""
    if rng.random() >= 0.06 * difficulty:
        return picture
    height, width = picture.shape[:2]
    layer = np.zeros((height, width), np.float32)
    wide = rng.random() < 0.4
    thickness = int(rng.uniform(4, 16) if wide else rng.uniform(1, 3.5))
    for _ in range(1 + int(3 * rng.random() ** 2)):
        centre = rng.uniform(0, width), rng.uniform(-1.5, 2.5) * height
        radii = rng.uniform(0.3, 8) * height, rng.uniform(0.3, 3) * height
        around = (int(centre[0]), int(centre[1])), (int(radii[0]), int(radii[1]))
        start, turn = rng.uniform(0, 360), rng.uniform(0, 180)
        opencv().ellipse(
            layer, *around, turn, start, start + rng.uniform(30, 300), 1.0, thickness, 16
        )
    strength = rng.uniform(0.1, 0.45) if wide else rng.uniform(0.35, 1.0)
    colour = rng.uniform(0, 190, 3).astype(np.float32)
    covered = (layer * np.float32(strength))[..., None]
    drawn: FloatImage = picture * (1 - covered) + np.minimum(picture, colour) * covered
    return drawn


def copy(rng: np.random.Generator, picture: FloatImage, difficulty: float) -> FloatImage:
    """Effects of scanner and copier: sharpening, streaks, noise, binarisation, specks."""
    cv2 = opencv()
    height, width = picture.shape[:2]
    if rng.random() < 0.12 * difficulty:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.0)
        picture = picture + np.float32(rng.uniform(0.3, 1.5)) * (picture - soft)
    if rng.random() < 0.05 * difficulty:
        picture = _streaked(rng, picture)
    if rng.random() < 0.3 * difficulty:
        noise = rng.standard_normal((height, width), dtype=np.float32)
        picture = picture + backgrounds.spread(noise * np.float32(2 + 18 * rng.random() ** 2))
    if rng.random() < 0.12 * difficulty:
        picture = _two_levels(rng, picture)
    if rng.random() < 0.08 * difficulty:
        picture = _specked(rng, picture)
    return picture


def _streaked(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    """Dark or bright lines along the sheet, and bands of the copier drum."""
    height, width = picture.shape[:2]
    along = np.zeros((height, width), np.float32)
    for _ in range(1 + int(4 * rng.random())):
        strength = rng.uniform(-110, 60)
        if rng.random() < 0.7:
            column = int(rng.random() * width)
            along[:, column : column + 1 + int(1.5 * rng.random())] += strength
        else:
            along[int(rng.random() * height)] += strength
    return picture + backgrounds.spread(along)


def _two_levels(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    """Binarises by a threshold between the darkest and the brightest pixel, at times dithered."""
    grey = picture.mean(axis=2)
    low, high = float(grey.min()), float(grey.max())
    level = low + (high - low) * rng.uniform(0.25, 0.75)
    if rng.random() < 0.3:
        grain = rng.standard_normal(grey.shape, dtype=np.float32)
        level = level + (high - low) * np.float32(rng.uniform(0.05, 0.3)) * grain
    return backgrounds.spread(np.where(grey > level, np.float32(255), np.float32(0)))


def _specked(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    """Salt-and-pepper noise."""
    height, width = picture.shape[:2]
    picture = picture.copy()
    count = int(height * width * 0.02 * rng.random() ** 2)
    rows, columns = rng.integers(0, height, count), rng.integers(0, width, count)
    picture[rows, columns] = np.where(rng.random((count, 1)) < 0.5, 0.0, 255.0)
    return picture


def fit(rng: np.random.Generator, picture: FloatImage, size: tuple[int, int]) -> FloatImage:
    """The scan scaled to ``size`` (width, height) by a random interpolation."""
    if picture.shape[1::-1] == size:
        return picture
    cv2 = opencv()
    shrinks = picture.shape[0] > size[1]
    ways = (cv2.INTER_AREA, cv2.INTER_LINEAR) if shrinks else (cv2.INTER_CUBIC, cv2.INTER_LINEAR)
    scaled: FloatImage = cv2.resize(picture, size, interpolation=ways[int(rng.random() < 0.4)])
    return scaled


def finish(rng: np.random.Generator, picture: FloatImage, difficulty: float) -> effects.ByteImage:
    """The scan rounded to bytes, sometimes through JPEG of quality 20 to 95."""
    scanned = effects.to_bytes(picture)
    if rng.random() >= 0.35 * difficulty:
        return scanned
    return effects.compress(rng, scanned, 20, 95)
