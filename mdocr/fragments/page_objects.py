"""What the file of a page says of its layout: where its characters and rules are, and its words.

It is a claim, and taken where the picture shows it: letters that stand on their base line, rules
that part what is beside them. Of a scan under the text of another reader nothing is taken. The ink
of a character is a letter as without a file; where none is found, on a dark panel or under a loop
of a pen, its place is one.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.chains import NO_WORD, Letters
from mdocr.fragments.components import Boxes, Components, inside_any
from mdocr.fragments.geometry import Pixels

REACH = 2
"""Pixels by which the ink of a letter may end before its base line or behind it."""

SOUND = 0.6
"""Share of the letters of a page that stand on their base lines, at least."""

DEEP, HIGH = 0.4, 1.5
"""Heights of a capital: how far a character may reach below its base line, and how large both ways
a component is, at most, that is a letter of its size."""

CONTRAST = 8.0
"""Grey levels in which a character, or a rule, differs from what is around it."""

SAMPLES = 16
"""Places at which a rule is looked at."""

USUAL_AREA, USUAL_STROKE = 0.2, 0.13
"""Ink of a character, in squares of a capital, and thickness of its strokes, in capitals."""

NONE = -1  # the last of an array

Index = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PageObjects:
    """Upright characters and rules of a page, in pixels of its picture.

    Attributes:
        places: of the characters, from the base line up to the height of a capital, [N, 4].
        words: number of the word of each, or ``NO_WORD``, [N].
        level: whether nothing of the character is below the base line, [N].
        rules: level and upright ones, [R, 4].
    """

    places: Boxes
    words: Index
    level: Mask
    rules: Boxes

    def scaled(self, factor: float) -> "PageObjects":
        """The same on a picture ``factor`` times as large."""
        return PageObjects(factor * self.places, self.words, self.level, factor * self.rules)

    def shown(self, grey: Pixels, ink: Pixels) -> "PageObjects":
        """Those that a picture, [H, W], and its ink show; none if the file is not about it."""
        if not self.level.any() or _based(self.places[self.level], ink).mean() < SOUND:
            return NO_OBJECTS
        kept = _spreads(self.places, grey) > CONTRAST
        rules = np.array([rule for rule in self.rules if _parts(rule, grey)]).reshape(-1, 4)
        return PageObjects(self.places[kept], self.words[kept], self.level[kept], rules)

    def ruled(self, ink: Pixels) -> Pixels:
        """The ink of a page, [H, W], and the rules, however faint.

        They are drawn a pixel thin, so that two that are close do not become one.
        """
        made: Pixels = np.array(ink)
        for x0, y0, x1, y1 in self.rules:
            if x1 - x0 > y1 - y0:
                y0 = y1 = (y0 + y1) / 2
            else:
                x0 = x1 = (x0 + x1) / 2
            cv2.line(made, (int(x0), int(y0)), (int(x1), int(y1)), 1)
        return made

    def letters(
        self, parts: Components, writing: Mask, strokes: NDArray[np.float64], drawings: Boxes
    ) -> Letters:
        """The writing among components, with the words it belongs to; and characters without ink.

        Args:
            parts: C components.
            writing: which of them are taken for writing, [C].
            strokes: thickness of their strokes, [C].
            drawings: boxes of pictures, of which nothing is read, [M, 4].
        """
        if not len(self.places):
            none = np.full(writing.sum(), NO_WORD)
            return Letters(parts.boxes[writing], parts.areas[writing], strokes[writing], none)
        owners = self._owners(parts)
        writing = writing & ~self._hold_others(parts, owners)
        found = np.concatenate([[False], writing])[parts.labels].astype(np.uint8)
        bare = (_sums(found, self.places) == 0) & ~inside_any(self.places, drawings)
        places, sizes = self.places[bare], (self.places[:, 3] - self.places[:, 1])[bare]
        words = np.append(self.words, NO_WORD)[owners]
        return Letters(
            np.concatenate([parts.boxes[writing], places]),
            np.concatenate([parts.areas[writing], USUAL_AREA * sizes**2]),
            np.concatenate([strokes[writing], USUAL_STROKE * sizes]),
            np.concatenate([words[writing], self.words[bare]]),
        )

    def _owners(self, parts: Components) -> Index:
        """The character in whose place the middle of each component lies, or ``NONE``, [C]."""
        shape = parts.labels.shape
        numbers = np.full(shape, NONE, np.int32)
        deep = self.places.copy()
        deep[:, 3] += DEEP * (deep[:, 3] - deep[:, 1])
        for number, (x0, y0, x1, y1) in enumerate(_whole(deep, 0, shape).tolist()):
            numbers[y0:y1, x0:x1] = number
        columns, rows = ((parts.boxes[:, :2] + parts.boxes[:, 2:]) / 2).astype(np.int64).T
        return np.asarray(numbers[rows, columns])

    def _hold_others(self, parts: Components, owners: Index) -> Mask:
        """Which components are too large for a character that they hold, such as panels, [C]."""
        middles = (self.places[:, :2] + self.places[:, 2:]) / 2
        sizes = self.places[:, 3] - self.places[:, 1]
        usual = float(np.median(sizes))
        found = np.zeros(len(parts.boxes), np.bool_)
        for number in np.flatnonzero(parts.heights > HIGH * usual):
            box = parts.boxes[number]
            inside = ((box[:2] <= middles) & (middles < box[2:])).all(axis=1)
            is_high = HIGH * sizes[inside] < box[3] - box[1]
            is_wide = HIGH * sizes[inside] < box[2] - box[0]  # tall brackets are not
            found[number] = bool((is_high & is_wide).any())
        return found


def _based(places: Boxes, ink: Pixels) -> Mask:
    """Which characters have ink right down to their base lines, and none below, [N]."""
    x0, _, x1, base = places.T
    on = np.column_stack([x0, base - 1 - REACH, x1, base + 1])
    below = np.column_stack([x0 + 1, base + REACH, x1 - 1, base + 1 + REACH])
    return np.asarray((_sums(ink, on) > 0) & (_sums(ink, below) == 0))


def _parts(rule: NDArray[np.float64], grey: Pixels) -> bool:
    """Whether a rule differs from what is on both sides of it, along most of its length."""
    x0, y0, x1, y1 = rule
    if x1 - x0 < y1 - y0:
        return _parts(rule[[1, 0, 3, 2]], grey.T)
    columns = np.linspace(x0, x1, SAMPLES + 2)[1:-1].astype(np.int64)
    rows = np.array([y0 - 1 - REACH, (y0 + y1) / 2, y1 + 1 + REACH]).astype(np.int64)
    height, width = grey.shape
    over, on, under = grey[np.ix_(rows.clip(0, height - 1), columns.clip(0, width - 1))].astype(int)
    darker, lighter = np.minimum(over, under) - on, on - np.maximum(over, under)
    return bool(np.median(np.maximum(darker, lighter)) > CONTRAST)  # edges of panels are between


def _sums(values: Pixels, boxes: Boxes) -> NDArray[np.float64]:
    """Sum of the values [H, W] in each box, [N]."""
    return _box_sums(cv2.integral(values), _whole(boxes, 0, values.shape))


def _spreads(boxes: Boxes, grey: Pixels) -> NDArray[np.float64]:
    """Standard deviation of the grey levels in each box and around it, [N]."""
    places = _whole(boxes, REACH, grey.shape)
    count = np.prod(places[:, 2:] - places[:, :2], axis=1).clip(1)
    sums, squares = (_box_sums(each, places) / count for each in cv2.integral2(grey))
    return np.asarray(np.sqrt((squares - sums**2).clip(0)))


def _box_sums(integral: NDArray[np.generic], places: Index) -> NDArray[np.float64]:
    x0, y0, x1, y1 = places.T
    corners = integral.astype(np.float64)
    return np.asarray(corners[y1, x1] - corners[y0, x1] - corners[y1, x0] + corners[y0, x0])


def _whole(boxes: Boxes, margin: int, shape: tuple[int, ...]) -> Index:
    """Boxes with a margin in whole pixels of a picture, [N, 4]."""
    low, high = np.floor(boxes[:, :2]) - margin, np.ceil(boxes[:, 2:]) + margin
    found = np.concatenate([low, high], axis=1)
    return np.asarray(found.clip(0, (*shape[1::-1], *shape[1::-1])), np.int64)


NO_OBJECTS = PageObjects(
    np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0, np.bool_), np.zeros((0, 4))
)
"""Of a page that is nothing but a picture."""
