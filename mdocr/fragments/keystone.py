"""Pages photographed at an angle that fill the picture: their letters tell the angle.

Level lines of such a page meet in a point beside it, upright edges of its paragraphs and columns in
one above or below. As lines of a page that is turned by the right angle fall into the fewest rows
(W. Postl, 1986; ``mdocr.fragments.skew``), so do these if their slopes grow by the right amount
from the top to the foot. The view in which both points are infinitely far is that from above.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.skew import fullness
from mdocr.preprocessing.perspective import Flattened, Pixels, seen_by

Numbers = NDArray[np.float64]

AREA = 1_500_000
"""Pixels of the copy in which letters are looked for, at most."""

FEWEST, FEWEST_ENDS, MOST = 80, 40, 1200
"""Letters, and ends of lines, from which they tell something; of which so many are looked at."""

DARKER = 12
"""Levels by which ink is darker than what is around it at least."""

SLOPES, GROWTHS = np.tan(np.radians(np.arange(-12, 12.01, 0.5))), np.arange(-0.12, 0.121, 0.04)
"""Slopes of lines in the middle of the page, and growths over the page, looked for at first."""

COARSE, FINE = 0.5, 0.15
"""Height of a row in heights of a letter, in which ends of letters are counted."""

LEAST_GROWTH, CERTAIN = 0.008, 1.15
"""Growth from which lines are not parallel, and how much fuller the rows have to be for it."""

AGREED = 0.8
"""Fullness of the rows of each quarter of the page at least, as a share of what its own angle
gives: cards laid on a page at several angles are no page seen at one."""

APART = 1.2
"""Width of a blank in heights of a letter beside which a line begins or ends."""


class Fan(NamedTuple):
    """Lines whose slope is ``slope`` in the middle of the page, and grows by ``growth`` over it."""

    slope: float = 0.0
    growth: float = 0.0

    def meeting(self) -> Numbers:
        """Where they meet, homogeneous [3], in pages from the middle of the page."""
        return np.array([1.0, self.slope, -self.growth])


class Points(NamedTuple):
    """Ends of letters.

    Attributes:
        along: coordinate of each in the direction of the lines, from the middle of the page.
        across: the other one.
        size: of a letter.
        extent: of the page across the lines.
    """

    along: Numbers
    across: Numbers
    size: float
    extent: float

    def lower(self, fan: Fan) -> Numbers:
        """By how much each has left its place in the middle of the page."""
        return (fan.slope + fan.growth * self.across / self.extent) * self.along

    def best(self, growths: NDArray[Any]) -> tuple[Fan, float]:
        """The lines that they keep to best, and how full these are then."""
        energy, found = self._fullest(SLOPES, growths, COARSE)
        grows = len(growths) > 1
        for part, rows in ((0.25, COARSE), (0.0625, FINE)):
            steps = part * np.arange(-4, 5)
            more = 0.04 * steps if grows else np.zeros(1)
            energy, found = self._fullest(found.slope + 0.0087 * steps, found.growth + more, rows)
        return found, energy

    def quarters(self) -> Iterator["Points"]:
        """Those of each quarter of the page that has enough."""
        for right in (False, True):
            for below in (False, True):
                own = ((self.along > 0) == right) & ((self.across > 0) == below)
                if own.sum() >= FEWEST_ENDS:
                    yield self._replace(along=self.along[own], across=self.across[own])

    def agrees_with(self, fan: Fan) -> bool:
        """Whether no other angle suits them much better."""
        own = self._fullest(SLOPES, np.zeros(1), COARSE)[0]
        return self._energy(fan, COARSE) >= AGREED * own

    def _fullest(
        self, slopes: NDArray[Any], growths: NDArray[Any], rows: float
    ) -> tuple[float, Fan]:
        fans = [Fan(float(slope), float(growth)) for slope in slopes for growth in growths]
        return max((self._energy(fan, rows), fan) for fan in fans)

    def _energy(self, fan: Fan, height: float) -> float:
        """How full the rows are in the middle of the page."""
        return fullness((self.across - self.lower(fan)) / (height * self.size))


def flatten_by_letters(picture: Pixels) -> Flattened | None:
    """The page seen from above, if its lines of text are not parallel.

    Args:
        picture: [H, W, 3] RGB.

    Returns:
        None where they are, or are too few.
    """
    height, width = picture.shape[:2]
    boxes = _letters(picture)
    if len(boxes) < FEWEST:
        return None
    size = float(np.median(boxes[:, 3] - boxes[:, 1]))
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2 - width / 2, boxes[:, 3] - height / 2
    level = _fan(x, y, size, height)
    if level is None:
        return None
    rows = ((y - Points(x, y, size, height).lower(level)) / (COARSE * size)).round()
    begin, end = _edges(boxes, rows, APART * size)
    edge_x = np.concatenate([boxes[begin, 0], boxes[end, 2]]) - width / 2
    upright = _fan(np.concatenate([y[begin], y[end]]), edge_x, size, width)
    upright = upright or Fan(-level.slope)
    return seen_by(picture, _homography(level, upright, (width, height)))


def _letters(picture: Pixels) -> Numbers:
    """Boxes of what has the size of letters, [N, 4] in pixels of the picture."""
    height, width = picture.shape[:2]
    scale = min(1.0, (AREA / (height * width)) ** 0.5)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if scale < 1:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = cv2.adaptiveThreshold(
        grey, 1, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, DARKER
    )
    stats = cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:]
    widths, heights = stats[:, 2], stats[:, 3]
    shaped = (heights >= 5) & (heights <= 120) & (widths < 3 * heights) & (heights < 6 * widths)
    if not shaped.any():
        return np.zeros((0, 4))
    usual = np.median(heights[shaped])
    shaped &= (heights > 0.6 * usual) & (heights < 1.8 * usual)
    found = stats[shaped][:, :4].astype(np.float64)
    found[:, 2:] += found[:, :2]
    return np.asarray(found / scale)


def _fan(along: Numbers, across: Numbers, size: float, extent: float) -> Fan | None:
    """Lines that the points keep to best, if they are not parallel.

    Args:
        along: coordinate of each point in the direction of the lines, from the middle of the page.
        across: the other one.
        size: of a letter.
        extent: of the page across the lines.
    """
    if len(along) < FEWEST_ENDS:
        return None
    some = np.random.default_rng(0).permutation(len(along))[:MOST]
    along, across = along[some], across[some]

    points = Points(along, across, size, extent)
    found, energy = points.best(GROWTHS)
    _, energy_of_parallel = points.best(np.zeros(1))
    if abs(found.growth) < LEAST_GROWTH or energy < CERTAIN * energy_of_parallel:
        return None
    return found if all(part.agrees_with(found) for part in points.quarters()) else None


def _edges(boxes: Numbers, rows: Numbers, apart: float) -> tuple[NDArray[np.int64], ...]:
    """Numbers of the letters at which a line, or a cell, begins, and of those at which one ends."""
    order = np.lexsort((boxes[:, 0], rows))
    same = rows[order][1:] == rows[order][:-1]
    close = same & (boxes[order, 0][1:] - boxes[order, 2][:-1] < apart)
    begins = np.concatenate([[True], ~close])
    ends = np.concatenate([~close, [True]])
    return order[begins], order[ends]


def _homography(level: Fan, upright: Fan, size: tuple[int, int]) -> Numbers:
    """From points of the page [x, y] to those of the view from above, [3, 3]."""
    width, height = size
    to_middle = np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 1]])
    across = level.meeting() * (1, 1, 1 / height)
    down = upright.meeting()[[1, 0, 2]] * (1, 1, 1 / width)
    horizon = np.cross(across, down)
    away = np.vstack([[1, 0, 0], [0, 1, 0], horizon / horizon[2]])
    straight = np.eye(3)
    directions = np.stack([(away @ across)[:2], (away @ down)[:2]], axis=1)
    straight[:2, :2] = np.linalg.inv(directions / np.linalg.norm(directions, axis=0))
    return np.asarray(straight @ away @ to_middle)
