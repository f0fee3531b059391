"""Lines of a column to paragraphs, titles and list items."""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from mdocr.fragments.geometry import LayoutBox, hull
from mdocr.layout.pieces import PagePiece, Row, Type, aligned, merge, scale
from mdocr.layout.regions import Region

BOLD = 1.35
"""How much thicker the strokes of bold type are, for its size."""


LONGEST_NUMBER = 4
"""Letters of the number before a title that stands apart from it."""


def usual_type(pieces: Sequence[PagePiece]) -> Type:
    """Type of the text; where there are several sizes, the largest that is not for titles only."""
    text = [piece for piece in pieces if piece.region is None and not _is_of_dots(piece)]
    text.sort(key=lambda piece: piece.size)
    if not text:
        return Type(20.0, 3.0)
    most = 0.8 * sum(piece.count for piece in text)
    passed = 0
    for piece in text:
        passed += piece.count
        if passed >= most:
            break
    peers = [other for other in text if abs(other.size - piece.size) < 0.15 * piece.size]
    strokes, middles = [peer.stroke for peer in peers], [peer.middle for peer in peers]
    return Type(piece.size, median(strokes), median(middles))


def _is_of_dots(piece: PagePiece) -> bool:
    """Whether it is as low as its strokes are thick; contents may have more dots than letters."""
    return piece.box.height < 2 * piece.stroke


def to_regions(rows: Sequence[Row], usual: Type) -> list[Region]:
    """Regions of a column from top to bottom."""
    regions: list[Region] = []
    text: list[Row] = []
    for row in rows:
        if row[0].region is None:
            text.append(row)
            continue
        regions += _text_regions(text, usual)
        regions.append(row[0].region)
        text = []
    return regions + _text_regions(text, usual)


def _text_regions(rows: Sequence[Row], usual: Type) -> list[Region]:
    """Paragraphs of consecutive rows of text."""
    if not rows:
        return []
    paragraphs: list[list[Row]] = [[rows[0]]]
    merged = _evened(list(aligned([merge(row) for row in rows])))
    column = hull([line.box for line in merged])
    leading = _leading(merged)
    for index in range(1, len(rows)):
        if _is_new(merged, index, (column, leading, usual)):
            paragraphs.append([])
        paragraphs[-1].append(rows[index])
    return [_region(paragraph, column, usual) for paragraph in paragraphs]


def _evened(lines: list[PagePiece]) -> list[PagePiece]:
    """The lines, with one that stands evenly between two of one size given that size.

    Figures and brackets alone are higher and thinner than most letters, yet no other type.
    """
    made = list(lines)
    for index, (above, line, below) in enumerate(zip(lines, lines[1:], lines[2:], strict=False)):
        steps = (line.base - above.base) - (below.base - line.base)
        is_even = abs(steps) < 0.2 * above.size
        is_flush = max(abs(line.box.x0 - other.box.x0) for other in (above, below)) < above.size
        differs = _is_same_size(above, below) and not _is_same_size(line, above)
        if differs and is_even and is_flush:
            stroke = max(line.stroke, above.stroke)
            made[index + 1] = replace(line, size=above.size, middle=above.middle, stroke=stroke)
    return made


def _leading(lines: Sequence[PagePiece]) -> float:
    """Usual distance from the foot of a line to that of the next, in heights of a capital."""
    steps = [
        (below.base - above.base) / max(above.size, below.size)
        for above, below in pairwise(lines)
        if _is_same_size(below, above)
    ]
    close = [step for step in steps if step < 3.5]
    return median(close) if close else 2.0


def _is_same_size(line: PagePiece, other: PagePiece) -> bool:
    """Whether two lines are set in type of one size."""
    return 0.8 < scale(line, other) < 1.25


