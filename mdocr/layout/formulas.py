"""Places where a displayed formula may stand: apart from both margins, between lines of text.

Titles and short lines stand so as well. Which of them are formulas is told by reading them.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from mdocr.fragments.components import Boxes
from mdocr.fragments.geometry import LayoutBox, gap, hull
from mdocr.layout.pieces import PagePiece, Row
from mdocr.layout.regions import Formula
from mdocr.layout.rows import LINE_GAP

BAND_GAP = 0.55
"""Blank from top to bottom between parts of one formula, in heights of a capital."""

INSET = 1.2
"""Least distance from the margins of the column, in heights of a capital."""

LABEL_GAP, LABEL_WIDTH = LINE_GAP, 4.0
"""Least blank before a formula's number at the right margin, and its greatest width; with less
between them the two are one line."""

HIGHEST = 9.0
"""Height of a formula in heights of a capital, at most; higher things are drawings."""

GROWTH = 0.35
"""How near a sign that is in no piece must stand to belong to the formula."""


def find_formulas(pieces: Sequence[PagePiece], signs: Boxes, size: float) -> list[Formula]:
    """Places in one column, from top to bottom.

    Args:
        pieces: of the column.
        signs: boxes [N, 4] of all connected components and level rules of the page.
        size: height of a capital of the page's text.
    """
    if not pieces:
        return []
    column = hull([piece.box for piece in pieces])
    found = []
    for band in _bands(pieces, size):
        main, label = _without_label(band, column, size)
        if main and _stands_apart(main, column, size):
            core = hull([piece.box for piece in main])
            box = _grown(core, signs, size)
            others = [piece for piece in pieces if piece not in band]
            if box.height < HIGHEST * size and not any(box.holds(other.box) for other in others):
                found.append(Formula(box, core, label))
    return found


def _bands(pieces: Sequence[PagePiece], size: float) -> Iterator[Row]:
    """Pieces between which no blank runs through the column, each from left to right."""
    band: Row = []
    bottom = 0.0
    for piece in sorted(pieces, key=lambda piece: piece.box.y0):
        if band and piece.box.y0 > bottom + BAND_GAP * size:
            yield sorted(band, key=lambda piece: piece.box.x0)
            band = []
        bottom = max(bottom, piece.box.y1) if band else piece.box.y1
        band.append(piece)
    yield sorted(band, key=lambda piece: piece.box.x0)


def _without_label(band: Row, column: LayoutBox, size: float) -> tuple[Row, LayoutBox | None]:
    """The pieces of a formula, and the box of the number at the right margin."""
    last = band[-1].box
    at_margin = last.x1 > column.x1 - size and last.width < LABEL_WIDTH * size
    if len(band) < 2 or not at_margin or gap(band[-2].box, last) < LABEL_GAP * size:
        return band, None
    return band[:-1], last


def _stands_apart(main: Row, column: LayoutBox, size: float) -> bool:
    """Whether nothing of it stands at a margin, and all of it is text."""
    box = hull([piece.box for piece in main])
    apart = min(box.x0 - column.x0, column.x1 - box.x1) > INSET * size
    return apart and box.width > size and not main[0].bullet and not any(p.region for p in main)


def _grown(box: LayoutBox, signs: Boxes, size: float) -> LayoutBox:
    """The box with all signs that come near it, and those near these, until it is too high."""
    signs = _near(signs, box, HIGHEST * size)
    while box.height < HIGHEST * size:
        inner = _near(signs, box, GROWTH * size)
        grown = hull([box, *(LayoutBox(*edges) for edges in inner.tolist())])
        if grown == box:
            break
        box = grown
    return box


def _near(signs: Boxes, box: LayoutBox, reach: float) -> Boxes:
    low, high = np.array(box[:2]) - reach, np.array(box[2:]) + reach
    near: Boxes = signs[((signs[:, :2] < high) & (signs[:, 2:] > low)).all(axis=1)]
    return near
