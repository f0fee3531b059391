"""Deformation of a word, and its crop out of the scene as real words are cropped."""

from dataclasses import dataclass

import numpy as np

from mdocr.synthesis.common.glyphs import PixelBox
from mdocr.synthesis.words import geometry

HEIGHTS = {1: 64, 2: 48, 3: 40, 4: 32}
"""Input height of the recognizer by ratio; images are rendered at 0.8 to 1.5 times that height."""
RATIOS = {1: (0.45, 1.48), 2: (1.52, 2.48), 3: (2.52, 3.48), 4: (3.52, 14.0)}
"""Aspect ratios that round to each bucket, with some slack for whole pixels."""
BESIDE = ((-0.08, 0.06), (-0.02, 0.12), (0.0, 0.15), (0.0, 0.4))
ABOVE = ((-0.06, 0.06), (0.0, 0.15), (0.05, 0.3), (0.05, 0.5))
FAR_ABOVE, FAR_SHARE = (0.3, 1.0), 0.08
"""Smallest and largest margins around a word, in its heights: real crops vary. A share has wide
margins above and below."""
FURTHER = 1.2
"""Bound of the further stretch after deformation; margins make up for the rest."""


@dataclass(frozen=True)
class Cut:
    """Margins of a word, in heights of its ink; negative where it is cropped."""

    left: float
    top: float
    right: float
    bottom: float

    def picture_ratio(self, ink: float) -> float:
        """Aspect ratio of the image, from that of the ink."""
        return (ink + self.left + self.right) / (1 + self.top + self.bottom)


def draw_shape(rng: np.random.Generator, box: PixelBox, difficulty: float) -> geometry.Deformation:
    """Samples shear, rotation, perspective and bend of a word."""
    width, height = box[2] - box[0], box[3] - box[1]
    angle = shear = radius = wave = 0.0
    perspective = (0.0, 0.0)
    if rng.random() < 0.65 * difficulty:
        spread = 3.0 if rng.random() < 0.75 else 9.0
        angle = float(np.radians(np.clip(rng.normal(0, spread), -22, 22)))
    if rng.random() < 0.3 * difficulty:
        shear = rng.normal(0, 0.18)
    if rng.random() < 0.35 * difficulty:
        perspective = (rng.normal(0, 0.22) / max(width, height), rng.normal(0, 0.12) / height)
    if width > 1.8 * height and rng.random() < 0.12 * difficulty:
        radius = width / rng.uniform(0.25, 1.5) * (1 if rng.random() < 0.75 else -1)
        radius = max(abs(radius), 1.2 * height) * (1 if radius > 0 else -1)
    elif rng.random() < 0.05 * difficulty:
        wave = height * rng.uniform(0.04, 0.14)
    matrix = geometry.homography(angle, shear, _limited(perspective, width, height))
    wavelength = max(width, height) / rng.uniform(2, 9)
    return geometry.Deformation(matrix, radius, wave, wavelength, 6.28 * rng.random())


def _limited(perspective: tuple[float, float], width: float, height: float) -> tuple[float, float]:
    """Limits perspective: no point is more than about twice as near as another."""
    reach = abs(perspective[0]) * width / 2 + abs(perspective[1]) * height / 2
    scale = min(1.0, 0.3 / reach) if reach else 1.0
    return perspective[0] * scale, perspective[1] * scale


def draw_cut(rng: np.random.Generator) -> Cut:
    """Samples margins as of real crops: wider above and below than at the sides."""
    beside, above = (kinds[int(rng.random() * len(kinds))] for kinds in (BESIDE, ABOVE))
    if rng.random() < FAR_SHARE:
        above = FAR_ABOVE
    left, right = rng.uniform(*beside, 2)
    top, bottom = rng.uniform(*above, 2)
    return Cut(left, top, right, bottom)


def frame(
    rng: np.random.Generator,
    shape: geometry.Deformation,
    box: PixelBox,
    ratio: int,
    cut: Cut,
    *,
    stretch: float,
) -> tuple[geometry.PlaneBox, tuple[int, int]]:
    """The crop of the image plane, and its size (width, height) in pixels.

    Some more stretch, then wider margins, make the ratio fit.
    """
    left, top, right, bottom = geometry.bounds(shape, box[2] - box[0], box[3] - box[1])
    unit = bottom - top
    around = (
        left - unit * cut.left,
        top - unit * cut.top,
        right + unit * cut.right,
        bottom + unit * cut.bottom,
    )
    crop, seen = _fitted(rng, around, RATIOS[ratio], stretch)
    return crop, _pixels(rng, seen, ratio)


def _fitted(
    rng: np.random.Generator, crop: geometry.PlaneBox, ratios: tuple[float, float], stretch: float
) -> tuple[geometry.PlaneBox, float]:
    """The crop, enlarged if needed, and its aspect ratio, within ``ratios``."""
    across, down = crop[2] - crop[0], crop[3] - crop[1]
    low, high = ratios
    seen = across / down * stretch
    if seen < low:
        stretch *= min(low / seen, FURTHER)
    elif seen > high:
        stretch *= max(high / seen, 1 / FURTHER)
    seen = across / down * stretch
    wider = max(0.0, low - seen) * down / stretch
    taller = max(0.0, seen / high - 1) * down
    share = rng.random(2)
    fitted = (
        crop[0] - wider * share[0],
        crop[1] - taller * share[1],
        crop[2] + wider * (1 - share[0]),
        crop[3] + taller * (1 - share[1]),
    )
    return fitted, min(max(seen, low), high)


def _pixels(rng: np.random.Generator, seen: float, ratio: int) -> tuple[int, int]:
    """Samples a size whose rounded ratio is ``ratio``."""
    height = int(HEIGHTS[ratio] * rng.uniform(0.8, 1.2 if seen > 6 else 1.5))
    width = round(height * seen)
    if ratio > 1:
        width = max(width, int(height * (ratio - 0.5)) + 1)
    return (min(width, int(np.ceil(height * (ratio + 0.5))) - 1) if ratio < 4 else width), height
