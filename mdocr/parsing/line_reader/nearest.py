"""Which line each character of a page stands in."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

AT_ONCE = 1 << 20
"""Pairs of a character and a line that are compared at once: a long table has 100 million."""


def nearest_lines(middles: Floats, slack: Floats, lines: Floats) -> NDArray[np.int64]:
    """The line that the middle of each character is nearest to.

    Args:
        middles: of the characters, [N, 2].
        slack: how far they may lie outside a line, [N].
        lines: boxes, [M, 4], one or more.

    Returns:
        [N] indices of lines; -1 for characters that are in none.
    """
    step = max(1, AT_ONCE // len(lines))
    found = [
        _nearest(middles[start : start + step], slack[start : start + step, None], lines)
        for start in range(0, len(middles), step)
    ]
    return np.concatenate([np.zeros(0, np.int64), *found])


def _nearest(middles: Floats, slack: Floats, lines: Floats) -> NDArray[np.int64]:
    x, y = middles[:, :1], middles[:, 1:]
    is_in = (lines[:, 0] - slack <= x) & (x <= lines[:, 2] + slack)
    is_in &= (lines[:, 1] - slack <= y) & (y <= lines[:, 3] + slack)
    off = np.abs(y - (lines[:, 1] + lines[:, 3]) / 2) / np.maximum(lines[:, 3] - lines[:, 1], 1)
    off = off + np.maximum(np.maximum(lines[:, 0] - x, x - lines[:, 2]), 0) / slack
    nearest = np.where(is_in, off, np.inf).argmin(axis=1)
    nearest[~is_in.any(axis=1)] = -1
    return np.asarray(nearest, np.int64)
