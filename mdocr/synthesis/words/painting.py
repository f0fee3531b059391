"""Compositing of background, shadow, extrusion, outline and fill."""

import numpy as np

from mdocr.synthesis.common import backgrounds
from mdocr.synthesis.common.backgrounds import Colour, FloatImage, Size
from mdocr.synthesis.common.glyphs import InkMask
from mdocr.synthesis.common.opencv import opencv


def compose(rng: np.random.Generator, masks: dict[str, InkMask], difficulty: float) -> FloatImage:
    """Composites background, shadow, sides, edge and fill, in this order.

    Args:
        rng: source of all randomness.
        masks: "fill", and optionally "second" (its part of another colour), "edge", "side" and
            "shadow"; each uint8 [height, width].
        difficulty: 0 to 1.
    """
    size = (masks["fill"].shape[1], masks["fill"].shape[0])
    back, ink = backgrounds.draw_colours(rng, difficulty)
    picture = backgrounds.paint(rng, size, back, difficulty)
    if "shadow" in masks:
        picture *= 1 - _opacity(masks["shadow"], rng.uniform(0.3, 0.9))
    if "side" in masks:
        surface = backgrounds.flat(size, _side_colour(rng, ink))
        picture += _opacity(masks["side"]) * (surface - picture)
    if "edge" in masks:
        hollow = rng.random() < 0.15
        surface = backgrounds.flat(size, _edge_colour(rng, back if hollow else ink))
        picture += _opacity(masks["edge"]) * (surface - picture)
        ink = back if hollow else ink
    fill, surface = masks["fill"], _surface(rng, size, ink, difficulty)
    if "second" in masks:
        other = backgrounds.flat(size, _edge_colour(rng, back))
        surface += _opacity(masks["second"]) * (other - surface)
    chance = rng.random() / max(difficulty, 1e-6)
    if chance < 0.22:
        surface += _relief(rng, fill)
    elif chance < 0.30:
        picture += _glow(rng, fill, ink)
    return picture + _opacity(fill) * (surface - picture)


def _opacity(mask: InkMask, strength: float = 1.0) -> FloatImage:
    return backgrounds.spread(mask * np.float32(strength / 255))


def _edge_colour(rng: np.random.Generator, ink: Colour) -> Colour:
    dark = backgrounds.brightness(ink) < 128
    if rng.random() < 0.4:
        return np.full(3, 245.0 if dark else 12.0, np.float32)
    for _ in range(4):
        colour = backgrounds.draw_colour(rng)
        if abs(backgrounds.brightness(colour) - backgrounds.brightness(ink)) > 50:
            break
    return colour


def _side_colour(rng: np.random.Generator, ink: Colour) -> Colour:
    """Colour of the sides of solid letters: mostly darkened ink."""
    if rng.random() < 0.7:
        shaded: Colour = ink * np.float32(rng.uniform(0.2, 0.75))
        return shaded
    return _edge_colour(rng, ink)


def _surface(rng: np.random.Generator, size: Size, ink: Colour, difficulty: float) -> FloatImage:
    """Plain ink, or ink with a gradient or texture, [height, width, 3]."""
    chance = rng.random() / max(difficulty, 1e-6)
    surface = backgrounds.flat(size, ink)
    if chance < 0.15:
        surface += backgrounds.gradient(rng, size, 30 + 60 * rng.random())
    elif chance < 0.30:
        strength = np.float32(5 + 20 * rng.random())
        surface += strength * backgrounds.clouds(rng, size, 1 + int(4 * rng.random()))
    return surface


def _relief(rng: np.random.Generator, fill: InkMask) -> FloatImage:
    """Shading of the rims of raised or carved letters."""
    cv2 = opencv()
    rounding = fill.shape[0] * rng.uniform(0.008, 0.04)
    height = cv2.GaussianBlur(fill.astype(np.float32), (0, 0), max(rounding, 0.5))
    angle = rng.random() * 2 * np.pi
    across, down = float(np.cos(angle)), float(np.sin(angle))
    slope = across * cv2.Sobel(height, -1, 1, 0) + down * cv2.Sobel(height, -1, 0, 1)
    steepest = max(float(np.abs(slope).max()), 1.0)
    return backgrounds.spread(slope * np.float32(rng.uniform(25, 110) / steepest))


def _glow(rng: np.random.Generator, fill: InkMask, ink: Colour) -> FloatImage:
    """Glow of luminous letters in the colour of the ink."""
    reach = fill.shape[0] * rng.uniform(0.02, 0.12)
    halo = opencv().GaussianBlur(fill, (0, 0), max(reach, 0.5))
    return _opacity(halo, rng.uniform(0.2, 0.7)) * backgrounds.flat(fill.shape[::-1], ink)
