"""Patches of a page that are pictures: photographs and coloured drawings, not panels under text."""

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.geometry import Pixels
from mdocr.fragments.ink import COARSE_SIDE, FAINTEST, PANEL, paper_level

UNEVEN, LEAST_SIDE = 5, 0.1
"""Grey levels by which most of a picture differs from its background (panels are even, with text on
them), and its least side as a share of the shorter side of the page."""

LEAST_PATCH, BESIDE = 0.04, 0.002
"""The least side of any other patch that is shown, and the share of its box that has ink beside it,
at most."""

COMPACT = 0.85
"""Share of its box that a picture fills to be shown as one."""


def find_pictures(grey: Pixels, background: Pixels) -> NDArray[np.bool_]:
    """Where the background itself is a picture, [H, W].

    Sharp-edged patches of no simple outline are, and rectangles that are uneven all over. Panels
    under text have level and upright edges and are even; shadows have no sharp edges.
    """
    height, width = background.shape
    step = max(1, round(min(height, width) / COARSE_SIDE))
    coarse = np.ascontiguousarray(background[::step, ::step])
    paper = paper_level(coarse)
    patches = (np.abs(coarse.astype(np.int16) - paper) > PANEL).astype(np.uint8)
    near = np.ones((3, 3), np.uint8)
    steep = (cv2.dilate(coarse, near) - cv2.erode(coarse, near)) > FAINTEST
    _, labels = cv2.connectedComponents(patches, connectivity=4)
    broad = cv2.morphologyEx(patches, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    outlines, _ = cv2.findContours(broad, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = [np.asarray(outline, np.int32)[:, 0] for outline in outlines]
    found = {int(labels[line[0, 1], line[0, 0]]) for line in points if _is_picture(line, steep)}
    contrast = cv2.absdiff(np.ascontiguousarray(grey[::step, ::step]), coarse)
    for line in points:
        left, top, wide, high = cv2.boundingRect(line)
        inner = np.s_[top : top + high, left : left + wide]
        is_figure = _is_figure(wide, high, coarse.shape) and patches[inner].mean() > COMPACT
        if is_figure and np.median(contrast[inner]) > UNEVEN:
            found.add(int(labels[line[0, 1], line[0, 0]]))
    mask = cv2.dilate(np.isin(labels, list(found)).astype(np.uint8), np.ones((7, 7), np.uint8))
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)) > 0


def _is_figure(width: int, height: int, page: tuple[int, ...]) -> bool:
    """Whether something has the size of a figure: it is no mark, and not the page itself."""
    return min(width, height) > LEAST_SIDE * min(page) and width * height < page[0] * page[1] / 2


def picture_boxes(mask: NDArray[np.bool_], ink: Pixels) -> NDArray[np.float64]:
    """Boxes [P, 4] of the patches of ``find_pictures``, so that what is written on them is read.

    The box of a patch that does not fill it, such as a round badge, may hold text beside it: then
    it is none.

    Args:
        mask: of the patches, [H, W].
        ink: 1 where there is any beside them, [H, W].
    """
    outlines, _ = cv2.findContours(
        mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    boxes = []
    for outline in outlines:
        x, y, width, height = cv2.boundingRect(outline)
        filled = cv2.contourArea(outline) > COMPACT * width * height
        is_figure = filled and _is_figure(width, height, mask.shape)
        is_large = min(width, height) > LEAST_PATCH * min(mask.shape)
        is_alone = is_large and ink[y : y + height, x : x + width].mean() < BESIDE
        if is_figure or is_alone:
            boxes.append((x, y, x + width, y + height))
    return np.array(boxes, np.float64).reshape(-1, 4)


def _is_picture(outline: NDArray[np.int32], steep: NDArray[np.bool_]) -> bool:
    """Whether an outline, [P, 2] (x, y), is long, sharp, and bends nearly everywhere.

    A small panel, whose corners the background rounds, bends much too, but fills its box.
    """
    _, _, width, height = cv2.boundingRect(outline)
    if len(outline) < 80 or cv2.contourArea(outline) > COMPACT * (width - 1) * (height - 1):
        return False
    bends = len(cv2.approxPolyDP(outline, 1.5, True)) / len(outline)
    sharp = cv2.dilate(steep.astype(np.uint8), np.ones((5, 5), np.uint8))
    return bool(bends > 0.045 and sharp[outline[:, 1], outline[:, 0]].mean() > 0.5)
