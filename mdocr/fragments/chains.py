"""Letters to fragments: pieces of text lines without a wide gap inside.

    letters → pairs that stand side by side → chains → dots and accents join their chain

A fragment never crosses a gutter between columns or an upright rule; whether two fragments of one
row are one line is decided later, when the columns are known (``mdocr.layout.rows``).
"""

from dataclasses import dataclass, fields, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.bridges import without_bridges
from mdocr.fragments.components import Boxes, Numbers
from mdocr.fragments.curves import Curves, fit_curves, levelled
from mdocr.fragments.groups import Index, hulls, join, medians

WORD_GAP = 1.15
"""Widest gap inside a fragment, in heights of the larger neighbour."""

DOT = 0.3
"""Height of the dots of a leader in heights of a usual letter, at most."""

DOT_GAP = 1.5
"""Widest gap between two of them in heights of a usual letter."""

SIZE_RATIO = 2.3
"""Most by which one letter is higher than its neighbour."""

LEAST_STEPS = 3
"""Distances between letters from which their spread means something."""

LEAST_LEADER = 6
"""Dots that a leader has at least."""

HOST_GAP = 0.4
"""Blank over or under a line within which a mark belongs to it, in heights of its letters."""

NO_WORD = -1


@dataclass(frozen=True, eq=False)
class Letters:
    """Components that are taken for writing.

    Attributes:
        boxes: [N, 4].
        areas: [N] pixels of ink.
        strokes: [N] mean thickness of the strokes in pixels.
        words: [N] number of the word that each is known to belong to, or ``NO_WORD``.
    """

    boxes: Boxes
    areas: Numbers
    strokes: Numbers
    words: Index


@dataclass(frozen=True, eq=False)
class Fragments:
    """Pieces of text lines.

    Attributes:
        boxes: [F, 4].
        sizes: [F] letter height: the 95th percentile over the letters, about that of a capital.
        middles: [F] median letter height, about that of an x.
        bases: [F] height of the line on which the letters stand.
        counts: [F] number of letters.
        strokes: [F] mean thickness of the strokes in pixels.
        bullets: [F] whether the first letter is a bullet.
        spreads: [F] median deviation of the distances between letters, as a share of their median;
            1 of few letters.
        slopes, bends: [F] see ``Curve``.
    """

    boxes: Boxes
    sizes: Numbers
    middles: Numbers
    bases: Numbers
    counts: Index
    strokes: Numbers
    bullets: NDArray[np.bool_]
    spreads: Numbers
    slopes: Numbers
    bends: Numbers

    def kept(self, mask: NDArray[np.bool_]) -> "Fragments":
        """Those that a mask [F] tells."""
        return Fragments(*(np.asarray(getattr(self, f.name))[mask] for f in fields(Fragments)))


_NONE = np.zeros(0)
NO_FRAGMENTS = Fragments(
    boxes=np.zeros((0, 4)),
    sizes=_NONE,
    middles=_NONE,
    bases=_NONE,
    counts=np.zeros(0, np.int64),
    strokes=_NONE,
    bullets=np.zeros(0, np.bool_),
    spreads=_NONE,
    slopes=_NONE,
    bends=_NONE,
)


def find_fragments(letters: Letters, size: float, walls: Boxes) -> Fragments:
    """Chains letters.

    Args:
        letters: what is written.
        size: height of a usual letter.
        walls: upright rules, which no fragment crosses, [W, 4].
    """
    if len(letters.boxes) == 0:
        return NO_FRAGMENTS
    chains = chain(letters.boxes, size, walls, letters.words)
    lines, curves = _homes(letters.boxes, chains, size)
    level = replace(letters, boxes=levelled(letters.boxes, lines, curves))
    found = _measure(level, lines, size)
    return _drop_specks(_curved(found, curves), size)


