r"""Formulas of several rows, as in ``aligned``: cut to be read one by one, then put together."""

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
"""Blank from edge to edge between two rows, in heights of a letter; inside a row there is less."""

LOWEST = 0.5
"""Height of a row in heights of a letter, at least; what is lower is dirt."""

TORN = 2
"""Rows of pixels that print or a scan may have lost in the middle of a letter."""

NEAREST, REACH = 0.3, 1.2
"""Blank between a fraction's rule and its parts, in heights of a letter, at least and at most. An
accent is nearer to its letter, and a minus farther from the rows above and below it."""

BESIDE = 0.5
"""Heights of a letter beside a fraction's parts in which there is no ink; rows go on there."""

RELATIONS = "=<>≤≥≪≫≠≈≡∼≃∝→↦⇒∈⊂⊆"
"""Signs of the notation that rows are aligned at."""

OPENING, CLOSING = frozenset(BRACKETS), frozenset(BRACKETS.values())

_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{(?:aligned|align\*?|gathered|split)\}")
_SKIP = re.compile(r"\\\\\s*\[\s*-?[\d.]+\s*[a-z]{2}\s*\]")
"""A line's end with some room below it."""


def cut_rows(image: Image.Image) -> list[Image.Image]:
    """Pictures of the rows of a formula, from top to bottom; the picture itself if it is one."""
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
    """Rows that fractions hold together: from the ink above a rule to that below it.

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
    """Last row of the ink above a rule and first below, if they are parts of a fraction."""
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
    r"""LaTeX of rows in notation: in ``aligned``, at the first relation of each."""
    notations = [notation for notation in notations if notation.strip()]
    if len(notations) < 2:
        return to_latex("".join(notations))
    rows = []
    for notation in notations:
        place = _first_relation(notation)
        before = to_latex(notation[:place])
        before = "{}" * before.startswith(("*", "[")) + before  # not an argument of the line's end
        rows.append(before + "&" + to_latex(notation[place:]))
    return r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}"


def split_rows(latex: str) -> list[str]:
    """LaTeX of the rows of a formula, without the signs that they are aligned at."""
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
    """Where it stands outside of arguments and brackets; 0 if there is none."""
    depth = place = 0
    while place < len(notation):
        sign = notation[place]
        if sign in RELATIONS and not depth:
            return place
        depth = max(0, depth + (sign in OPENING) - (sign in CLOSING))
        place = max(place + 1, end_of_argument(notation, place))
    return 0


def _split(places: NDArray[np.intp], least: float) -> list[NDArray[np.intp]]:
    """Rising places as groups, between which more than ``least`` are left out."""
    return np.split(places, np.flatnonzero(np.diff(places) - 1 > least) + 1)
