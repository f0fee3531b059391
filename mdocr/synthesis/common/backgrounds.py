"""Backgrounds of words: colours, textures, patterns, shapes.

An image is float32 [height, width, 3], 0 to 255; a colour is float32 [3].
"""

import colorsys
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mdocr.synthesis.common.opencv import opencv

FloatImage = NDArray[np.float32]
Colour = NDArray[np.float32]
Size = tuple[int, int]


HUES = (0.0, 0.01, 0.03, 0.08, 0.12, 0.15, 0.25, 0.33, 0.42, 0.52, 0.58, 0.62, 0.66, 0.85)
"""Frequent hues of paint, 0 to 1 around the colour wheel."""


def flat(size: Size, colour: Colour) -> FloatImage:
    """A uniform image, [height, width, 3]."""
    picture = np.empty((size[1], size[0], 3), np.float32)
    picture.reshape(size[1], -1)[:] = np.tile(colour, size[0])  # long rows copy fast
    return picture


def spread(plane: NDArray[np.float32], tint: Sequence[float] = (1.0, 1.0, 1.0)) -> FloatImage:
    """A plane [height, width] as three channels, scaled by ``tint``."""
    if len(set(tint)) == 1:
        plane = plane * np.float32(tint[0]) if tint[0] != 1.0 else plane
        planes = [plane, plane, plane]
    else:
        planes = [plane * np.float32(part) for part in tint]
    merged: FloatImage = opencv().merge(planes)
    return merged


def brightness(colour: Colour) -> float:
    """Luma of a colour, 0 to 255 (Rec. 601)."""
    return 0.299 * float(colour[0]) + 0.587 * float(colour[1]) + 0.114 * float(colour[2])


def draw_colour(rng: np.random.Generator) -> Colour:
    """A colour of signs and walls: mostly greys, whites and blacks, some saturated ones."""
    chance, value, *other = rng.random(5).tolist()
    if chance < 0.22:
        colour = [225 + 30 * x for x in other]
    elif chance < 0.40:
        colour = [45 * value + 18 * x for x in other]
    elif chance < 0.62:
        colour = [255 * value + 30 * (x - 0.5) for x in other]
    elif chance < 0.85:
        hue = HUES[int(other[0] * len(HUES))] + 0.08 * (other[2] - 0.5)
        colour = _saturated(hue % 1, 0.4 + 0.6 * other[1], 0.3 + 0.7 * value)
    else:
        colour = [255 * x for x in other]
    return np.array([min(max(x, 0.0), 255.0) for x in colour], np.float32)


def _saturated(hue: float, saturation: float, value: float) -> list[float]:
    return [255 * part for part in colorsys.hsv_to_rgb(hue, saturation, value)]


def draw_colours(rng: np.random.Generator, difficulty: float) -> tuple[Colour, Colour]:
    """Colours of background and ink, of sufficient contrast.

    Their lumas differ by at least 110 of 255 at difficulty 0, by at least 28 at 1.
    """
    least = 110 - (110 - 28) * difficulty * rng.random()
    for _ in range(8):
        back, ink = draw_colour(rng), draw_colour(rng)
        if abs(brightness(back) - brightness(ink)) >= least:
            return back, ink
    dark = brightness(back) < 128
    return back, np.full(3, 250.0 if dark else 8.0, np.float32)


def paint(rng: np.random.Generator, size: Size, colour: Colour, difficulty: float) -> FloatImage:
    """A background of that colour at ``size`` (width, height); clutter grows with difficulty."""
    picture = flat(size, colour)
    if rng.random() < 0.3 + 0.2 * difficulty:
        picture += gradient(rng, size, 10 + 50 * difficulty * rng.random())
    while rng.random() < 0.55 * difficulty:
        picture = PATTERNS[int(rng.random() * len(PATTERNS))](rng, picture)
    return picture


def gradient(rng: np.random.Generator, size: Size, strength: float) -> FloatImage:
    """A linear gradient in a random direction, [height, width, 3]."""
    dx, dy = rng.standard_normal(2)
    tint = strength * (0.6 + 0.8 * rng.random(3)) * (1 if rng.random() < 0.5 else -1)
    across = np.linspace(-0.5 * dx, 0.5 * dx, size[0], dtype=np.float32)
    down = np.linspace(-0.5 * dy, 0.5 * dy, size[1], dtype=np.float32)
    return spread(across[None, :] + down[:, None], tint.tolist())


