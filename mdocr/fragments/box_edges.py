"""Edges of small boxes around words, such as buttons and keys, which are no letters beside them."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.components import Components
from mdocr.fragments.geometry import Pixels

FEWEST, HIGHEST = 2, 4.5
"""Letters in a small box at least, and its height in heights of a letter at most."""

FILLED = 0.5
"""Share of its width that they fill: the box around the field of a form is wider."""

CLOSED = 0.85
"""Share of each of its four sides that is drawn, at least."""


def find_box_edges(parts: Components, size: float) -> Pixels:
    """1 where the edges of small boxes are, [H, W]; letters that touch them stay.

    Args:
        parts: of a page, rules among them.
        size: height of a usual letter.
    """
    found = np.zeros(parts.labels.shape, np.uint8)
    for index in np.flatnonzero(_hold_letters(parts, size)):
        x0, y0, x1, y1 = parts.boxes[index].astype(int)
        own = (parts.labels[y0:y1, x0:x1] == index + 1).astype(np.uint8)
        if _is_closed(own):
            found[y0:y1, x0:x1] |= _edge(own)
    return found


def _hold_letters(parts: Components, size: float) -> NDArray[np.bool_]:
    """Which components have several letters within their boxes, [N]."""
    boxes, heights = parts.boxes, parts.heights
    letters = boxes[heights > 0.4 * size]
    found = (parts.widths > 2 * size) & (heights > 1.2 * size) & (heights < HIGHEST * size)
    for index in np.flatnonzero(found):
        low, high = boxes[index, :2], boxes[index, 2:]
        inner = letters[(letters[:, :2] > low).all(axis=1) & (letters[:, 2:] < high).all(axis=1)]
        wide = np.ptp(inner[:, ::2]) if len(inner) >= FEWEST else 0.0
        found[index] = wide > FILLED * (high[0] - low[0])
    return np.asarray(found)


def _is_closed(own: Pixels) -> bool:
    """Whether a component, [h, w], goes along all four sides of its box."""
    wide, high = max(1, own.shape[1] // 3), max(1, own.shape[0] // 3)
    sides = (own[:high].any(axis=0), own[-high:].any(axis=0))
    ends = (own[:, :wide].any(axis=1), own[:, -wide:].any(axis=1))
    return all(float(side.mean()) > CLOSED for side in (*sides, *ends))


def _edge(own: Pixels) -> Pixels:
    """What of a component is near what lies around it, [h, w]."""
    around = np.pad(1 - own, 1, constant_values=1)
    _, labels = cv2.connectedComponents(around, connectivity=4)
    outside = (labels == labels[0, 0]).astype(np.uint8)
    thickness = int(np.ceil(own.sum() / (2 * sum(own.shape)))) + 1
    brush = np.ones((2 * thickness + 1, 2 * thickness + 1), np.uint8)
    near = np.asarray(cv2.dilate(outside, brush)[1:-1, 1:-1], np.uint8)
    return np.asarray(near & own, np.uint8)
