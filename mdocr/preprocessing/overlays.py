"""Watermarks, stamps and pen strokes taken off the text that they lie over.

What is paler than the text, or coloured, differs from it in its brightest channel: black letters
are dark in all three. A patch of one colour that letters run into from the paper is such an
overlay; panels hold their letters, drawings have theirs beside them, shadows have no edge. Strokes
as dark as the text are told from it by their shape (``mdocr.preprocessing.pen_strokes``).

picture → brightest channel → even patches → those that cross letters → what is below them → strokes
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.preprocessing.overlay_removal import (
    ALIKE,
    FRINGE,
    Levels,
    Pixels,
    brightest,
    lift,
    square,
)
from mdocr.preprocessing.pen_strokes import without_pen_strokes

Box = tuple[int, int, int, int]

LIGHT_PAPER, FEWEST_DARK = 128, 0.002
"""Level of paper, and share of a page that is text, at least."""

PALE, UNEVEN = 20, 2
"""Levels by which an overlay is darker than paper at least, and that as a multiple of those by
which the darkest quarter of the paper is."""

EVEN = 0.7
"""Share of an overlay that is alike at least."""

LEAST_SIDE = 0.02
"""Longer side of an overlay, as a share of the page's shorter one, at least."""

LARGE, LESS_LARGE = 3.0, 1.5
"""Its longer and its shorter side in heights of a letter, at least."""

SOLID, THICK = 0.8, 5.0
"""Share of its box that an overlay fills at most, as panels do; and the thickness of its strokes in
heights of a letter: pictures are thicker."""

CORE = 0.6
"""Depth of the middle of a stroke as a share of its usual depth: its edge has other colours."""

RULED, THIN, LONG = 0.5, 0.6, 5.0
"""Share of an overlay that is rules at most; their thickness at most and their length at least, in
heights of a letter."""

CROSSED, LEAST_CROSSED = 4, 0.4
"""Letters that an overlay crosses at least, and their share of those that it touches."""

ON_BOTH = 0.05
"""Share of a letter that is near an overlay, and near paper, at least if it is crossed."""

SOFT = 0.25
"""Share of the contrast between an overlay and paper that is left just beside it at most."""


@dataclass(frozen=True)
class Overlay:
    """Something that lies over text.

    Attributes:
        box: x0, y0, x1, y1 in pixels.
        hides: whether the letters below are not seen through it.
    """

    box: Box
    hides: bool


@dataclass(frozen=True, eq=False)
class _Patch:
    """A connected patch of a picture.

    Attributes:
        box: x0, y0, x1, y1 in pixels.
        mask: 1 where in its box it is, [h, w].
        level: grey level of most of it.
        colour: RGB of most of it, [3].
        thickness: of its strokes, in pixels, at most.
        area: in pixels.
    """

    box: Box
    mask: Pixels
    level: int
    colour: NDArray[np.float64]
    thickness: float
    area: int

    def is_like(self, other: "_Patch") -> bool:
        return bool((np.abs(self.colour - other.colour) < ALIKE).all())


def without_overlays(picture: Pixels) -> tuple[Pixels, list[Overlay]]:
    """A page without what lies over its text, and what that was.

    Args:
        picture: [H, W, 3] RGB; it is returned itself where nothing is found.
    """
    bright = brightest(picture)
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    levels = _levels(bright, grey)
    if levels is None:
        return picture, []
    cleaned, overlays = _without_patches(_Page(picture, bright, grey, levels))
    cleaned, strokes = without_pen_strokes(cleaned, levels.dark)
    return cleaned, overlays + [Overlay(box, hides=True) for box in strokes]


def _without_patches(page: "_Page") -> tuple[Pixels, list[Overlay]]:
    """A page without what is paler than its text or coloured, and what that was."""
    patches = list(page.patches())
    crossing = [(patch, size) for patch in patches if (size := page.crossed_letters(patch))]
    if not crossing:
        return page.picture, []
    cleaned, overlays = page.picture.copy(), []
    while crossing:
        first = crossing[0][0]
        sizes = [size for patch, size in crossing if patch.is_like(first)]
        crossing = [pair for pair in crossing if not pair[0].is_like(first)]
        size = float(np.median(sizes))
        own = [p for p in patches if p.is_like(first) and p.thickness < THICK * size]
        overlays.append(_lifted(cleaned, own, page.levels, size))
    return cleaned, overlays


