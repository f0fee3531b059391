"""Initials set into their first line: large letters that lines of text run around.

An initial stands beside two lines or more, and the text goes on below it. On the picture it is
moved to the start of the first of these lines, as high as its capitals, so that the line is read
as it is meant: T and HE are THE.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Boxes = NDArray[np.int64]

FEWEST = 60
"""Letters on a page with an initial, at least."""

HIGH, HIGHEST = 2.6, 12.0
"""Height of an initial in median letters, two to four lines."""

NARROW, WIDE = 0.25, 1.5
"""Its width as a share of its height."""

GAP, ALIGNED = 3.0, 1.0
"""Blank between an initial and the lines beside it, and how far the starts of these, and that of
the line below from the initial's, lie apart, at most, in median letters."""

BELOW = 4.5
"""How far below an initial the next line begins at most, in median letters."""

FULL = 8
"""Letters in the part of a line beside an initial that is looked at, at least."""

CAPITAL = 1.35
"""Height of a capital in median letters, where a line has none."""

SPACE, OUTDENT = 0.1, 0.68
"""Blank between an initial and the rest of its word, and how far it stands out at most, in heights
of a capital: lines below one that stands out more are taken for an item of a list."""

FRAMED, FULLEST = 0.9, 0.95
"""Share of the edge of a dark tile that is inked, and of all of it at most: a letter is light."""

WIDTH = 20
"""How far to the right the lines beside an initial are looked at, in median letters."""


@dataclass(frozen=True)
class Initial:
    """A large letter.

    Attributes:
        box: x0, y0, x1, y1 in pixels; if it touches the line below, down to that.
        place: the same, once it is in its line.
        foot: row down to which it may reach between the high letters of the line below.
    """

    box: tuple[int, int, int, int]
    place: tuple[int, int, int, int]
    foot: int


