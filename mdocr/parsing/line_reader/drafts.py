"""What the text layer of a page says of each of its lines: a draft, to be verified.

The characters whose middle lies in a line are its draft, from left to right. Spaces are those of
the file, and gaps wide enough for one.
"""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from mdocr.document.inline import literal
from mdocr.inputs.text_layer import EMPTY, TICKED, Look, TextLayer
from mdocr.parsing.line_reader.formulas import Row
from mdocr.parsing.line_reader.leaders import leaders_of
from mdocr.parsing.line_reader.nearest import nearest_lines
from mdocr.parsing.line_reader.views import CAPITAL, View

SPACE = 0.2
"""Width of a gap that is a space, in sizes of the font."""

NEAR = 0.3
"""How far the middle of a character may lie outside a line, in sizes of its font: quotation marks
and underscores do."""

FEW = 4
"""Characters side by side beside a line that are of a word in it, at most."""

TWICE = 0.15
"""Distance, in the same, of two characters that are one, drawn twice to look bold."""

SMALLER = 0.9
"""Size of a script, in sizes of the line's font."""

RAISED, LOWERED = 0.15, 0.08
"""How far a script stands above or below the base line, in the same."""

BOXES = dict.fromkeys(f"{EMPTY}□❑❏○◯", EMPTY) | dict.fromkeys(f"{TICKED}☒◉", TICKED)
"""Signs that are boxes to be ticked."""

SYMBOL_BULLETS = "\uf0b7\uf0a7\uf0d8\uf0a8\uf06e\uf06c\uf076\uf0fc"
"""Bullets as fonts of symbols have them, in Unicode's private area."""

PLAIN = Look()

_RIGHT_TO_LEFT = ("R", "AL")
_SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True)
class DraftCharacter:
    """A character of a draft.

    Attributes:
        text: the character.
        look: what the file says of it besides.
        script: ``sup``, ``sub`` or nothing.
        x: its middle, in pixels of the view.
        size: of its font, as a share of the page's height; 0 where there is none.
    """

    text: str
    look: Look = PLAIN
    script: str = ""
    x: float = 0.0
    size: float = 0.0


Draft = tuple[DraftCharacter, ...]
"""A line, without spaces at its ends."""

LEADER: Draft = (DraftCharacter("."), DraftCharacter("."))
"""What stands for a line of points."""


def text_of_draft(draft: Iterable[DraftCharacter]) -> str:
    """The characters of a draft."""
    return "".join(one.text for one in draft)


def drafts_of(view: View, layer: TextLayer) -> dict[Row, Draft]:
    """Drafts of the lines of a view that the layer has any characters for."""
    places = _Places(view, layer)
    return {
        row: draft
        for row, members in places.rows().items()
        if (draft := _stripped(places.line(members)))
    }


