"""RandAugment of word images as in PARSeq (arXiv 2207.06966, section 4.1).

Each operation takes an image, a level of 0 to 1, and a generator. Sizes refer to the stored image,
before it is resized for the model.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

Generator = np.random.Generator
Operation = Callable[[Image.Image, float, Generator], Image.Image]

OPERATIONS = 3
MAGNITUDE = 5
MAX_MAGNITUDE = 10
PROBABILITY = 0.5
"""Probability that a chosen operation is applied."""

MAX_DEGREES = 30.0
MAX_SHEAR = (0.9, 0.2)
MAX_SHIFT = (0.1, 0.3)
"""Horizontal and vertical, in fractions of width and height."""
MAX_CHANGE = 0.9
LEAST_FACTOR = 0.1
"""Of the enhancement of colour, contrast and brightness."""
MAX_ADDED = 110
MAX_BLUR, BLUR_SHARE = 4.0, 0.02
MAX_POISSON, POISSON_SHARE = 40.0, 0.2
"""Strongest blur (radius) and noise (λ), and their bounds in fractions of the longer side."""
FILL = (128, 128, 128)
RESAMPLING = (Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)


def rand_augment(
    picture: Image.Image,
    rng: Generator,
    operations: int = OPERATIONS,
    magnitude: float = MAGNITUDE,
) -> Image.Image:
    """Augments an RGB image, as a pure function of image and generator.

    Rotation enlarges the image so that no letter is cut off; no other operation changes its size.

    Args:
        picture: as stored.
        rng: chooses operations, directions and noise.
        operations: number of different operations; each is applied with ``PROBABILITY``.
        magnitude: strength, 0 to ``MAX_MAGNITUDE``.
    """
    level = magnitude / MAX_MAGNITUDE
    for name in rng.choice(list(CHANGES), operations, replace=False):
        if rng.random() < PROBABILITY:
            picture = CHANGES[name](picture, level, rng)
    return picture


def _either(rng: Generator) -> float:
    return float(rng.choice((-1.0, 1.0)))


def _resampling(rng: Generator) -> Image.Resampling:
    return RESAMPLING[int(rng.integers(len(RESAMPLING)))]


def _transform(
    picture: Image.Image, rows: tuple[float, float, float, float, float, float], rng: Generator
) -> Image.Image:
    """Maps each pixel of the result to the image by the affine matrix ``rows``."""
    affine = Image.Transform.AFFINE
    return picture.transform(picture.size, affine, rows, _resampling(rng), fillcolor=FILL)


def _rotate(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    angle = _either(rng) * level * MAX_DEGREES
    return picture.rotate(angle, _resampling(rng), expand=True, fillcolor=FILL)


def _shear_across(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    slope = _either(rng) * level * MAX_SHEAR[0]
    return _transform(picture, (1, slope, 0, 0, 1, 0), rng)


def _shear_down(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    slope = _either(rng) * level * MAX_SHEAR[1]
    return _transform(picture, (1, 0, 0, slope, 1, 0), rng)


def _shift_across(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    shift = _either(rng) * level * MAX_SHIFT[0] * picture.width
    return _transform(picture, (1, 0, shift, 0, 1, 0), rng)


def _shift_down(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    shift = _either(rng) * level * MAX_SHIFT[1] * picture.height
    return _transform(picture, (1, 0, 0, 0, 1, shift), rng)


def _stretch_contrast(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    return ImageOps.autocontrast(picture)


def _equalize(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    return ImageOps.equalize(picture)


def _invert(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    return ImageOps.invert(picture)


def _posterize(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    return ImageOps.posterize(picture, max(4 - int(4 * level), 1))


def _solarize(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    return ImageOps.solarize(picture, 256 - int(256 * level))


def _brighten_dark(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    added = int(MAX_ADDED * level)
    return picture.point([value + added if value < 128 else value for value in range(256)] * 3)


def _factor(level: float, rng: Generator) -> float:
    return max(LEAST_FACTOR, 1 + _either(rng) * MAX_CHANGE * level)


def _change_colour(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    return ImageEnhance.Color(picture).enhance(_factor(level, rng))


def _change_contrast(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    return ImageEnhance.Contrast(picture).enhance(_factor(level, rng))


def _change_brightness(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    return ImageEnhance.Brightness(picture).enhance(_factor(level, rng))


def _bounded(strength: float, picture: Image.Image, share: float) -> int:
    """A strength in whole pixels or grey levels, less for small images."""
    return round(min(strength, max(1.0, share * max(picture.size))))


def _blur(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    radius = _bounded(level * MAX_BLUR, picture, BLUR_SHARE)
    return picture.filter(ImageFilter.GaussianBlur(radius))


def _add_noise(picture: Image.Image, level: float, rng: Generator) -> Image.Image:
    """Adds Poisson noise of random sign, equal in all channels; σ² = λ² + λ."""
    strength = _bounded(level * MAX_POISSON, picture, POISSON_SHARE)
    if not strength:
        return picture
    pixels = np.asarray(picture, dtype=np.int16)
    size = (*pixels.shape[:2], 1)
    noise = rng.poisson(strength | 1, size) * rng.choice((-1, 1), size)
    return Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))


CHANGES: dict[str, Operation] = {
    "stretch-contrast": _stretch_contrast,
    "equalize": _equalize,
    "invert": _invert,
    "rotate": _rotate,
    "posterize": _posterize,
    "solarize": _solarize,
    "brighten-dark": _brighten_dark,
    "colour": _change_colour,
    "contrast": _change_contrast,
    "brightness": _change_brightness,
    "shear-across": _shear_across,
    "shear-down": _shear_down,
    "shift-across": _shift_across,
    "shift-down": _shift_down,
    "blur": _blur,
    "noise": _add_noise,
}
