"""Page picture to ink: grey levels against the local background, dark on light or light on dark.

grey → background (median, which text is too thin to shift) → contrast → ink, 0 or 1
"""

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.geometry import Pixels

MEDIAN_SIZE = 21
COARSE_SIDE = 400
"""The shorter side at which the background is found; the median spans 1/19 of it."""

STRIP = 4
"""Heights that a picture of one or a few lines is wide at least."""

DARK = 160
"""Backgrounds below this grey level may carry light writing."""

PANEL = 64
"""Grey levels by which the patches of a picture differ from the paper; paler ones are panels."""

ALIKE = 12
"""Grey levels by which two that are the same differ at most."""

BAND = 0.95
"""Share of the upper and of the lower edge of a dark band that is dark at least."""

HEADLINE = 52
"""Height of a headline that the median takes for a panel, at most, on a page of ``COARSE_SIDE``."""

DARK_PANEL, DARK_AROUND = 0.9, 0.15
"""Share of a panel that is dark beside its writing at least, and of what is around it at most."""

PLAIN = 0.9
"""Share of a headline's places that have its own grey level or that of the paper at least."""

FAINTEST = 22
"""Grey levels by which ink differs from its background at least."""

STRONG = 0.4
"""Share of the strongest contrast near by that ink has at least."""


def to_grey(picture: Pixels) -> Pixels:
    """[H, W] or [H, W, 3] RGB → [H, W]."""
    if picture.ndim == 2:
        return picture
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)


