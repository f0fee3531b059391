"""Ink to its parts: ruled lines, pictures, and the letters that are left.

    ink → connected components → letter size → rules (long and thin) → figures (large) → letters

Arrays of boxes are [N, 4]: x0, y0, x1, y1 in pixels, right and lower edges outside.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mdocr.layout.regions import Pixels

Boxes = NDArray[np.float64]

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
    turned, turned_mask = _rules_along(np.ascontiguousarray(ink.T), length, size)
    upright = turned[:, [1, 0, 3, 2]]
    rest = ink
    if len(level):
        rest = np.asarray(cv2.subtract(rest, level_mask), np.uint8)
    if len(upright):
        turned_mask = np.ascontiguousarray(turned_mask.T)
        rest = np.asarray(cv2.subtract(rest, turned_mask), np.uint8)
    return Rules(level, upright), rest


def _rules_along(ink: Pixels, length: int, size: float) -> tuple[Boxes, Pixels]:
    """Level runs of ink, at least ``length`` long and much thinner than a letter is high."""
    thick = cv2.dilate(ink, np.ones((3, 1), np.uint8))
    runs = cv2.morphologyEx(thick, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(runs, connectivity=8)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    thickness = stats[:, cv2.CC_STAT_AREA] / np.maximum(width, 1) - 2
    is_rule = (thickness <= max(4.0, 0.5 * size)) & (width >= 8 * thickness)
    is_rule &= height <= np.maximum(2 * thickness + 4, 0.02 * width + 4)
    is_rule[0] = False
    boxes = _to_boxes(stats)
    for index in np.flatnonzero(~is_rule[1:]) + 1:
        x0, y0, x1, y1 = boxes[index].astype(int)
        runs[y0:y1, x0:x1][labels[y0:y1, x0:x1] == index] = 0
    rules = boxes[is_rule]
    rules[:, 1] += 1
    rules[:, 3] -= 1
    return rules, np.asarray(runs, np.uint8)


def find_figures(
    components: Components, size: float, rules: Rules
) -> tuple[Boxes, NDArray[np.bool_]]:
    """Pictures and drawings, boxes [M, 4], and which components are writing, [N].

    A component that is far larger than a letter is part of a drawing, unless others of its kind
    stand beside it (a headline), or it surrounds the rest (a frame). What lies inside a drawing
    belongs to it, and so do short rules that touch it, and a frame that holds little else.
    """
    large = _is_large(components, size)
    solid = components.areas > 0.85 * components.widths * components.heights
    solid &= (components.heights > 1.5 * size) & (components.widths > 1.5 * size)
    drawn = large & ~solid
    for index in np.flatnonzero(drawn):
        drawn[index] = not _is_frame(components, int(index))
    figures = merge_overlapping(components.boxes[drawn], 3 * size)
    figures = figures[((figures[:, 2:] - figures[:, :2]) > 4 * size).all(axis=1)]
    figures = _with_rules(figures, rules, size)
    specks = components.areas < max(3.0, 0.02 * size**2)
    return figures, ~large & ~solid & ~specks & ~inside_any(components.boxes, figures)


def _with_rules(figures: Boxes, rules: Rules, size: float) -> Boxes:
    """Figures grown by the rules that touch them, such as axes and frames."""
    for _ in range(2):
        grown = []
        for figure in figures:
            largest = 2.0 * (figure[2:] - figure[:2]).max() + 4 * size
            for rule in np.concatenate([rules.level, rules.upright]):
                short = (rule[2:] - rule[:2]).max() < largest
                near = (rule[:2] < figure[2:] + size).all() and (rule[2:] > figure[:2] - size).all()
                if short and near:
                    figure = np.concatenate(
                        [np.minimum(figure[:2], rule[:2]), np.maximum(figure[2:], rule[2:])]
                    )
            grown.append(figure)
        figures = merge_overlapping(np.array(grown).reshape(-1, 4), size)
    return figures


def _is_large(components: Components, size: float) -> NDArray[np.bool_]:
    """Components too high or too wide for writing, [N]."""
    boxes, widths, heights = components.boxes, components.widths, components.heights
    large = (heights > 4.5 * size) | ((widths > 14 * size) & (heights > 2.5 * size))
    for index in np.flatnonzero(large & (heights < 16 * size) & (widths < 3 * heights)):
        peers = (np.abs(heights - heights[index]) < 0.35 * heights[index]) & (
            np.abs(boxes[:, 3] - boxes[index, 3]) < 0.3 * heights[index]
        )
        large[index] = peers.sum() < 3
    return np.asarray(large)


def _is_frame(components: Components, index: int) -> bool:
    """Whether a component has all its ink along its border."""
    x0, y0, x1, y1 = components.boxes[index].astype(int)
    inset_x, inset_y = max(4, (x1 - x0) // 10), max(4, (y1 - y0) // 10)
    inner = components.labels[y0 + inset_y : y1 - inset_y, x0 + inset_x : x1 - inset_x]
    return bool((inner == index + 1).sum() < 0.02 * components.areas[index])


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
    starts = components.labels[:, 1:][
        (components.labels[:, 1:] > 0) & (components.labels[:, :-1] == 0)
    ]
    runs = np.bincount(starts, minlength=len(components.areas) + 1)[1:]
    return np.asarray(components.areas / np.maximum(runs, 1))
