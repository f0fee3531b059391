"""Heights of pieces mended: dashes grown to the height of a line, lines cut off below others."""

from collections.abc import Sequence
from dataclasses import replace

from mdocr.fragments.geometry import gap
from mdocr.layout.pieces import PagePiece, is_stacked

TALL = 2.5
"""Height of a line in median letters beyond which a large letter in it reaches into another."""

LEAST_HEIGHT = 1.2
"""Median letters that a trimmed line is high at least."""


def evened(pieces: Sequence[PagePiece], size: float) -> list[PagePiece]:
    """The pieces, with dashes and dots that stand alone grown to the height of a line.

    A dash in a table is read only if its line has the height of the others.

    Args:
        pieces: of a page.
        size: height of a capital of its text.
    """
    high = [p for p in pieces if p.region is None and p.box.height > 0.6 * size]
    return [
        _grown(piece, high) if piece.region is None and _is_low(piece, size) else piece
        for piece in pieces
    ]


def _is_low(piece: PagePiece, size: float) -> bool:
    """Whether a piece is a dash or a dot or a leader, and no long rule."""
    return piece.box.height < 0.5 * size and (piece.leader or piece.box.width < 2.5 * size)


def _grown(piece: PagePiece, high: Sequence[PagePiece]) -> PagePiece:
    """A low piece as high as the capitals of the nearest piece beside it, if there is one."""
    middle = piece.box.center[1]
    level = [p for p in high if p.base - 1.2 * p.size < middle < p.base + 0.2 * p.size]
    nearest = min(level, key=lambda other: gap(other.box, piece.box), default=None)
    if nearest is None:
        return piece
    size, base = nearest.size, nearest.base
    box = piece.box._replace(y0=min(base - size, piece.box.y0), y1=max(base, piece.box.y1))
    return replace(piece, box=box, size=size, base=base)


def trimmed(pieces: Sequence[PagePiece]) -> list[PagePiece]:
    """The pieces, with those that reach over a line above them cut off below it.

    One large letter or figure makes a whole piece high; lines that stand beside it, over the rest
    of the piece, would be read twice.
    """
    return [
        _trimmed(piece, pieces) if piece.region is None and _is_tall(piece) else piece
        for piece in pieces
    ]


def _is_tall(piece: PagePiece) -> bool:
    return piece.count > 5 and piece.box.height > TALL * piece.middle


def _trimmed(piece: PagePiece, pieces: Sequence[PagePiece]) -> PagePiece:
    """A piece cut off below the lowest of those that stand over it."""
    lowest = piece.base - LEAST_HEIGHT * piece.middle
    over = [p for p in pieces if p.region is None and piece.box.y0 < p.box.y1 < lowest]
    tops = [p.box.y1 for p in over if p is not piece and is_stacked(p, piece)]
    return replace(piece, box=piece.box._replace(y0=max(tops, default=piece.box.y0)))
