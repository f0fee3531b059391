"""Page picture to ink: grey levels against the local background, dark on light or light on dark.

    grey → background (median, which text is too thin to shift) → contrast → ink, 0 or 1
"""

import cv2
import numpy as np

from mdocr.layout.components import Components
from mdocr.layout.regions import Pixels

MEDIAN_SIZE = 21
COARSE_SIDE = 400
"""The shorter side at which the background is found; the median spans 1/19 of it."""

DARK = 160
"""Backgrounds below this grey level may carry light writing."""

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
    coarse = cv2.medianBlur(coarse, MEDIAN_SIZE)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def find_ink(grey: Pixels, background: Pixels) -> Pixels:
    """1 where something is written or drawn, 0 elsewhere, [H, W]."""
    contrast = np.asarray(cv2.subtract(background, grey), np.uint8)
    if (background[::4, ::4] < DARK).any():
        lighter = np.where(background < DARK, cv2.subtract(grey, background), np.uint8(0))
        contrast = np.maximum(contrast, lighter)
    ink = (contrast > _threshold(contrast)).astype(np.uint8)
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


def _without_corners(ink: Pixels, grey: Pixels, background: Pixels) -> Pixels:
    """The median rounds the corners of panels; what it cut off there is no ink."""
    height, width = grey.shape
    step = max(1, min(height, width) // COARSE_SIDE)
    coarse = np.ascontiguousarray(background[::step, ::step])
    window = np.ones((MEDIAN_SIZE, MEDIAN_SIZE), np.uint8)
    low, high = cv2.erode(coarse, window), cv2.dilate(coarse, window)
    if not ((high - low) > FAINTEST).any():
        return ink
    low, high = (cv2.resize(bound, (width, height)) for bound in (low, high))
    near = (cv2.absdiff(grey, low) < 12) | (cv2.absdiff(grey, high) < 12)
    brush = np.ones((2 * step - 1, 2 * step - 1), np.uint8)
    solid = cv2.morphologyEx((ink & near).astype(np.uint8), cv2.MORPH_OPEN, brush)
    return np.asarray(cv2.subtract(ink, cv2.dilate(solid, brush)), np.uint8)


def open_bands(ink: Pixels, components: Components) -> bool:
    """Turns solid bands, too narrow for the median to see, into the light writing on them.

    Returns:
        whether there were any, so that the components of ``ink`` are others now.
    """
    boxes, width, height = components.boxes.astype(int), components.widths, components.heights
    solid = (height >= 10) & (width > 3 * height) & (components.areas > 0.5 * width * height)
    found = False
    for index in np.flatnonzero(solid):
        x0, y0, x1, y1 = boxes[index]
        band = (components.labels[y0:y1, x0:x1] == index + 1).astype(np.uint8)
        brush = np.ones((int(height[index]) | 1, 9), np.uint8)
        closed = cv2.morphologyEx(band, cv2.MORPH_CLOSE, brush)
        writing = cv2.subtract(closed, band)
        if 0.03 < writing.mean() < 0.5:
            ink[y0:y1, x0:x1] = np.where(closed, writing, ink[y0:y1, x0:x1])
            found = True
    return found
