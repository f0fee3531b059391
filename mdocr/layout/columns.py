"""Pieces of a page to columns in reading order.

The tallest gutter that separates two columns of text is found, the page is divided into what lies
above, left, right and below of it, and each part is divided in the same way. This is the recursive
XY-cut (G. Nagy, S. Seth, 1984) with two changes: columns come before rows, so that blank lines that
happen to be level in both columns divide nothing; and a gutter ends at whatever spans it.

Labels and values, and tables without rules, also stand left and right of a blank strip; they are
read row by row, and therefore no columns.
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

import numpy as np

from mdocr.fragments.geometry import LayoutBox, beside, hull
from mdocr.fragments.strips import Strip, find_strips
from mdocr.layout.pieces import TYPEWRITER_GAP, PagePiece, Row, is_typewriter, rows_of
from mdocr.layout.rows import LINE_GAP, join_row

GUTTER = 0.8
"""Least width of a gutter in heights of a capital."""

CLEAR = 0.6
"""Blank that is cleared on both sides of a wall in heights of a capital."""

SECTION_GAP = 3.5
"""Least height of a blank between sections in heights of a capital."""

BOLD, HEAD = 1.25, 1.2
"""How much thicker or higher the type of a card's head is than that of the card, at least."""

LEAST_COLUMN = 17
"""Least width of a column of running text in heights of a capital."""

TORN = 1.3
"""Blank between lines that belong together in heights of a capital, at most."""

CANDIDATES = 8
"""Gutters looked at before a part is taken for a single column."""

INNER_GAP = 0.7
"""Widest gap in a line of one column in heights of a capital, unless it is stretched."""

LEVEL_SHARE = 0.13
"""How far a line may be from one of another side to be level with it, as a share of the distance
between the two around it: by chance, twice this share of the lines are."""

BESIDE = 0.85
"""Share of the lines at a gutter that stand in the column beside it, at least."""

SURE, DESCENDER = 5, 0.3
"""Letters whose median stands on the base line; and how far a g or a p reaches below it, in heights
of a capital: .28 in Computer Modern, .29 in Helvetica, .33 in Times."""

MARK = 2
"""Letters of a bullet or of an item's number at most."""

ENTRIES = 2
"""Entries with leaders, such as those of an index, that make a side a column of its own."""

INDENT, LEAST_INDENTED = 0.35, 3
"""Distance of the edges of flush lines in capitals, at most, and how often lines with one indent
follow flush ones, at least, in an index."""

FLUSH, RAGGED = 0.4, 0.5
"""Share of the lines of an index that begin at its edge, and that end before it, at least."""

BAR, APART, EVEN = 4, 1.5, 1.15
"""Words of a bar of links at least, its gaps in heights of a capital at least, and its widest gap
in its narrowest one at most."""

LEVEL = 0.5
"""Share of lines on one base with another from which two sides are read row by row."""

LONG, LONG_LEVEL = 30, 0.63
"""Lines of the shorter side from which chance tells little, and the share then: half way from that
of chance to all."""


def in_columns(
    pieces: Sequence[PagePiece],
    rules: Sequence[LayoutBox] = (),
    walls: Sequence[LayoutBox] = (),
) -> list[list[PagePiece]]:
    """Groups of pieces, each to be read from top to bottom, in reading order.

    Args:
        pieces: of a page.
        rules: level ones; no gutter crosses them.
        walls: what parts letters: upright rules and blanks beside many lines.
    """
    if not pieces:
        return [[]]
    largest = HEAD * median(piece.size for piece in pieces)
    free = [piece for piece in pieces if piece.size < largest and piece.region is None]
    cleared = {piece: piece.box for piece in pieces} | _cleared(free, walls)
    return _parted(list(pieces), [*rules, *_bars(pieces)], cleared)


