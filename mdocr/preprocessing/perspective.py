"""A sheet of paper photographed at an angle, seen from above.

picture → paper, which is lighter or greyer than its ground → four edges → the view from above
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.document.model import Box

Pixels = NDArray[np.uint8]
Points = NDArray[np.float64]

SMALL = 640
"""Pixels of the longer edge of the copy in which the sheet is looked for."""

LEAST_SHEET = 0.15
"""Share of the picture that the sheet takes at least."""

EDGE = 0.005
"""Distance of its corners from the edges of the picture at least, as a share of the shorter one."""

FULL = 0.96
"""How far the sheet fills the four-sided figure around it at least (intersection over union)."""

LIGHTER = 30
"""Levels by which paper is lighter, or greyer, than the ground around it at least."""

LEANING, TURNED = 0.5, 10.0
"""Degrees by which a corner differs from a right angle at least, or by which the sheet is turned:
layout levels what is turned by less."""

STEEPEST = 40.0
"""The same at most; what leans more is no sheet."""

LARGEST = 2.0
"""Area of the view from above at most, as a multiple of the picture's: far ground is cut off."""

MIDDLE = slice(0.1, 0.9)
"""Share of an edge, between its corners, to which a line is fitted."""


@dataclass(frozen=True, eq=False)
class Flattened:
    """A page seen from above.

    Attributes:
        pixels: [H, W, 3] RGB.
        back: homography [3, 3] from points of ``pixels`` to those of the page as given.
        given: width and height of the page as given, in pixels.
    """

    pixels: Pixels
    back: NDArray[np.float64]
    given: tuple[int, int]

    def outline(self, box: Box) -> Box:
        """The box around where a box of this view lies on the page as given."""
        height, width = self.pixels.shape[:2]
        corners = [(x * width, y * height) for x in (box.x0, box.x1) for y in (box.y0, box.y1)]
        found = _mapped(np.array(corners), self.back) / self.given
        (x0, y0), (x1, y1) = found.min(axis=0).clip(0, 1), found.max(axis=0).clip(0, 1)
        return Box(float(x0), float(y0), float(x1), float(y1))


def flatten(picture: Pixels) -> Flattened | None:
    """The page seen from above, if it is a sheet on some ground, photographed at an angle.

    Args:
        picture: [H, W, 3] RGB.

    Returns:
        None where there is no such sheet, or it needs no more than to be levelled.
    """
    corners = find_sheet(picture)
    if corners is None or not _is_worth_it(corners):
        return None
    width = max(math.dist(corners[0], corners[1]), math.dist(corners[3], corners[2]))
    height = max(math.dist(corners[0], corners[3]), math.dist(corners[1], corners[2]))
    sheet = np.array([[0, 0], [width, 0], [width, height], [0, height]])
    forth = np.asarray(
        cv2.getPerspectiveTransform(corners.astype(np.float32), sheet.astype(np.float32)),
        np.float64,
    )
    return seen_by(picture, forth, (width, height))


def seen_by(
    picture: Pixels, forth: NDArray[np.float64], sheet: tuple[float, float] | None = None
) -> Flattened:
    """A page moved by a homography, with what is around it as far as there is room.

    Args:
        picture: [H, W, 3] RGB.
        forth: [3, 3], from points of the picture to those of the view.
        sheet: width and height in the view of what must be shown, from its origin on; None: all.
    """
    size = picture.shape[1], picture.shape[0]
    x0, y0, x1, y1 = _extent(forth, size, sheet)
    forth = np.array([[1.0, 0, -x0], [0, 1, -y0], [0, 0, 1]]) @ forth
    whole = max(1, round(x1 - x0)), max(1, round(y1 - y0))
    pixels = cv2.warpPerspective(
        picture, forth, whole, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    back = np.asarray(np.linalg.inv(forth), np.float64)
    return Flattened(np.asarray(pixels, np.uint8), back, size)


def find_sheet(picture: Pixels) -> Points | None:
    """Corners of a sheet that lies on a ground, clockwise from the upper left, [4, 2]; else None.

    Args:
        picture: [H, W, 3] RGB; all edges of the sheet have to be on it.
    """
    height, width = picture.shape[:2]
    scale = SMALL / max(height, width)
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    copy: Pixels = np.asarray(cv2.GaussianBlur(small, (5, 5), 0), np.uint8)
    for levels in (np.asarray(copy.min(axis=2), np.uint8), _greyness(copy)):
        corners = _sheet_among(levels)
        if corners is not None:
            return np.asarray(corners / scale)
    return None


def _greyness(picture: Pixels) -> Pixels:
    """How little colour each pixel has, 0 to 255: paper is greyer than wood, however bright."""
    saturation = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)[..., 1]
    return np.asarray(255 - saturation, np.uint8)


