"""Pieces that are no lines to be read: specks, shadows, dashed rules, text that runs upwards.

Rows of dots stay, as what holds a row together (``PagePiece.leader``).
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from mdocr.fragments.chains import LEAST_LEADER
from mdocr.fragments.geometry import LayoutBox, hull, overlap
from mdocr.layout.pieces import PagePiece, Row, rows_of

LEAST_UPRIGHT = 8
"""Letters that must stand on top of each other to be taken for text that runs upwards."""

WORD_GAP, LETTER_GAP = 0.8, 0.3
"""Widest blank between two of them, and between most, in heights of a capital."""


def removed(pieces: Sequence[PagePiece], size: float) -> tuple[list[PagePiece], list[LayoutBox]]:
    """Pieces that are worth reading, and leaders; and where letters stand on top of each other.

    Args:
        pieces: everything that was taken for writing.
        size: height of a capital of the text.
    """
    kept = []
    stacks = _stacks(pieces, size)
    stacked = [[p for p in pieces if _continues(p, stack, size)] for stack in stacks]
    others = {id(piece) for own in stacked for piece in own}
    for row in rows_of([piece for piece in pieces if id(piece) not in others]):
        dashes = all(piece.box.height < 0.3 * size for piece in row)
        if len(row) >= 3 and dashes:
            continue
        read = any(piece.count >= 3 and not _is_odd(piece, size) for piece in row)
        row = _with_leaders(row, size)
        kept += [p for p in row if (read and not _is_upright(p, size)) or not _is_odd(p, size)]
    return kept, [hull([piece.box for piece in own]) for own in stacked if own]


def _with_leaders(row: Row, size: float) -> Row:
    """A row in which dots that follow each other are one leader."""
    made: Row = []
    for piece in row:
        dots = piece.box.height < 0.3 * size and piece.box.width < 2.5 * size * piece.count
        last = made[-1] if made else None
        if dots and last and last.leader and piece.box.x0 - last.box.x1 < 1.5 * size:
            box, count = hull([last.box, piece.box]), last.count + piece.count
            made[-1] = replace(last, box=box, count=count)
        else:
            made.append(replace(piece, leader=dots))
    long = [piece.leader and _is_long(piece, size) for piece in made]
    return [
        replace(piece, leader=leader, bullet=piece.bullet and not leader)
        for piece, leader in zip(made, long, strict=True)
    ]


def _is_long(piece: PagePiece, size: float) -> bool:
    """Whether dots are many enough to lead somewhere."""
    return piece.count >= LEAST_LEADER and piece.box.width > 3 * size


def _stacks(pieces: Sequence[PagePiece], size: float) -> list[LayoutBox]:
    """Stacks of letters close above each other, such as stamps in a margin."""
    narrow = [p for p in pieces if p.count <= 3 and p.box.width < 2 * size]
    stacks: list[list[PagePiece]] = []
    open_stacks: list[list[PagePiece]] = []
    for piece in sorted(narrow, key=lambda piece: piece.box.y0):
        reach = piece.box.y0 - WORD_GAP * size
        open_stacks = [stack for stack in open_stacks if stack[-1].box.y1 > reach]
        for stack in open_stacks:
            last = stack[-1].box
            shared = overlap(last.x0, last.x1, piece.box.x0, piece.box.x1)
            if shared > 0.5 * min(last.width, piece.box.width):
                stack.append(piece)
                break
        else:
            open_stacks.append([piece])
            stacks.append(open_stacks[-1])
    return [hull([piece.box for piece in stack]) for stack in stacks if _is_close(stack, size)]


def _is_close(stack: Sequence[PagePiece], size: float) -> bool:
    """Whether there are enough letters, and most as close as those of a word; lines are not."""
    blanks = [below.box.y0 - above.box.y1 for above, below in pairwise(stack)]
    return len(stack) >= LEAST_UPRIGHT and median(blanks) < LETTER_GAP * size


def _continues(piece: PagePiece, stack: LayoutBox, size: float) -> bool:
    """Whether a piece stands in a stack, or a few words over or under it."""
    shared = overlap(stack.x0, stack.x1, piece.box.x0, piece.box.x1)
    near = overlap(stack.y0, stack.y1, piece.box.y0, piece.box.y1) > -25 * size
    return near and piece.box.width < 2 * size and shared > 0.5 * piece.box.width


def _is_odd(piece: PagePiece, size: float) -> bool:
    """Whether a piece standing alone is more likely a speck or a shadow than a letter."""
    few = piece.count <= 2
    return _is_upright(piece, size) or (few and piece.box.height < 0.55 * size)


def _is_upright(piece: PagePiece, size: float) -> bool:
    """Whether a piece is thin, upright, and higher than letters are."""
    return piece.box.height > 3 * piece.box.width and piece.box.height > 1.3 * size
