"""Whether a file is a document or the picture of a word."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
from PIL import Image

from mdocr.fragments.geometry import Pixels
from mdocr.fragments.ink import find_background, find_ink, runs, to_grey
from mdocr.inputs.page_size import LEAST_HEIGHT, UNREADABLE, is_large
from mdocr.inputs.pictures import open_picture
from mdocr.layout import LayoutBox, Line, analyse, cut

STRIP_RATIO = 8.0
"""Width to height from which a picture, or a line on it, is one of several words."""

WORD_GAP, APART = 0.25, 3.0
"""Gap between words in heights of their line, and as a multiple of the usual one between letters,
at least."""

ANALYSED_EDGE = 1400
"""Longest edge in pixels at which the lines of a picture are looked for."""

ALIKE = 1.6
"""Ratio to the median height up to which lines belong to one text."""


def kind_of(path: str) -> str:
    """``page`` or ``word``.

    A PDF is a page; so is a file of several frames, a large picture (shorter edge at least 400
    pixels, longer edge at most 3 times as long), and any that shows more than one line of text, or
    a line of several words. What cannot be opened is a page, whose reader says what is wrong.
    """
    if Path(path).suffix.lower() == ".pdf" or not Path(path).is_file():  # a pipe is read but once
        return "page"
    try:
        return "page" if is_large(path) or _shows_lines(open_picture(path)) else "word"
    except UNREADABLE:
        return "page"


def shows_lines(path: str) -> bool:
    """Whether a picture shows more text than a word; not if it cannot be opened."""
    try:
        return Path(path).is_file() and _shows_lines(open_picture(path))
    except UNREADABLE:
        return False


def _shows_lines(picture: Image.Image) -> bool:
    """Whether there is more text than a word: three lines, two clear ones, or a long one."""
    if picture.width >= STRIP_RATIO * picture.height:
        return True
    picture.thumbnail((ANALYSED_EDGE, ANALYSED_EDGE))
    pixels = np.asarray(picture)
    layout = analyse(pixels)
    if len(layout.sideways) > 2:  # a page on its side
        return True
    if any(_is_of_words(pixels, line) for line in layout.lines):
        return True
    boxes = [line.box for line in layout.lines]
    clear = [box for box in _lines(boxes, ratio=3.0, height=14) if box.width >= picture.width / 3]
    is_wide = any(box.width >= picture.width / 2 for box in clear)
    least = 2 if is_wide and picture.height >= LEAST_HEIGHT else 3
    return len(_stacked(_lines(boxes, ratio=2.5, height=7))) > 2 or len(_stacked(clear)) >= least


def _is_of_words(picture: Pixels, line: Line) -> bool:
    """Whether a line of a picture, [H, W, 3], is long, and parted by a gap between words."""
    width, height = line.box.width, line.box.height
    if height < 14 or width < max(STRIP_RATIO * height, picture.shape[1] / 2):
        return False
    grey = to_grey(cut(picture, line, margin=0))
    letters = runs(np.asarray(find_ink(grey, find_background(grey)).any(axis=0)))
    gaps = letters[1:, 0] - letters[:-1, 1]
    return len(gaps) > 0 and bool(gaps.max() > max(WORD_GAP * height, APART * np.median(gaps)))


def _lines(boxes: Sequence[LayoutBox], ratio: float, height: float) -> list[LayoutBox]:
    """Boxes of at least that height in pixels, and that ratio of width to height."""
    return [box for box in boxes if box.height >= height and box.width >= ratio * box.height]


def _stacked(boxes: Sequence[LayoutBox]) -> list[LayoutBox]:
    """Lines of about one height, one below the other."""
    if not boxes:
        return []
    usual = median(box.height for box in boxes)
    rows: list[LayoutBox] = []
    for box in sorted(boxes, key=lambda box: box.y0):
        alike = usual / ALIKE <= box.height <= ALIKE * usual
        if alike and (not rows or box.y0 >= rows[-1].y1 - 0.3 * usual):
            rows.append(box)
    return rows
