"""Ruled lines: long, thin runs of ink, level or upright, and which of them touch."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.components import Boxes, to_boxes
from mdocr.fragments.geometry import Pixels
from mdocr.fragments.ink import runs

SOLID, BLANK = 0.6, 0.2
"""Share of its length that each line of a double rule is drawn at least, and that the row of pixels
between them is at most."""


@dataclass(frozen=True)
class Rules:
    """Ruled lines: boxes [N, 4] of the level and of the upright ones."""

    level: Boxes
    upright: Boxes


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
    long = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    outlines, _ = cv2.findContours(long, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    rules = [
        outline
        for outline in outlines
        if _is_rule(np.asarray(outline), size) or _is_double(np.asarray(outline), ink, size)
    ]
    mask = cv2.drawContours(np.zeros_like(long), rules, -1, 1, cv2.FILLED)
    boxes = to_boxes(np.array([cv2.boundingRect(rule) for rule in rules]).reshape(-1, 4))
    boxes[:, 1] += 1
    boxes[:, 3] -= 1
    return boxes, np.asarray(cv2.bitwise_and(long, mask), np.uint8)


def _is_rule(outline: NDArray[np.int32], size: float) -> bool:
    """Whether runs of ink with an outline, [P, 1, 2], are long and thin for letters of a size."""
    _, _, width, height = cv2.boundingRect(outline)
    area = cv2.contourArea(outline) + len(outline) / 2 + 1  # G. Pick's theorem
    thickness = area / width - 2
    thin = thickness <= max(4.0, 0.5 * size) and width >= 8 * thickness
    return thin and height <= max(2 * thickness + 4, 0.02 * width + 4)


def _is_double(outline: NDArray[np.int32], ink: Pixels, size: float) -> bool:
    """Whether runs of ink with an outline, [P, 1, 2], are two thin lines close to one another."""
    x, y, width, height = cv2.boundingRect(outline)
    if height > size or width < 8 * height:
        return False
    filled = ink[y : y + height, x : x + width].mean(axis=1)
    lines = runs(filled > SOLID)
    return len(lines) == 2 and filled[lines[0, 1] : lines[1, 0]].min() < BLANK


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


def crossing(rules: Rules, reach: float) -> list[tuple[Boxes, Boxes]]:
    """Level and upright rules of each group that cross or touch, directly or by others."""
    level, upright = touching(rules, reach)
    return [
        (rules.level[level == group], rules.upright[upright == group])
        for group in np.intersect1d(level, upright)
    ]