def _bars(pieces: Sequence[PagePiece]) -> list[LayoutBox]:
    """Rows of short words with gaps of one width, as of links at the head of a page.

    One with nothing beside it is as wide as the page.
    """
    rows, page = rows_of(pieces), hull([piece.box for piece in pieces])
    bars = [number for number, row in enumerate(rows) if _is_bar(row)]
    found = []
    for row in (rows[n] for n in bars if not {n - 1, n + 1} & {*bars}):
        box = hull([piece.box for piece in row])
        level = sum(piece.box.y0 < box.y1 and box.y0 < piece.box.y1 for piece in pieces)
        found.append(box._replace(x0=page.x0, x1=page.x1) if level == len(row) else box)
    return found


def _is_bar(row: Row) -> bool:
    gaps = [right.box.x0 - left.box.x1 for left, right in pairwise(row)]
    short = all(piece.box.width < LEAST_COLUMN * piece.size for piece in row)
    if not short or len(row) < BAR:
        return False
    return max(gaps) < EVEN * min(gaps) and min(gaps) > APART * median(p.size for p in row)


def _parted(
    pieces: list[PagePiece], rules: Sequence[LayoutBox], cleared: dict[PagePiece, LayoutBox]
) -> list[list[PagePiece]]:
    """The same, with the box of each piece that is asked for blanks."""
    if len(pieces) >= 4:
        refused: list[list[PagePiece]] = []
        for x, top, bottom in _gutters(pieces, rules, cleared):
            left, right = _sides(pieces, x, top, bottom)
            if not left or not right:
                continue
            rows = rows_of(left), rows_of(right)
            if _are_columns(*rows) and not _is_torn(left + right, refused):
                above = [p for p in pieces if p.box.center[1] < top]
                below = [p for p in pieces if p.box.center[1] > bottom]
                parts = (above, *_sections(*rows), below)
                return [group for part in parts if part for group in _parted(part, rules, cleared)]
            if not any(map(_is_running_text, rows)):
                refused.append(left + right)
    return [pieces]


def _is_torn(part: Sequence[PagePiece], wholes: Sequence[Sequence[PagePiece]]) -> bool:
    """Whether what stands beside a gutter is a part of something that was not parted by one.

    Other lines of that stand so close above or below that they belong to it.
    """
    area = hull([piece.box for piece in part])
    area = area.padded(TORN * median(piece.size for piece in part))
    others = [piece.box for whole in wholes if {*part} < {*whole} for piece in {*whole} - {*part}]
    return any(area.y0 < box.y1 and box.y0 < area.y1 for box in others)


def _cleared(pieces: Sequence[PagePiece], walls: Sequence[LayoutBox]) -> dict[PagePiece, LayoutBox]:
    """Boxes of pieces, drawn back from walls at their ends: these are gutters, however narrow."""
    boxes = np.array([piece.box for piece in pieces]).reshape(-1, 4)
    reach = CLEAR * np.array([piece.size for piece in pieces])
    middle, height = (boxes[:, :2] + boxes[:, 2:]).T / 2
    for wall in walls:
        x = wall.center[0]
        level = (wall.y0 <= height) & (height <= wall.y1)
        left = level & (middle < x) & (x < boxes[:, 2] + reach)
        right = level & (middle > x) & (x > boxes[:, 0] - reach)
        boxes[left, 2] = np.maximum(boxes[:, 0] + 1, x - reach)[left]
        boxes[right, 0] = np.minimum(boxes[:, 2] - 1, x + reach)[right]
    return {piece: LayoutBox(*box) for piece, box in zip(pieces, boxes.tolist(), strict=True)}


def _sides(
    pieces: Sequence[PagePiece], x: float, top: float, bottom: float
) -> tuple[list[PagePiece], list[PagePiece]]:
    """What lies left and right of a gutter."""
    level = [piece for piece in pieces if top <= piece.box.center[1] <= bottom]
    left = [piece for piece in level if piece.box.center[0] < x]
    return left, [piece for piece in level if piece.box.center[0] >= x]