def chain(boxes: Boxes, size: float, walls: Boxes, words: Index | None = None) -> Index:
    """Number of the chain of each letter, [N]; a word that is known is never parted."""
    left, right = _close_pairs(boxes)
    heights = boxes[:, 3] - boxes[:, 1]
    high = np.maximum(heights[left], heights[right])
    low = np.minimum(heights[left], heights[right])
    overlap = np.minimum(boxes[left, 3], boxes[right, 3]) - np.maximum(
        boxes[left, 1], boxes[right, 1]
    )
    gap = np.maximum(boxes[left, 0], boxes[right, 0]) - np.minimum(boxes[left, 2], boxes[right, 2])
    joined = (gap <= WORD_GAP * np.maximum(high, 0.7 * size)) & (overlap >= 0.5 * low)
    joined &= high <= SIZE_RATIO * np.maximum(low, 1)
    left, right = left[joined], right[joined]
    apart = crosses_wall(boxes[left], boxes[right], walls)
    pairs = [(left[~apart], right[~apart]), _leader_pairs(boxes, size)]
    if words is not None:
        order = np.argsort(words, kind="stable")
        one, next_one = order[:-1], order[1:]
        inner = (words[one] == words[next_one]) & (words[one] != NO_WORD)
        pairs.append((one[inner], next_one[inner]))
    first, second = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
    return without_bridges(boxes, first, second, size)


def _leader_pairs(boxes: Boxes, size: float) -> tuple[Index, Index]:
    """Dots that follow each other in a leader.

    They stand farther apart than letters do, and above those of the next line: the blanks between
    them are no gutters.
    """
    dots = np.flatnonzero((boxes[:, 2:] - boxes[:, :2] < DOT * size).all(axis=1))
    left, right = _close_pairs(boxes[dots], DOT_GAP * size)
    runs = join(len(dots), left, right)
    kept = (np.bincount(runs, minlength=1) >= LEAST_LEADER)[runs[left]]
    return dots[left[kept]], dots[right[kept]]


def _close_pairs(boxes: Boxes, least: float = 0.0) -> tuple[Index, Index]:
    """Pairs of letters whose middles differ by less than half the height of the first.

    They are less than three heights apart, or less than ``least``, counted between left edges.
    """
    middles = (boxes[:, 1] + boxes[:, 3]) / 2
    order = np.argsort(middles)
    reach = 0.5 * (boxes[:, 3] - boxes[:, 1]) + 1
    first = np.searchsorted(middles[order], middles - reach)
    last = np.searchsorted(middles[order], middles + reach)
    counts = last - first
    left = np.repeat(np.arange(len(boxes)), counts)
    offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    right = order[np.repeat(first, counts) + offsets]
    reach = np.maximum(3 * (boxes[left, 3] - boxes[left, 1]), least)
    reach += np.maximum(boxes[left, 2] - boxes[left, 0], boxes[right, 2] - boxes[right, 0])
    reachable = np.abs(boxes[left, 0] - boxes[right, 0]) < reach
    kept = reachable & (left != right)
    return left[kept], right[kept]


def crosses_wall(left: Boxes, right: Boxes, walls: Boxes) -> NDArray[np.bool_]:
    """Which pairs of boxes, [P, 4] each, stand on two sides of an upright rule, [P]."""
    apart = np.zeros(len(left), bool)
    start = np.minimum((left[:, 0] + left[:, 2]) / 2, (right[:, 0] + right[:, 2]) / 2)
    end = np.maximum((left[:, 0] + left[:, 2]) / 2, (right[:, 0] + right[:, 2]) / 2)
    middle = (np.maximum(left[:, 1], right[:, 1]) + np.minimum(left[:, 3], right[:, 3])) / 2
    for x0, y0, x1, y1 in walls:
        x = (x0 + x1) / 2
        apart |= (start < x) & (end > x) & (middle >= y0 - 1) & (middle <= y1 + 1)
    return apart


class _Chains(NamedTuple):
    """What is known of chains: boxes [C, 4] as if they were level, letters, and how they bend."""

    boxes: Boxes
    sizes: Numbers
    lengths: Index
    curves: Curves