def _levels(bright: Pixels, grey: Pixels) -> Levels | None:
    """The levels of a page, [H, W] each; None of one without dark text on light paper."""
    counts = np.bincount(bright[::4, ::4].ravel(), minlength=256)
    paper = int(counts.argmax())
    dark = counts[: paper * 2 // 5]
    if paper < LIGHT_PAPER or dark.sum() < FEWEST_DARK * counts.sum():
        return None
    text = int(np.average(np.arange(len(dark)), weights=dark))
    counts = np.bincount(grey[::4, ::4].ravel(), minlength=256)
    counts[: len(dark)] = 0
    darker_quarter = int(np.searchsorted(counts.cumsum(), counts.sum() / 4))
    usual = int(counts.argmax())
    return Levels(text, paper, usual, usual - max(PALE, UNEVEN * (usual - darker_quarter)))


@dataclass(frozen=True, eq=False)
class _Page:
    """A page, [H, W, 3], its brightest channel and its grey levels, [H, W] each."""

    picture: Pixels
    bright: Pixels
    grey: Pixels
    levels: Levels

    def patches(self) -> Iterator[_Patch]:
        """Patches of one colour between text and paper, thicker than the fringes of letters."""
        no_text = cv2.inRange(self.bright, self.levels.dark + 1, 255)
        no_paper = cv2.inRange(self.grey, 0, self.levels.light - 1)
        between = cv2.morphologyEx(cv2.bitwise_and(no_text, no_paper), cv2.MORPH_OPEN, square(3))
        _, labels, stats, _ = cv2.connectedComponentsWithStats(between, connectivity=8)
        least = LEAST_SIDE * min(self.grey.shape)
        for number in 1 + np.flatnonzero(stats[1:, 2:4].max(axis=1) >= least):
            x, y, width, height, area = stats[number].tolist()
            window = np.s_[y : y + height, x : x + width]
            mask = (labels[window] == number).astype(np.uint8)
            depths = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 3)[1:-1, 1:-1]
            core = depths >= CORE * np.percentile(depths[mask > 0], 90)
            own = self.grey[window][core]
            level = int(np.median(own))
            if (np.abs(own.astype(np.int16) - level) < ALIKE).mean() >= EVEN:
                colour = np.median(self.picture[window][core], axis=0)
                box = (x, y, x + width, y + height)
                yield _Patch(box, mask, level, colour, 2 * float(depths.max()), area)

    def crossed_letters(self, patch: _Patch) -> float:
        """The height of the letters that run into a patch from the paper; 0 if there are none."""
        window, mask = _around(patch, self.grey.shape)
        dark = cv2.inRange(self.bright[window], 0, self.levels.dark)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(dark, connectivity=8)
        heights, areas = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_AREA]
        shaped = (heights >= 5) & (heights <= 200)
        if shaped.sum() < CROSSED:
            return 0.0
        size = float(np.median(heights[shaped]))
        if not _may_be_overlay(patch, size) or _is_ruled(mask, size):
            return 0.0

        paper = cv2.inRange(self.grey[window], self.levels.light, 255)
        at_patch, at_paper = (
            np.bincount(labels[_grown(near) > 0], minlength=len(stats))[1:] / areas
            for near in (mask, np.asarray(paper, np.uint8))
        )
        touched = (heights > 0.4 * size) & (heights < 2.5 * size) & (at_patch > 0)
        crossed = touched & (at_patch > ON_BOTH) & (at_paper > ON_BOTH)
        many = crossed.sum() >= max(CROSSED, LEAST_CROSSED * touched.sum())
        return size if many and self._is_sharp(patch, window, mask) else 0.0

    def _is_sharp(self, patch: _Patch, window: tuple[slice, slice], mask: Pixels) -> bool:
        """Whether there is paper just beside a patch: shadows end slowly."""
        near = _grown(mask)
        ring = cv2.subtract(_grown(near), near)
        beside = self.grey[window][(ring > 0) & (self.bright[window] > self.levels.dark)]
        left = self.levels.grey - float(np.median(beside)) if len(beside) else 255
        return left <= SOFT * (self.levels.grey - patch.level)


def _around(patch: _Patch, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Pixels]:
    """A window with a patch and what is beside it, and the patch in it."""
    x0, y0, x1, y1 = patch.box
    margin = max(8 * FRINGE, round(LEAST_SIDE * min(shape)))
    left, top = max(0, x0 - margin), max(0, y0 - margin)
    right, bottom = min(shape[1], x1 + margin), min(shape[0], y1 + margin)
    mask = np.zeros((bottom - top, right - left), np.uint8)
    mask[y0 - top : y1 - top, x0 - left : x1 - left] = patch.mask
    return np.s_[top:bottom, left:right], mask


def _grown(mask: Pixels) -> Pixels:
    """A mask with what may be mixed with it at its edge."""
    return np.asarray(cv2.dilate(mask, square(2 * FRINGE + 1)), np.uint8)


def _may_be_overlay(patch: _Patch, size: float) -> bool:
    """Whether a patch is large, and of strokes."""
    x0, y0, x1, y1 = patch.box
    shorter, longer = sorted((x1 - x0, y1 - y0))
    large = shorter > LESS_LARGE * size and longer > LARGE * size
    thick = patch.thickness >= THICK * size or patch.area > SOLID * shorter * longer
    return large and not thick


def _is_ruled(mask: Pixels, size: float) -> bool:
    """Whether a patch is mostly level and upright rules, such as those of a table."""
    thick = cv2.morphologyEx(mask, cv2.MORPH_OPEN, square(round(THIN * size) + 2))
    thin = cv2.subtract(mask, cv2.dilate(thick, square(3)))
    length = round(LONG * size)
    level = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    upright = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((length, 1), np.uint8))
    return bool(cv2.bitwise_or(level, upright).sum() >= RULED * mask.sum())


def _lifted(picture: Pixels, patches: Sequence[_Patch], levels: Levels, size: float) -> Overlay:
    """Takes patches of one colour off a picture, in place."""
    boxes = np.array([patch.box for patch in patches])
    margin = round(size) + 4 * FRINGE
    left, top = np.maximum(boxes[:, :2].min(axis=0) - margin, 0).tolist()
    right, bottom = (boxes[:, 2:].max(axis=0) + margin).tolist()
    window = picture[top:bottom, left:right]
    mask = np.zeros(window.shape[:2], np.uint8)
    for patch in patches:
        x0, y0, x1, y1 = patch.box
        mask[y0 - top : y1 - top, x0 - left : x1 - left] |= patch.mask
    hides = lift(window, mask, patches[0].colour, levels, size)
    return Overlay((*boxes[:, :2].min(axis=0).tolist(), *boxes[:, 2:].max(axis=0).tolist()), hides)
