"""A tall sign beside two lines, such as a logo or a brace, is no bridge between them.

Each of the lines has half of it beside itself, so that all three would be one chain.
"""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.components import Boxes
from mdocr.fragments.groups import Index, hulls, join, medians

TALL = 1.8
"""Height of such a sign in median letters of its chain, at least."""

LEAST = 4
"""Letters of each of the lines, at least: rows of a matrix have fewer."""

USUAL = 0.7
"""Height of a letter by which tall ones are told at least, and of lines, in usual letters of the
page: a chain may have more dots and dashes than letters."""

LEVEL = 0.2
"""Share of the lower of two lines that may lie beside the other."""


def without_bridges(boxes: Boxes, first: Index, second: Index, size: float) -> Index:
    """Number of the chain of each letter, [N]; lines that a tall sign alone ties are two.

    Args:
        boxes: of the letters, [N, 4].
        first: one letter of each pair that is chained, [P].
        second: the other, [P].
        size: height of a usual letter.
    """
    chains = join(len(boxes), first, second)
    tall = _are_tall(boxes, chains, USUAL * size)
    if not tall.any():
        return chains
    inner = tall[first] == tall[second]
    parts = join(len(boxes), first[inner], second[inner])
    apart = np.zeros(chains.max() + 1, np.bool_)
    for number in np.unique(chains[tall]):
        own = (chains == number) & ~tall
        apart[number] = _are_stacked(boxes[own], parts[own], USUAL * size)
    split = np.where(apart[chains], parts + len(apart), chains)
    return np.unique(split, return_inverse=True)[1].reshape(-1)


def _are_tall(boxes: Boxes, chains: Index, least: float) -> NDArray[np.bool_]:
    """Which letters are much higher than the median of their chain, and than a height, [N]."""
    heights = boxes[:, 3] - boxes[:, 1]
    usual = medians(heights, chains, int(chains.max()) + 1)[chains]
    return np.asarray(heights > TALL * np.maximum(usual, least))


def _are_stacked(boxes: Boxes, parts: Index, least: float) -> bool:
    """Whether two parts of a chain stand above each other like lines."""
    numbers, own, counts = np.unique(parts, return_inverse=True, return_counts=True)
    if len(numbers) < 2:
        return False
    lines = hulls(boxes, own.reshape(-1))[counts >= LEAST]
    lines = lines[lines[:, 3] - lines[:, 1] >= least]
    return any(_is_above(*pair) for pair in combinations(lines, 2))


def _is_above(one: Boxes, other: Boxes) -> bool:
    """Whether two boxes, [4], lie over one another and hardly beside."""
    shared = np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])
    height = min(one[3] - one[1], other[3] - other[1])
    return bool(shared[0] > 0 and shared[1] < LEVEL * height)
