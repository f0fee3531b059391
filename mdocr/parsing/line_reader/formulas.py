"""Displayed formulas on pages of the line reader: which lines to read as formulas, which to accept.

A place is read as text first. Only what makes no good text is read as a formula, and only a
confident formula replaces the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mdocr.document.model import Block
from mdocr.layout import Formula, Layout, LayoutBox
from mdocr.parsing.texts import Text, filled, joined
from mdocr.preprocessing.formula_notation import (
    PREFIXES,
    ROMAN,
    ROOT,
    SCRIPTS,
    to_latex,
)
from mdocr.preprocessing.formula_rows import RELATIONS, join_rows
from mdocr.preprocessing.line_charset import GREEK

LONGEST = 256
"""Maximum number of characters of a notation; more is noise."""

FORMULA_BLOCK = 2
"""Characters that are denoised together: more would save few passes, and lose formulas."""

WORDY = 0.5
"""Share of characters in words of three letters or more above which a text is no formula."""

SURE_TEXT = 0.9
"""Mean confidence of a text's tokens from which it is read again only if it holds signs."""

SURE_FORMULA = 0.8
"""The same of a formula from which it is accepted."""

HOPELESS_FORMULA = 0.5
"""The same below which it is given up before its end: what is no formula would go on for long."""

SIGNS = frozenset(RELATIONS + GREEK + "±×−∑∏∫∂∇√∞^|+")
STRUCTURE = frozenset([*RELATIONS, *SCRIPTS, *PREFIXES.values(), ROOT])

_WORD = re.compile(r"[^\W\d_]{3,}")
_LETTERS = re.compile(r"[A-Za-z]{4}")
_ROMAN = re.compile(ROMAN + r"(?:\{[^{}]*\}|.)")
_LABEL = re.compile(r"\(([^\W_]+(?:\.[^\W_]+)*)\)")

Row = tuple[int, int]
"""Region and line in it, each from 0."""


@dataclass(frozen=True)
class Displayed:
    """A place where a formula may stand.

    Attributes:
        place: where.
        rows: lines of regions that are part of it.
        label: those that are its number.
    """

    place: Formula
    rows: tuple[Row, ...]
    label: tuple[Row, ...]


def displayed(layout: Layout) -> list[Displayed]:
    """The places of a page that hold lines of text."""
    rows = [
        ((number, row), line.box)
        for number, region in enumerate(layout.regions)
        if not region.cells
        for row, line in enumerate(region.lines)
    ]
    found = []
    for place in layout.formulas:
        main = tuple(row for row, box in rows if place.core.holds(box))
        label = tuple(row for row, box in rows if place.label and place.label.holds(box))
        if main:
            found.append(Displayed(place, main, label))
    return found


def may_be_formula(lines: Sequence[Text]) -> bool:
    """Whether what was read as text is worth being read as a formula."""
    content = " ".join(line.content for line in lines)
    worst = min((line.confidence for line in lines), default=0.0)
    in_words = sum(map(len, _WORD.findall(content)))
    if in_words > WORDY * max(len(content.replace(" ", "")), 1):
        return False
    return not SIGNS.isdisjoint(content) or worst < SURE_TEXT


def is_formula(read: Text) -> bool:
    """Whether a notation is sure and whole, has what makes a formula, and no words."""
    plain = _ROMAN.sub("", read.content)
    is_worded = _LETTERS.search(plain) is not None
    is_sure = read.confidence >= SURE_FORMULA and not read.notes  # whole, not cut
    is_whole = "{}" not in to_latex(read.content)  # no fraction without a lower part
    return is_sure and is_whole and not is_worded and not STRUCTURE.isdisjoint(plain)


def number_of(label: str) -> str:
    """The number in what was read beside a formula; empty if it is none."""
    found = _LABEL.fullmatch(label.replace(" ", ""))
    return found[1] if found else ""


def goes_on(above: Formula, below: Formula, notation: str, layout: Layout) -> bool:
    """Whether a formula is a further row of the one above it.

    It is if it begins with a relation, and nothing stands between the two.

    Args:
        above: a place.
        below: the next one of the page.
        notation: what was read there.
        layout: of the page.
    """
    left, right = min(above.box.x0, below.box.x0), max(above.box.x1, below.box.x1)
    between = LayoutBox(left, above.core.y1, right, below.core.y0)
    is_below = between.height > 0 and right - left < above.box.width + below.box.width
    is_next = is_below and not any(between.holds(line.box) for line in layout.lines)
    return is_next and notation.startswith(tuple(RELATIONS))


def equation(block: Block, rows: Sequence[Text], number: str, trace: bool) -> Block:
    """The block of a formula of one row or more, with its number as a tag."""
    latex = join_rows([row.content for row in rows]) + (rf" \tag{{{number}}}" if number else "")
    return filled(block, joined(rows, latex), "latex", trace)
