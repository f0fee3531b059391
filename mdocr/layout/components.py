"""Ink to its parts: ruled lines, pictures, and the letters that are left.

    ink → connected components → letter size → rules (long and thin) → figures (large) → letters

Arrays of boxes are [N, 4]: x0, y0, x1, y1 in pixels, right and lower edges outside.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mdocr.layout.regions import Pixels

Numbers = NDArray[np.float64]
Boxes = Numbers

USUAL_LETTER = 14.0
"""Letter height in pixels that is assumed on a page without letters."""


@dataclass(frozen=True)
class Components:
    """Connected components of ink.

    Attributes:
        labels: [H, W], index of the component + 1 at its pixels, 0 elsewhere.
        boxes: [N, 4].
        areas: [N] pixels of ink.
    """

    labels: NDArray[np.int32]
    boxes: Boxes
    areas: NDArray[np.float64]

    @property
    def widths(self) -> NDArray[np.float64]:
        """Widths of the boxes, [N]."""
        return np.asarray(self.boxes[:, 2] - self.boxes[:, 0])

    @property
    def heights(self) -> NDArray[np.float64]:
        """Heights of the boxes, [N]."""
        return np.asarray(self.boxes[:, 3] - self.boxes[:, 1])


@dataclass(frozen=True)
class Rules:
    """Ruled lines: boxes [N, 4] of the level and of the upright ones."""

    level: Boxes
    upright: Boxes


def find_components(ink: Pixels) -> Components:
    """Connected components, diagonal neighbours joined."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    areas = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    return Components(np.asarray(labels, np.int32), _to_boxes(stats[1:]), areas)


def _to_boxes(stats: ArrayLike) -> Boxes:
    """OpenCV's (x, y, width, height, ...) to x0, y0, x1, y1."""
    boxes = np.array(stats, np.float64)[:, :4]
    boxes[:, 2:] += boxes[:, :2]
    return boxes


def letter_size(components: Components) -> float:
    """Height of a usual letter: the median over what has the shape of one."""
    widths, heights = components.widths, components.heights
    shaped = (heights >= 5) & (heights <= 200) & (widths < 4 * heights) & (heights < 8 * widths)
    dense = components.areas > 0.12 * widths * heights
    return float(np.median(heights[shaped & dense])) if (shaped & dense).any() else USUAL_LETTER


def find_rules(ink: Pixels, size: float) -> tuple[Rules, Pixels]:
    """Ruled lines, and the ink without them."""
    length = max(30, round(4 * size))
    level, level_mask = _rules_along(ink, length, size)
    turned, turned_mask = _rules_along(np.asarray(cv2.transpose(ink), np.uint8), length, size)
    upright = turned[:, [1, 0, 3, 2]]
    rest = ink
    if len(level):
        rest = np.asarray(cv2.subtract(rest, level_mask), np.uint8)
    if len(upright):
        rest = np.asarray(cv2.subtract(rest, cv2.transpose(turned_mask)), np.uint8)
    return Rules(level, upright), rest


def _rules_along(ink: Pixels, length: int, size: float) -> tuple[Boxes, Pixels]:
    """Level runs of ink, at least ``length`` long and much thinner than a letter is high."""
    thick = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    outlines, _ = cv2.findContours(runs, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    rules = [outline for outline in outlines if _is_rule(np.asarray(outline), size)]
    mask = cv2.drawContours(np.zeros_like(runs), rules, -1, 1, cv2.FILLED)
    boxes = _to_boxes(np.array([cv2.boundingRect(rule) for rule in rules]).reshape(-1, 4))
    boxes[:, 1] += 1
    boxes[:, 3] -= 1
    return boxes, np.asarray(cv2.bitwise_and(runs, mask), np.uint8)


def _is_rule(outline: NDArray[np.int32], size: float) -> bool:
    """Whether runs of ink with an outline, [P, 1, 2], are long and thin for letters of a size."""
    _, _, width, height = cv2.boundingRect(outline)
    area = cv2.contourArea(outline) + len(outline) / 2 + 1  # G. Pick's theorem
    thickness = area / width - 2
    thin = thickness <= max(4.0, 0.5 * size) and width >= 8 * thickness
    return thin and height <= max(2 * thickness + 4, 0.02 * width + 4)


def touching(rules: Rules, reach: float) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Number of the group of each level and each upright rule, [N]: they touch, or others between.

    They are drawn, wider by half of ``reach`` on each side; of thousands, all pairs are too many.
    """
    boxes = np.concatenate([rules.level, rules.upright])
    if not len(boxes):
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    drawn = np.rint(boxes + reach / 2 * np.array([-1, -1, 1, 1])).astype(int)
    drawn -= np.tile(drawn[:, :2].min(axis=0), 2)
    page = np.zeros(drawn[:, :1:-1].max(axis=0) + 1, np.uint8)
    for x0, y0, x1, y1 in drawn.tolist():
        page[y0 : y1 + 1, x0 : x1 + 1] = 1
    groups = np.asarray(cv2.connectedComponents(page)[1], np.int32)[drawn[:, 1], drawn[:, 0]]
    return groups[: len(rules.level)], groups[len(rules.level) :]


def merge_overlapping(boxes: Boxes, gap: float) -> Boxes:
    """Boxes that overlap, or nearly do, replaced by their hull until none are left, [M, 4]."""
    merged: list[NDArray[np.float64]] = []
    for box in boxes:
        rest = []
        for other in merged:
            apart = (box[:2] - gap > other[2:]).any() or (other[:2] - gap > box[2:]).any()
            if apart:
                rest.append(other)
            else:
                box = np.concatenate(
                    [np.minimum(box[:2], other[:2]), np.maximum(box[2:], other[2:])]
                )
        merged = [*rest, box]
    if len(merged) < len(boxes):
        return merge_overlapping(np.array(merged), gap)
    return np.array(merged).reshape(-1, 4)


def inside_any(boxes: Boxes, outer: Boxes) -> NDArray[np.bool_]:
    """Which boxes have their middle in one of the outer boxes, [N]."""
    x, y = (boxes[:, 0] + boxes[:, 2]) / 2, (boxes[:, 1] + boxes[:, 3]) / 2
    inside = np.zeros(len(boxes), bool)
    for x0, y0, x1, y1 in outer:
        inside |= (x >= x0) & (x < x1) & (y >= y0) & (y < y1)
    return inside


def stroke_widths(components: Components) -> NDArray[np.float64]:
    """Mean length of the level runs of ink of each component, [N]: the thickness of its stems."""
    labels = components.labels
    if labels.shape[1] < 2:  # a page one pixel wide
        return np.ones(len(components.areas))
    ink = (labels > 0).astype(np.uint8)
    starts = cv2.findNonZero(cv2.subtract(ink[:, 1:], ink[:, :-1]))
    columns, rows = np.asarray([] if starts is None else starts, np.int32).reshape(-1, 2).T
    runs = np.bincount(labels[rows, columns + 1], minlength=len(components.areas) + 1)[1:]
    return np.asarray(components.areas / np.maximum(runs, 1))
