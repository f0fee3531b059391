"""Page picture to ink: grey levels against the local background, dark on light or light on dark.

grey → background (median, which text is too thin to shift) → contrast → ink, 0 or 1
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.layout.regions import Pixels

MEDIAN_SIZE = 21
COARSE_SIDE = 400
"""The shorter side at which the background is found; the median spans 1/19 of it."""

DARK = 160
"""Backgrounds below this grey level may carry light writing."""

PANEL = 64
"""Grey levels by which the patches of a picture differ from the paper; paler ones are panels."""

FAINTEST = 22
"""Grey levels by which ink differs from its background at least."""


def to_grey(picture: Pixels) -> Pixels:
    """[H, W] or [H, W, 3] RGB → [H, W]."""
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def find_background(grey: Pixels) -> Pixels:
    """Paper, panels and shadows without the writing on them, [H, W]."""
    height, width = grey.shape
    step = max(1, round(min(height, width) / COARSE_SIDE))
    coarse = np.ascontiguousarray(grey[::step, ::step])
    background = np.asarray(cv2.medianBlur(coarse, MEDIAN_SIZE), np.uint8)
    _fill_bands(coarse, background)
    large = cv2.resize(background, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.uint8)


def _paper(levels: Pixels) -> int:
    """The commonest grey level: that of the paper."""
    return int(np.bincount(levels.ravel(), minlength=256).argmax())


def _fill_bands(coarse: Pixels, background: Pixels) -> None:
    """Gives dark bands too narrow for the median, such as heads of tables, their own background."""
    paper = _paper(coarse)
    dark = (coarse < paper - PANEL).astype(np.uint8)
    dense = (cv2.blur(255 * dark, (15, 3)) > 150).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dense, connectivity=4)
    for x, y, w, h, _ in stats[1:].tolist():
        if w < 40 or w < 3 * h or not 3 <= h <= MEDIAN_SIZE:
            continue
        window = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 8) : x + w + 8]
        brush = np.ones((2 * h + 1, 15), np.uint8)
        band = cv2.morphologyEx(dark[window], cv2.MORPH_CLOSE, brush) > 0
        level = np.median(coarse[window][dark[window] > 0])
        background[window][band] = level


def find_ink(grey: Pixels, background: Pixels) -> Pixels:
    """1 where something is written or drawn, 0 elsewhere, [H, W]."""
    contrast = np.asarray(cv2.subtract(background, grey), np.uint8)
    if (background[::4, ::4] < DARK).any():
        lighter = np.where(background < DARK, cv2.subtract(grey, background), np.uint8(0))
        contrast = np.maximum(contrast, lighter)
    ink = (contrast > _eased(_threshold(contrast), background)).astype(np.uint8)
    return _without_corners(ink, grey, background)


def _threshold(contrast: Pixels) -> Pixels:
    """Four tenths of the strongest contrast near by, but above the noise of the paper."""
    height, width = contrast.shape
    noise = 6.0 * float(np.median(contrast[::4, ::4]))
    step = max(1, min(height, width) // COARSE_SIDE)
    coarse = cv2.dilate(contrast, np.ones((step, step), np.uint8))[::step, ::step]
    coarse = cv2.dilate(coarse, np.ones((11, 11), np.uint8))
    coarse = cv2.blur(coarse, (11, 11))
    level = np.maximum(0.4 * coarse, min(max(FAINTEST, noise), 60)).astype(np.uint8)
    return np.asarray(cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _eased(level: Pixels, background: Pixels) -> Pixels:
    """The threshold lowered on dark panels: ink differs from them by less than from the paper."""
    paper = _paper(background[::4, ::4])
    if paper <= PANEL:
        return level
    on_panel = np.maximum(cv2.multiply(level, background, scale=1 / paper), FAINTEST)
    return np.where(background < paper - PANEL, on_panel, level)


def _without_corners(ink: Pixels, grey: Pixels, background: Pixels) -> Pixels:
    """The median rounds the corners of panels and blurs their edges; what is left there is no ink.

    That is what has the grey level of a panel or of the paper near by, and is either thicker than
    a stroke or lies on the edge itself. What is darker or lighter than both is a rule along the
    panel's edge.
    """
    height, width = grey.shape
    step = max(1, min(height, width) // COARSE_SIDE)
    coarse = np.ascontiguousarray(background[::step, ::step])
    low, high = _extremes(coarse, MEDIAN_SIZE)
    if not ((high - low) > FAINTEST).any():
        return ink
    low, high = (np.asarray(cv2.resize(bound, (width, height)), np.uint8) for bound in (low, high))
    near = (cv2.absdiff(grey, low) < 12) | (cv2.absdiff(grey, high) < 12)
    alike = (ink & near).astype(np.uint8)
    brush = np.ones((2 * step - 1, 2 * step - 1), np.uint8)
    solid = cv2.dilate(cv2.morphologyEx(alike, cv2.MORPH_OPEN, brush), brush)
    solid[(cv2.subtract(low, grey) > FAINTEST) | (cv2.subtract(grey, high) > FAINTEST)] = 0
    low, high = _extremes(coarse, 5)
    edge = cv2.resize(((high - low) > FAINTEST).astype(np.uint8), (width, height))
    return np.asarray(cv2.subtract(ink, cv2.bitwise_or(solid, cv2.bitwise_and(alike, edge))))


def _extremes(coarse: Pixels, size: int) -> tuple[Pixels, Pixels]:
    """The darkest and the lightest level in a square around each pixel."""
    window = np.ones((size, size), np.uint8)
    low, high = cv2.erode(coarse, window), cv2.dilate(coarse, window)
    return np.asarray(low, np.uint8), np.asarray(high, np.uint8)


def find_pictures(background: Pixels) -> NDArray[np.bool_]:
    """Where the background itself is a picture, [H, W]: sharp-edged patches of no simple outline.

    Panels under text have level and upright edges; shadows have no sharp ones.
    """
    height, width = background.shape
    step = max(1, round(min(height, width) / COARSE_SIDE))
    coarse = np.ascontiguousarray(background[::step, ::step])
    paper = _paper(coarse)
    patches = (np.abs(coarse.astype(np.int16) - paper) > PANEL).astype(np.uint8)
    near = np.ones((3, 3), np.uint8)
    steep = (cv2.dilate(coarse, near) - cv2.erode(coarse, near)) > FAINTEST
    _, labels = cv2.connectedComponents(patches, connectivity=4)
    broad = cv2.morphologyEx(patches, cv2.MORPH_OPEN, np.ones((9, 9), np.uint8))
    outlines, _ = cv2.findContours(broad, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    points = [np.asarray(outline, np.int32)[:, 0] for outline in outlines]
    found = [labels[line[0, 1], line[0, 0]] for line in points if _is_picture(line, steep)]
    mask = cv2.dilate(np.isin(labels, found).astype(np.uint8), np.ones((7, 7), np.uint8))
    return np.asarray(cv2.resize(mask, (width, height), interpolation=cv2.INTER_NEAREST)) > 0


def _is_picture(outline: NDArray[np.int32], steep: NDArray[np.bool_]) -> bool:
    """Whether an outline, [P, 2] (x, y), is long, sharp, and bends nearly everywhere."""
    if len(outline) < 80:
        return False
    bends = len(cv2.approxPolyDP(outline, 1.5, True)) / len(outline)
    sharp = cv2.dilate(steep.astype(np.uint8), np.ones((5, 5), np.uint8))
    return bool(bends > 0.045 and sharp[outline[:, 1], outline[:, 0]].mean() > 0.5)
