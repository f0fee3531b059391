"""Lines that are not level: a parabola through the feet of the letters of each chain.

Photographed pages bow, and lean by another angle at every place; cards and cuttings are pasted at
any angle. Letters are moved up or down by the curve of their chain, as if it were level.
"""

from typing import NamedTuple

import numpy as np

from mdocr.fragments.components import Boxes, Numbers
from mdocr.fragments.groups import Index, medians

LEAST_LETTERS, LEAST_BENT = 10, 16
"""Letters of a chain from which it may lean, and from which it may bow."""

LEAST_RISE = 0.35
"""Height by which a curve rises or falls in all, in letters; less is taken for level."""

WIDEST_STEP = 2.5
"""Distance from letter to letter in letters, at most; what stands farther apart is dashes."""

STEEPEST = 0.36
"""Slope of a curve at most, that of 20 degrees."""

NEAR, LEAST_NEAR, MORE_NEAR = 0.16, 0.75, 0.2
"""Distance from the curve in letters, the share of the feet that must keep to it, and by how much
that must exceed the share that keeps to a level: exponents and commas at an end bend no line."""


class Curves(NamedTuple):
    """The curves of chains, [C] each: where they are measured from, slope and bend there."""

    middles: Numbers
    slopes: Numbers
    bends: Numbers

    def at(self, chains: Index, x: Numbers) -> Numbers:
        """How far below its middle the curve of each chain is at x; both are broadcast."""
        away = x - self.middles[chains]
        return np.asarray((self.slopes[chains] + self.bends[chains] * away) * away)


def levelled(boxes: Boxes, chains: Index, curves: Curves) -> Boxes:
    """The letters, [N, 4], moved up and down until their chains are level."""
    lower = curves.at(chains, (boxes[:, 0] + boxes[:, 2]) / 2)
    return np.asarray(boxes - lower[:, None] * (0.0, 1.0, 0.0, 1.0))


def fit_curves(boxes: Boxes, chains: Index, sizes: Numbers, size: float) -> Curves:
    """Fits the feet of the letters, with those that reach below the line weighing little.

    Args:
        boxes: of the letters, [N, 4].
        chains: number of the chain of each, [N].
        sizes: height of the letters of each chain, [C].
        size: of a usual letter; lower ones are dashes or dots.
    """
    count = len(sizes)
    x = (boxes[:, 0] + boxes[:, 2]) / 2
    low, high = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(low, chains, x)
    np.maximum.at(high, chains, x)
    middles, reach = (low + high) / 2, np.maximum((high - low) / 2, 1.0)
    away = (x - middles[chains]) / reach[chains]
    feet = boxes[:, 3] / sizes[chains]
    lengths = np.bincount(chains, minlength=count)
    bent = lengths >= LEAST_BENT
    terms = np.stack([np.ones_like(away), away, np.where(bent[chains], away**2, 0.0)], axis=1)
    found, residues = _fitted(terms, feet, chains, count)
    near = np.bincount(chains, np.abs(residues) < NEAR, minlength=count) / lengths
    around = np.abs(feet - medians(feet, chains, count)[chains])
    level = np.bincount(chains, around < NEAR, minlength=count) / lengths
    slopes, bends = found[:, 1] * sizes / reach, found[:, 2] * sizes / reach**2
    rises = np.maximum(np.abs(found[:, 1]) * 2, np.abs(found[:, 2]))
    curved = (lengths >= LEAST_LETTERS) & (rises > LEAST_RISE) & (sizes > 0.6 * size)
    curved &= (near >= LEAST_NEAR) & (near > level + MORE_NEAR)
    curved &= 2 * reach < WIDEST_STEP * sizes * lengths
    curved &= np.abs(slopes) + 2 * np.abs(bends) * reach < STEEPEST
    return Curves(middles, np.where(curved, slopes, 0.0), np.where(curved, bends, 0.0))


def _fitted(terms: Numbers, feet: Numbers, chains: Index, count: int) -> tuple[Numbers, Numbers]:
    """Coefficients [C, 3] by least squares, weighed again by the residues, [N], of each turn."""
    weights = np.ones(len(feet))
    products = (terms[:, :, None] * terms[:, None, :]).reshape(len(feet), 9)
    found, residues = np.zeros((count, 3)), np.zeros(len(feet))
    for _ in range(6):
        sums = [np.bincount(chains, weights * part, minlength=count) for part in products.T]
        right = [np.bincount(chains, weights * feet * part, minlength=count) for part in terms.T]
        matrices = np.stack(sums, axis=1).reshape(count, 3, 3) + 1e-6 * np.eye(3)
        found = np.asarray(np.linalg.solve(matrices, np.stack(right, axis=1)[..., None])[..., 0])
        residues = np.asarray(feet - (terms * found[chains]).sum(axis=1))
        weights = 1 / (1 + (residues / NEAR) ** 2)
    return found, residues
