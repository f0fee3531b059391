"""The text that a page of a PDF carries beside what it shows: characters, their places and looks.

It is a claim: what a file says of its text need not be what the page shows.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mdocr.inputs.drawn_rules import Edges, drawn_rules
from mdocr.inputs.spacing_marks import COMBINING, letters_of_marks

Floats = NDArray[np.float64]

EMPTY, TICKED = "☐", "☑"
"""What a box of a form stands as, which is no character of the file."""

ASLANT = -1
"""Angle of text that is not level in any direction."""

MONOSPACE, BOLD, ITALIC = 8, 16, 2
"""MuPDF's flags of a span."""

_BOLD_NAME = re.compile(r"bold|black|heavy|-bd|cmbx|sfbx", re.IGNORECASE)
_ITALIC_NAME = re.compile(r"italic|oblique|slanted|cmti|cmsl|sfti", re.IGNORECASE)
_ADDRESS = re.compile(r"(?:https?://|mailto:)[^\s<>\"]+")
_ANGLES = {(1, 0): 0, (0, 1): 90, (-1, 0): 180, (0, -1): 270}


@dataclass(frozen=True)
class Look:
    """What a file says of a character besides what it is.

    Attributes:
        bold: it is set in a bold font.
        italic: it is set in an italic or oblique font.
        monospace: all characters of its font have the same width.
        link: where it leads; empty without a link.
    """

    bold: bool = False
    italic: bool = False
    monospace: bool = False
    link: str = ""


@dataclass(frozen=True, eq=False)
class TextLayer:
    """The characters of a page, N of them, in the order of the file.

    Attributes:
        characters: each as the file has it; a ligature is as many characters.
        boxes: their places [N, 4], as shares of the page's width and height.
        origins: where they stand on their base lines [N, 2], likewise.
        sizes: of their fonts, as shares of the page's height [N].
        angles: degrees counter-clockwise by which the page has to be turned for them to stand
            upright [N], or ``ASLANT``.
        looks: of each.
        shown: whether each leaves ink [N], which spaces do not, nor the invisible text of scans.
        rules: straight lines that the file draws, level or upright on the page [R, 4], likewise.
    """

    characters: tuple[str, ...]
    boxes: Floats
    origins: Floats
    sizes: Floats
    angles: NDArray[np.int64]
    looks: tuple[Look, ...]
    shown: NDArray[np.bool_]
    rules: Floats

    def __len__(self) -> int:
        return len(self.characters)


THIN = 0.01
"""Points below which a letter has no width."""


class _Found(NamedTuple):
    """A character in the coordinates of the page before it is turned."""

    character: str
    box: Edges
    origin: tuple[float, float]
    size: float
    direction: tuple[float, float]
    look: Look
    shown: bool = True


def read_text_layer(page: Any) -> TextLayer | None:
    """The text of a page of MuPDF's, with the boxes of its form; None if it has none."""
    boxes = list(_boxes(page))
    covered = [one.box for one in boxes]
    characters = _with_marks(list(_composed(_characters(page))))
    found = [one for one in characters if not _is_on(one, covered)]
    found += boxes
    if not found:
        return None
    turn = np.array(tuple(page.rotation_matrix), np.float64).reshape(3, 2)
    directions = np.array([one.direction for one in found]) @ turn[:2]
    return TextLayer(
        tuple(one.character for one in found),
        _placed([one.box for one in found], page),
        _placed([one.origin + one.origin for one in found], page)[:, :2],
        np.array([one.size for one in found]) / page.rect.height,
        np.array([_angle(*each) for each in directions.tolist()], np.int64),
        tuple(one.look for one in found),
        np.array([one.shown and not one.character.isspace() for one in found], np.bool_),
        _placed(list(drawn_rules(page)), page),
    )


def _placed(boxes: Sequence[Edges], page: Any) -> Floats:
    """Boxes of a page before it is turned, as shares of its width and height [N, 4]."""
    turn = np.array(tuple(page.rotation_matrix), np.float64).reshape(3, 2)
    corners = np.array(boxes, np.float64).reshape(-1, 2, 2) @ turn[:2] + turn[2]
    corners /= page.rect.width, page.rect.height
    return np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)


def _characters(page: Any) -> Iterator[_Found]:
    import pymupdf

    flags = pymupdf.TEXTFLAGS_RAWDICT & ~(
        pymupdf.TEXT_PRESERVE_LIGATURES
        | pymupdf.TEXT_PRESERVE_IMAGES
        | pymupdf.TEXT_CID_FOR_UNKNOWN_UNICODE
    )
    links = list(_links(page))
    for block in page.get_text("rawdict", flags=flags)["blocks"]:
        for line in block.get("lines", ()):
            for span in line["spans"]:
                look = _look(span)
                boxes = _parted([each["bbox"] for each in span["chars"]], line["dir"])
                for each, box in zip(span["chars"], boxes, strict=True):
                    yield _Found(
                        unicodedata.normalize("NFC", each["c"]),  # ";" may be a Greek question mark
                        box,
                        each["origin"],
                        span["size"],
                        line["dir"],
                        _linked(look, box, links),
                        span.get("alpha", 255) > 0,
                    )


