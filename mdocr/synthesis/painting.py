"""Ink on a ground: background, shadow, edge and fill, painted one over the other."""

import numpy

from mdocr.synthesis import backgrounds
from mdocr.synthesis.backgrounds import Colour, Picture, Size
from mdocr.synthesis.glyphs import Mask


def compose(rng: numpy.random.Generator, masks: dict[str, Mask], difficulty: float) -> Picture:
    """Background, shadow, edge and ink, one over the other.

    Args:
        rng: the only source of chance.
        masks: "fill", and where present "edge" and "shadow"; each uint8 [height, width].
        difficulty: 0 to 1.
    """
    size = (masks["fill"].shape[1], masks["fill"].shape[0])
    back, ink = backgrounds.draw_colours(rng, difficulty)
    picture = backgrounds.paint(rng, size, back, difficulty)
    if "shadow" in masks:
        picture *= 1 - _opacity(masks["shadow"], rng.uniform(0.3, 0.9))
    if "edge" in masks:
        surface = backgrounds.flat(size, _edge_colour(rng, ink))
        picture += _opacity(masks["edge"]) * (surface - picture)
    return picture + _opacity(masks["fill"]) * (_surface(rng, size, ink, difficulty) - picture)


def _opacity(mask: Mask, strength: float = 1.0) -> Picture:
    return backgrounds.spread(mask * numpy.float32(strength / 255))


def _edge_colour(rng: numpy.random.Generator, ink: Colour) -> Colour:
    dark = backgrounds.brightness(ink) < 128
    if rng.random() < 0.4:
        return numpy.full(3, 245.0 if dark else 12.0, numpy.float32)
    for _ in range(4):
        colour = backgrounds.draw_colour(rng)
        if abs(backgrounds.brightness(colour) - backgrounds.brightness(ink)) > 50:
            break
    return colour


def _surface(rng: numpy.random.Generator, size: Size, ink: Colour, difficulty: float) -> Picture:
    """Plain ink, or with a gradient or a texture, [height, width, 3]."""
    chance = rng.random() / max(difficulty, 1e-6)
    surface = backgrounds.flat(size, ink)
    if chance < 0.15:
        surface += backgrounds.gradient(rng, size, 30 + 60 * rng.random())
    elif chance < 0.30:
        strength = numpy.float32(5 + 20 * rng.random())
        surface += strength * backgrounds.clouds(rng, size, 1 + int(4 * rng.random()))
    return surface
