"""Letters that grey levels hardly show, drawn as strongly as others: pale ones, red on green.

They differ from their ground in one channel of colour at least, however little. Nothing else is
changed: a watermark, which is larger than the text, stays as pale as it is.

    picture → distance to the background → letters among it → lines of those that are no ink → drawn
"""

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments import components, ink
from mdocr.fragments.chains import chain
from mdocr.fragments.geometry import Pixels
from mdocr.fragments.pictures import find_pictures

AREA = 2_000_000
"""Pixels of the copy in which letters are looked for, at most."""

LEAST, NOISE = 6, 8
"""Levels by which letters differ from clean paper at least, and for each of its noise."""

SHARE = 0.2
"""Share of the strongest contrast near by, likewise: a picture that was compressed has echoes of
its letters beside them."""

SEEN = 0.2
"""Share of a letter that is found as ink, below which it is faint: of thin ones about half is."""

FEWEST, MOST = 3, 4000
"""Faint letters of a line at least, and of a page at most: more are the grain of its paper."""

LARGEST = 2.5
"""Height of faint letters in heights of the others, at most; those of watermarks are larger."""

EVEN = 64
"""Levels by which the ground of a line varies at most: the median rounds the edges of panels."""

REACH = 2
"""Pixels around a letter that are drawn with it: its edge is paler than itself."""


class _Line(NamedTuple):
    """Faint letters of one line of the copy: their hull and, in it, where they are, [h, w]."""

    box: tuple[int, int, int, int]
    mask: Pixels


def with_faint_ink(picture: Pixels) -> Pixels:
    """A page with its faint letters drawn strongly.

    Args:
        picture: [H, W, 3] RGB; it is returned itself where there are none.
    """
    scale = min(1.0, (AREA / (picture.shape[0] * picture.shape[1])) ** 0.5)
    copy = picture
    if scale < 1:
        shrunk = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        copy = np.asarray(shrunk, np.uint8)
    background = _background(copy)
    lines = list(_faint_lines(copy, _distance(copy, background)))
    if not lines:
        return picture
    drawn: Pixels = picture.copy()
    for line in lines:
        _draw(drawn, line, background, drawn.shape[0] / copy.shape[0])
    return drawn


def _background(picture: Pixels) -> Pixels:
    """The paper of each place in colour, [H, W, 3]."""
    height, width = picture.shape[:2]
    step = max(1, round(min(height, width) / ink.COARSE_SIDE))
    coarse = cv2.medianBlur(np.ascontiguousarray(picture[::step, ::step]), ink.MEDIAN_SIZE)
    return np.asarray(cv2.resize(coarse, (width, height)), np.uint8)


def _distance(picture: Pixels, background: Pixels) -> Pixels:
    """How far each place is from its background in the channel that shows most of it, [H, W]."""
    red, green, blue = cv2.split(cv2.absdiff(picture, background))
    return np.asarray(cv2.max(cv2.max(red, green), blue), np.uint8)


def _faint_lines(picture: Pixels, distance: Pixels) -> Iterator[_Line]:
    grey = ink.to_grey(picture)
    background = ink.find_background(grey)
    seen = ink.find_ink(grey, background)
    paper = distance[::4, ::4][distance[::4, ::4] < ink.FAINTEST]
    least = LEAST + NOISE * float(np.percentile(paper, 75) if paper.size else 0)
    marks = (distance > ink.threshold(distance, SHARE, least)).astype(np.uint8)
    if not (marks > seen).any():
        return
    found = components.find_components(marks)
    shares = np.bincount(found.labels.ravel(), seen.ravel(), len(found.areas) + 1)[1:]
    faint = shares < SEEN * found.areas
    letters = np.flatnonzero(faint & _are_letters(found, ~faint))
    drawn = find_pictures(grey, background)
    columns, rows = ((found.boxes[letters, :2] + found.boxes[letters, 2:]) / 2).astype(int).T
    letters = letters[~drawn[rows, columns]]
    if not FEWEST <= len(letters) <= MOST:
        return
    size = float(np.median(found.heights[letters]))
    lines = chain(found.boxes[letters], size, np.zeros((0, 4)))
    for number in np.flatnonzero(np.bincount(lines) >= FEWEST):
        own = found.boxes[letters[lines == number]]
        yield _line(found, faint, np.concatenate([own[:, :2].min(axis=0), own[:, 2:].max(axis=0)]))


def _are_letters(found: components.Components, others: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which components have the shape of letters, and no size beyond that of some others, [N]."""
    widths, heights, extents = found.widths, found.heights, found.widths * found.heights
    shaped = (heights >= 5) & (widths < 4 * heights) & (heights < 8 * widths)
    shaped &= (found.areas > 0.12 * extents) & ((found.areas < 0.85 * extents) | (widths < 6))
    usual = heights[shaped & others]
    if len(usual) >= FEWEST:
        shaped &= heights < LARGEST * np.median(usual)
    return np.asarray(shaped)


def _line(
    found: components.Components, faint: NDArray[np.bool_], hull: NDArray[np.float64]
) -> _Line:
    """What is faint in the hull of some letters, [4], with their dots and tails."""
    margin = round(0.4 * (hull[3] - hull[1]))
    height, width = found.labels.shape
    left, top = np.maximum(hull[:2] - margin, 0).astype(int).tolist()
    right, bottom = np.minimum(hull[2:] + margin, (width, height)).astype(int).tolist()
    own = np.concatenate([[False], faint])[found.labels[top:bottom, left:right]]
    brush = np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8)
    return _Line((left, top, right, bottom), np.asarray(cv2.dilate(own.astype(np.uint8), brush)))


def _draw(picture: Pixels, line: _Line, background: Pixels, factor: float) -> None:
    """Draws a line in black, or on a dark ground in white, in place; the grain of a picture not."""
    left, top, right, bottom = line.box
    x, y = round(left * factor), round(top * factor)
    window = picture[y : round(bottom * factor), x : round(right * factor)]
    size = window.shape[1::-1]
    ground = np.asarray(cv2.resize(background[top:bottom, left:right], size), np.uint8)
    own = cv2.resize(line.mask, size, interpolation=cv2.INTER_NEAREST) > 0
    if np.ptp(ground[own], axis=0).max() > EVEN:
        return
    distance = _distance(window, ground)
    strongest = max(float(np.percentile(distance[own], 90)), 1.0)
    beside = distance[~own]
    if len(beside) and np.percentile(beside, 75) > SHARE * strongest:
        return
    share = np.minimum(distance / strongest, 1.0)[..., None]
    target = 0.0 if ink.to_grey(ground).mean() > 127 else 255.0
    window[own] = (ground + share * (target - ground))[own].astype(np.uint8)