def _composed(found: Iterable[_Found]) -> Iterator[_Found]:
    """Letters and the marks behind them, as some programs write ``ü``, as one character each."""
    last: _Found | None = None
    for one in found:
        whole = unicodedata.normalize("NFC", last.character + one.character) if last else ""
        if last and len(whole) == 1 and unicodedata.combining(one.character[:1] or " "):
            x0, y0, x1, y1 = zip(last.box, one.box, strict=True)
            box = (min(x0), min(y0), max(x1), max(y1))
            last = last._replace(character=whole, box=box)
            continue
        if last:
            yield last
        last = one
    if last:
        yield last


def _with_marks(found: list[_Found]) -> list[_Found]:
    """Letters with the marks that stand over them, and without the space that lies before such."""
    if not any(one.character in COMBINING for one in found):
        return found
    along = np.array([one.direction for one in found])
    boxes = np.array([one.box for one in found]).reshape(-1, 2, 2)
    origins = np.array([one.origin for one in found])
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    places = np.stack([(boxes.mean(axis=1) * along).sum(1), (origins * across).sum(1)], axis=1)
    sizes = np.array([one.size for one in found])
    marks = letters_of_marks([one.character for one in found], places, sizes)
    made = list(found)
    for letter, whole in marks.values():
        made[letter] = made[letter]._replace(character=whole)
    left = {mark - 1 for mark in marks if mark and found[mark - 1].character == " "} | set(marks)
    return [one for number, one in enumerate(made) if number not in left]


def _parted(boxes: list[Edges], direction: tuple[float, float]) -> list[Edges]:
    """Boxes in which the letters of a ligature, of which the first has all, share it evenly."""
    low = 0 if abs(direction[0]) >= abs(direction[1]) else 1
    found, start = list(boxes), 0
    for index in range(1, len(boxes) + 1):
        if index < len(boxes) and abs(boxes[index][low + 2] - boxes[index][low]) < THIN:
            continue
        first, last = (0, 1) if sum(direction) >= 0 else (1, 0)
        ends = boxes[start][low], boxes[start][low + 2]
        for place in range(start, index) if index - start > 1 else ():
            shares = [(place - start + more) / (index - start) for more in (0, 1)]
            edges = sorted(ends[first] + share * (ends[last] - ends[first]) for share in shares)
            box = list(boxes[start])
            box[low], box[low + 2] = edges
            found[place] = (box[0], box[1], box[2], box[3])
        start = index
    return found


def _look(span: dict[str, Any]) -> Look:
    flags, font = span["flags"], span["font"]
    return Look(
        bool(flags & BOLD or _BOLD_NAME.search(font)),
        bool(flags & ITALIC or _ITALIC_NAME.search(font)),
        bool(flags & MONOSPACE),
    )


def _links(page: Any) -> Iterator[tuple[Any, str]]:
    """Addresses that a page leads to, with their places before it is turned."""
    for link in page.get_links():
        address = link.get("uri") or ""
        if _ADDRESS.fullmatch(address):
            yield link["from"] * page.derotation_matrix, address


def _linked(look: Look, box: Any, links: list[tuple[Any, str]]) -> Look:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    for place, address in links:
        if place.x0 <= x <= place.x1 and place.y0 <= y <= place.y1:
            return replace(look, link=address)
    return look


def _boxes(page: Any) -> Iterator[_Found]:
    """Boxes of a form that can be ticked, as signs of their own."""
    for field in page.widgets() or ():
        if field.field_type_string in ("CheckBox", "RadioButton"):
            place = field.rect
            is_ticked = field.field_value not in (None, False, "", "Off")
            sign = TICKED if is_ticked else EMPTY
            corner = place.x0, place.y1
            yield _Found(sign, tuple(place), corner, place.height, (1, 0), Look(), shown=False)


def _is_on(one: _Found, boxes: list[Any]) -> bool:
    """Whether a character is the tick in one of the boxes."""
    x, y = (one.box[0] + one.box[2]) / 2, (one.box[1] + one.box[3]) / 2
    return any(x0 <= x <= x1 and y0 <= y <= y1 for x0, y0, x1, y1 in boxes)


def _angle(x: float, y: float) -> int:
    """The angle by which to turn what is written in a direction, or ``ASLANT``."""
    level = round(x), round(y)
    is_level = abs(x - level[0]) < 0.1 and abs(y - level[1]) < 0.1
    return _ANGLES[level] if is_level and level in _ANGLES else ASLANT
