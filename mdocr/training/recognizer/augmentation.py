"""RandAugment for pictures of words, with the operations of PARSeq (arXiv 2207.06966, section 4.1).

Each operation takes a picture and a level, 0 to 1, and draws what else it needs, such as a side.
Sizes are those of the picture as it is stored, before it is resized for the model.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

Picture = Image.Image
Generator = np.random.Generator
Operation = Callable[[Picture, float, Generator], Picture]

OPERATIONS = 3
MAGNITUDE = 5
MAX_MAGNITUDE = 10
PROBABILITY = 0.5
"""Chance that an operation, once chosen, is carried out."""

MAX_DEGREES = 30.0
MAX_SHEAR = (0.9, 0.2)
MAX_SHIFT = (0.1, 0.3)
"""Across and down, in shares of the picture's width and height."""
MAX_CHANGE = 0.9
"""Of colour, contrast and brightness, up or down."""
MAX_ADDED = 110
MAX_POISSON = 40
FILL = (128, 128, 128)


def rand_augment(
    picture: Picture,
    rng: Generator,
    operations: int = OPERATIONS,
    magnitude: float = MAGNITUDE,
) -> Picture:
    """A changed copy of an RGB picture, of the same size: a pure function of picture and ``rng``.

    Args:
        picture: as it is stored.
        rng: decides which operations, which sides, and the noise.
        operations: how many are chosen, one after another; each is carried out half of the time.
        magnitude: strength, 0 to ``MAX_MAGNITUDE``.
    """
    level = magnitude / MAX_MAGNITUDE
    for name in rng.choice(list(CHANGES), operations):
        if rng.random() < PROBABILITY:
            picture = CHANGES[name](picture, level, rng)
    return picture


def _either(rng: Generator) -> float:
    return float(rng.choice((-1.0, 1.0)))


def _transform(picture: Picture, rows: tuple[float, float, float, float, float, float]) -> Picture:
    """Takes each new pixel from where the matrix ``rows`` leads in the old picture."""
    bicubic = Image.Resampling.BICUBIC
    return picture.transform(picture.size, Image.Transform.AFFINE, rows, bicubic, fillcolor=FILL)


def _rotate(picture: Picture, level: float, rng: Generator) -> Picture:
    angle = _either(rng) * level * MAX_DEGREES
    return picture.rotate(angle, Image.Resampling.BICUBIC, fillcolor=FILL)


def _shear_across(picture: Picture, level: float, rng: Generator) -> Picture:
    slope = _either(rng) * level * MAX_SHEAR[0]
    return _transform(picture, (1, slope, -slope * picture.height / 2, 0, 1, 0))


def _shear_down(picture: Picture, level: float, rng: Generator) -> Picture:
    slope = _either(rng) * level * MAX_SHEAR[1]
    return _transform(picture, (1, 0, 0, slope, 1, -slope * picture.width / 2))


def _shift_across(picture: Picture, level: float, rng: Generator) -> Picture:
    return _transform(picture, (1, 0, _either(rng) * level * MAX_SHIFT[0] * picture.width, 0, 1, 0))


def _shift_down(picture: Picture, level: float, rng: Generator) -> Picture:
    return _transform(
        picture, (1, 0, 0, 0, 1, _either(rng) * level * MAX_SHIFT[1] * picture.height)
    )


def _stretch_contrast(picture: Picture, level: float, rng: Generator) -> Picture:
    return ImageOps.autocontrast(picture)


def _equalize(picture: Picture, level: float, rng: Generator) -> Picture:
    return ImageOps.equalize(picture)


def _invert(picture: Picture, level: float, rng: Generator) -> Picture:
    return ImageOps.invert(picture)


def _posterize(picture: Picture, level: float, rng: Generator) -> Picture:
    return ImageOps.posterize(picture, max(4 - int(4 * level), 1))


def _solarize(picture: Picture, level: float, rng: Generator) -> Picture:
    return ImageOps.solarize(picture, 256 - int(256 * level))


def _brighten_dark(picture: Picture, level: float, rng: Generator) -> Picture:
    added = int(MAX_ADDED * level)
    return picture.point([value + added if value < 128 else value for value in range(256)] * 3)


def _change_colour(picture: Picture, level: float, rng: Generator) -> Picture:
    return ImageEnhance.Color(picture).enhance(1 + _either(rng) * MAX_CHANGE * level)


def _change_contrast(picture: Picture, level: float, rng: Generator) -> Picture:
    return ImageEnhance.Contrast(picture).enhance(1 + _either(rng) * MAX_CHANGE * level)


def _change_brightness(picture: Picture, level: float, rng: Generator) -> Picture:
    return ImageEnhance.Brightness(picture).enhance(1 + _either(rng) * MAX_CHANGE * level)


def _blur(picture: Picture, level: float, rng: Generator) -> Picture:
    """At most 4 pixels, less in pictures so low that letters would be lost."""
    return picture.filter(ImageFilter.GaussianBlur(level * min(4.0, picture.height / 10)))


def _add_noise(picture: Picture, level: float, rng: Generator) -> Picture:
    """Poisson noise, the same in all colours half of the time."""
    pixels = np.asarray(picture, dtype=np.int16)
    channels = int(rng.choice((1, 3)))
    mean = MAX_POISSON * level
    noise = rng.poisson(mean, (*pixels.shape[:2], channels)) - round(mean)
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