def _homes(boxes: Boxes, chains: Index, size: float) -> tuple[Index, Curves]:
    """Dots, accents, commas and dashes join the chain that they stand in, over or under.

    Returns:
        number of the line of each letter, [N], and the curves of the lines.
    """
    sizes = _letter_sizes(boxes, chains)
    curves = fit_curves(boxes, chains, sizes, size)
    hull = hulls(levelled(boxes, chains, curves), chains)
    found = _Chains(hull, sizes, np.bincount(chains), curves)
    home = np.arange(len(hull))
    low = sizes < 0.6 * size
    widths, heights = (hull[:, 2:] - hull[:, :2]).T
    leaders = (found.lengths >= LEAST_LEADER) & (heights < DOT * size) & (widths > 3 * size)
    is_mark = (found.lengths < np.where(low, 40, 9)) & (heights < 3 * size) & ~leaders
    marks = np.flatnonzero(is_mark)
    marks = marks[np.argsort(hull[marks, 1])]
    for start in range(0, len(marks), 256):
        part = marks[start : start + 256]
        words = (found.lengths[part] > 2) & ~low[part]
        host, distance = _nearest_host(found, part, words)
        home[part[distance < 1]] = host[distance < 1]
    while (home != home[home]).any():
        home = home[home]
    roots, lines = np.unique(home[chains], return_inverse=True)
    return lines.reshape(-1), Curves(*(of_chain[roots] for of_chain in curves))


def _nearest_host(found: _Chains, marks: Index, words: NDArray[np.bool_]) -> tuple[Index, Numbers]:
    """For each mark the line of larger letters that it most likely belongs to.

    Args:
        found: all chains.
        marks: which of them are marks, [M].
        words: which marks are small words, [M]: they belong to a line only where they stand beside
            it, as an exponent does, not over or under it.

    Returns:
        its index, [M], and a distance, [M]: below 1 if it belongs there.
    """
    hosts = _hosts(found, marks)
    hull, sizes = found.boxes[hosts], found.sizes[hosts]
    slack = np.where(found.lengths[marks] <= 2, 0.7, 0.6)  # height in letters of the host at most
    own = found.boxes[marks, None]
    lower = found.curves.at(hosts, (own[..., 0] + own[..., 2]) / 2)  # [M, H]
    mark = own - lower[..., None] * (0.0, 1.0, 0.0, 1.0)
    gap_x = np.maximum(mark[..., 0] - hull[:, 2], hull[:, 0] - mark[..., 2]).clip(0)
    gap_y = np.maximum(mark[..., 1] - hull[:, 3], hull[:, 1] - mark[..., 3]).clip(0)
    off = np.abs((mark[..., 1] + mark[..., 3]) / 2 - (hull[:, 1] + hull[:, 3]) / 2)
    distance = (gap_x / 0.9 + gap_y / HOST_GAP + 0.1 * off) / sizes
    larger = found.sizes[marks, None] < slack[:, None] * sizes
    flat = (mark[..., 3] - mark[..., 1]) < 0.75 * sizes
    over = words[:, None] & (gap_x < 0.1 * sizes)
    distance[~(larger & flat) | over] = np.inf
    nearest = distance.argmin(axis=1)
    return hosts[nearest], distance[np.arange(len(marks)), nearest]


def _hosts(found: _Chains, marks: Index) -> Index:
    """Chains near enough in height to be the line of one of some marks, and all that are curved."""
    top, bottom = found.boxes[marks, 1].min(), found.boxes[marks, 3].max()
    reach = HOST_GAP * found.sizes
    near = (found.boxes[:, 3] + reach >= top) & (found.boxes[:, 1] - reach <= bottom)
    return np.flatnonzero(near | (found.curves.slopes != 0) | (found.curves.bends != 0))


