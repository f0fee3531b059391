"""What stands on a page, step by step.

picture → grey → ink → level ink → rules, drawings, letters → fragments of text lines
"""

import logging
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments import chains, components, figures, ink, pictures, skew, strips
from mdocr.fragments.box_edges import find_box_edges
from mdocr.fragments.chains import Fragments, Letters
from mdocr.fragments.clock import Clock
from mdocr.fragments.components import Boxes, Components
from mdocr.fragments.geometry import Pixels, turning
from mdocr.fragments.page_objects import NO_OBJECTS, PageObjects
from mdocr.fragments.rules import Rules, find_rules

logger = logging.getLogger(__name__)

MOST_LETTERS = 25_000
"""Letters beyond which a page is taken for a picture: a newspaper page has fewer, and noise would
take minutes."""

MOST_ON_PICTURE, LEAST_ON_PICTURE = 2500, 3
"""Letters of the writing on a picture at most, beyond which it is its texture, and of a fragment of
it at least."""

WORKING_PIXELS = 4_500_000
"""Larger pictures are analysed at a smaller scale; lines are cut from the original."""

SMALLEST_LETTER = 9.0
"""Pictures with smaller letters, in pixels, are analysed at twice the scale."""

GUTTER, LEAST_BESIDE = 0.9, 24
"""Least width in capitals of a blank strip that parts letters, and thirds of a capital, some eight
lines, in which letters stand on both sides of it."""

NO_BOXES = np.zeros((0, 4))


@dataclass(frozen=True, eq=False)
class PageFragments:
    """What stands on a page.

    Boxes are in pixels of a copy that is ``scale`` times as large as the page and was turned
    upright about its centre.

    Attributes:
        extent: width and height of the copy.
        scale: of the copy.
        angle: by which it was turned, in degrees, counter-clockwise.
        size: height of a usual letter.
        text: pieces of text lines.
        drawings: pictures and drawings, [D, 4].
        rules: ruled lines.
        walls: what parts letters, [W, 4]: upright rules, and blanks beside many lines.
        signs: all connected components that are no rules, [S, 4].
    """

    extent: tuple[int, int]
    scale: float
    angle: float
    size: float
    text: Fragments
    drawings: Boxes
    rules: Rules
    walls: Boxes
    signs: Boxes


@dataclass(frozen=True, eq=False)
class _Copy:
    """The working copy of a page, level: its ink, its photographs, and what its file says of it."""

    parts: Components
    photographs: Boxes
    scale: float
    angle: float
    objects: PageObjects


def fragments_of(
    picture: Pixels, clock: Clock, objects: PageObjects | None = None, *, on_picture: bool = False
) -> PageFragments:
    """Finds what stands on a page.

    Args:
        picture: [H, W] grey or [H, W, 3] RGB.
        clock: limits the work.
        objects: what the file of the page says of it; taken where the picture shows it.
        on_picture: it is a photograph or a drawing, of which only what is written on it is looked
            for, and nothing where there are too many marks.

    Raises:
        TimeLimitError: it takes longer than the clock allows.
    """
    copy = _working_copy(picture, objects, on_picture)
    clock.check()
    return _written_on(copy) if on_picture else _found_on(copy, clock)


def _working_copy(picture: Pixels, objects: PageObjects | None, on_picture: bool) -> _Copy:
    """The page at a scale at which it can be analysed quickly and well, turned upright."""
    grey = ink.to_grey(picture)
    scale = min(1.0, (WORKING_PIXELS / grey.size) ** 0.5)
    scaled = _scaled(grey, scale)
    parts, photographs, angle = _level(scaled, on_picture)
    if components.letter_size(parts) < SMALLEST_LETTER and grey.size < WORKING_PIXELS / 4:
        scale = 2.0
        scaled = _scaled(grey, scale)
        parts, photographs, angle = _level(scaled, on_picture)
    shown = NO_OBJECTS
    if objects is not None and not angle:
        shown = objects.scaled(scale).shown(scaled, _ink_of(parts))
    return _Copy(parts, photographs, scale, angle, shown)