def clouds(rng: np.random.Generator, size: Size, octaves: int, channels: int = 1) -> FloatImage:
    """Zero-mean smooth noise of several octaves and about unit strength, [height, width, 3]."""
    cv2 = opencv()
    cells, strength = 2, 0.7
    total: FloatImage = np.zeros((size[1], size[0], channels)[: 2 + (channels > 1)], np.float32)
    for _ in range(octaves):
        shape = (cells + 1, min(cells * max(1, size[0] // size[1]), size[0]) + 1, channels)
        grid = rng.standard_normal(shape, dtype=np.float32) * np.float32(strength)
        total += cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR)
        cells, strength = cells * 2 + 1, strength * 0.6
    return total if channels == 3 else spread(total)


def _cloudy(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    size = (picture.shape[1], picture.shape[0])
    strength = np.float32(6 + 26 * rng.random() ** 2)
    coloured = rng.random() < 0.3
    clouded: FloatImage = strength * clouds(rng, size, 1 + int(4 * rng.random()), 1 + 2 * coloured)
    return picture + clouded


def _grainy(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    """Grain of walls, paper and cloth; stretched, of wood and brushed metal."""
    cv2 = opencv()
    height, width = picture.shape[:2]
    shape = (max(2, int(height * rng.uniform(0.2, 1))), max(2, int(width * rng.uniform(0.05, 1))))
    grain = rng.standard_normal(shape, dtype=np.float32)
    grain = cv2.resize(grain, (width, height), interpolation=cv2.INTER_LINEAR)
    return picture + spread(grain * np.float32(4 + 14 * rng.random()))


def _striped(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    height, width = picture.shape[:2]
    angle, period = rng.random() * np.pi, height * rng.uniform(0.08, 0.8)
    across = np.arange(width) * np.cos(angle)
    down = np.arange(height) * np.sin(angle)
    wave = np.sin((across[None, :] + down[:, None]) * (2 * np.pi / period))
    if rng.random() < 0.5:
        wave = np.clip(wave * 6, -1, 1)
    return picture + spread((wave * rng.uniform(4, 22)).astype(np.float32))


def _bricked(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    cv2 = opencv()
    height, width = picture.shape[:2]
    row = max(4, int(height * rng.uniform(0.15, 0.6)))
    brick, joint = int(row * rng.uniform(1.0, 3.0)), _near(rng, picture, 45)
    picture = np.ascontiguousarray(picture)
    start = int(rng.random() * row)
    for number, y in enumerate(range(start - row, height, row)):
        cv2.line(picture, (0, y), (width, y), joint, 1)
        for x in range((number % 2) * brick // 2, width, brick):
            cv2.line(picture, (x, y), (x, y + row), joint, 1)
    return picture


def _blotted(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    """Elliptic patches."""
    cv2 = opencv()
    height, width = picture.shape[:2]
    drawn = np.ascontiguousarray(picture)
    for _ in range(1 + int(5 * rng.random())):
        centre = (int(rng.random() * width), int(rng.random() * height))
        axes = (1 + int(height * 0.6 * rng.random()), 1 + int(height * 0.5 * rng.random()))
        colour = _near(rng, picture, 40)
        cv2.ellipse(drawn, centre, axes, 180 * rng.random(), 0, 360, colour, -1, cv2.LINE_AA)
    return drawn


def _crossed(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    """Lines, such as wires, joints and edges of plates."""
    cv2 = opencv()
    height, width = picture.shape[:2]
    drawn = np.ascontiguousarray(picture)
    for _ in range(1 + int(3 * rng.random())):
        ends = rng.random(4) * (width, height, width, height)
        start, end = (int(ends[0]), int(ends[1])), (int(ends[2]), int(ends[3]))
        if rng.random() < 0.6:
            start, end = (0, start[1]), (width, start[1] + int(rng.normal(0, 0.05 * width)))
        thickness = 1 + int(0.1 * height * rng.random())
        cv2.line(drawn, start, end, _near(rng, picture, 70), thickness, cv2.LINE_AA)
    return drawn


def _parted(rng: np.random.Generator, picture: FloatImage) -> FloatImage:
    """A second surface along one border, as where a sign ends."""
    height, width = picture.shape[:2]
    picture = picture.copy()
    colour, side, share = draw_colour(rng), rng.random(), 0.04 + 0.12 * rng.random()
    if side < 0.35:
        picture[: max(1, int(share * height))] = colour
    elif side < 0.7:
        picture[height - max(1, int(share * height)) :] = colour
    elif side < 0.85:
        picture[:, : max(1, int(share * height))] = colour
    else:
        picture[:, width - max(1, int(share * height)) :] = colour
    return picture


def _near(rng: np.random.Generator, picture: FloatImage, spread: float) -> tuple[float, ...]:
    """A colour near that of the image's centre."""
    middle = picture[picture.shape[0] // 2, picture.shape[1] // 2]
    shade = rng.normal(0, spread)
    return tuple(float(value + shade + rng.normal(0, spread / 4)) for value in middle)


PATTERNS: tuple[Callable[[np.random.Generator, FloatImage], FloatImage], ...] = (
    _cloudy,
    _cloudy,
    _grainy,
    _striped,
    _bricked,
    _blotted,
    _crossed,
    _parted,
)
