"""Components to drawings and writing: what is far larger than a letter, and what is only drawn.

components → large ones → drawings, without frames and loops over text → the rest is writing
"""

import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.chains import chain
from mdocr.fragments.components import Boxes, Components, inside_any, merge_overlapping
from mdocr.fragments.rules import Rules, crossing

BORDER, LEAST_BORDER = 4.0, 72
"""Width of an ornamental border in heights of a letter, at most, and its components, at least."""

LONG, LEAST_ARC = 5.0, 1.4
"""Least length of a side of a rounded box between its corners, and of an arc, in heights of a
letter."""

SPARSE, TEXT_COVER = 0.15, 0.12
"""Share of its box that the ink of a drawing over text fills at most, and the letters at least."""

LEAST_LINES, LONG_LINE = 4, 15
"""Lines, and letters of each, from which text within a sparse drawing is none of its labels."""

FILLED = 0.2
"""Share of a frame that the drawing fills which the frame belongs to, at least."""


def find_figures(
    components: Components, size: float, rules: Rules
) -> tuple[Boxes, NDArray[np.bool_]]:
    """Pictures and drawings, boxes [M, 4], and which components are writing, [N].

    A component that is far larger than a letter is part of a drawing, unless others of its kind
    stand beside it (a headline), it surrounds the rest (a frame), or it is drawn over text (a loop
    of a pen, a stamp): of these only the ink is left out. What lies inside a drawing belongs to it,
    and so do short rules that touch it. The corners and ends of round boxes are neither,
    but for boxes within boxes.
    """
    large, solid = _is_large(components, size), _are_solid(components, size)
    drawn = large & ~solid
    for index in np.flatnonzero(drawn):
        drawn[index] = not _is_frame(components, int(index))
    corners = _are_corners(components, rules, size)
    drawn &= ~_apart(components.boxes, drawn & corners, corners)
    drawn &= ~_are_over_text(components, drawn, size)
    figures = merge_overlapping(components.boxes[drawn], 3 * size)
    figures = figures[((figures[:, 2:] - figures[:, :2]) > 4 * size).all(axis=1)]
    figures = _with_rules(figures, rules, size)
    writing = ~large & ~solid & ~_are_specks(components, size)
    writing &= ~inside_any(components.boxes, figures)
    return figures, writing & ~corners & ~_are_border(components, size)


def framed(figures: Boxes, rules: Rules, size: float, page_area: float) -> Boxes:
    """Figures; one that fills much of a ruled frame is extended to the frame."""
    frames = []
    for level, upright in crossing(rules, 0.5 * size):
        both = np.concatenate([level, upright])
        frame = np.concatenate([both[:, :2].min(axis=0), both[:, 2:].max(axis=0)])
        inside = figures[inside_any(figures, frame[None])]
        filled = np.prod(inside[:, 2:] - inside[:, :2], axis=1).sum()
        area = np.prod(frame[2:] - frame[:2])
        if area < 0.5 * page_area and filled > FILLED * area:
            frames.append(frame)
    if not frames:
        return figures
    return merge_overlapping(np.concatenate([figures, np.array(frames)]), 0)


def find_letters(components: Components, size: float) -> NDArray[np.bool_]:
    """Which components of a picture may be letters by their size, [N]."""
    large, solid = _is_large(components, size), _are_solid(components, size)
    return ~large & ~solid & ~_are_specks(components, size)


def _are_solid(components: Components, size: float) -> NDArray[np.bool_]:
    """Which components are large and filled, [N]."""
    solid = components.areas > 0.85 * components.widths * components.heights
    solid &= (components.heights > 1.5 * size) & (components.widths > 1.5 * size)
    for index in np.flatnonzero(solid & (components.heights > 2 * components.widths)):
        solid[index] = not _is_in_line(components, int(index))  # an I, or an l
    return np.asarray(solid)


def _are_specks(components: Components, size: float) -> NDArray[np.bool_]:
    return components.areas < max(3.0, 0.02 * size**2)


def _are_over_text(
    components: Components, drawn: NDArray[np.bool_], size: float
) -> NDArray[np.bool_]:
    """Which of some components have thin strokes and the letters of a text between them, [N]."""
    boxes, heights = components.boxes, components.heights
    letters = boxes[(heights > 0.4 * size) & (heights < 2.5 * size) & ~drawn]
    extents = components.widths * heights
    over = drawn & (components.areas < SPARSE * extents)
    for index in np.flatnonzero(over):
        inner = letters[inside_any(letters, boxes[index : index + 1])]
        covered = np.prod(inner[:, 2:] - inner[:, :2], axis=1).sum()
        over[index] = covered > TEXT_COVER * extents[index] or _is_paragraph(inner, size)
    return over


def _is_paragraph(letters: Boxes, size: float) -> bool:
    """Whether some letters stand in lines that are too long for the labels of a drawing."""
    if len(letters) < LEAST_LINES * LONG_LINE:
        return False
    lengths = np.bincount(chain(letters, size, np.zeros((0, 4))))
    return int((lengths >= LONG_LINE).sum()) >= LEAST_LINES


