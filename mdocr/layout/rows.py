"""Pieces of a row to lines."""

from mdocr.fragments.geometry import hull
from mdocr.layout.pieces import PagePiece, Row, meeting, merge

LINE_GAP = 3.0
"""Widest gap inside a line in heights of a capital; justified lines may stretch that far."""

HIGHEST_LINE = 2.2
"""Height of a line of joined pieces in heights of a capital, at most."""


def join_row(row: Row, widest: float = LINE_GAP) -> Row:
    """Fragments that stand close together joined to lines; leaders are not read with them."""
    lines: list[Row] = []
    for piece in row:
        if lines and _may_join(lines[-1][-1], piece, widest):
            lines[-1].append(piece)
        else:
            lines.append([piece])
    return [merge(line) for line in lines if without_leaders(line)]


def _may_join(first: PagePiece, second: PagePiece, widest: float) -> bool:
    """Whether two pieces are words that are close, and no higher than a line of the longer.

    A large letter, arrow or sum reaches into the lines above or below, which would be read with it.
    """
    if first.region or second.region or first.leader or second.leader:
        return False
    if second.box.x0 - first.box.x1 >= widest * max(first.size, second.size):
        return False
    main = max(first, second, key=lambda piece: piece.count)
    first, second = meeting(first, second)
    return hull([first.box, second.box]).height < HIGHEST_LINE * main.size


def without_leaders(row: Row) -> Row:
    """The pieces of a row that hold more than dots."""
    return [piece for piece in row if not piece.leader]