def _sections(left: Sequence[Row], right: Sequence[Row]) -> list[list[PagePiece]]:
    """The two columns; where neither is running text, what lies between wide blanks instead.

    Addresses and notes that are scattered over a letter or an invoice are read section by section;
    and so are cards of text, which begin with heads that are level.
    """
    rows = sorted([*left, *right], key=lambda row: row[0].box.center[1])
    columns = [[piece for row in side for piece in row] for side in (left, right)]
    size = median(piece.size for column in columns for piece in column)
    sections: list[list[PagePiece]] = [[]]
    foot = rows[0][0].box.y0
    for row in rows:
        box = hull([piece.box for piece in row])
        if box.y0 - foot > SECTION_GAP * size:
            sections.append([])
        sections[-1] += row
        foot = max(foot, box.y1)
    begin = set(columns[0])
    cards = [section for section in sections if 0 < len(begin & {*section}) < len(section)]
    has_heads = len(cards) > 1 and all(_has_heads(card, begin) for card in cards)
    if len(sections) == 1 or (not has_heads and any(map(_is_running_text, (left, right)))):
        return columns
    return sections


def _has_heads(card: Sequence[PagePiece], left: set[PagePiece]) -> bool:
    """Whether something begins on both sides of a gutter, on one base, in bold or larger type."""
    first = rows_of(card)[0]
    sides = {piece in left for piece in first}
    size, stroke = (median(getattr(p, name) for p in card) for name in ("size", "stroke"))
    bases = [piece.base for piece in first]
    stand_out = all(p.stroke > BOLD * stroke or p.size > HEAD * size for p in first)
    return len(sides) == 2 and stand_out and max(bases) - min(bases) < LEVEL_SHARE * size


def _gutters(
    pieces: Sequence[PagePiece],
    rules: Sequence[LayoutBox],
    cleared: dict[PagePiece, LayoutBox],
) -> list[Strip]:
    """Strips between which columns may stand, the tallest first."""
    size = median(piece.size for piece in pieces)
    boxes = [cleared[piece] for piece in pieces]
    area = hull([piece.box for piece in pieces])
    inside = [
        rule._replace(x0=max(rule.x0, area.x0), x1=min(rule.x1, area.x1))
        for rule in rules
        if area.y0 < rule.y0 < rule.y1 < area.y1 and rule.x0 < area.x1 and rule.x1 > area.x0
    ]
    width = TYPEWRITER_GAP if is_typewriter(pieces) else GUTTER
    return find_strips(boxes + inside, size, width)[:CANDIDATES]


def _are_columns(left: Sequence[Row], right: Sequence[Row]) -> bool:
    """Whether each side is to be read to its end before the other, not row by row."""
    rows = left, right
    sides = _facing(left, -1), _facing(right, 0)
    if not all(sides):
        return False  # nothing but leaders
    running = [
        _is_running_text(_nearest(facing, end)) or _is_running_text(own)
        for facing, own, end in zip(sides, rows, (-1, 0), strict=True)
    ]
    if all(running) or all(_entries(own) >= ENTRIES for own in rows):
        return True
    if all(_is_indented(facing) for facing in sides):
        return True
    few, many = sorted(sides, key=len)
    if len(few) == 1:
        box, lines = few[0][0].box, [line[0].box for line in many]
        area = hull(lines)
        alone = not any(beside(box, line) for line in lines)
        return alone and area.y0 < box.y0 < box.y1 < area.y1
    return _level_share(few, many) < (LONG_LEVEL if len(few) >= LONG else LEVEL)


def _facing(rows: Sequence[Row], end: int) -> list[Row]:
    """Of each row of one side, the line that stands at the gutter: the first or the last.

    A few letters, as those of "gpy", may tell a base that is too low: the row's is not.
    """
    facing = []
    for row in rows:
        if not _is_leader(row):
            line = join_row(row, INNER_GAP)[end]
            longest = max(row, key=lambda piece: piece.count)
            if line.count < SURE and 0 < line.base - longest.base < DESCENDER * line.size:
                line = replace(line, base=longest.base)
            facing.append([line])
    return facing


