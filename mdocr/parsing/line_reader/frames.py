"""What belongs together of the parts of a page that may lie on their side: a table is one part.

Cells of a table that is printed sideways stand apart, each a doubtful part of its own; what joins
them is the frame of rules around them, or that nothing else stands between them.
"""

from functools import reduce
from itertools import combinations

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.components import Boxes, inside_any

Edges = NDArray[np.float64]
Pixels = NDArray[np.uint8]

RULE = 3.0
"""Length of a rule in heights of a line, at least."""

REACH = 12.0
"""Distance in heights of a line up to which parts without anything between them are one."""

MOST_JOINED = 64
"""Parts that are looked at pair by pair; more are specks."""


def gathered(parts: Boxes, sound: Boxes, pixels: Pixels, height: float) -> Boxes:
    """Parts extended to the frames they stand in, and joined where nothing sound is between them.

    Args:
        parts: [N, 4] in pixels.
        sound: regions that are no such part, [M, 4].
        pixels: of the page, [H, W, 3] RGB.
        height: of a usual line, in pixels.

    Returns:
        [K, 4], each so large that it cuts no letter.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    _, ink = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    for frame in ruled_frames(np.asarray(ink, np.uint8), height):
        inside = inside_any(parts, frame[None])
        whole = reduce(_hull, parts[inside], frame)
        if inside.any() and not _meets(whole, sound):
            parts = np.vstack([parts[~inside], whole])
    joined = _joined(parts, sound, REACH * height)
    grown = [_grown(part, np.asarray(ink, np.uint8), sound, height) for part in joined]
    return np.array(grown).reshape(-1, 4)


def ruled_frames(ink: Pixels, height: float) -> list[Edges]:
    """Boxes around rules that cross or touch, [4] each.

    Args:
        ink: 1 where a page is dark, [H, W].
        height: of a usual line, in pixels.
    """
    length = max(3, round(RULE * height))
    level = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    upright = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    rules = cv2.dilate(cv2.bitwise_or(level, upright), np.ones((3, 3), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(rules, connectivity=8)
    crossing = set(np.unique(labels[level > 0])) & set(np.unique(labels[upright > 0]))
    frames = stats[sorted(crossing - {0}), :4].astype(np.float64)
    frames[:, 2:] += frames[:, :2]
    return list(frames)


def _joined(parts: Boxes, sound: Boxes, reach: float) -> Boxes:
    """Parts, two that are near with nothing sound between replaced by their hull until none are."""
    while len(parts) <= MOST_JOINED:
        hulls = (
            (first, second, _hull(parts[first], parts[second]))
            for first, second in combinations(range(len(parts)), 2)
            if _distance(parts[first], parts[second]) <= reach
        )
        found = next((pair for pair in hulls if not _meets(pair[2], sound)), None)
        if found is None:
            break
        first, second, hull = found
        parts = np.vstack([np.delete(parts, [first, second], axis=0), hull])
    return parts


def _hull(one: Edges, other: Edges) -> Edges:
    return np.concatenate([np.minimum(one[:2], other[:2]), np.maximum(one[2:], other[2:])])


def _distance(one: Edges, other: Edges) -> float:
    """The wider of the blanks between two boxes, across and down; 0 or less where there is none."""
    return float(np.maximum(one[:2] - other[2:], other[:2] - one[2:]).max())


def _grown(part: Edges, ink: Pixels, sound: Boxes, step: float) -> Edges:
    """A part grown on each side by strips that have ink and meet nothing sound."""
    step = max(1, round(step))
    grown: Edges = part.copy()
    for side, outwards in ((0, -1), (1, -1), (2, 1), (3, 1)):
        while True:
            strip, wider = grown.copy(), grown.copy()
            wider[side] += outwards * step
            strip[side], strip[(side + 2) % 4] = wider[side], grown[side]
            x0, y0, x1, y1 = np.maximum(np.sort(strip.reshape(2, 2), axis=0), 0).astype(int).ravel()
            if _meets(wider, sound) or not ink[y0:y1, x0:x1].any():
                break
            grown = wider
    return grown


def _meets(box: Edges, others: Boxes) -> bool:
    """Whether a box overlaps any other."""
    apart = (box[:2] >= others[:, 2:]).any(axis=1) | (others[:, :2] >= box[2:]).any(axis=1)
    return bool((~apart).any())
