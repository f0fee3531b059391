"""How far a page is turned: the angle at which the feet of its letters fall into the fewest rows.

W. Postl, "Detection of linear oblique structures and skew scan in digitized documents" (1986): the
energy of a projection peaks at the skew. Here the points projected are the lower ends of letters.
"""

import numpy as np
from numpy.typing import NDArray

LARGEST = 15.0
"""Largest angle looked for, in degrees."""

SMALLEST = 0.08
"""Angles below this are taken for none, in degrees."""


def find_skew(x: NDArray[np.float64], y: NDArray[np.float64], size: float) -> float:
    """The angle by which to turn the page, in degrees counter-clockwise, to make its lines level.

    Args:
        x: middle of each letter, [N] pixels.
        y: lower end of each letter, [N] pixels.
        size: height of a usual letter in pixels.
    """
    if len(x) < 20:
        return 0.0
    coarse = np.arange(-LARGEST, LARGEST + 0.01, 0.5)
    energies = np.array([_energy(x, y, angle, 0.5 * size) for angle in coarse])
    best = float(coarse[energies.argmax()])
    if energies.max() < 1.15 * np.median(energies):
        return 0.0
    for step, bin_size in ((0.1, 0.3), (0.02, 0.15)):
        fine = best + step * np.arange(-6, 7)
        energies = np.array([_energy(x, y, angle, bin_size * size) for angle in fine])
        best = float(fine[energies.argmax()])
    level = _energy(x, y, 0.0, 0.15 * size)
    certain = float(energies.max()) > level * (1.05 + 20 / len(x))
    return best if abs(best) >= SMALLEST and certain else 0.0


def _energy(x: NDArray[np.float64], y: NDArray[np.float64], angle: float, bin_size: float) -> float:
    """How full the rows are after a turn."""
    return fullness((y - x * np.tan(np.radians(angle))) / bin_size)


def fullness(rows: NDArray[np.float64]) -> float:
    """Sum of squares of the histogram of places, counted in rows; smoothed over their borders."""
    counts = np.bincount((rows - rows.min()).astype(np.int64)).astype(np.float64)
    counts[1:] += counts[:-1]
    return float((counts**2).sum())
