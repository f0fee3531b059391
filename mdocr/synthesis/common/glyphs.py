"""Glyphs as masks, rendered once per process, and texts set from them.

A mask is uint8 [height, width], 0 no ink to 255 full ink. Positions are in pixels, x to the right,
y down from the base line.
"""

import functools
import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import ImageFont, features
from PIL.ImageFont import Layout

from mdocr.synthesis.common.opencv import opencv

InkMask = NDArray[np.uint8]
PixelBox = tuple[int, int, int, int]

SHEETS_KEPT = 1500
"""Faces whose glyphs are cached in each process: up to about 120 kB each."""
FACES_KEPT = 64
"""Faces that stay open in each process: about as large again, and quick to open (0.05 ms)."""


@dataclass(frozen=True)
class FontGlyph:
    """One character's ink.

    Attributes:
        mask: ink, cropped to its bounding box; empty if there is none.
        left: from the pen to the ink.
        top: from the base line to the ink; negative is above.
        advance: of the pen, in pixels.
    """

    mask: InkMask
    left: int
    top: int
    advance: float


class GlyphSheet:
    """The glyphs of a face at one size, rendered on first use; several letters as a ligature."""

    def __init__(self, path: str, index: int, size: int) -> None:
        self.size = size
        self._face = (path, index, size)
        self._glyphs: dict[str, FontGlyph] = {}

    def __getitem__(self, symbol: str) -> FontGlyph:
        glyph = self._glyphs.get(symbol)
        if glyph is None:
            glyph = self._glyphs[symbol] = self._draw(symbol)
        return glyph

    def _draw(self, symbol: str) -> FontGlyph:
        joins = len(symbol) > 1 and features.check("raqm")
        face = open_face(*self._face, Layout.RAQM if joins else Layout.BASIC)
        drawn, (left, top) = face.getmask2(symbol, "L", anchor="ls")
        advance, ink = float(face.getlength(symbol)), drawn.getbbox()
        if ink is None:
            return FontGlyph(np.zeros((0, 0), np.uint8), 0, 0, advance)
        mask = np.array(drawn, np.uint8).reshape(drawn.size[::-1])
        cut = mask[ink[1] : ink[3], ink[0] : ink[2]].copy()
        return FontGlyph(cut, left + ink[0], top + ink[1], advance)


@functools.lru_cache(maxsize=FACES_KEPT)
def open_face(
    path: str, index: int, size: int, layout: Layout = Layout.BASIC
) -> ImageFont.FreeTypeFont:
    """The face at ``size`` pixels; Raqm's layout sets ligatures."""
    return ImageFont.truetype(path, size, index, layout_engine=layout)


@functools.lru_cache(maxsize=SHEETS_KEPT)
def open_sheet(path: str, index: int, size: int) -> GlyphSheet:
    """The glyphs of a face at ``size`` pixels."""
    return GlyphSheet(path, index, size)


PlacedGlyph = tuple[int, int, FontGlyph]
"""x and y of a glyph's ink, and the glyph."""


@dataclass(frozen=True)
class Setting:
    """A text's glyphs at their positions.

    Attributes:
        letters: x and y of each glyph's ink, and the glyph.
        box: left, top, right, bottom of the ink.
        size: of the font, in pixels.
        spacing: extra space between letters, in font sizes.
    """

    letters: tuple[PlacedGlyph, ...]
    box: PixelBox
    size: int
    spacing: float

    @property
    def ratio(self) -> float:
        """Width of the ink over its height."""
        return (self.box[2] - self.box[0]) / (self.box[3] - self.box[1])


def set_text(
    sheet: GlyphSheet,
    text: str,
    spacing: float = 0.0,
    shifts: Iterable[float] = (),
    rest: GlyphSheet | None = None,
    *,
    start: float = 0.0,
    space: float | None = None,
) -> Setting | None:
    """Sets a text; None if it has no ink.

    Args:
        sheet: the face.
        text: its characters.
        spacing: extra space between letters, in font sizes.
        shifts: of each letter up or down, in font sizes.
        rest: a smaller face for all letters but the first.
        start: x of the pen at the beginning.
        space: width of a word space; None: that of the face.
    """
    pen, letters, raised = start, [], iter(shifts)
    for position, symbol in enumerate(text):
        glyph = (rest or sheet)[symbol] if position else sheet[symbol]
        if glyph.mask.size:
            drop = round(next(raised, 0.0) * sheet.size)
            letters.append((round(pen) + glyph.left, glyph.top + drop, glyph))
        advance = space if symbol == " " and space is not None else glyph.advance
        pen += advance + spacing * sheet.size
    if not letters:
        return None
    return Setting(tuple(letters), ink_box(letters), sheet.size, spacing)


def turn_letters(setting: Setting, degrees: Iterable[float]) -> Setting:
    """Rotates each letter about its centre; letters beyond the last of ``degrees`` stay."""
    angles = itertools.chain(degrees, itertools.repeat(0.0))
    letters = [
        _turned(x, y, glyph, angle)
        for (x, y, glyph), angle in zip(setting.letters, angles, strict=False)
    ]
    return replace(setting, letters=tuple(letters), box=ink_box(letters))


def _turned(x: int, y: int, glyph: FontGlyph, angle: float) -> PlacedGlyph:
    cv2 = opencv()
    rows, columns = glyph.mask.shape
    matrix = cv2.getRotationMatrix2D((columns / 2, rows / 2), angle, 1.0)
    cosine, sine = abs(matrix[0, 0]), abs(matrix[0, 1])
    width = math.ceil(columns * cosine + rows * sine) + 1
    height = math.ceil(columns * sine + rows * cosine) + 1
    matrix[:, 2] += (width - columns) / 2, (height - rows) / 2
    mask = cv2.warpAffine(glyph.mask, matrix, (width, height))
    return x - (width - columns) // 2, y - (height - rows) // 2, replace(glyph, mask=mask)


def ink_box(letters: Iterable[PlacedGlyph]) -> PixelBox:
    """Bounding box of the ink of one or more glyphs."""
    edges = [(x, y, x + g.mask.shape[1], y + g.mask.shape[0]) for x, y, g in letters]
    lefts, tops, rights, bottoms = zip(*edges, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def stamp(canvas: InkMask, setting: Setting, dx: int, dy: int) -> None:
    """Draws the setting onto the canvas, moved by (dx, dy), clipped at the canvas's edges."""
    for x, y, glyph in setting.letters:
        stamp_mask(canvas, glyph.mask, x + dx, y + dy)


def stamp_mask(canvas: InkMask, ink: InkMask, x: int, y: int) -> None:
    """Draws ink onto the canvas at (x, y), clipped at the canvas's edges."""
    height, width = canvas.shape
    part = ink[max(-y, 0) : max(height - y, 0), max(-x, 0) : max(width - x, 0)]
    if part.size:
        below = canvas[max(y, 0) :, max(x, 0) :][: part.shape[0], : part.shape[1]]
        np.maximum(below, part, out=below)
