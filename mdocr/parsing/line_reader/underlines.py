"""Rules under the words of a line, taken out before the line is read.

A rule joins letters, hides the underscores on it, and is read as a part of what it touches. What
strikes words out stays: in small print it cannot be told from the bars of ``e`` side by side.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.geometry import Pixels
from mdocr.fragments.ink import runs
from mdocr.parsing.line_reader.strips import Mask, contrast, glyphs, ink_mask

SHORTEST = 1.3
"""Length of a rule at least, in heights of the line's picture: a dash is shorter."""

THICKEST = 0.12
"""Thickness of a rule at most, in the same."""

LOW = 0.6
"""How far down a rule is at least, in the same."""

WORDY = 0.4
"""Share of a rule's columns that have letters above it."""

BELOW = 1.0
"""Pixels below the base line at least: feet of letters such as ``Z`` run into one another on it."""

HALO = 1
"""Pixels around a rule that it has blurred."""

EXCESS = 0.25
"""Pixels by which a rule is thicker where an underscore lies on it."""

RAGGED = 0.1
"""Share of a rule's columns that are as much thinner, from which its thickness tells nothing."""

UNDERSCORE = 0.2
"""Width of an underscore at least, in heights of the line's picture."""

Columns = NDArray[np.int64]


@dataclass(frozen=True)
class _Rule:
    """Rows ``top`` to ``foot``, exclusive, in each of the columns from ``left`` on."""

    left: int
    top: Columns
    foot: Columns

    @property
    def columns(self) -> slice:
        return slice(self.left, self.left + len(self.top))


def without_underlines(pixels: Pixels) -> Pixels:
    """The picture of a line without the rules under its words.

    Args:
        pixels: [h, w, 3] or [h, w], level.

    Returns:
        The picture itself if there is none.
    """
    mask = ink_mask(pixels)
    rules = [rule for rule in _rules(mask) if _is_under_words(rule, mask)]
    if not rules:
        return pixels
    cleared = pixels.astype(np.float32)
    for rule in rules:
        kept = _underscores(rule, mask, pixels)
        _fill(cleared, rule, ~kept)
    return np.asarray(cleared.round(), np.uint8)


def _rules(mask: Mask) -> Iterator[_Rule]:
    height, width = mask.shape
    brush = np.ones((1, max(2, round(SHORTEST * height))), np.uint8)
    if brush.shape[1] > width:
        return
    # a scan breaks a rule here and there
    closed = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((1, 3), np.uint8))
    long = cv2.morphologyEx(closed, cv2.MORPH_OPEN, brush)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(long, connectivity=8)
    for label, (x, _, w, _, _) in zip(range(1, count), stats[1:].tolist(), strict=True):
        part = labels[:, x : x + w] == label
        ends = (min(HALO, x), min(HALO, width - x - w))
        top = np.pad(part.argmax(axis=0), ends, mode="edge")
        foot = np.pad(height - part[::-1].argmax(axis=0), ends, mode="edge")
        rule = _Rule(x - ends[0], top, foot)
        if np.median(rule.foot - rule.top) <= max(2.0, THICKEST * height):
            yield rule


def _is_under_words(rule: _Rule, mask: Mask) -> bool:
    """Whether it underlines, and is no dash, blank to be filled, or row of serifs."""
    rows = np.arange(len(mask))[:, None]
    above = mask[:, rule.columns] & (rows < rule.top - HALO)
    if rule.top.mean() <= LOW * len(mask) or above.any(axis=0).mean() < WORDY:
        return False
    letters = mask.copy()
    letters[:, rule.columns] &= (rows < rule.top) | (rows >= rule.foot)
    base = np.median([glyph.y1 for glyph in glyphs(letters)] or [len(mask)])
    return bool(rule.top.mean() >= base + BELOW)


def _underscores(rule: _Rule, mask: Mask, pixels: Pixels) -> Mask:
    """Columns of a rule in which an underscore lies on it, [w]: it is thicker between letters."""
    height = len(mask)
    weight = _weight(rule, pixels)
    thick = weight > np.median(weight) + EXCESS
    gap = _blank_above(rule, mask)
    found = np.zeros(len(thick), np.bool_)
    if (weight < np.median(weight) - EXCESS).mean() > RAGGED:
        return found
    for start, end in runs(gap).tolist():
        inked = np.flatnonzero(thick[start:end])
        if len(inked) >= UNDERSCORE * height and len(inked) >= 0.9 * (inked[-1] - inked[0] + 1):
            found[start + inked[0] : start + inked[-1] + 1] = True
    return found


def _weight(rule: _Rule, pixels: Pixels) -> NDArray[np.float64]:
    """Thickness of a rule in each column, in pixels, grey ones in part."""
    part = contrast(pixels)[:, rule.columns]
    rows = np.arange(len(part))[:, None]
    near = (rows >= rule.top - HALO) & (rows < rule.foot + HALO)
    return np.asarray((part * near).sum(axis=0) / max(float(part.max()), 1.0), np.float64)


def _blank_above(rule: _Rule, mask: Mask) -> Mask:
    """Columns of a rule that have no letter above it."""
    rows = np.arange(len(mask))[:, None]
    above = mask[:, rule.columns] & (rows < rule.top - HALO)
    return np.asarray(~above.any(axis=0), np.bool_)


def _fill(pixels: NDArray[np.float32], rule: _Rule, wanted: Mask) -> None:
    """Replaces a rule by what is above and below it, so that strokes which cross it stay whole."""
    height = len(pixels)
    paper = np.median(pixels.reshape(-1, *pixels.shape[2:]), axis=0)
    for column in np.flatnonzero(wanted):
        top, foot = int(rule.top[column]) - HALO, int(rule.foot[column]) + HALO
        x = rule.left + column
        above = pixels[top - 1, x] if top > 0 else paper
        below = pixels[foot, x] if foot < height else paper
        top, foot = max(top, 0), min(foot, height)
        shares = np.linspace(0, 1, foot - top + 2)[1:-1]
        shares = shares.reshape(-1, *[1] * (pixels.ndim - 2))
        pixels[top:foot, x] = above + shares * (below - above)