def with_initials_in_line(picture: Pixels) -> tuple[Pixels, list[Initial]]:
    """A page with its initials at the start of their lines, and what was moved.

    Args:
        picture: [H, W, 3] RGB; it is returned itself where there is none.
    """
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    level, dark = cv2.threshold(grey, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
    boxes = stats[1:, :4].astype(np.int64)
    boxes[:, 2:] += boxes[:, :2]
    found = list(_initials(boxes))
    if not found:
        return picture, []
    made = picture.copy()
    paper = np.median(picture[grey > level], axis=0).astype(np.uint8)
    for initial, number in found:
        _move(made, labels == number + 1, paper, initial)
    return made, [initial for initial, _ in found]


def _initials(boxes: Boxes) -> Iterator[tuple[Initial, int]]:
    """The initials among connected components, [N, 4], each with its number."""
    widths, heights = (boxes[:, 2:] - boxes[:, :2]).T
    shaped = (heights >= 5) & (heights <= 200) & (widths < 4 * heights) & (heights < 8 * widths)
    if shaped.sum() < FEWEST:
        return
    size = float(np.median(heights[shaped]))
    large = (heights > HIGH * size) & (heights < HIGHEST * size)
    large &= (widths > NARROW * heights) & (widths < WIDE * heights)
    letters = boxes[shaped & (heights > 0.6 * size) & (heights < 2.2 * size)]
    for number in np.flatnonzero(large):
        peers = (boxes[large, 1] < boxes[number, 3]) & (boxes[large, 3] > boxes[number, 1])
        peers &= ~_is_inside(boxes[large], boxes[number])  # of a light letter on a dark tile
        found = _initial(boxes[number], letters, size) if not peers.any() else None
        if found is not None:
            yield found, int(number)


def _is_inside(boxes: Boxes, outer: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which boxes, [N, 4], lie within another one, or are it, [N]."""
    return np.asarray(
        (boxes[:, :2] >= outer[:2]).all(axis=1) & (boxes[:, 2:] <= outer[2:]).all(axis=1), np.bool_
    )


def _initial(box: NDArray[np.int64], letters: Boxes, size: float) -> Initial | None:
    """A large letter and its place in its first line; None if no lines run around it."""
    x0, y0, x1, y1 = box.tolist()
    level = (letters[:, 3] > y0 - 0.3 * size) & (letters[:, 1] < y1 + BELOW * size)
    level &= letters[:, 0] < x1 + WIDTH * size
    left = level & (letters[:, 1] < y1) & (letters[:, 2] <= x0)
    if (left & (letters[:, 2] > x0 - GAP * size)).any():
        return None
    lines = _rows(letters[level & (letters[:, 0] > x0 - GAP * size)], size)
    starts = [float(line[:, 0].min()) for line in lines]
    beside = [n for n, start in enumerate(starts) if abs(start - starts[0]) < ALIGNED * size]
    count = len(beside)
    if count < 2 or beside[-1] != count - 1 or count == len(lines):
        return None
    bottom = min(y1, int(lines[count][:, 1].min()))  # it may touch the line below
    if (
        abs(starts[count] - x0) > ALIGNED * size
        or not 0 < starts[0] - x1 + ALIGNED * size < (GAP + ALIGNED) * size
        or bottom - y0 < HIGH * size
        or min(map(len, lines[:count])) < FULL
    ):
        return None
    base, top = int(np.median(lines[0][:, 3])), float(np.percentile(lines[0][:, 1], 10))
    height = max(round(base - top), round(CAPITAL * size))
    right = round(starts[0] - max(1.0, SPACE * height))
    width = round(min((x1 - x0) * height / (bottom - y0), OUTDENT * height - SPACE * height))
    foot = min(y1, int(np.median(lines[count][:, 1])))
    return Initial((x0, y0, x1, bottom), (right - width, base - height, right, base), foot)


def _rows(letters: Boxes, size: float) -> list[Boxes]:
    """Letters [N, 4] as lines from top to bottom, by the gaps between their lower ends.

    A few that end a little lower than others are those of the same line that descend.
    """
    if not len(letters):
        return []
    order = np.argsort(letters[:, 3])
    feet = letters[order, 3]
    rows: list[Boxes] = []
    for part in np.split(order, 1 + np.flatnonzero(np.diff(feet) > 0.5 * size)):
        row = letters[part]
        if rows and len(row) < FULL and row[0, 3] - np.median(rows[-1][:, 3]) < size:
            row = np.concatenate([rows.pop(), row])
        rows.append(row)
    return rows


def _is_tile(mask: NDArray[np.bool_]) -> bool:
    """Whether a shape is a rectangle with something light on it."""
    edge = np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
    return bool(edge.mean() > FRAMED and mask.mean() < FULLEST)


def _dark(tile: Pixels) -> Pixels:
    """A light letter on a dark tile as a dark one on white, without the rest of its tile."""
    grey = np.asarray(cv2.cvtColor(tile, cv2.COLOR_RGB2GRAY), np.float64)
    low, high = grey.min(), max(grey.max(), grey.min() + 1)
    levels = np.asarray(255 * (high - grey) / (high - low), np.uint8)
    _, ink = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    x, y, width, height = cv2.boundingRect(ink)
    letter = levels[y : y + height, x : x + width]
    return np.asarray(np.repeat(letter[..., None], 3, axis=2), np.uint8)


def _move(
    picture: Pixels, letter: NDArray[np.bool_], paper: NDArray[np.uint8], initial: Initial
) -> None:
    """Moves a letter, [H, W], of a picture, in place."""
    x0, y0, x1, y1 = initial.box
    left, top, right, bottom = initial.place
    shown = np.where(letter[y0:y1, x0:x1, None], picture[y0:y1, x0:x1], paper)
    is_tile = _is_tile(letter[y0:y1, x0:x1])
    if is_tile:
        shown = _dark(picture[y0:y1, x0:x1])
    small = cv2.resize(shown, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    own = letter[: initial.foot].copy()
    if is_tile:
        own[y0:y1, x0:x1] = True
    own[y1:, letter[initial.foot + 1]] = False  # high letters of the line below
    own = cv2.dilate(own.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    own[y1:, letter[initial.foot + 1]] = False
    picture[: initial.foot][own] = paper
    picture[top:bottom, left:right] = np.minimum(picture[top:bottom, left:right], small)