class _Places:
    """The upright characters of a layer in the pixels of a view."""

    def __init__(self, view: View, layer: TextLayer) -> None:
        self.view, self.layer = view, layer
        upright = np.flatnonzero(layer.angles == view.angle)
        self.numbers = [n for n in upright.tolist() if not _is_control(layer.characters[n])]
        self.leaders = leaders_of(layer.characters)
        corners = view.placed(layer.boxes[self.numbers].reshape(-1, 2)).reshape(-1, 2, 2)
        self.boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        self.bases = view.placed(layer.origins[self.numbers])[:, 1]
        # all of a page is turned, its height too
        self.sizes = layer.sizes[self.numbers] * view.page_height
        self.middles = (self.boxes[:, :2] + self.boxes[:, 2:]) / 2
        self.middles[:, 1] = self.bases - CAPITAL / 2 * self.sizes  # fonts say how high, and lie

    def rows(self) -> dict[Row, NDArray[np.int64]]:
        """Characters of each line, in the order of the file."""
        regions = self.view.layout.regions
        rows = [(n, row) for n, region in enumerate(regions) for row in range(len(region.lines))]
        if not rows or not self.numbers:
            return {}
        lines = np.array([list(regions[n].lines[row].box) for n, row in rows])
        nearest = nearest_lines(self.middles, NEAR * self.sizes, lines)
        nearest = self._with_their_words(nearest)
        order = np.argsort(nearest, kind="stable")
        starts = np.searchsorted(nearest[order], np.arange(len(rows) + 1))
        return {row: order[starts[n] : starts[n + 1]] for n, row in enumerate(rows)}

    def _with_their_words(self, nearest: NDArray[np.int64]) -> NDArray[np.int64]:
        """Lines of all characters: a few that are in none are in that of what they touch.

        So are underscores at the ends of words, whose ink lies below the line, but no points or
        underscores of a blank in a form.
        """
        touching = np.abs(self.boxes[1:, 0] - self.boxes[:-1, 2]) < SPACE * self.sizes[1:]
        touching &= np.abs(np.diff(self.bases)) < SPACE * self.sizes[1:]
        touching &= np.diff(self.numbers) == 1
        words = np.cumsum([0, *~touching])
        made: NDArray[np.int64] = nearest.copy()
        for word in np.unique(words[nearest < 0]).tolist():
            own = np.flatnonzero(words == word)
            for is_beside, run in groupby(own.tolist(), lambda number: nearest[number] < 0):
                beside = list(run)
                ends = {beside[0] - 1, beside[-1] + 1} & set(own.tolist())
                if is_beside and ends and len(beside) <= FEW:
                    made[beside] = nearest[min(ends)]
        return made

    def line(self, members: NDArray[np.int64]) -> list[DraftCharacter]:
        """Characters of a line as its draft."""
        beside = [n for n in members.tolist() if self.numbers[n] not in self.leaders]
        if any(not self.layer.characters[self.numbers[n]].isspace() for n in beside):
            members = np.array(beside, np.int64)
        texts = [self.layer.characters[self.numbers[n]] for n in members.tolist()]
        kept = self._without_doubles(members)
        if not _is_right_to_left(texts):
            kept = self._from_left_to_right(kept)
        scripts = self._scripts(kept)
        made: list[DraftCharacter] = []
        before = None
        for number, script in zip(kept, scripts, strict=True):
            if before is not None and self._is_gap(before, number):
                gap = (self.boxes[before, 2] + self.boxes[number, 0]) / 2
                made.append(DraftCharacter(" ", x=float(gap)))
            index = self.numbers[number]
            text = self.layer.characters[index]
            text = " " if text.isspace() else text
            middle = float(self.middles[number, 0])
            size = float(self.layer.sizes[index])
            made.append(DraftCharacter(text, self.layer.looks[index], script, middle, size))
            before = number
        return _with_raised_letters(made)

    def _from_left_to_right(self, members: list[int]) -> list[int]:
        """Words by where they begin; letters of words that overlap are not mixed."""
        x = self.boxes[members, 0]
        texts = [self.layer.characters[self.numbers[n]] for n in members]
        is_blank = np.array([text.isspace() for text in texts], np.bool_)
        begins = (np.diff(members, prepend=-2) != 1) | (np.diff(x, prepend=-np.inf) < 0)
        begins |= is_blank | np.roll(is_blank, 1)
        begins[1:] |= x[1:] - self.boxes[members[:-1], 2] > SPACE * self.sizes[members[1:]]
        starts = x[begins][begins.cumsum() - 1]
        return [members[at] for at in np.argsort(starts, kind="stable").tolist()]

    def _without_doubles(self, members: NDArray[np.int64]) -> list[int]:
        """Without those that are drawn again in nearly the same place, in the order of the file."""
        kept: list[int] = []
        for number in members[np.argsort(self.boxes[members, 0], kind="stable")].tolist():
            near = [
                other
                for other in kept[-2:]
                if self.layer.characters[self.numbers[other]]
                == self.layer.characters[self.numbers[number]]
                and np.abs(self.boxes[other, 0] - self.boxes[number, 0])
                < TWICE * self.sizes[number] * (self.boxes[number, 2] > self.boxes[number, 0])
            ]
            if not near:
                kept.append(number)
        return sorted(kept)

    def _is_gap(self, left: int, right: int) -> bool:
        gap = self.boxes[right, 0] - self.boxes[left, 2]
        gap = gap if right == left + 1 else np.abs(gap)  # words may overlap
        return bool(gap > SPACE * min(self.sizes[left], self.sizes[right]))

    def _scripts(self, members: list[int]) -> list[str]:
        """Scripts of a line's characters, told by their sizes and base lines."""
        if not members:
            return []
        sizes, bases = self.sizes[members], self.bases[members]
        size = float(np.median(sizes))
        base = float(np.median(bases[sizes >= SMALLER * size]))
        return [
            ""
            if one >= SMALLER * size
            else "sup"
            if base - foot >= RAISED * size
            else "sub"
            if foot - base >= LOWERED * size
            else ""
            for one, foot in zip(sizes.tolist(), bases.tolist(), strict=True)
        ]


def _with_raised_letters(draft: list[DraftCharacter]) -> list[DraftCharacter]:
    """A raised capital between two others, as in the name of LaTeX, is a letter of their word."""
    made = list(draft)
    for left, one, right in zip(range(len(draft)), draft[1:], draft[2:], strict=False):
        around = draft[left].text + one.text + right.text
        if one.script == "sup" and around.isupper() and around.isalpha() and not right.script:
            made[left + 1] = replace(one, script="")
    return made


def _is_control(text: str) -> bool:
    return not text or (unicodedata.category(text[0]) == "Cc" and not text.isspace())