def _letter_sizes(boxes: Boxes, chains: Index) -> NDArray[np.float64]:
    """The 95th percentile of the heights of the letters of each chain."""
    heights = boxes[:, 3] - boxes[:, 1]
    order = np.lexsort((heights, chains))
    counts = np.bincount(chains)
    last = np.cumsum(counts) - 1
    return np.asarray(heights[order][last - (0.05 * (counts - 1) + 0.5).astype(np.int64)])


def _measure(letters: Letters, chains: Index, size: float) -> Fragments:
    """Extent, type size and first letter of each chain."""
    boxes, counts = letters.boxes, np.bincount(chains)
    heights = boxes[:, 3] - boxes[:, 1]
    sizes = _letter_sizes(boxes, chains)
    return Fragments(
        hulls(boxes, chains),
        sizes,
        medians(heights, chains, len(counts)),
        medians(boxes[:, 3], chains, len(counts)),
        counts,
        np.bincount(chains, letters.strokes * heights) / np.bincount(chains, heights),
        _begin_with_bullet(letters, chains, np.maximum(sizes, size)),
        _spreads(boxes, chains, heights > 0.4 * sizes[chains]),
        *np.zeros((2, len(counts))),
    )


def _curved(found: Fragments, curves: Curves) -> Fragments:
    """Fragments that were measured as if they were level, moved to the height of their middles."""
    if not (curves.slopes.any() or curves.bends.any()):
        return found
    middles = (found.boxes[:, 0] + found.boxes[:, 2]) / 2
    lower = curves.at(np.arange(len(middles)), middles)
    slopes = curves.slopes + 2 * curves.bends * (middles - curves.middles)
    boxes = found.boxes + lower[:, None] * (0.0, 1.0, 0.0, 1.0)
    bases = found.bases + lower
    return replace(found, boxes=boxes, bases=bases, slopes=slopes, bends=curves.bends)


def _spreads(boxes: Boxes, chains: Index, high: NDArray[np.bool_]) -> Numbers:
    """How unevenly the high letters of each chain follow one another; typewriters' evenly."""
    centers, owners = (boxes[high, 0] + boxes[high, 2]) / 2, chains[high]
    order = np.lexsort((centers, owners))
    inside = owners[order][1:] == owners[order][:-1]
    steps, owners = np.diff(centers[order])[inside], owners[order][1:][inside]
    count = int(chains.max()) + 1
    middles = medians(steps, owners, count)
    found = medians(np.abs(steps - middles[owners]), owners, count) / np.maximum(middles, 1)
    return np.where(np.bincount(owners, minlength=count) >= LEAST_STEPS, found, 1.0)


def _begin_with_bullet(letters: Letters, chains: Index, sizes: Numbers) -> NDArray[np.bool_]:
    """Whether the first letter of each chain is a dot, a square or a dash with a blank after it."""
    boxes = letters.boxes
    order = np.lexsort((boxes[:, 0], chains))
    starts = np.searchsorted(chains[order], np.arange(len(sizes)))
    first = order[starts]
    second = order[np.minimum(starts + 1, len(order) - 1)]
    alone = chains[second] != chains[first]
    width, height = (boxes[first, 2:] - boxes[first, :2]).T
    blank = boxes[second, 0] - boxes[first, 2] > 0.35 * sizes
    full = letters.areas[first] > 0.62 * width * height
    dot = (width < 1.5 * height) & (height < 1.5 * width)
    dot &= (height > 0.2 * sizes) & (height < np.where(alone, 1.0, 0.75) * sizes)
    dash = (height < 0.25 * sizes) & (width > 0.35 * sizes) & (width < 1.3 * sizes)
    return np.asarray(full & (dot | dash) & (blank | alone))


def _drop_specks(fragments: Fragments, size: float) -> Fragments:
    """Without what is too small to be read; a dash is read."""
    width, height = (fragments.boxes[:, 2:] - fragments.boxes[:, :2]).T
    dash = (width > 0.33 * size) & (width > 1.8 * height)
    kept = (height > 0.4 * size) | dash
    kept &= (height > 3) | (width > 4)
    return fragments.kept(kept)