def _scaled(grey: Pixels, scale: float) -> Pixels:
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
        return components.find_components(page), NO_BOXES
    mask = pictures.find_pictures(grey, background)
    page[mask] = 0
    return components.find_components(page), pictures.picture_boxes(mask, page)


def _ink_of(parts: Components) -> Pixels:
    return (parts.labels > 0).astype(np.uint8)


def _written_on(copy: _Copy) -> PageFragments:
    """What is written on a picture, without its rules and drawings."""
    parts, size = copy.parts, components.letter_size(copy.parts)
    writing = figures.find_letters(parts, size)
    writing &= writing.sum() <= MOST_ON_PICTURE
    letters = _letters(copy, parts, writing, NO_BOXES)
    text = chains.find_fragments(letters, size, NO_BOXES)
    text = text.kept(text.counts >= LEAST_ON_PICTURE)
    none = Rules(NO_BOXES, NO_BOXES)
    return _page(copy, size, text, parts.boxes, (NO_BOXES, none, NO_BOXES))


def _found_on(copy: _Copy, clock: Clock) -> PageFragments:
    """Rules, drawings and text of a page."""
    size = components.letter_size(copy.parts)
    rules, parts = _without_rules(copy, size)
    drawings, writing = figures.find_figures(parts, size, rules)
    drawings = components.merge_overlapping(np.vstack([drawings, copy.photographs]), 0)
    drawings = figures.framed(drawings, rules, size, parts.labels.size)
    writing &= ~components.inside_any(parts.boxes, drawings)
    if writing.sum() > MOST_LETTERS:
        return _as_picture(copy, int(writing.sum()))
    clock.check()
    letters = _letters(copy, parts, writing, drawings)
    walls = np.vstack([rules.upright, _gutters(letters, size)])
    text = chains.find_fragments(letters, size, walls)
    clock.check()
    return _page(copy, size, text, parts.boxes, (drawings, rules, walls))


def _without_rules(copy: _Copy, size: float) -> tuple[Rules, Components]:
    """Ruled lines, and the components of the ink without them and without the edges of boxes."""
    page, edges = _ink_of(copy.parts), find_box_edges(copy.parts, size)
    rules, rest = find_rules(copy.objects.ruled(page), size)
    if not (len(rules.level) or len(rules.upright) or edges.any()):
        return rules, copy.parts
    rest = np.asarray(cv2.subtract(cv2.bitwise_and(rest, page), edges), np.uint8)
    return rules, components.find_components(rest)


def _letters(
    copy: _Copy, parts: Components, writing: NDArray[np.bool_], drawings: Boxes
) -> Letters:
    return copy.objects.letters(parts, writing, components.stroke_widths(parts), drawings)


def _gutters(letters: Letters, size: float) -> Boxes:
    """Blank strips beside many lines, which no fragment crosses either, [G, 4]."""
    if not len(letters.boxes):
        return NO_BOXES
    found = strips.find_strips(letters.boxes, size, GUTTER, LEAST_BESIDE)
    return np.array([(x, top, x, bottom) for x, top, bottom in found]).reshape(-1, 4)


def _as_picture(copy: _Copy, marks: int) -> PageFragments:
    """A page that is nothing but marks: one drawing."""
    logger.warning("a page has %d marks, which is no text: it is kept as a picture", marks)
    high, wide = copy.parts.labels.shape
    none, whole = Rules(NO_BOXES, NO_BOXES), np.array([[0.0, 0.0, wide, high]])
    size = components.USUAL_LETTER
    return _page(copy, size, chains.NO_FRAGMENTS, NO_BOXES, (whole, none, NO_BOXES))


def _page(
    copy: _Copy,
    size: float,
    text: Fragments,
    signs: Boxes,
    drawn: tuple[Boxes, Rules, Boxes],
) -> PageFragments:
    high, wide = copy.parts.labels.shape
    return PageFragments((wide, high), copy.scale, copy.angle, size, text, *drawn, signs)