def _sheet_among(levels: Pixels) -> Points | None:
    """Corners of the sheet that the higher levels show; None if they show none."""
    ring = np.concatenate([levels[0], levels[-1], levels[:, 0], levels[:, -1]])
    if float(np.percentile(levels, 75)) - float(np.median(ring)) < LIGHTER:
        return None  # the paper goes on to the edges
    _, bright = cv2.threshold(levels, 0, 1, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    closing = np.ones((SMALL // 40, SMALL // 40), np.uint8)
    solid = cv2.morphologyEx(bright, cv2.MORPH_CLOSE, closing)
    outlines, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(outlines, key=cv2.contourArea, default=None)
    if largest is None or cv2.contourArea(largest) < LEAST_SHEET * solid.size:
        return None
    corners = _four_sides(largest)
    if corners is None or not _is_inside(corners, levels.shape):
        return None
    return corners if _is_sheet(corners, largest, levels) else None


def _is_inside(corners: Points, shape: tuple[int, ...]) -> bool:
    """Whether all edges can be seen: where the picture ends, the sheet may go on."""
    least = EDGE * min(shape[:2])
    return bool((corners >= least).all() and (corners <= np.array(shape[1::-1]) - 1 - least).all())


def _four_sides(outline: NDArray[Any]) -> Points | None:
    """Corners of the four lines along an outline, clockwise from the upper left, [4, 2]."""
    hull = cv2.convexHull(outline)
    rough: NDArray[Any] = hull
    for share in np.arange(0.01, 0.1, 0.01):
        rough = cv2.approxPolyDP(hull, share * cv2.arcLength(hull, True), True)
        if len(rough) <= 4:
            break
    if len(rough) != 4:
        return None
    points = outline[:, 0].astype(np.float64)
    corners = _clockwise(rough[:, 0].astype(np.float64))
    sides = []
    for start, end in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        side = _side(points, start, end)
        if side is None:
            return None
        sides.append(side)
    made = np.cross(np.roll(sides, 1, axis=0), sides)
    return made[:, :2] / made[:, 2:] if (np.abs(made[:, 2]) > 1e-9).all() else None


def _side(points: Points, start: Points, end: Points) -> Points | None:
    """The line, homogeneous [3], through the points along a side."""
    along = end - start
    length = float(np.hypot(*along))
    if length < 1:
        return None
    x, y = (points - start) @ along / length**2, (points - start) @ [-along[1], along[0]] / length
    near = points[(x > MIDDLE.start) & (x < MIDDLE.stop) & (np.abs(y) < 0.03 * length + 2)]
    if len(near) < 0.3 * length:
        return None
    dx, dy, px, py = cv2.fitLine(near.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01).ravel()
    return np.array([dy, -dx, dx * py - dy * px], np.float64)


def _clockwise(corners: Points) -> Points:
    """Corners in the order upper left, upper right, lower right, lower left."""
    middle = corners - corners.mean(axis=0)
    ordered = corners[np.argsort(np.arctan2(middle[:, 1], middle[:, 0]))]
    return np.roll(ordered, -int(np.argmin(ordered.sum(axis=1))), axis=0)


def _is_sheet(corners: Points, outline: NDArray[Any], levels: Pixels) -> bool:
    """Whether a figure fills four sides, and the levels of the ground around it are lower."""
    figure, quad = np.zeros_like(levels), np.zeros_like(levels)
    cv2.drawContours(figure, [outline], -1, 1, cv2.FILLED)
    cv2.fillConvexPoly(quad, corners.round().astype(np.int32), 1)
    both, either = cv2.bitwise_and(figure, quad).sum(), cv2.bitwise_or(figure, quad).sum()
    if both < FULL * either or quad.all():
        return False
    return float(np.median(levels[quad > 0])) - float(np.median(levels[quad == 0])) >= LIGHTER


def _is_worth_it(corners: Points) -> bool:
    """Whether the sheet is seen at an angle, or turned further than layout levels pages."""
    across, up = corners[1] - corners[0]
    turn = abs(math.degrees(math.atan2(up, across)))
    leaning = _leaning(corners)
    return leaning <= STEEPEST and (leaning >= LEANING or turn >= TURNED)


def _leaning(corners: Points) -> float:
    """Largest difference of a corner from a right angle, in degrees."""
    angles = []
    for n in range(4):
        one, other = corners[n - 1] - corners[n], corners[(n + 1) % 4] - corners[n]
        cosine = one @ other / (np.hypot(*one) * np.hypot(*other))
        angles.append(math.degrees(math.acos(max(-1.0, min(1.0, float(cosine))))))
    return max(abs(angle - 90) for angle in angles)


def _extent(
    forth: NDArray[np.float64], size: tuple[int, int], sheet: tuple[float, float] | None
) -> tuple[float, float, float, float]:
    """What to show around the sheet: the whole picture, or as much as there is room for."""
    width, height = size
    edges = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    depth = edges @ forth[2, :2] + forth[2, 2]
    if (depth > 1e-6).all():
        found = _mapped(edges, forth)
        (x0, y0), (x1, y1) = found.min(axis=0), found.max(axis=0)
        if sheet is None or (x1 - x0) * (y1 - y0) <= LARGEST * width * height:
            return float(x0), float(y0), float(x1), float(y1)
    sheet = sheet or size
    margin = 0.02 * max(sheet)
    return -margin, -margin, sheet[0] + margin, sheet[1] + margin


def _mapped(points: Points, by: NDArray[np.float64]) -> Points:
    """Points [N, 2] moved by a homography."""
    found = np.column_stack([points, np.ones(len(points))]) @ by.T
    return np.asarray(found[:, :2] / found[:, 2:])
