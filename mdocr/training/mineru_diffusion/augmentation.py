"""Augmentation of document images: degradations of scans and photographs, small deformations.

A layout's coordinates hold for the image as it is, so images of layouts are never deformed.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from mdocr.synthesis.common import backgrounds, effects

Operation = Callable[[Image.Image, np.random.Generator], Image.Image]

PROBABILITY = 0.3
"""Probability of each operation."""

MAX_DEGREES = 2.0
MAX_MARGIN = 0.04
"""Of an added margin, in fractions of the longer side."""
SCALES = (0.6, 1.4)
LEAST_SIDE = 32
"""Pixels below which an image is neither reduced nor blurred."""


def augment_document(picture: Image.Image, task: str, rng: np.random.Generator) -> Image.Image:
    """Augments an RGB image, as a pure function of its arguments.

    Args:
        picture: a page or region at native resolution.
        task: of the sample; images of ``layout`` keep size and positions.
        rng: source of all randomness.
    """
    operations = DEGRADATIONS if task == "layout" else DEFORMATIONS + DEGRADATIONS
    for operation in operations:
        if rng.random() < PROBABILITY:
            picture = operation(picture, rng)
    return picture


def paper_colour(picture: Image.Image) -> tuple[int, int, int]:
    """The median colour of the border."""
    pixels = np.asarray(picture)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    red, green, blue = np.median(border, axis=0).astype(int).tolist()
    return red, green, blue


def _rotate(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    angle = float(rng.uniform(-MAX_DEGREES, MAX_DEGREES))
    bicubic = Image.Resampling.BICUBIC
    return picture.rotate(angle, bicubic, expand=True, fillcolor=paper_colour(picture))


def _pad(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    most = MAX_MARGIN * max(picture.size)
    left, top, right, bottom = (round(most * share) for share in rng.random(4).tolist())
    size = picture.width + left + right, picture.height + top + bottom
    padded = Image.new("RGB", size, paper_colour(picture))
    padded.paste(picture, (left, top))
    return padded


def _rescale(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    scale = float(rng.uniform(*SCALES))
    if scale < 1 and min(picture.size) < LEAST_SIDE:
        return picture
    size = (max(1, round(side * scale)) for side in picture.size)
    return picture.resize((next(size), next(size)), Image.Resampling.BICUBIC)


def _lower_resolution(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Resamples through a lower resolution; the size stays."""
    if min(picture.size) < LEAST_SIDE:
        return picture
    scale = float(rng.uniform(0.5, 0.9))
    size = round(picture.width * scale), round(picture.height * scale)
    coarse = picture.resize(size, Image.Resampling.BILINEAR)
    return coarse.resize(picture.size, Image.Resampling.BICUBIC)


def _expose(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Changes brightness, contrast and colour."""
    for kind in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        picture = kind(picture).enhance(float(rng.uniform(0.7, 1.25)))
    return picture


def _light(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Uneven lighting: a linear gradient over the page."""
    gradient = backgrounds.gradient(rng, picture.size, float(rng.uniform(10, 50)))
    return Image.fromarray(effects.to_bytes(np.asarray(picture, np.float32) + gradient))


def _blur(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    if min(picture.size) < LEAST_SIDE:
        return picture
    return picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 1.2))))


def _add_noise(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    pixels = np.asarray(picture, np.float32)
    noise = rng.standard_normal(pixels.shape, dtype=np.float32) * np.float32(rng.uniform(3, 14))
    return Image.fromarray(effects.to_bytes(pixels + noise))


def _grey(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return picture.convert("L").convert("RGB")


def _compress(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    return Image.fromarray(effects.compress(rng, np.asarray(picture), 30, 95))


DEFORMATIONS: tuple[Operation, ...] = (_rotate, _pad, _rescale)
"""Change size or positions."""
DEGRADATIONS: tuple[Operation, ...] = (
    _expose,
    _light,
    _grey,
    _lower_resolution,
    _blur,
    _add_noise,
    _compress,
)
"""Keep size and positions."""