def _are_corners(components: Components, rules: Rules, size: float) -> NDArray[np.bool_]:
    """Which components join the ends of two rules, as the corners and ends of boxes do, [N].

    A corner joins a level rule to an upright one; the round end of a box, and half of an oval, two
    of a kind. Those may be shorter where the component is an arc, which no letter is.
    """
    ends = [_touched(components.boxes, rules, edge, LONG * size) for edge in range(4)]
    corners = (ends[0] + ends[2] > 0) & (ends[1] + ends[3] > 0)
    ends = [_touched(components.boxes, rules, edge, 0.0) for edge in range(4)]
    joining = (ends[0] + ends[2] > 0) & (ends[1] + ends[3] > 0)
    joining |= np.maximum.reduce(ends) > 1
    extents = components.widths * components.heights
    arcs = np.maximum(components.widths, components.heights) > LEAST_ARC * size
    arcs &= components.areas < SPARSE * extents
    return np.asarray(corners | (joining & arcs))


def _apart(boxes: Boxes, some: NDArray[np.bool_], among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which of some boxes, [N, 4], meet none among others but themselves, [N]."""
    others = boxes[among]
    apart = some.copy()
    for index in np.flatnonzero(some):
        low, high = boxes[index, :2], boxes[index, 2:]
        met = (others[:, :2] < high) & (others[:, 2:] > low)
        apart[index] = met.all(axis=1).sum() == 1
    return np.asarray(apart)


def _are_border(components: Components, size: float) -> NDArray[np.bool_]:
    """Which components are the ornaments of a border, [N].

    They fill four narrow bands at the edges of all that there is, with a blank between them and the
    rest.
    """
    boxes = components.boxes
    none = np.zeros(len(boxes), bool)
    if len(boxes) < LEAST_BORDER:
        return none
    low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    inset = np.minimum(boxes[:, 2:] - low, high - boxes[:, :2]).min(axis=1)
    outer = inset < BORDER * size
    if (~outer & (inset < (BORDER + 2) * size)).sum() > 0.1 * outer.sum():
        return none
    sides = np.column_stack([boxes[:, 2:] - low, high - boxes[:, :2]])[outer] < BORDER * size
    middles = ((boxes[outer, :2] + boxes[outer, 2:]) / 2 - low) / np.maximum(high - low, 1)
    filled = [
        len(np.unique((20 * middles[sides[:, side], (side + 1) % 2]).astype(int))) >= 18
        for side in range(4)
    ]
    return outer if all(filled) else none


def _touched(boxes: Boxes, rules: Rules, edge: int, longer: float) -> NDArray[np.int64]:
    """How many rules that are longer reach each box with one end, [N]: ``edge`` is its column."""
    ends = np.array(rules.upright if edge % 2 else rules.level)
    ends = ends[ends[:, 2 + edge % 2] - ends[:, edge % 2] > longer]
    ends[:, (edge + 2) % 4] = ends[:, edge]
    left, top, right, bottom = (boxes + np.array([-3, -3, 3, 3])).T
    found = np.zeros(len(boxes), np.int64)
    for x0, y0, x1, y1 in ends.tolist():
        found += (left <= x1) & (right >= x0) & (top <= y1) & (bottom >= y0)
    return found


def _with_rules(figures: Boxes, rules: Rules, size: float) -> Boxes:
    """Figures grown by the rules that touch them, such as axes and frames."""
    for _ in range(2):
        grown = []
        for figure in figures:
            largest = 2.0 * (figure[2:] - figure[:2]).max() + 4 * size
            for rule in np.concatenate([rules.level, rules.upright]):
                short = (rule[2:] - rule[:2]).max() < largest
                near = (rule[:2] < figure[2:] + size).all() and (rule[2:] > figure[:2] - size).all()
                if short and near:
                    figure = np.concatenate(
                        [np.minimum(figure[:2], rule[:2]), np.maximum(figure[2:], rule[2:])]
                    )
            grown.append(figure)
        figures = merge_overlapping(np.array(grown).reshape(-1, 4), size)
    return figures


def _is_large(components: Components, size: float) -> NDArray[np.bool_]:
    """Components too high or too wide for writing, [N]."""
    widths, heights = components.widths, components.heights
    large = (heights > 4.5 * size) | ((widths > 14 * size) & (heights > 2.5 * size))
    for index in np.flatnonzero(large & (heights < 16 * size) & (widths < 3 * heights)):
        large[index] = not _is_in_line(components, int(index))
    return np.asarray(large)


def _is_in_line(components: Components, index: int) -> bool:
    """Whether others about as high stand on one line with a component, like letters."""
    feet, heights = components.boxes[:, 3], components.heights
    peers = (np.abs(heights - heights[index]) < 0.35 * heights[index]) & (
        np.abs(feet - feet[index]) < 0.3 * heights[index]
    )
    return bool(peers.sum() >= 3)


def _is_frame(components: Components, index: int) -> bool:
    """Whether a component has all its ink along its border."""
    x0, y0, x1, y1 = components.boxes[index].astype(int)
    inset_x, inset_y = max(4, (x1 - x0) // 10), max(4, (y1 - y0) // 10)
    inner = components.labels[y0 + inset_y : y1 - inset_y, x0 + inset_x : x1 - inset_x]
    return bool((inner == index + 1).sum() < 0.02 * components.areas[index])
