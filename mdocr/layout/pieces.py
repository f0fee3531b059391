"""A piece of a page: a fragment of a text line, or a whole region that is kept together.

Shared by the steps that put pieces in order: columns, rows, tables, blocks.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

import numpy as np

from mdocr.fragments.geometry import LEVEL, Curve, LayoutBox, beside, gap, hull, overlap
from mdocr.layout.regions import Line, Region

TYPEWRITER_GAP, EVEN = 1.7, 0.07
"""Narrowest gap between columns, in heights of a capital, where words are set as by a typewriter,
which parts them by the width of a letter; and the spread of the distances between letters up to
which they are."""


@dataclass(frozen=True)
class Type:
    """The type in which something is set.

    Attributes:
        size: height of its capitals in pixels.
        stroke: thickness of its strokes in pixels.
        middle: median height of its letters in pixels; 0 where that is not known.
    """

    size: float
    stroke: float
    middle: float = 0.0


@dataclass(frozen=True, eq=False)
class PagePiece:
    """One thing to be put in order.

    Attributes:
        box: its extent in pixels.
        size: height of its capitals in pixels.
        stroke: thickness of its strokes in pixels.
        count: number of letters.
        base: height of the line on which the letters stand.
        bullet: whether it begins with a bullet.
        region: a table or an image; None for text.
        middle: median height of its letters in pixels, about that of an x.
        leader: a row of dots that leads from one piece to the next, or is to be written on; it
            keeps a row together, and is not read alone.
        spread: of the distances between its letters, see ``Fragments``.
        curve: how it leaves the level.
    """

    box: LayoutBox
    size: float
    stroke: float = 0.0
    count: int = 0
    base: float = 0.0
    bullet: bool = False
    region: Region | None = None
    middle: float = 0.0
    leader: bool = False
    spread: float = 1.0
    curve: Curve = LEVEL

    @property
    def line(self) -> Line:
        """It as a line of text."""
        return Line(self.box, curve=self.curve)


WORD = 3
"""Letters of a piece that is likely a word, and no script."""

NEAR = 2.0
"""Blank between two words with a script between them, in heights of one, at most."""

SCRIPT = 0.3
"""Share of the height of a script that lies beside the word before it."""

Row = list[PagePiece]
"""Pieces that stand side by side, from left to right."""


def moved(piece: PagePiece, x: float) -> PagePiece:
    """A piece as if it were level, at the height that it has at x, or at its end nearest to x."""
    if piece.curve == LEVEL:
        return piece
    half = piece.box.width / 2
    away = min(max(x - piece.box.center[0], -half), half)
    lower, box = float(piece.curve.at(away)), piece.box
    box = box._replace(y0=box.y0 + lower, y1=box.y1 + lower)
    return replace(piece, box=box, base=piece.base + lower, curve=LEVEL)


def aligned(pieces: Sequence[PagePiece]) -> Sequence[PagePiece]:
    """Pieces as if they were level, at the heights that they have at their common left edge."""
    starts = [piece.box.x0 for piece in pieces if piece.curve != LEVEL]
    return [moved(piece, median(starts)) for piece in pieces] if starts else pieces


def meeting(first: PagePiece, second: PagePiece) -> tuple[PagePiece, PagePiece]:
    """Two pieces as if they were level, at the heights at which they face each other."""
    if first.curve == second.curve == LEVEL:
        return first, second
    inner = sorted((first.box.x0, first.box.x1, second.box.x0, second.box.x1))[1:3]
    return moved(first, sum(inner) / 2), moved(second, sum(inner) / 2)


def merge(pieces: Sequence[PagePiece]) -> PagePiece:
    """One piece in place of several of one line."""
    if len(pieces) == 1:
        return pieces[0]
    text = [piece for piece in pieces if not piece.leader] or pieces
    count = sum(piece.count for piece in text) or 1
    largest = max(text, key=lambda piece: piece.count)
    stroke = sum(piece.stroke * piece.count for piece in text) / count
    box = hull([piece.box for piece in pieces])
    merged = replace(largest, box=box, stroke=stroke, count=count, bullet=pieces[0].bullet)
    return merged if all(p.curve == LEVEL for p in pieces) else _curved(merged, text)


def _curved(merged: PagePiece, text: Sequence[PagePiece]) -> PagePiece:
    """A merged piece with one curve through those of its parts."""
    middle, steps = merged.box.center[0], np.linspace(-0.5, 0.5, 7)
    away = np.array([p.box.center[0] - middle + steps * p.box.width for p in text])
    base = np.array([p.base + p.curve.at(steps * p.box.width) for p in text])
    weights = np.repeat([math.sqrt(p.count) for p in text], len(steps))
    bends = any(p.curve.bend for p in text)
    *bend, slope, foot = np.polyfit(away.ravel(), base.ravel(), 1 + bends, w=weights)
    y0 = foot + min(p.box.y0 - p.base for p in text)
    y1 = foot + max(p.box.y1 - p.base for p in text)
    curve = Curve(float(slope), float(sum(bend)))
    box = merged.box._replace(y0=float(y0), y1=float(y1))
    return replace(merged, box=box, base=float(foot), curve=curve)


def scale(piece: PagePiece, other: PagePiece | Type) -> float:
    """How many times larger the type of a piece is than another.

    Capitals and median letters each tell; a line of short letters, or of brackets and figures,
    misleads one of them, and the one nearer to no difference is right.
    """
    ratios = [piece.size / other.size]
    if piece.middle and other.middle:
        ratios.append(piece.middle / other.middle)
    return min(ratios, key=lambda ratio: abs(math.log(ratio)))


def is_typewriter(pieces: Sequence[PagePiece]) -> bool:
    """Whether the letters of pieces are all as wide as one another; leaders tell nothing."""
    spreads = [piece.spread for piece in pieces if piece.spread < 1]
    leads = any(piece.leader for piece in pieces)
    return bool(spreads) and not leads and median(spreads) < EVEN


def rows_of(pieces: Sequence[PagePiece]) -> list[Row]:
    """Pieces sorted into rows, from top to bottom."""
    rows: list[Row] = []
    order = sorted(zip(aligned(pieces), pieces, strict=True), key=lambda two: two[0].box.center[1])
    for _, piece in order:
        for row in rows[:-4:-1]:
            if _is_below(row, piece):
                continue
            if any(_are_level(near, piece) for near in _neighbours(row, piece)):
                row.append(piece)
                break
        else:
            rows.append([piece])
    return [sorted(row, key=lambda piece: piece.box.x0) for row in rows]


def _is_below(row: Row, piece: PagePiece) -> bool:
    """Whether a piece begins below all of a row; what leans or bows may rise to it."""
    if piece.curve != LEVEL:
        return False
    top = piece.box.y0
    return all(other.box.y1 <= top and other.curve == LEVEL for other in row)


def _neighbours(row: Row, piece: PagePiece) -> list[PagePiece]:
    """That of a row with the least blank between it and a piece; behind a script also a word."""
    nearest = min(row, key=lambda other: gap(other.box, piece.box))
    words = [other for other in row if other.count >= WORD]
    if nearest.count >= WORD or piece.count < WORD or not words:
        return [nearest]
    word = min(words, key=lambda other: gap(other.box, piece.box))
    return [nearest, word] if gap(word.box, piece.box) < NEAR * piece.box.height else [nearest]


def _are_level(near: PagePiece, own: PagePiece) -> bool:
    """Whether two pieces stand in one row; a script at the end of a word is little beside it."""
    if near.region is not None or own.region is not None:
        return False
    near, own = meeting(near, own)
    is_script = own.count < WORD <= near.count and 0 <= own.box.x0 - near.box.x1 < own.box.height
    return beside(near.box, own.box, SCRIPT if is_script else 0.5) and not is_stacked(near, own)


def is_stacked(first: PagePiece, second: PagePiece) -> bool:
    """Whether two pieces, though level in part, stand above each other, as words by a sum do."""
    if min(first.count, second.count) < 3:
        return False
    shared = overlap(first.box.x0, first.box.x1, second.box.x0, second.box.x1)
    apart = abs(first.box.center[1] - second.box.center[1])
    narrower = min(first.box.width, second.box.width)
    return shared > 0.5 * narrower and apart > 0.5 * min(first.box.height, second.box.height)
