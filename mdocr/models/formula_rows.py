r"""Formulas of several rows, as in ``aligned``: cut to be read one by one, then put together."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr import formulas
from mdocr.models.formula_notation import BRACKETS, to_latex
from mdocr.models.formula_pictures import find_ink, letter_height

GAP = 0.7
"""Blank from edge to edge between two rows, in heights of a letter; inside a row there is less."""

LOWEST = 0.5
"""Height of a row in heights of a letter, at least; what is lower is dirt."""

TORN = 2
"""Rows of pixels that print or a scan may have lost in the middle of a letter."""

RELATIONS = "=<>≤≥≪≫≠≈≡∼≃∝→↦⇒∈⊂⊆"
"""Signs of the notation that rows are aligned at."""

OPENING, CLOSING = frozenset(["{", *BRACKETS]), frozenset(["}", *BRACKETS.values()])

_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{(?:aligned|align\*?|gathered|split)\}")


def cut_rows(image: Image.Image) -> list[Image.Image]:
    """Pictures of the rows of a formula, from top to bottom; the picture itself if it is one."""
    ink = find_ink(np.asarray(image.convert("RGB")))
    inked = np.flatnonzero(ink.any(axis=1))
    if not len(inked):
        return [image]
    bands = _split(inked, TORN)
    letter = max(letter_height(ink[band[0] : band[-1] + 1]) for band in bands)
    rows = [row for row in _split(inked, GAP * letter) if row[-1] - row[0] > LOWEST * letter]
    middles = [int(above[-1] + below[0]) // 2 for above, below in pairwise(rows)]
    if not middles:
        return [image]
    edges = pairwise([0, *middles, image.height])
    return [image.crop((0, top, image.width, bottom)) for top, bottom in edges]


def join_rows(notations: Sequence[str]) -> str:
    r"""LaTeX of rows in notation: in ``aligned``, at the first relation of each."""
    if len(notations) == 1:
        return to_latex(notations[0])
    rows = []
    for notation in notations:
        place = _first_relation(notation)
        rows.append(to_latex(notation[:place]) + "&" + to_latex(notation[place:]))
    return r"\begin{aligned}" + r" \\ ".join(rows) + r"\end{aligned}"


def split_rows(latex: str) -> list[str]:
    """LaTeX of the rows of a formula, without the signs that they are aligned at."""
    bare = formulas.bare(latex)
    plain = _ENVIRONMENT.sub("", bare)
    if plain == bare:
        return [bare]
    kept = [token for token in formulas.tokens(plain) if token != "&"]
    return "".join(kept).split(r"\\")


def _first_relation(notation: str) -> int:
    """Where it stands outside of arguments and brackets; 0 if there is none."""
    depth = 0
    for place, sign in enumerate(notation):
        if sign in RELATIONS and not depth:
            return place
        depth += (sign in OPENING) - (sign in CLOSING)
    return 0


def _split(places: NDArray[np.intp], least: float) -> list[NDArray[np.intp]]:
    """Rising places as groups, between which more than ``least`` are left out."""
    return np.split(places, np.flatnonzero(np.diff(places) - 1 > least) + 1)
