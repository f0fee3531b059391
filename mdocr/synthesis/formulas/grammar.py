"""Formulas: LaTeX from a small grammar, rendered by matplotlib's mathtext.

The grammar leaves out what mathtext cannot render: environments other than ``aligned``, which is
composed here of rendered lines.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.errors import MissingExtraError
from mdocr.synthesis.common import wear as sheets
from mdocr.synthesis.common.glyphs import InkMask
from mdocr.synthesis.formulas.rules import NESTED, RULES

FAMILIES = ("cm", "cm", "cm", "stix", "stix", "dejavuserif", "stixsans", "dejavusans")
"""Font families of mathtext; most formulas are set in Computer Modern."""
DPI = 72
"""Makes sizes in points equal sizes in pixels."""
DEEPEST = 4

_PART = re.compile("@([a-z]+)")


def draw_latex(rng: np.random.Generator, deepest: int = DEEPEST) -> str:
    """Samples a formula; rarely several lines in ``aligned``.

    Args:
        rng: source of all randomness.
        deepest: depth below which only non-recursive productions are used.
    """
    if rng.random() < 0.08:
        lines = ["@symbol &= @sum", *["&= @sum"] * (1 + int(3 * rng.random()))]
        body = r" \\ ".join(_expand(rng, line, deepest) for line in lines)
        return rf"\begin{{aligned}} {body} \end{{aligned}}"
    return _expand(rng, "@formula", deepest)


def _is_simple(template: str) -> bool:
    return NESTED.isdisjoint(_PART.findall(template))


def _expand(rng: np.random.Generator, template: str, deepest: int) -> str:
    """Expands a template by random productions."""
    text = ""
    for place, piece in enumerate(_PART.split(template)):
        if place % 2:
            ways = RULES[piece]
            if deepest <= 0:
                ways = tuple(filter(_is_simple, ways)) or ways[:1]
            piece = _expand(rng, ways[int(rng.random() * len(ways))], deepest - 1)
        glued = piece[:1].isalpha() and re.search(r"\\[A-Za-z]+$", text)
        text += f" {piece}" if glued else piece
    return text


def draw_part(
    rng: np.random.Generator, kind: str, size: float, family: str, deepest: int = DEEPEST
) -> tuple[str, InkMask, int]:
    """Samples a part of a formula: its LaTeX, its ink, and the rows of ink below the base line.

    Args:
        rng: source of all randomness.
        kind: a nonterminal of ``RULES``, or LaTeX.
        size: font size in pixels.
        family: of mathtext, see ``FAMILIES``.
        deepest: depth of productions at most.
    """
    template = f"@{kind}" if kind in RULES else kind
    latex = _expand(rng, template, 1 + int(deepest * rng.random()))
    return latex, *_ink(latex, size, family)


def draw_formula(latex: str, size: float, family: str) -> InkMask:
    """Renders a formula, cropped to its ink, uint8 [height, width].

    Args:
        latex: what mathtext can render, or lines of it in ``aligned``.
        size: font size in pixels.
        family: of mathtext, see ``FAMILIES``.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    if not latex.startswith(r"\begin{aligned}"):
        return _cut(_ink(latex, size, family)[0])
    lines = latex.removeprefix(r"\begin{aligned}").removesuffix(r"\end{aligned}").split(r"\\")
    return _cut(_aligned([line.strip() for line in lines], size, family))


def _aligned(lines: list[str], size: float, family: str) -> InkMask:
    """Stacks lines, aligned at ``&``."""
    halves = [[_ink(half.strip(), size, family) for half in line.split("&")] for line in lines]
    before = max(left.shape[1] for (left, _), _ in halves) + round(0.3 * size)
    after = max(right.shape[1] for _, (right, _) in halves)
    rows = []
    for (left, left_depth), (right, right_depth) in halves:
        depth = max(left_depth, right_depth)
        above = max(left.shape[0] - left_depth, right.shape[0] - right_depth)
        row = np.zeros((above + depth + round(0.5 * size), before + after), np.uint8)
        top = above - left.shape[0] + left_depth
        row[top : top + left.shape[0], before - round(0.3 * size) - left.shape[1] :][
            :, : left.shape[1]
        ] = left
        top = above - right.shape[0] + right_depth
        row[top : top + right.shape[0], before : before + right.shape[1]] = right
        rows.append(row)
    return np.concatenate(rows)


def _ink(latex: str, size: float, family: str) -> tuple[InkMask, int]:
    """Renders by mathtext; returns the ink and its rows below the base line.

    The latter are negative for a symbol that ends above the base line, such as a minus.
    """
    if not latex:
        return np.zeros((1, 1), np.uint8), 0
    parsed = _mathtext().parse(f"${_displayed(latex)}$", DPI, _font(size, family))
    ink: InkMask = np.asarray(parsed.image, np.uint8)
    return ink, min(round(parsed.depth), ink.shape[0])


def _displayed(latex: str) -> str:
    """Enlarges outer fractions as LaTeX does in displayed formulas."""
    depth, text = 0, ""
    for piece in re.split(r"(\\frac|[{}])", latex):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        text += r"\dfrac" if piece == r"\frac" and depth == 0 else piece
    return text


def _cut(mask: InkMask) -> InkMask:
    """Crops the mask to its ink."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@cache
def _mathtext() -> Any:
    try:
        from matplotlib.mathtext import MathTextParser
    except ImportError as error:
        raise MissingExtraError("matplotlib", "train", "Rendering formulas") from error
    return MathTextParser("agg")


@cache
def _font(size: float, family: str) -> Any:
    from matplotlib.font_manager import FontProperties

    return FontProperties(size=size, math_fontfamily=family)


def draw_formulas(count: int, difficulty: float, seed: int) -> Iterator[tuple[Image.Image, str]]:
    """Yields ``count`` images of formulas with their LaTeX; reproducible by seed."""
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        picture, latex = draw_sample(rng, difficulty)
        yield Image.fromarray(picture), latex


def draw_sample(rng: np.random.Generator, difficulty: float) -> tuple[NDArray[np.uint8], str]:
    """An image of a formula, uint8 RGB [height, width, 3], and its LaTeX."""
    latex = draw_latex(rng, 2 + int(3 * rng.random()))
    family = FAMILIES[int(rng.random() * len(FAMILIES))]
    mask = draw_formula(latex, float(rng.integers(18, 44)), family)
    return sheets.print_sheet(rng, sheets.with_margins(rng, mask), difficulty), latex
