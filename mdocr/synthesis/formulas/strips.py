"""Training strips of formulas, assembled from cached parts.

mathtext takes some 20 ms to render a formula. Parts are therefore rendered once, cached, and joined
on their base line by relations and operators: thousands of parts give any number of formulas.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mdocr.models.line_reader_config import FORMULA_HEIGHT
from mdocr.preprocessing.formula_images import STRETCH, formula_strip
from mdocr.preprocessing.formula_notation import to_notation
from mdocr.synthesis.common import wear as sheets
from mdocr.synthesis.common.glyphs import InkMask
from mdocr.synthesis.formulas.grammar import FAMILIES, draw_part
from mdocr.synthesis.formulas.rules import RULES

SIZE = 30.0
"""Font size of parts in pixels."""

PARTS = ("sum", "sum", "sum", "term", "fraction", "big", "formula", "formula")
"""Nonterminals rendered as parts, see ``mdocr.synthesis.formulas.rules.RULES``."""

JOINTS = ("=", "=", "=", "=", "+", "+", "-", "-", r"\pm", r"\times", *RULES["relation"])
"""Relations and operators between two parts."""

CONTINUED = 0.1
"""Share of multi-part formulas that continue a row above, so begin with a relation."""

KEPT = 12_000
"""Most parts that a process caches: about 100 MB."""

SQUEEZED, TRIES = 1.3, 8
"""A part wider than this many strips is sampled again, this many times at most."""

FEWEST = 400
"""Number of distinct parts at the start of a run."""


@dataclass(frozen=True)
class StripPart:
    """A part of a formula.

    Attributes:
        ink: uint8 [height, width], with the side bearings of mathtext.
        depth: its rows below the base line.
        notation: see ``mdocr.preprocessing.formula_notation``.
        is_joint: whether it joins two others, with space around it.
    """

    ink: InkMask
    depth: int
    notation: str
    is_joint: bool = False


@lru_cache(KEPT)
def set_part(number: int) -> StripPart:
    """Part ``number``, always the same; its font family is ``number`` modulo their count."""
    rng = np.random.default_rng((11, number))
    kind = PARTS[int(rng.random() * len(PARTS))]
    latex, ink, depth = draw_part(rng, kind, SIZE, FAMILIES[number % len(FAMILIES)])
    return StripPart(ink, depth, to_notation(latex))


@lru_cache(1000)
def set_joint(latex: str, family: str) -> StripPart:
    """A relation or operator."""
    rng = np.random.default_rng(0)
    _, ink, depth = draw_part(rng, latex, SIZE, family)
    return StripPart(ink, depth, to_notation(latex), is_joint=True)


class FormulaSynthesizer:
    """Synthesizes formulas.

    Args:
        parts: number of distinct parts at most.
    """

    def __init__(self, parts: int = KEPT) -> None:
        self.parts = parts

    def draw(
        self, rng: np.random.Generator, width: int, difficulty: float, progress: float = 1.0
    ) -> tuple[NDArray[np.uint8], str]:
        """Samples a formula, on a strip as the line reader takes it.

        Args:
            rng: source of all randomness.
            width: of the strip at most, in pixels.
            difficulty: 0 (clean print) to 1 (worn copies of coarse scans).
            progress: of the run, 0 to 1; the number of distinct parts grows with it.

        Returns:
            uint8 RGB [64, w, 3] with w <= ``width``, and the notation.
        """
        parts = self._parts(rng, width, progress)
        picture = sheets.print_sheet(rng, sheets.with_margins(rng, _joined(rng, parts)), difficulty)
        strip = formula_strip(picture, widest=width)
        return strip, "".join(part.notation for part in parts)

    def _parts(self, rng: np.random.Generator, width: int, progress: float) -> list[StripPart]:
        """Parts of one font family with joints between, about as wide as the strip."""
        family = int(rng.random() * len(FAMILIES))
        found = [self._part(rng, family, progress)]
        for _ in range(TRIES):
            if _width(found) < SQUEEZED * width:
                break
            found = [self._part(rng, family, progress)]
        while rng.random() < 0.7:
            joint = set_joint(JOINTS[int(rng.random() * len(JOINTS))], FAMILIES[family])
            longer = [*found, joint, self._part(rng, family, progress)]
            if _width(longer) > width:
                break
            found = longer
        continued = len(found) > 1 and rng.random() < CONTINUED
        return found[1:] if continued else found

    def _part(self, rng: np.random.Generator, family: int, progress: float) -> StripPart:
        known = FEWEST + (self.parts - FEWEST) * progress
        number = int(rng.random() * known / len(FAMILIES))
        return set_part(number * len(FAMILIES) + family)


def _width(parts: list[StripPart]) -> float:
    """Approximate width of parts on a strip."""
    high = max(part.ink.shape[0] for part in parts)
    wide = sum(part.ink.shape[1] for part in parts)
    return float(wide * STRETCH * min(1.0, FORMULA_HEIGHT / high))


def _joined(rng: np.random.Generator, parts: list[StripPart]) -> InkMask:
    """Joins parts on one base line, with the usual spaces around joints."""
    space = round(SIZE * rng.uniform(0.12, 0.32))
    above = max(part.ink.shape[0] - part.depth for part in parts)
    below = max(part.depth for part in parts)
    columns = []
    for part in parts:
        top = above - part.ink.shape[0] + part.depth
        sides = (space, space) if part.is_joint else (0, 0)
        columns.append(np.pad(part.ink, ((top, below - part.depth), sides)))
    return np.concatenate(columns, axis=1)
