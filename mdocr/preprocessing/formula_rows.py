r"""Multi-row formulas, as in ``aligned``: cut into rows that are read separately, then joined."""

import re
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.document.latex.tokens import strip_delimiters, tokenize
from mdocr.preprocessing.formula_images import find_ink, letter_height
from mdocr.preprocessing.formula_notation import (
    BRACKETS,
    end_of_argument,
    spaced,
    to_latex,
)

GAP = 0.7
"""Least vertical gap between two rows, in letter heights; within a row gaps are smaller."""

LOWEST = 0.5
"""Least height of a row, in letter heights; anything lower is dirt."""

TORN = 2
"""Pixel rows that print or scan may have lost in the middle of a letter."""

NEAREST, REACH = 0.3, 1.2
"""Least and greatest gap between a fraction bar and its parts, in letter heights. An accent is
closer to its letter, and a minus sign farther from the rows above and below it."""

BESIDE = 0.5
"""Width free of ink beside the parts of a fraction, in letter heights; rows continue there."""

RELATIONS = "=<>≤≥≪≫≠≈≡∼≃∝→↦⇒∈⊂⊆"
"""Signs of the notation at which rows are aligned."""

OPENING, CLOSING = frozenset(BRACKETS), frozenset(BRACKETS.values())

_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{(?:aligned|align\*?|gathered|split)\}")
_SKIP = re.compile(r"\\\\\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]")
r"""A line break with extra space, as in ``\\[2pt]``."""


def cut_rows(image: Image.Image) -> list[Image.Image]:
    """Images of the rows of a formula, from top to bottom; the image itself if it is one row."""
    ink = find_ink(np.asarray(image.convert("RGB")))
    inky = np.asarray(ink.any(axis=1))
    inked = np.flatnonzero(inky)
    if not len(inked):
        return [image]
    bands = _split(inked, TORN)
    letter = max(letter_height(ink[band[0] : band[-1] + 1]) for band in bands)
    for top, bottom in _find_fractions(ink, letter):
        inky[top:bottom] = True
    held = np.flatnonzero(inky)
    rows = [row for row in _split(held, GAP * letter) if row[-1] - row[0] > LOWEST * letter]
    middles = [int(above[-1] + below[0]) // 2 for above, below in pairwise(rows)]
    if not middles:
        return [image]
    edges = pairwise([0, *middles, image.height])
    return [image.crop((0, top, image.width, bottom)) for top, bottom in edges]


def _find_fractions(ink: NDArray[np.bool_], letter: float) -> list[tuple[int, int]]:
    """Pixel rows spanned by fractions: from the ink above a bar to the ink below it.

    Args:
        ink: of a formula, [h, w].
        letter: height of a letter in pixels.
    """
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink.astype(np.uint8), connectivity=8)
    rules = [box for box in stats[1:, :4].tolist() if _is_rule(box, letter)]
    rest = ink.copy()
    for x, y, width, height in rules:
        rest[y : y + height, x : x + width] = False
    parts = [_parts(ink, rest, box, letter) for box in rules]
    return [part for part in parts if part is not None]


def _is_rule(box: Sequence[int], letter: float) -> bool:
    _, _, width, height = box
    return height <= 0.3 * letter and width >= max(4 * height, 0.6 * letter)


def _parts(
    ink: NDArray[np.bool_], rest: NDArray[np.bool_], rule: Sequence[int], letter: float
) -> tuple[int, int] | None:
    """The pixel rows from numerator to denominator if the rule is a fraction bar, else None."""
    x, y, width, height = rule
    across = np.s_[x : x + width]
    above = np.flatnonzero(ink[:y, across].any(axis=1))[-1:]
    below = y + height + np.flatnonzero(ink[y + height :, across].any(axis=1))[:1]
    if not len(above) or not len(below):
        return None
    top, bottom = int(above[0]), int(below[0])
    blanks = sorted((y - 1 - top, bottom - y - height))
    if blanks[0] < NEAREST * letter or blanks[1] > REACH * letter:
        return None
    room = max(1, round(BESIDE * letter))
    around = (slice(max(0, top - room), top + 1), slice(bottom, bottom + room))
    for rows in around:
        wider = ink[rows, max(0, x - room) : x + width + room]
        if wider.sum() > ink[rows, across].sum():
            return None
    if not rest[top, across].any() or not rest[bottom, across].any():  # bars of = and ≡
        return None
    return top, bottom + 1


def join_rows(notations: Sequence[str]) -> str:
    r"""LaTeX of rows in notation: an ``aligned`` environment, aligned at the first relation."""
    notations = [notation for notation in notations if notation.strip()]
    if len(notations) < 2:
        return to_latex("".join(notations))
    rows = []
    for notation in notations:
        at = _first_relation(notation)
        before = to_latex(notation[:at])
        before = "{}" * before.startswith(("*", "[")) + before  # not an argument of \\
        rows.append(before + "&" + to_latex(notation[at:]))
    return r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}"


def split_rows(latex: str) -> list[str]:
    """LaTeX of the rows of a formula, without alignment marks."""
    bare = strip_delimiters(latex)
    plain = _ENVIRONMENT.sub("", bare)
    if plain == bare:
        return [bare]
    rows = [""]
    for token in tokenize(_SKIP.sub(r"\\\\", plain)):
        if token == r"\\":
            rows.append("")
        elif token != "&":
            rows[-1] = spaced([rows[-1], token])
    return [row for row in rows if row.strip()] or [""]


def _first_relation(notation: str) -> int:
    """Index of the first relation outside arguments and brackets; 0 if there is none."""
    depth = at = 0
    while at < len(notation):
        sign = notation[at]
        if sign in RELATIONS and not depth:
            return at
        depth = max(0, depth + (sign in OPENING) - (sign in CLOSING))
        at = max(at + 1, end_of_argument(notation, at))
    return 0


def _split(indices: NDArray[np.intp], least: float) -> list[NDArray[np.intp]]:
    """Ascending indices, split at gaps of more than ``least``."""
    return np.split(indices, np.flatnonzero(np.diff(indices) - 1 > least) + 1)
