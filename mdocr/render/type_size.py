"""How large the type of a line is, by its ink and by the letters that it is of.

The ink of "sea" is half as high as that of "(highly)" in the same type. Text is selected by type,
not by ink: each word reaches from the top of the tallest letters to the foot of the deepest ones.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import linear_regression, median

from mdocr.document.model import Box, PageLine, PageWord
from mdocr.document.turns import turned

ASCENT, DESCENT = 0.8, 0.2
"""How far type reaches above and below its base line, in ems."""

TALL, SMALL, DEEP = 0.7, 0.48, 0.2
"""In ems, as most faces have them: heights of capitals and of small letters, the depth of a "p"."""

_SMALL = frozenset("acegmnopqrsuvwxyzı")
_DEEP = frozenset("gjpqy()[]{}|,;")

LEAN, LOOKS = 0.25, 3
"""How far the base line of a line that is not level goes down or up, in ems, at least; and how
often its slope is looked at, each time without that of its words."""

ASKEW = 1.5
"""Height of a line, in heights of its highest word, above which it is askew."""


@dataclass(frozen=True)
class _Type:
    """Where the base line is, and the size of the type, in shares of the page."""

    base: float
    em: float

    def around(self, box: Box) -> Box:
        return Box(box.x0, self.base - ASCENT * self.em, box.x1, self.base + DESCENT * self.em)


def type_boxes(line: PageLine) -> list[Box]:
    """The boxes of a line's words, as high as its type; as high as the line if that is not known.

    Args:
        line: with words whose boxes are those of their ink.
    """
    boxes = [turned(word.box, line.angle) for word in line.words]
    own = [_type_of(word, box) for word, box in zip(line.words, boxes, strict=True)]
    known = [one for one in own if one]
    whole = turned(line.box, line.angle)
    if whole.height > ASKEW * max((box.height for box in boxes), default=0.0):
        made = [one.around(box) if one else box for one, box in zip(own, boxes, strict=True)]
    elif known:
        shared = _Type(median(one.base for one in known), median(one.em for one in known))
        made = [shared.around(box) for box in boxes]
    else:
        made = [Box(box.x0, whole.y0, box.x1, whole.y1) for box in boxes]
    return [turned(box, -line.angle) for box in made]


def base_line(line: PageLine) -> tuple[float, float] | None:
    """Where the base line of an upright line meets the left and the right edge of its box.

    Args:
        line: with words whose boxes are those of their ink; if it leans, so do they.

    Returns:
        heights, in shares of the page's; None where no word tells, or the line is not upright.
    """
    slope = base = 0.0
    for _ in range(LOOKS):
        found = [
            ((word.box.x0 + word.box.x1) / 2, one)
            for word in line.words
            if (one := _type_of(word, _levelled(word.box, slope)))
        ]
        if line.angle or not found:
            return None
        slope = _slope(found, line.box.width)
        base = median(one.base - slope * x for x, one in found)
    return base + slope * line.box.x0, base + slope * line.box.x1


def _slope(words: Sequence[tuple[float, _Type]], width: float) -> float:
    """How far the base of words goes down from left to right; 0 where that is not sure."""
    places = [x for x, _ in words]
    if len(set(places)) < 2:
        return 0.0
    slope: float = linear_regression(places, [one.base for _, one in words]).slope
    return slope if abs(slope) * width > LEAN * median(one.em for _, one in words) else 0.0


def _levelled(box: Box, slope: float) -> Box:
    """A word's box as high as it would be without its lean."""
    lean = min(abs(slope) * box.width, 0.9 * box.height) / 2
    return Box(box.x0, box.y0 + lean, box.x1, box.y1 - lean)


def _type_of(word: PageWord, box: Box) -> _Type | None:
    """That of a word which is upright; None for one without letters and digits, or without ink."""
    reaches = list(_reaches(word.text))
    if not reaches or not box.height:
        return None
    top, foot = (max(edge) for edge in zip(*reaches, strict=True))
    em = box.height / (top + foot)
    return _Type(box.y1 - foot * em, em)


def _reaches(text: str) -> Iterator[tuple[float, float]]:
    """How far each character reaches up and down, in ems; nothing without letters or digits."""
    plain = unicodedata.normalize("NFD", text)
    if not any(character.isalnum() for character in plain):
        return
    for character in plain:
        is_small = character in _SMALL or not (character.isalnum() or character in _DEEP)
        yield SMALL if is_small else TALL, DEEP if character in _DEEP else 0.0