def find_background(grey: Pixels) -> Pixels:
    """Paper, panels and shadows without the writing on them, [H, W]."""
    height, width = grey.shape
    step = max(1, round(_side(height, width) / COARSE_SIDE))
    coarse = np.ascontiguousarray(grey[::step, ::step])
    background = np.asarray(cv2.medianBlur(coarse, MEDIAN_SIZE), np.uint8)
    _clear_headlines(coarse, background)
    _fill_bands(coarse, background, step)
    large = cv2.resize(background, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(large, np.uint8)


def runs(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Start and end, [R, 2], of each run of marked places in a row of them, [N]."""
    edges = np.flatnonzero(np.diff(np.pad(mask, 1).astype(np.int8)))
    return np.asarray(edges.reshape(-1, 2), np.int64)


def _side(height: int, width: int) -> float:
    """The shorter side of a page; of a strip, whose letters may fill it, that of a page as wide."""
    return min(height, width) if width < STRIP * height else width / 2**0.5


def paper_level(levels: Pixels) -> int:
    """The commonest grey level: that of the paper."""
    return int(np.bincount(levels.ravel(), minlength=256).argmax())


def _clear_headlines(coarse: Pixels, background: Pixels) -> None:
    """Gives bold type as high as the median is wide, which it takes for a panel, the paper's level.

    Type has one level, and reaches farther than what the median makes of it; a panel ends there.
    """
    paper = np.full_like(coarse, paper_level(coarse))
    ink = (cv2.absdiff(coarse, paper) > PANEL).astype(np.uint8)
    patches = (cv2.absdiff(background, paper) > PANEL).astype(np.uint8)
    around = cv2.dilate(patches, np.ones((5, 5), np.uint8))
    around = cv2.subtract(cv2.dilate(patches, np.ones((9, 9), np.uint8)), around)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(patches, connectivity=8)
    _, letters, sizes, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    is_drawn = sizes[:, 2:4].min(axis=1) > 2 * HEADLINE  # no letter is as large both ways
    is_drawn[0] = False
    for number, (x, y, w, h, _) in enumerate(stats[1:].tolist(), 1):
        window = np.s_[max(0, y - 4) : y + h + 4, max(0, x - 4) : x + w + 4]
        own = labels[window] == number
        is_no_type = (
            ink[window][own].mean() > DARK_PANEL
            or ink[window][around[window] > 0].sum() < DARK_AROUND * (around[window] > 0).sum()
            or is_drawn[letters[window][own]].any()
        )
        if min(w, h) <= HEADLINE and not is_no_type and _is_plain(coarse[window][own], paper[0, 0]):
            background[window][own] = paper[0, 0]


def _is_plain(levels: Pixels, paper: int) -> bool:
    """Whether nearly all grey levels are one or that of the paper."""
    distances = np.abs(levels.astype(np.int16) - int(paper))
    written = levels[distances > PANEL]
    own = np.abs(levels.astype(np.int16) - int(np.median(written if len(written) else levels)))
    return bool((np.minimum(own, distances) < 2 * ALIKE).mean() > PLAIN)


def _fill_bands(coarse: Pixels, background: Pixels, step: int) -> None:
    """Gives dark bands too narrow for the median, such as heads of tables, their own background.

    A band is dark from end to end over and under its writing; a line of bold type is not. Where
    every row is seen, what is dark all through is a thick rule; else its writing may lie between.
    """
    paper = paper_level(coarse)
    dark = (coarse < paper - PANEL).astype(np.uint8)
    dense = (cv2.blur(255 * dark, (15, 3)) > 150).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(dense, connectivity=4)
    for x, y, w, h, _ in stats[1:].tolist():
        if w < 40 or w < 3 * h or not 3 <= h <= MEDIAN_SIZE:
            continue
        filled = dark[y : y + h, x : x + w].mean(axis=1)
        if min(filled[:3].max(), filled[-3:].max()) < BAND:
            continue
        if step == 1 and _is_bar(filled):
            continue
        window = np.s_[max(0, y - 2) : y + h + 2, max(0, x - 8) : x + w + 8]
        brush = np.ones((2 * h + 1, 15), np.uint8)
        band = cv2.morphologyEx(dark[window], cv2.MORPH_CLOSE, brush) > 0
        level = np.median(coarse[window][dark[window] > 0])
        background[window][band] = level


def _is_bar(filled: NDArray[np.float64]) -> bool:
    """Whether rows, of which such shares are dark, have nothing written between the dark ones."""
    (full,) = np.nonzero(filled >= BAND)
    return bool((filled[full[0] : full[-1] + 1] >= BAND).all())


def find_ink(grey: Pixels, background: Pixels) -> Pixels:
    """1 where something is written or drawn, 0 elsewhere, [H, W]."""
    contrast = np.asarray(cv2.subtract(background, grey), np.uint8)
    if (background[::4, ::4] < DARK).any():
        lighter = np.where(background < DARK, cv2.subtract(grey, background), np.uint8(0))
        contrast = np.maximum(contrast, lighter)
    noise = 6.0 * float(np.median(contrast[::4, ::4]))
    level = threshold(contrast, STRONG, min(max(FAINTEST, noise), 60))
    ink = (contrast > _eased(level, background)).astype(np.uint8)
    return _without_corners(ink, grey, background)


def threshold(contrast: Pixels, share: float, least: float) -> Pixels:
    """A share of the strongest contrast near by, [H, W], but above the noise of the paper."""
    height, width = contrast.shape
    step = max(1, min(height, width) // COARSE_SIDE)
    coarse = cv2.dilate(contrast, np.ones((step, step), np.uint8))[::step, ::step]
    coarse = cv2.dilate(coarse, np.ones((11, 11), np.uint8))
    coarse = cv2.blur(coarse, (11, 11))
    level = np.maximum(share * coarse, least).astype(np.uint8)
    return np.asarray(cv2.resize(level, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def _eased(level: Pixels, background: Pixels) -> Pixels:
    """The threshold lowered on dark panels: ink differs from them by less than from the paper."""
    paper = paper_level(background[::4, ::4])
    is_panel = background < paper - PANEL
    if paper <= PANEL or not is_panel.any():
        return level
    on_panel = np.maximum(cv2.multiply(level, background, scale=1 / paper), FAINTEST)
    return np.where(is_panel, on_panel, level)


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
    places = _near_panels(ink, coarse, step)
    alike = _like_background(places, grey, [low, high], step)
    around = [page for reach in (MEDIAN_SIZE // 2, MEDIAN_SIZE) for page in _shifted(coarse, reach)]
    thick = _opened(_like_background(places, grey, around, step), 2 * step + 3)
    low, high = (np.asarray(cv2.resize(bound, (width, height)), np.uint8) for bound in (low, high))
    solid = cv2.bitwise_or(_opened(alike, 2 * step - 1), thick)
    solid[(cv2.subtract(low, grey) > FAINTEST) | (cv2.subtract(grey, high) > FAINTEST)] = 0
    low, high = _extremes(coarse, 5)
    edge = cv2.resize(((high - low) > FAINTEST).astype(np.uint8), (width, height))
    return np.asarray(cv2.subtract(ink, cv2.bitwise_or(solid, cv2.bitwise_and(alike, edge))))


def _near_panels(ink: Pixels, coarse: Pixels, step: int) -> NDArray[np.int32]:
    """Ink, [N, 2] (x, y), that may have the grey level of another background than its own."""
    low, high = _extremes(coarse, 2 * MEDIAN_SIZE + 3)
    uneven = ((high - low) > FAINTEST - ALIKE).astype(np.uint8)
    large = cv2.resize(uneven, ink.shape[::-1], interpolation=cv2.INTER_NEAREST)
    found = cv2.findNonZero(cv2.bitwise_and(ink, large))
    return (
        np.zeros((0, 2), np.int32) if found is None else np.asarray(found, np.int32).reshape(-1, 2)
    )


def _opened(mask: Pixels, size: int) -> Pixels:
    """What of a mask is thicker than ``size``, grown by it."""
    x, y, width, height = cv2.boundingRect(mask)
    inner = np.s_[max(0, y - size) : y + height + size, max(0, x - size) : x + width + size]
    brush = np.ones((size, size), np.uint8)
    found = np.zeros_like(mask)
    if width and height:
        found[inner] = cv2.dilate(cv2.morphologyEx(mask[inner], cv2.MORPH_OPEN, brush), brush)
    return found


def _like_background(
    places: NDArray[np.int32], grey: Pixels, coarse: Sequence[Pixels], step: int
) -> Pixels:
    """1 at places, [N, 2] (x, y), that have the grey level of one of some coarse pages, [H, W]."""
    columns, rows = places.T
    levels = grey[rows, columns].astype(np.int16)
    near = np.zeros(len(levels), bool)
    inner = np.ravel_multi_index((rows // step, columns // step), coarse[0].shape)
    for page in coarse:
        near |= np.abs(levels - np.take(page, inner)) < ALIKE
    alike = np.zeros_like(grey)
    alike[rows[near], columns[near]] = 1
    return alike


def _shifted(coarse: Pixels, reach: int) -> list[Pixels]:
    """The page moved to the four sides, its edge carried on."""
    wide = np.pad(coarse, reach, mode="edge")
    height, width = coarse.shape
    starts = ((0, reach), (2 * reach, reach), (reach, 0), (reach, 2 * reach))
    return [wide[top : top + height, left : left + width] for top, left in starts]


def _extremes(coarse: Pixels, size: int) -> tuple[Pixels, Pixels]:
    """The darkest and the lightest level in a square around each pixel."""
    window = np.ones((size, size), np.uint8)
    low, high = cv2.erode(coarse, window), cv2.dilate(coarse, window)
    return np.asarray(low, np.uint8), np.asarray(high, np.uint8)
