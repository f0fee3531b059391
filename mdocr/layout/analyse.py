"""Layout by image analysis, without a model: the story, step by step.

picture → grey → ink → level ink → rules, figures, letters → fragments → tables
        → columns → rows → paragraphs, titles, lists → headers and footers
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import cv2
import numpy as np

from mdocr.layout import (
    blocks,
    chains,
    columns,
    components,
    figures,
    formulas,
    grids,
    heights,
    ink,
    paratext,
    pictures,
    scratches,
    skew,
    strips,
    tables,
    unruled_columns,
)
from mdocr.layout.box_edges import find_box_edges
from mdocr.layout.clock import Clock
from mdocr.layout.components import Boxes, Components
from mdocr.layout.page_objects import NO_OBJECTS, PageObjects
from mdocr.layout.pieces import PagePiece, Type
from mdocr.layout.regions import (
    Curve,
    Formula,
    Layout,
    LayoutBox,
    LayoutCell,
    Line,
    Pixels,
    Region,
    turning,
)

logger = logging.getLogger(__name__)

MOST_LETTERS = 25_000
"""Letters beyond which a page is taken for a picture: a newspaper page has fewer, and noise would
take minutes."""

MOST_ON_PICTURE, LEAST_ON_PICTURE = 2500, 3
"""Letters of the writing on a picture at most, beyond which it is its texture, and of a piece of it
at least."""

MOST_SECONDS = 60.0
"""Seconds of computing after which a page is given up; the slowest that are known take ten."""

WORKING_PIXELS = 4_500_000
"""Larger pictures are analysed at a smaller scale; lines are cut from the original."""

SMALLEST_LETTER = 9.0
"""Pictures with smaller letters, in pixels, are analysed at twice the scale."""


GUTTER, LEAST_BESIDE = 0.9, 24
"""Least width in capitals of a blank strip that parts letters, and thirds of a capital, some eight
lines, in which letters stand on both sides of it."""


class Marks(NamedTuple):
    """What is on a page beside its pieces: all components and rules, the level rules, and walls."""

    signs: Boxes
    rules: list[LayoutBox]
    walls: list[LayoutBox]


def analyse(
    picture: Pixels,
    seconds: float = MOST_SECONDS,
    objects: PageObjects | None = None,
    *,
    on_picture: bool = False,
) -> Layout:
    """Finds the regions of a page and their text lines, in reading order.

    Args:
        picture: [H, W] grey or [H, W, 3] RGB.
        seconds: of computing, after which it is given up.
        objects: what the file of the page says of it; taken where the picture shows it.
        on_picture: it is a photograph or a drawing, of which only what is written on it is looked
            for, and nothing where there are too many marks.

    Raises:
        TimeLimitError: it takes longer.
    """
    clock = Clock(seconds)
    height, width = picture.shape[:2]
    grey = ink.to_grey(picture)
    scale = min(1.0, (WORKING_PIXELS / grey.size) ** 0.5)
    copy = _scaled(grey, scale)
    parts, photographs, angle = _level(copy, on_picture)
    if components.letter_size(parts) < SMALLEST_LETTER and grey.size < WORKING_PIXELS / 4:
        scale = 2.0
        copy = _scaled(grey, scale)
        parts, photographs, angle = _level(copy, on_picture)
    clock.check()
    if objects is not None:
        objects = None if angle else objects.scaled(scale).shown(copy, _ink_of(parts))
    find = _find_written if on_picture else partial(_find, photographs=photographs)
    found, factor = find(parts, objects=objects, clock=clock), 1 / scale
    return Layout(
        width,
        height,
        angle,
        tuple(_placed(region, factor, angle) for region in found.regions),
        tuple(formula.scaled(factor) for formula in found.formulas),
        tuple(box.scaled(factor) for box in found.sideways),
    )


def _scaled(grey: Pixels, scale: float) -> Pixels:
    """The page at a scale at which it can be analysed quickly and well."""
    if scale == 1:
        return grey
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=method), np.uint8)


def _level(grey: Pixels, on_picture: bool) -> tuple[Components, Boxes, float]:
    """Components of the ink of the page turned upright, its pictures, and the angle of the turn."""
    found, photographs = _ink_components(grey, on_picture)
    size = components.letter_size(found)
    letters = (found.heights > 0.5 * size) & (found.heights < 2 * size) & (found.widths < 3 * size)
    boxes = found.boxes[letters]
    angle = skew.find_skew((boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3], size)
    if angle:
        found, photographs = _ink_components(_turned(grey, angle), on_picture)
    return found, photographs, angle


def _turned(grey: Pixels, angle: float) -> Pixels:
    """The page turned about its centre, its edge carried on into the corners."""
    turn, size = turning(grey.shape, angle), (grey.shape[1], grey.shape[0])
    return np.asarray(cv2.warpAffine(grey, turn, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def _ink_components(grey: Pixels, on_picture: bool) -> tuple[Components, Boxes]:
    """Connected components of the ink without that of pictures; boxes of these, [P, 4]."""
    background = ink.find_background(grey)
    page = ink.find_ink(grey, background)
    if on_picture:
        return components.find_components(page), np.zeros((0, 4))
    mask = pictures.find_pictures(grey, background)
    page[mask] = 0
    return components.find_components(page), pictures.picture_boxes(mask, page)


def _ink_of(parts: Components) -> Pixels:
    return (parts.labels > 0).astype(np.uint8)


def _find_written(parts: Components, objects: PageObjects | None, clock: Clock) -> Layout:
    """What is written on a picture, without tables, in pixels of the working copy."""
    size, (high, wide) = components.letter_size(parts), parts.labels.shape
    writing = figures.find_letters(parts, size)
    if writing.sum() > MOST_ON_PICTURE:
        return Layout(wide, high, 0.0, ())
    strokes = components.stroke_widths(parts)
    none = np.zeros((0, 4))
    letters = (objects or NO_OBJECTS).letters(parts, writing, strokes, none)
    pieces = _pieces(chains.find_fragments(letters, size, none))
    pieces = [piece for piece in pieces if piece.count >= LEAST_ON_PICTURE]
    marks = Marks(parts.boxes, [], [])
    regions, _ = _ordered(pieces, blocks.usual_type(pieces), marks, (wide, high), clock)
    return Layout(wide, high, 0.0, tuple(regions))


def _find(
    parts: Components, photographs: Boxes, objects: PageObjects | None, clock: Clock
) -> Layout:
    """The layout in pixels of the working copy."""
    size = components.letter_size(parts)
    page, edges = _ink_of(parts), find_box_edges(parts, size)
    rules, rest = components.find_rules((objects or NO_OBJECTS).ruled(page), size)
    rest = np.asarray(cv2.subtract(cv2.bitwise_and(rest, page), edges), np.uint8)
    if len(rules.level) or len(rules.upright) or edges.any():
        parts = components.find_components(rest)
    drawings, writing = figures.find_figures(parts, size, rules)
    drawings = components.merge_overlapping(np.vstack([drawings, photographs]), 0)
    drawings = grids.framed(drawings, rules, size, rest.size)
    writing &= ~components.inside_any(parts.boxes, drawings)
    if writing.sum() > MOST_LETTERS:
        return _as_picture(int(writing.sum()), (rest.shape[1], rest.shape[0]))
    clock.check()
    strokes = components.stroke_widths(parts)
    letters = (objects or NO_OBJECTS).letters(parts, writing, strokes, drawings)
    walls = np.vstack([rules.upright, _gutters(letters, size)])
    found = chains.find_fragments(letters, size, walls)
    clock.check()
    pieces = _pieces(found)
    usual = blocks.usual_type(pieces)
    pieces, sideways = scratches.removed(pieces, usual.size)
    pieces, drawings = _absorbed(pieces, drawings, usual.size)
    pieces = heights.evened(heights.trimmed(pieces), usual.size)
    ruled = unruled_columns.with_columns(rules, pieces, usual.size)
    pieces = _with_tables(pieces, grids.find_grids(ruled, size))
    clock.check()
    pieces += [_image(LayoutBox(*box.tolist()), usual.size) for box in drawings]
    level = [LayoutBox(*box) for box in rules.level.tolist()]
    upright = [LayoutBox(*box) for box in walls.tolist()]
    marks = Marks(np.vstack([parts.boxes, rules.level]), level, upright)
    extent = rest.shape[1], rest.shape[0]
    regions, displayed = _ordered(pieces, usual, marks, extent, clock)
    return Layout(*extent, 0.0, tuple(regions), tuple(displayed), tuple(sideways))


def _as_picture(marks: int, extent: tuple[int, int]) -> Layout:
    """The layout of a page that is nothing but marks: one picture."""
    logger.warning("a page has %d marks, which is no text: it is kept as a picture", marks)
    region = Region("image", LayoutBox(0.0, 0.0, float(extent[0]), float(extent[1])))
    return Layout(*extent, 0.0, (region,))


def _gutters(letters: chains.Letters, size: float) -> Boxes:
    """Blank strips beside many lines, which no fragment crosses either, [G, 4]."""
    if not len(letters.boxes):
        return np.zeros((0, 4))
    found = strips.find_strips(letters.boxes, size, GUTTER, LEAST_BESIDE)
    return np.array([(x, top, x, bottom) for x, top, bottom in found]).reshape(-1, 4)


def _image(box: LayoutBox, size: float) -> PagePiece:
    return PagePiece(box, size, region=Region("image", box))


def _pieces(found: chains.Fragments) -> list[PagePiece]:
    """Fragments as pieces."""
    return [
        PagePiece(
            LayoutBox(*found.boxes[index].tolist()),
            float(found.sizes[index]),
            float(found.strokes[index]),
            int(found.counts[index]),
            float(found.bases[index]),
            bool(found.bullets[index]),
            middle=float(found.middles[index]),
            spread=float(found.spreads[index]),
            curve=Curve(float(found.slopes[index]), float(found.bends[index])),
        )
        for index in range(len(found.boxes))
    ]


def _absorbed(
    pieces: list[PagePiece], drawings: components.Boxes, size: float
) -> tuple[list[PagePiece], components.Boxes]:
    """Figures grown by the large pieces that reach into them, which are parts of the drawing."""
    kept = []
    for piece in pieces:
        x0, y0, x1, y1 = piece.box
        inside = (drawings[:, :2] < (x1, y1)).all(axis=1) & (drawings[:, 2:] > (x0, y0)).all(axis=1)
        if piece.size > 2 * size and inside.any():
            drawings = components.merge_overlapping(np.vstack([drawings, piece.box]), 0)
        else:
            kept.append(piece)
    return kept, drawings


def _with_tables(pieces: list[PagePiece], found: Sequence[Sequence[LayoutCell]]) -> list[PagePiece]:
    """Pieces with those inside a ruled table replaced by the table."""
    for slots in found:
        table = grids.fill_grid(slots, pieces)
        if table is not None:
            boxes = np.array([line.box for line in table.lines])
            pieces = [p for p in pieces if p.region or not _in_any(p.box, boxes)]
            pieces.append(PagePiece(table.box, pieces[0].size if pieces else 20.0, region=table))
    return pieces


def _in_any(box: LayoutBox, outer: Boxes) -> bool:
    """Whether a box lies within one of the others, [N, 4]."""
    around = (outer[:, :2] <= box[:2]) & (outer[:, 2:] >= box[2:])
    return bool(around.all(axis=1).any())


def _ordered(
    pieces: list[PagePiece], usual: Type, marks: Marks, extent: tuple[int, int], clock: Clock
) -> tuple[list[Region], list[Formula]]:
    """Headers, then the columns, then footers; and what may be formulas in the columns."""
    if not pieces:
        return [], []
    headers, body, footers = paratext.set_apart(pieces, usual.size, extent)
    regions: list[Region] = []
    displayed: list[Formula] = []
    for column in columns.in_columns(body, marks.rules, marks.walls):
        regions += blocks.to_regions(tables.to_lines(column, marks.rules), usual)
        displayed += formulas.find_formulas(column, marks.signs, usual.size)
        clock.check()
    return headers + blocks.rank_titles(regions) + footers, displayed


def _placed(region: Region, factor: float, angle: float) -> Region:
    """A region in pixels of the picture, with the angle on its lines."""

    def place(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(line.placed(factor, angle) for line in lines)

    cells = tuple(
        replace(cell, box=cell.box.scaled(factor), lines=place(cell.lines)) for cell in region.cells
    )
    lines = tuple(line for cell in cells for line in cell.lines) or place(region.lines)
    return replace(region, box=region.box.scaled(factor), lines=lines, cells=cells)
