"""Layout by image analysis, without a model: the story, step by step.

picture → fragments, rules, drawings → tables → columns → rows → paragraphs, titles, lists
        → headers and footers
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mdocr.fragments import Clock, PageFragments, PageObjects, fragments_of
from mdocr.fragments.chains import Fragments
from mdocr.fragments.components import Boxes, merge_overlapping
from mdocr.fragments.geometry import Curve, LayoutBox, Pixels
from mdocr.layout import (
    blocks,
    columns,
    formulas,
    grids,
    heights,
    label_columns,
    paratext,
    scratches,
    tables,
    unruled_columns,
)
from mdocr.layout.pieces import PagePiece, Type
from mdocr.layout.regions import Formula, Layout, LayoutCell, Line, Region

MOST_SECONDS = 60.0
"""Seconds of computing after which a page is given up; the slowest that are known take ten."""


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
    seen = fragments_of(picture, clock, objects, on_picture=on_picture)
    pieces = _pieces(seen.text)
    usual, sideways = blocks.usual_type(pieces), list[LayoutBox]()
    if not on_picture:
        pieces, sideways = _structured(pieces, seen, usual.size)
        clock.check()
    regions, displayed = _ordered(pieces, seen, usual, clock)
    height, width = picture.shape[:2]
    factor, angle = 1 / seen.scale, seen.angle
    return Layout(
        width,
        height,
        angle,
        tuple(_placed(region, factor, angle) for region in regions),
        tuple(formula.scaled(factor) for formula in displayed),
        tuple(box.scaled(factor) for box in sideways),
    )


def _structured(
    pieces: list[PagePiece], seen: PageFragments, size: float
) -> tuple[list[PagePiece], list[LayoutBox]]:
    """What is to be put in order, ruled tables and images among it; and text that runs upwards."""
    pieces, sideways = scratches.removed(pieces, size)
    pieces, drawings = _absorbed(pieces, seen.drawings, size)
    pieces = heights.evened(heights.trimmed(pieces), size)
    ruled = unruled_columns.with_columns(seen.rules, pieces, size)
    pieces = _with_tables(pieces, grids.find_grids(ruled, seen.size), size)
    return pieces + [_image(LayoutBox(*box), size) for box in drawings.tolist()], sideways


def _image(box: LayoutBox, size: float) -> PagePiece:
    return PagePiece(box, size, region=Region("image", box))


def _pieces(found: Fragments) -> list[PagePiece]:
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
    pieces: list[PagePiece], drawings: Boxes, size: float
) -> tuple[list[PagePiece], Boxes]:
    """Figures grown by the large pieces that reach into them, which are parts of the drawing."""
    kept = []
    for piece in pieces:
        x0, y0, x1, y1 = piece.box
        inside = (drawings[:, :2] < (x1, y1)).all(axis=1) & (drawings[:, 2:] > (x0, y0)).all(axis=1)
        if piece.size > 2 * size and inside.any():
            drawings = merge_overlapping(np.vstack([drawings, piece.box]), 0)
        else:
            kept.append(piece)
    return kept, drawings


def _with_tables(
    pieces: list[PagePiece], found: Sequence[Sequence[LayoutCell]], size: float
) -> list[PagePiece]:
    """Pieces with those inside a ruled table replaced by the table."""
    for slots in found:
        whole = label_columns.with_labels(slots, pieces)
        parted = unruled_columns.parted(whole, pieces, size)
        table = grids.fill_grid(parted, pieces)
        if table and len(parted) > len(whole) and unruled_columns.are_torn(table.cells, whole):
            table = grids.fill_grid(whole, pieces)
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
    pieces: list[PagePiece], seen: PageFragments, usual: Type, clock: Clock
) -> tuple[list[Region], list[Formula]]:
    """Headers, then the columns, then footers; and what may be formulas in the columns."""
    if not pieces:
        return [], []
    rules, walls = _boxes(seen.rules.level), _boxes(seen.walls)
    signs = np.vstack([seen.signs, seen.rules.level])
    headers, body, footers = paratext.set_apart(pieces, usual.size, seen.extent)
    regions: list[Region] = []
    displayed: list[Formula] = []
    for column in columns.in_columns(body, rules, walls):
        regions += blocks.to_regions(tables.to_lines(column, rules), usual)
        displayed += formulas.find_formulas(column, signs, usual.size)
        clock.check()
    return headers + blocks.rank_titles(regions) + footers, displayed


def _boxes(edges: Boxes) -> list[LayoutBox]:
    return [LayoutBox(*box) for box in edges.tolist()]


def _placed(region: Region, factor: float, angle: float) -> Region:
    """A region in pixels of the picture, with the angle on its lines."""

    def place(lines: tuple[Line, ...]) -> tuple[Line, ...]:
        return tuple(line.placed(factor, angle) for line in lines)

    cells = tuple(
        replace(cell, box=cell.box.scaled(factor), lines=place(cell.lines)) for cell in region.cells
    )
    lines = tuple(line for cell in cells for line in cell.lines) or place(region.lines)
    return replace(region, box=region.box.scaled(factor), lines=lines, cells=cells)