def _is_new(lines: Sequence[PagePiece], index: int, around: tuple[LayoutBox, float, Type]) -> bool:
    """Whether a line begins a paragraph: by distance, type, indent, or a short line before it.

    Args:
        lines: of a column.
        index: of the line.
        around: the column's extent, its leading, and the usual type of the page.
    """
    line, above = lines[index], lines[index - 1]
    column, leading, usual = around
    size = max(line.size, above.size)
    if line.bullet or line.base - above.base > (leading + 0.45) * size:
        return True
    if not _is_same_size(line, above) or _is_bold(line, above) or _is_bold(above, line):
        return True
    indent = line.box.x0 - above.box.x0
    if above.bullet or (indent > 0.5 * size and _stands_out(line, usual)):
        return False
    if _is_short(above, column) and (indent <= 0.5 * size or _is_short(line, column)):
        return True
    if index + 1 < len(lines) and 0.8 * size < indent < 6 * size:
        return lines[index + 1].box.x0 < line.box.x0 - 0.6 * size
    return False


def _is_short(line: PagePiece, column: LayoutBox) -> bool:
    """Whether a line ends so far from the end of its column that a word would have fitted there."""
    return column.x1 - line.box.x1 > max(0.25 * column.width, 4 * line.size)


def _is_bold(line: PagePiece, other: PagePiece) -> bool:
    """Whether one line has much thicker strokes than another of the same size."""
    enough = min(line.count, other.count) >= 6
    return enough and line.stroke > BOLD * scale(line, other) * other.stroke


def _stands_out(line: PagePiece, usual: Type) -> bool:
    """Whether a line is set in larger or in bold type."""
    larger = scale(line, usual)
    return larger > 1.25 or (line.stroke > BOLD * usual.stroke and larger > 0.95)


def _region(rows: Sequence[Row], column: LayoutBox, usual: Type) -> Region:
    """One paragraph with its type."""
    pieces = [piece for row in rows for piece in row]
    lines = tuple(piece.line for piece in pieces)
    return Region(_kind(rows, column, usual), hull([line.extent for line in lines]), lines)


def _kind(rows: Sequence[Row], column: LayoutBox, usual: Type) -> str:
    """Title, list item or text."""
    whole = merge([piece for row in rows for piece in row])
    if rows[0][0].bullet:
        return "list_item"
    if _is_title(rows, whole, usual):
        return "title"
    return "list_item" if _is_hanging(rows) else "text"


def _is_title(rows: Sequence[Row], whole: PagePiece, usual: Type) -> bool:
    """Whether a few lines are set in larger type, or one or two, in one piece, in bold.

    Three pieces or more with wide gaps between them are rather values of a form.
    """
    if whole.count < 2 or len(rows) > 4 or whole.count > 150 or len(rows[0]) > 2:
        return False
    numbered = len(rows[0]) == 2 and rows[0][0].count <= LONGEST_NUMBER
    bold = len(rows) <= 2 and (len(rows[0]) == 1 or numbered) and _stands_out(whole, usual)
    return bold or scale(whole, usual) > 1.25


def _is_hanging(rows: Sequence[Row]) -> bool:
    """Whether all lines but the first are indented, and not merely centred."""
    first, size = rows[0][0].box, rows[0][0].size
    indents = [row[0].box.x0 - first.x0 for row in rows[1:]]
    if not indents or any(len(row) > 1 for row in rows):
        return False
    centred = all(abs(row[0].box.center[0] - first.center[0]) < size for row in rows[1:])
    return not centred and all(0.7 * size < indent < 4 * size for indent in indents)


def rank_titles(regions: Sequence[Region]) -> list[Region]:
    """Regions with the level of each title: 1 for the largest, one for sizes within a fifth."""
    heights = sorted({_title_size(r) for r in regions if r.type == "title"}, reverse=True)
    levels: dict[float, int] = {}
    level, top = 0, math.inf
    for height in heights:
        if height < top / 1.2:
            level, top = level + 1, height
        levels[height] = min(level, 6)
    return [
        replace(region, level=levels[_title_size(region)]) if region.type == "title" else region
        for region in regions
    ]


def _title_size(region: Region) -> float:
    """Height of the lines of a title."""
    return median(line.box.height for line in region.lines)
