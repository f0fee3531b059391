"""Headers, footers and page numbers: short rows at the edge of a page, set apart by a blank."""

from collections.abc import Sequence

from mdocr.fragments.geometry import hull
from mdocr.layout.pieces import PagePiece, Row, rows_of
from mdocr.layout.regions import Region
from mdocr.layout.rows import join_row

EDGE = 0.08
"""Share of the page's height at the top and at the bottom in which they stand."""

NUMBER_EDGE = 0.14
"""The same for a number alone."""


def set_apart(
    pieces: Sequence[PagePiece], size: float, extent: tuple[int, int]
) -> tuple[list[Region], list[PagePiece], list[Region]]:
    """Headers, body and footers.

    Args:
        pieces: everything on the page.
        size: height of the capitals of its text.
        extent: width and height of the page.
    """
    rows = rows_of(pieces)
    headers = _edge_rows(rows, size, extent)
    footers = _edge_rows(rows[::-1], size, extent)[::-1]
    if len(headers) + len(footers) >= len(rows):
        return [], list(pieces), []
    outer = {id(piece) for row in headers + footers for piece in row}
    body = [piece for piece in pieces if id(piece) not in outer]
    return _regions(headers, "header", extent), body, _regions(footers, "footer", extent)


def _edge_rows(rows: Sequence[Row], size: float, extent: tuple[int, int]) -> list[Row]:
    """At most two rows at one edge that are short, small, and far from the next."""
    for count in (1, 2):
        if len(rows) <= count + 2:
            break
        edge, following = rows[:count], rows[count]
        if not all(_may_be_paratext(row, size, extent) for row in edge):
            break
        outer = hull([piece.box for row in edge for piece in row])
        inner = [hull([piece.box for piece in following])]
        inner += [piece.box for row in rows[count:] for piece in row if piece.region]
        blank = min(max(box.y0 - outer.y1, outer.y0 - box.y1) for box in inner)
        if blank > 1.6 * size:
            return list(edge)
    return []


def _may_be_paratext(row: Row, size: float, extent: tuple[int, int]) -> bool:
    """Whether a row stands at the edge, in type no larger than the text, not filling the width."""
    box = hull([piece.box for piece in row])
    _, height = extent
    edge = NUMBER_EDGE if len(row) == 1 and _is_number(row[0], extent) else EDGE
    at_edge = box.y1 < edge * height or box.y0 > (1 - edge) * height
    small = all(piece.region is None and piece.size < 1.2 * size for piece in row)
    return at_edge and small


def _regions(rows: Sequence[Row], kind: str, extent: tuple[int, int]) -> list[Region]:
    """Regions of header or footer rows; a few letters at the side or in the middle are a number."""
    regions = []
    for row in rows:
        for piece in join_row(row):
            name = "page_number" if _is_number(piece, extent) else kind
            regions.append(Region(name, piece.box, (piece.line,)))
    return regions


def _is_number(piece: PagePiece, extent: tuple[int, int]) -> bool:
    """Whether a piece has the look of a page number."""
    middle = piece.box.center[0] / extent[0]
    place = abs(middle - 0.5) < 0.05 or middle < 0.2 or middle > 0.8
    return piece.count <= 4 and piece.box.width < 5 * piece.size and place
