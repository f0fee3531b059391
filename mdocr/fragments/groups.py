"""Things that belong together, in pairs, to groups."""

import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.components import Boxes, Numbers

Index = NDArray[np.int64]


def join(count: int, first: Index, second: Index) -> Index:
    """Connected components of a graph: for each of ``count`` nodes the number of its group."""
    group = np.arange(count)
    while True:
        before = group.copy()
        lower = np.minimum(group[first], group[second])
        np.minimum.at(group, first, lower)
        np.minimum.at(group, second, lower)
        group = group[group]
        if (group == before).all():
            break
    return np.unique(group, return_inverse=True)[1].reshape(-1)


def hulls(boxes: Boxes, groups: Index) -> Boxes:
    """Smallest box around each group, [G, 4]."""
    count = int(groups.max()) + 1
    hull = np.empty((count, 4))
    hull[:, :2], hull[:, 2:] = np.inf, -np.inf
    np.minimum.at(hull, groups, np.column_stack([boxes[:, :2], np.full((len(boxes), 2), np.inf)]))
    np.maximum.at(hull, groups, np.column_stack([np.full((len(boxes), 2), -np.inf), boxes[:, 2:]]))
    return hull


def medians(values: Numbers, groups: Index, count: int) -> Numbers:
    """The median of the values of each group, 0 of those without any, [count]."""
    counts = np.bincount(groups, minlength=count)
    found = np.zeros(count)
    middle = np.cumsum(counts) - counts + counts // 2
    some = counts > 0
    found[some] = values[np.lexsort((values, groups))][middle[some]]
    return found
