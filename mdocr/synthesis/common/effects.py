"""Degradations of photographs: occlusion, lighting, blur, low resolution, noise, JPEG.

An image is float32 [height, width, 3], 0 to 255, until ``to_bytes``.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mdocr.synthesis.common.backgrounds import FloatImage, clouds, spread
from mdocr.synthesis.common.opencv import opencv

ByteImage = NDArray[np.uint8]
Either = TypeVar("Either", FloatImage, ByteImage)

COARSE = 24
"""Image height below which full-strength noise and JPEG would leave nothing legible."""


def cover(rng: np.random.Generator, picture: FloatImage, difficulty: float) -> FloatImage:
    """Occluders in front of the word: poles, wires, stains."""
    if rng.random() >= 0.06 * difficulty:
        return picture
    cv2 = opencv()
    height, width = picture.shape[:2]
    picture = np.ascontiguousarray(picture)
    for _ in range(1 + int(3 * rng.random())):
        x0, y0, x1, y1, size, shape = rng.random(6).tolist()
        start, end = (int(x0 * width), int(y0 * height)), (int(x1 * width), int(y1 * height))
        colour = (255 * rng.random(3)).tolist()
        if shape < 0.15:
            edge = (start[0] + 1 + int(0.4 * height * size), height)
            cv2.rectangle(picture, (start[0], 0), edge, colour, -1)
        elif shape < 0.6:
            cv2.line(picture, start, end, colour, 1 + int(0.08 * height * size), cv2.LINE_AA)
        else:
            cv2.circle(picture, start, 1 + int(0.18 * height * size), colour, -1, cv2.LINE_AA)
    return picture


def light(rng: np.random.Generator, picture: FloatImage, difficulty: float) -> FloatImage:
    """Uneven lighting, cast shadows, highlights and exposure."""
    size = (picture.shape[1], picture.shape[0])
    if rng.random() < 0.35 * difficulty:
        picture = picture * (1 + np.float32(0.25 * rng.random()) * clouds(rng, size, 1))
    if rng.random() < 0.10 * difficulty:
        picture = picture * _shade(rng, size)
    if rng.random() < 0.08 * difficulty:
        picture = picture + _highlight(rng, size)
    chance = rng.random() / max(difficulty, 1e-6)
    if chance < 0.3:  # distant signs are dull and dark
        picture = _exposed(picture, rng.uniform(0.25, 0.75), rng.normal(-35, 25))
    elif chance < 0.6:
        picture = _exposed(picture, rng.uniform(0.22, 1.1), rng.normal(-10, 28))
    return picture


def _exposed(picture: FloatImage, contrast: float, brightness: float) -> FloatImage:
    exposed: FloatImage = (picture - 128) * contrast + (128 + brightness)
    return exposed


def _shade(rng: np.random.Generator, size: tuple[int, int]) -> FloatImage:
    """A straight shadow edge, as a factor [height, width, 3]."""
    angle = rng.random() * 2 * np.pi
    x = (np.arange(size[0]) - size[0] * rng.random()) * np.cos(angle)
    y = (np.arange(size[1]) - size[1] * rng.random()) * np.sin(angle)
    softness = size[1] * rng.uniform(0.02, 0.4)
    edge = np.clip((x[None, :] + y[:, None]) / softness, 0, 1)
    return spread((1 - rng.uniform(0.2, 0.55) * edge).astype(np.float32))


def _highlight(rng: np.random.Generator, size: tuple[int, int]) -> FloatImage:
    """A bright spot, [height, width, 3]."""
    x = (np.arange(size[0]) - size[0] * rng.random()) / (size[1] * rng.uniform(0.2, 1.2))
    y = (np.arange(size[1]) - size[1] * rng.random()) / (size[1] * rng.uniform(0.2, 0.8))
    spot = np.exp(-(x[None, :] ** 2) - y[:, None] ** 2)
    return spread((rng.uniform(40, 150) * spot).astype(np.float32))


def smudge(rng: np.random.Generator, picture: FloatImage, difficulty: float) -> FloatImage:
    """Blurs a letter or two, as dirt, wear and reflections do."""
    if rng.random() >= 0.12 * difficulty:
        return picture
    height, width = picture.shape[:2]
    away = np.abs(np.arange(width) - width * rng.random()) / (height * rng.uniform(0.2, 0.6))
    soft = opencv().GaussianBlur(picture, (0, 0), height * rng.uniform(0.06, 0.2))
    strength = np.clip(3 - 3 * away, 0, rng.uniform(0.6, 1)).astype(np.float32)
    smudged: FloatImage = picture + strength[None, :, None] * (soft - picture)
    return smudged


def blur(rng: np.random.Generator, picture: FloatImage, difficulty: float) -> FloatImage:
    """Defocus or motion blur."""
    cv2 = opencv()
    height = picture.shape[0]
    chance = rng.random() / max(difficulty, 1e-6)
    if chance < 0.42:
        sigma = height * (0.008 + 0.045 * rng.random() ** 1.5)
        picture = cv2.GaussianBlur(picture, (0, 0), max(sigma, 0.3))
    elif chance < 0.53:
        picture = cv2.filter2D(picture, -1, _motion(rng, height))
    return picture


def _motion(rng: np.random.Generator, height: int) -> FloatImage:
    """Kernel of a linear motion of up to 6 % of the height to each side."""
    cv2 = opencv()
    reach = max(1, int(0.06 * height * rng.random() + 0.5))
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    angle = rng.random() * np.pi
    dx, dy = round(reach * np.cos(angle)), round(reach * np.sin(angle))
    cv2.line(kernel, (reach - dx, reach - dy), (reach + dx, reach + dy), 1.0, 1)
    kernel /= kernel.sum()
    return kernel


def shrink(picture: FloatImage, rows: float) -> FloatImage:
    """The image reduced to ``rows`` pixels of height; unchanged if it has no more."""
    cv2 = opencv()
    height, width = picture.shape[:2]
    if rows >= height:
        return picture
    small = (max(4, round(width * rows / height)), max(4, round(rows)))
    shrunk: FloatImage = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    return shrunk


def enlarge(rng: np.random.Generator, picture: Either, size: tuple[int, int]) -> Either:
    """The image at ``size`` (width, height), by a random interpolation."""
    cv2 = opencv()
    if picture.shape[1::-1] == size:
        return picture
    way = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[int(rng.random() * 2.15)]
    enlarged: Either = cv2.resize(picture, size, interpolation=way)
    return enlarged


def disturb(rng: np.random.Generator, picture: FloatImage, difficulty: float) -> FloatImage:
    """Sharpening halos, sensor noise, greyscale, inversion."""
    cv2 = opencv()
    if rng.random() < 0.15 * difficulty:
        soft = cv2.GaussianBlur(picture, (0, 0), 1.0 + 1.5 * rng.random())
        picture = picture + rng.uniform(0.3, 1.5) * (picture - soft)
    if rng.random() < 0.35 * difficulty:
        shape = picture.shape if rng.random() < 0.5 else picture.shape[:2]
        strength = np.float32((3 + 38 * rng.random() ** 2) * min(1, shape[0] / COARSE))
        noise = rng.random(shape, dtype=np.float32) * strength - strength / 2
        picture = picture + (noise if noise.ndim == 3 else spread(noise))
    if rng.random() < 0.08 * difficulty:
        picture = spread(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    if rng.random() < 0.03 * difficulty:
        picture = 255 - picture
    return picture


def to_bytes(picture: FloatImage) -> ByteImage:
    """Rounded and clipped to uint8."""
    cv2 = opencv()
    rounded: ByteImage = cv2.addWeighted(picture, 1.0, picture, 0.0, 0.0, dtype=cv2.CV_8U)
    return rounded


def compress(rng: np.random.Generator, picture: ByteImage, lowest: int, highest: int) -> ByteImage:
    """JPEG of a quality between two bounds, and back; high qualities are more frequent."""
    cv2 = opencv()
    quality = int(lowest + (highest - lowest) * rng.random() ** 0.6)
    _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded: ByteImage = cv2.imdecode(coded, cv2.IMREAD_COLOR)
    return decoded
