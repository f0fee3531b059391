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

FAMILIES = ("cm", "cm", "cm", "stix", "stix", "dejavuserif", "stixsans", "dejavusans")
"""Font families of mathtext; most formulas are set in Computer Modern."""
DPI = 72
"""Makes sizes in points equal sizes in pixels."""
DEEPEST = 4

RULES: dict[str, tuple[str, ...]] = {
    "formula": (
        "@sum = @sum",
        "@sum = @sum",
        "@name(@letter) = @sum",
        "@symbol = @fraction",
        "@symbol @relation @sum",
        "@sum @relation @sum",
        "@big = @sum",
        "@symbol = @big",
        "@derivative = @sum",
        r"@derivative + @term @derivative = @sum",
        r"\lim_{@letter \to @end} @fraction = @sum",
        r"@set = \left\{ @letter \in @field : @sum @relation @number \right\}",
        r"@symbol \in @field, \quad @sum @relation @number",
        r"P(@capital | @capital) = \frac{P(@capital | @capital) P(@capital)}{P(@capital)}",
        r"@name : @field \to @field, \quad @letter \mapsto @sum",
        r"\left\| @sum \right\|_{@digit} \leq @sum",
        r"\mathcal{@capital}(@greek) = @big",
        r"@hat = \arg\min_{@greek} @sum",
        r"\max_{@letter} @term \leq \min_{@letter} @term",
        r"@factor \equiv @number \ (\mathrm{mod} \ @number)",
        r"\forall @letter \in @set, \quad \exists @letter : @term @relation @term",
        r"@letter_{1}, @letter_{2}, \ldots, @letter_{@letter} \in @field",
        "@sum = 0",
        r"i \hbar @derivative = @sum",
        r"@set = @capital @joining @capital",
    ),
    "sum": (
        "@term",
        "@term + @term",
        "@term - @term",
        "@term + @term - @number",
        "@term + @fraction",
        "@fraction",
        r"@term \pm @term",
        r"1 - @term",
        r"-@term + @term",
    ),
    "term": (
        *("@symbol", "@symbol", "@symbol", "@letter_{@index}", "@greek^{@power}"),
        "@number @symbol",
        "@factor @factor",
        "@factor",
        r"@factor \cdot @factor",
        r"\sqrt{@sum}",
        r"\sqrt[3]{@term}",
        r"\left( @sum \right)^{@power}",
        "@function",
        "@big",
        r"@factor \times 10^{@power}",
        r"\binom{@letter}{@letter}",
        r"\left| @sum \right|",
        r"\left[ @sum \right]",
        r"\left\langle @hat, @hat \right\rangle",
        r"\left\langle @greek | @bold | @greek \right\rangle",
        r"@factor @product @factor",
        r"@name \circ @name",
    ),
    "product": (r"\otimes", r"\oplus", r"\times"),
    "joining": (r"\cup", r"\cap", r"\times"),
    "factor": (
        "@symbol",
        "@letter^{@power}",
        "@letter_{@index}",
        "@greek_{@index}",
        "@letter_{@index}^{@power}",
        "(@sum)",
        "e^{@exponent}",
        "@name(@letter)",
        "@hat",
        "@number",
        "@letter!",
        "(@letter, @letter)",
    ),
    "fraction": (
        r"\frac{@sum}{@sum}",
        r"\frac{@number}{@number}",
        r"\frac{@symbol}{@number}",
        r"\frac{1}{@term}",
        r"\frac{@term}{@term}",
        r"\frac{-@letter \pm \sqrt{@sum}}{@digit @letter}",
    ),
    "big": (
        r"\sum_{@counter=@first}^{@end} @term",
        r"\sum_{@counter} @term",
        r"\prod_{@counter=@first}^{@end} @factor",
        r"\int_{@first}^{@end} @sum \, d@letter",
        r"\int_{-\infty}^{\infty} @term \, \mathrm{d}@letter",
        r"\int @term \, d@letter",
        r"\oint_{@capital} @factor \, d@letter",
        r"\iint_{@capital} @term \, d@letter \, d@letter",
        r"\bigcup_{@counter=1}^{@end} @capital_{@counter}",
    ),
    "derivative": (
        r"\frac{d@letter}{d@letter}",
        r"\frac{\partial @symbol}{\partial @letter}",
        r"\frac{\partial^{2} @letter}{\partial @letter^{2}}",
        r"\nabla @name",
        r"\nabla^{2} @name",
        r"\nabla \cdot @bold",
        r"\nabla \times @bold",
        r"\dot{@letter}",
        r"@name'(@letter)",
    ),
    "function": (
        r"\sin @letter",
        r"\cos(@sum)",
        r"\log @symbol",
        r"\ln \left( @sum \right)",
        r"\exp \left( @sum \right)",
        r"\tan^{2} @greek",
        r"\max(@term, @term)",
        r"\mathrm{tr}(@bold)",
        r"\det @bold",
        r"\min_{@letter} @symbol",
        r"\sinh @letter",
        r"\cosh @letter",
        r"\tanh(@sum)",
        r"\arctan @fraction",
        r"\sup_{@letter} @factor",
        r"\gcd(@letter, @letter)",
    ),
    "hat": (
        r"\hat{@letter}",
        r"\bar{@letter}",
        r"\tilde{@letter}",
        r"\vec{@letter}",
        r"\overline{@letter@letter}",
        r"\mathbf{@letter}",
        r"\hat{@greek}",
    ),
    "exponent": ("@letter", "-@letter", r"-@symbol / @number", "i @greek @letter", "-@letter^{2}"),
    "power": (
        *("2", "2", "2", "3", "@letter", "-1", "-2", "@number", "@letter + 1", "@letter - 1"),
        *(r"\prime", "T", "*", "1/2", "(@letter)"),
    ),
    "index": (
        *("@letter", "@digit", "@counter@counter", r"\mathrm{@shortened}", "@letter + 1", "0"),
        *("@letter - 1", "@counter, @counter"),
    ),
    "symbol": ("@letter", "@letter", "@greek", "@capital", "@letter_{@digit}", "@hat"),
    "bold": (r"\mathbf{@capital}", "@capital"),
    "set": ("@capital", r"\Omega", r"\mathcal{@capital}"),
    "field": (r"\mathbb{R}", r"\mathbb{R}^{@letter}", r"\mathbb{N}", r"\mathbb{C}", r"\mathbb{Z}"),
    "first": ("0", "0", "1", "1", "@digit", "@letter"),
    "end": ("@letter", "n", "N", r"\infty", "@digit", "0", "@letter - 1"),
    "name": ("f", "g", "h", "F", "G", r"\phi", r"\psi", "u", "p"),
    "counter": ("i", "j", "k", "n", "m"),
    "shortened": ("max", "min", "eff", "tot", "in", "out", "ref", "eq", "obs"),
    "number": (
        "@digit",
        "@digit",
        "@digit@digit",
        "@digit.@digit",
        "0.@digit@digit",
        "@digit@zero",
        "0",
    ),
    "zero": ("0", "00", "000", "5"),
    "letter": tuple("abcdefghijklmnpqrstuvwxyz"),
    "capital": tuple("ABCDEFGHIJKLMNPQRSTUVWXYZ"),
    "digit": tuple("123456789"),
    "relation": (
        *("<", ">", r"\leq", r"\geq", r"\neq", r"\approx", r"\equiv", r"\sim", r"\propto"),
        *(r"\simeq", r"\ll", r"\gg", r"\to", r"\Rightarrow", r"\subset", r"\subseteq"),
    ),
    "greek": (
        *(r"\alpha", r"\beta", r"\gamma", r"\delta", r"\epsilon", r"\varepsilon", r"\zeta"),
        *(r"\eta", r"\theta", r"\kappa", r"\lambda", r"\mu", r"\nu", r"\xi", r"\pi", r"\rho"),
        *(r"\sigma", r"\tau", r"\phi", r"\varphi", r"\chi", r"\psi", r"\omega", r"\Gamma"),
        *(r"\Delta", r"\Theta", r"\Lambda", r"\Sigma", r"\Phi", r"\Psi", r"\Omega", r"\ell"),
        *(r"\vartheta", r"\iota", r"\Xi", r"\Pi"),
    ),
}
"""Productions of each nonterminal; ``@name`` refers to a nonterminal."""

NESTED = {"sum", "term", "factor", "fraction", "big", "derivative", "function"}
"""Recursive nonterminals: productions that use them are left out deep inside a formula."""

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