def _is_right_to_left(texts: Iterable[str]) -> bool:
    """Whether most letters run from right to left; the file has them in the order of reading."""
    ways = [unicodedata.bidirectional(text[0]) for text in texts]
    return sum(way in _RIGHT_TO_LEFT for way in ways) > ways.count("L")


def _readable(characters: list[DraftCharacter]) -> list[DraftCharacter]:
    """Bullets of symbol fonts as such, and without icons, which stand by themselves.

    What is no character and stands among letters, or among others that are none, stays: the font
    does not say what it is.
    """
    found = []
    for index, one in enumerate(characters):
        near = [other.text for other in characters[max(0, index - 1) : index + 2]]
        if one.text in SYMBOL_BULLETS:
            found.append(replace(one, text="•"))
        elif not is_no_character(one.text) or (len(near) > 1 and not _is_alone(near)):
            found.append(one)
    return found


def _is_alone(near: list[str]) -> bool:
    """Whether neither neighbour of a sign is part of a word."""
    return not any(map(str.isalnum, near)) and sum(map(is_no_character, near)) == 1


def is_no_character(text: str) -> bool:
    """Whether it stands for nothing that can be written: a glyph of a font that does not say."""
    return text == "\ufffd" or unicodedata.category(text[0]) in ("Co", "Cn", "Cs")


def is_leader(draft: Draft) -> bool:
    """Whether a line is nothing but points that lead the eye."""
    return draft == LEADER


def _without_leaders(draft: Draft) -> Draft:
    """Without single points at the ends, which are left of a row of them."""
    start, end = 0, len(draft)
    while end - start >= 2 and draft[end - 1].text in ". " and draft[end - 2].text in ". ":
        end -= 1
    while end - start >= 2 and draft[start].text in ". " and draft[start + 1].text in ". ":
        start += 1
    if start or end < len(draft):
        while start < end - 1 and draft[start].text in ". ":
            start += 1
        while end - 1 > start and draft[end - 1].text == " ":
            end -= 1
    cut = draft[start:end]
    return LEADER if len(draft) >= 3 and text_of_draft(cut) in ". " else cut


def _stripped(characters: list[DraftCharacter]) -> Draft:
    """With single spaces, and soft hyphens only where one shows, at the end."""
    characters = _readable(characters)
    found: list[DraftCharacter] = []
    for one in characters:
        if one.text == _SOFT_HYPHEN:
            continue
        if one.text != " " or (found and found[-1].text != " "):
            found.append(one)
    while found and found[-1].text == " ":
        found.pop()
    if found and characters[-1].text == _SOFT_HYPHEN:
        found.append(replace(characters[-1], text="-"))
    return _without_leaders(tuple(found))


def without_box(draft: Draft) -> tuple[str, Draft]:
    """The box to be ticked with which a draft begins, or nothing, and the rest."""
    sign = BOXES.get(draft[0].text, "") if draft else ""
    return sign, _stripped(list(draft[1:])) if sign else draft


def with_boxes(draft: Draft, boxes: Iterable[tuple[str, float]]) -> Draft:
    """A draft with the boxes to be ticked that are drawn in its line, if it has none itself.

    Args:
        draft: of a line.
        boxes: signs and their middles, in pixels of the view.
    """
    if any(one.text in BOXES for one in draft):
        return draft
    made = list(draft)
    for sign, x in boxes:
        place = next((at for at, one in enumerate(made) if one.x > x), len(made))
        made[place:place] = [DraftCharacter(one, x=x) for one in (" ", sign, " ")]
    return _stripped(made)


def marked(draft: Draft, *, emphasis: bool = True) -> str:
    """A draft with its scripts, emphasis and links marked."""
    runs = [
        (key, text_of_draft(run))
        for key, run in groupby(_spread(draft), key=lambda one: (one.look, one.script))
    ]
    return "".join(_tagged(text, look, script, emphasis) for (look, script), text in runs)


def _spread(draft: Draft) -> Draft:
    """Spaces look like what is on both sides of them, or plain."""
    found = list(draft)
    for index, one in enumerate(draft):
        if one.text == " ":
            left, right = draft[index - 1].look, draft[index + 1].look
            found[index] = DraftCharacter(" ", left if left == right else Look())
    return tuple(found)


def _tagged(text: str, look: Look, script: str, emphasis: bool) -> str:
    text = literal(text)
    if script and not text.isspace():
        text = f"<{script}>{text}</{script}>"
    if not emphasis:
        return text
    for tag, is_set in (
        ("monospace", look.monospace),
        ("italic", look.italic),
        ("bold", look.bold),
    ):
        if is_set:
            text = f"<{tag}>{text}</{tag}>"
    return f'<ext-link href="{look.link}">{text}</ext-link>' if look.link else text
