"""Letters that print as one sign: ligatures, and in blackletter also umlauts and hyphens.

A sign is what a sheet draws at once (``GlyphSheet``): one character, or the letters of a ligature,
which the font itself joins if it can.
"""

import re
from dataclasses import replace

import numpy as np

from mdocr.synthesis.common.glyphs import FontGlyph, GlyphSheet, InkMask
from mdocr.synthesis.common.opencv import opencv

ALWAYS = ("ſch", "ch", "ck", "tz", "ſt")
"""Joined in blackletter even where letters are spaced out, which stands for emphasis there."""
LIGATURES = (*ALWAYS, "ffi", "ffl", "ff", "fi", "fl", "ft", "ſſ", "ſi", "ct", "st", "tt", "ll")
UMLAUTS = {"ä": "a", "ö": "o", "ü": "u", "Ä": "A", "Ö": "O", "Ü": "U"}
SMALL_E = 0.5
"""Size of the e above a vowel, relative to other letters."""


def signs(text: str, joined: tuple[str, ...]) -> list[str]:
    """Splits a text into signs: the sequences in ``joined``, of several the first, else letters."""
    return re.findall("|".join((*map(re.escape, joined), "(?s:.)")), text)


def with_small_e(sheet: GlyphSheet, small: GlyphSheet, umlaut: str) -> FontGlyph:
    """An umlaut as printed until about 1850: the vowel with a small e above.

    Args:
        sheet: the face.
        small: the same face, of ``SMALL_E`` times the size.
        umlaut: one of ``UMLAUTS``.
    """
    vowel, above = sheet[UMLAUTS[umlaut]], small["e"]
    if not vowel.mask.size or not above.mask.size:
        return sheet[umlaut]
    rise = above.mask.shape[0] + max(1, sheet.size // 24)
    rows, columns = vowel.mask.shape
    mask = np.zeros((rows + rise, max(columns, above.mask.shape[1])), np.uint8)
    mask[rise:, :columns] = vowel.mask
    start = (mask.shape[1] - above.mask.shape[1]) // 2
    mask[: above.mask.shape[0], start : start + above.mask.shape[1]] = above.mask
    return replace(vowel, mask=mask, top=vowel.top - rise)


def double_hyphen(sheet: GlyphSheet) -> FontGlyph:
    """The hyphen of blackletter: two short strokes that rise to the right."""
    equals = sheet["="]
    if not equals.mask.size:
        return sheet["-"]
    cv2 = opencv()
    rows, columns = equals.mask.shape
    width, rise = max(2, round(0.6 * columns)), round(0.25 * columns)
    matrix = np.array([[0.6, 0, 0], [-0.25, 1, rise]], np.float32)
    mask: InkMask = cv2.warpAffine(equals.mask, matrix, (width, rows + rise))
    return replace(equals, mask=mask, top=equals.top - rise // 2, advance=0.7 * equals.advance)