def _nearest(lines: Sequence[Row], end: int) -> list[Row]:
    """Lines at a gutter without those of a column beyond, which face it where a line is missing.

    All of them if many face it.
    """
    if end:
        start = median(line.box.x0 for (line,) in lines)
        near = [row for row in lines if row[0].box.x1 > start]
    else:
        stop = median(line.box.x1 for (line,) in lines)
        near = [row for row in lines if row[0].box.x0 < stop]
    return near if len(near) > BESIDE * len(lines) else list(lines)


def _is_leader(row: Row) -> bool:
    return all(piece.leader for piece in row)


def _entries(rows: Sequence[Row]) -> int:
    """How many rows lead by dots from a text to another, as those of an index or of contents do."""
    return sum(
        any(piece.leader for piece in row[1:-1]) and not (row[0].leader or row[-1].leader)
        for row in rows
    )


def _is_indented(lines: Sequence[Row]) -> bool:
    """Whether lines with one indent follow flush ones, as sub-entries of an index do, repeatedly.

    Cells of a table are flush on one side, or both; tables above each other change once.
    """
    size = median(line.size for (line,) in lines)
    left, right = (np.array([line.box[edge] for (line,) in lines]) for edge in (0, 2))
    inset = (left - left.min()) / size
    is_inner = inset >= INDENT
    begins = np.count_nonzero(is_inner[1:] & ~is_inner[:-1])
    near = is_inner & (np.abs(inset - np.median(inset[is_inner])) < INDENT) if begins else is_inner
    is_ragged = (right.max() - right > size).mean() > RAGGED
    return bool(
        is_ragged
        and begins >= LEAST_INDENTED
        and 1 - is_inner.mean() > FLUSH
        and (near | ~is_inner).mean() > BESIDE
    )


def _is_running_text(rows: Sequence[Row]) -> bool:
    """Whether most rows are filled with words from edge to edge, or something is no text."""
    regions = [piece.region for row in rows for piece in row if piece.region]
    rows = [row for row in rows if row[0].region is None]
    if any(region.type != "image" for region in regions) or (regions and len(rows) < 3):
        return True
    widths = [hull([piece.box for piece in row]).width for row in rows if _is_one_line(row)]
    area = hull([piece.box for row in rows for piece in row])
    size = median(piece.size for row in rows for piece in row)
    wide = [width for width in widths if width > 0.6 * area.width and width > LEAST_COLUMN * size]
    return len(rows) >= 3 and len(wide) >= 0.5 * len(rows)


def _is_one_line(row: Row) -> bool:
    """Whether no gap in a row is wider than those of a stretched line, as between cells."""
    return all(
        other.box.x0 - one.box.x1 < LINE_GAP * max(one.size, other.size)
        for one, other in pairwise(row)
    )


def _level_share(few: Sequence[Row], many: Sequence[Row]) -> float:
    """Which share of the lines of one side is level with a line of the other.

    Cells of a row stand on one base; lines of two columns by chance only, or all of them. Bullets
    and numbers of items stand beside their lines.
    """
    if median(row[0].count for row in few) <= MARK:
        return sum(any(beside(row[0].box, line[0].box) for line in many) for row in few) / len(few)
    bases = sorted(line[0].base for line in many)
    return sum(_is_level(row[0], bases) for row in few) / len(few)


def _is_level(line: PagePiece, bases: Sequence[float]) -> bool:
    """Whether a line is nearer to one of some bases than chance would have it.

    The farther these are from each other, the more it tells that one is near.
    """
    above = max((base for base in bases if base <= line.base), default=-math.inf)
    below = min((base for base in bases if base > line.base), default=math.inf)
    reach = min(max(LEVEL_SHARE * (below - above), 0.12 * line.size), 0.5 * line.size)
    return min(line.base - above, below - line.base) < reach
