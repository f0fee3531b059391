"""Listings of programs: monospaced lines, put back on the grid on which they were set.

A typewriter face has a letter in every cell of one width. So a blank column stands between all
letters of all lines, and the cells that hold ink tell where the spaces are, indentation included.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby, islice, pairwise

import numpy as np
from numpy.typing import NDArray

from mdocr.fragments.geometry import Pixels
from mdocr.layout import LayoutBox, Line, cut
from mdocr.layout.regions import CUT_MARGIN
from mdocr.parsing.line_reader.strips import Mask, ink_mask

FEWEST = 25
"""Borders between cells from which a grid can be told from chance."""

BLANK = 0.15
"""Share of the borders that may be inked."""

ASTRAY = 0.5
"""The same of a line in a listing above which its letters are not monospaced."""

PROGRAM = 0.3
"""Share of the lines with signs of programs, from which monospaced lines are a listing."""

HIGH, LOW = 0.5, 0.7
"""Shares of a line's height above which quotes have all their ink, and below which underscores."""

_TYPEWRITER = str.maketrans("‘’“”„‰–—×", '\'\'"""%--x') | {ord("…"): "..."}
"""Signs of print as those that programs are written with."""

_QUOTES = "\"'"
_SIGNS = re.compile(
    r"[{}\[\];=<>\\]|\w\(|\w_\w|__|::|->|:\s*$|^\s*(?:else|return|end|import|from|begin)\b"
)
_NUMBERED = re.compile(r"\d+\s")
_PITCHES = np.linspace(0.9, 1.1, 41)
_PHASES = 24
_NEIGHBOURS = range(-2, 3)

UNEQUAL = 0.15
"""Share by which the cells that hold ink may be more or fewer than the letters that were read."""


@dataclass(frozen=True, eq=False)
class PrintedLine:
    """One line of a listing.

    Attributes:
        text: what was read.
        box: where it stands, in pixels.
        left: column of the page at which ``ink`` begins.
        mask: where there is ink [H, W].
    """

    text: str
    box: LayoutBox
    left: int
    mask: Mask

    @cached_property
    def ink(self) -> Mask:
        """Which columns hold ink [W]."""
        return np.asarray(self.mask.any(axis=0), np.bool_)


@dataclass(frozen=True)
class Grid:
    """Cells of one width: cell k is from ``phase + k * pitch`` on, in columns of the page."""

    pitch: float
    phase: float


def printed_line(picture: Pixels, line: Line, text: str) -> PrintedLine:
    """A line of a page with its ink."""
    pad = max(2.0, CUT_MARGIN * line.box.height)
    mask = ink_mask(cut(picture, line))
    return PrintedLine(text, line.box, math.floor(line.box.x0 - pad), mask)


def as_typed(text: str) -> str:
    """What was read in a program, without the signs of print that the reader took its own for."""
    return text.translate(_TYPEWRITER)


def looks_like_program(texts: Sequence[str]) -> bool:
    """Whether as many of some lines hold signs of programs as those of a listing do."""
    lines = [text for text in texts if text]
    return bool(lines) and sum(bool(_SIGNS.search(one)) for one in lines) >= PROGRAM * len(lines)


def grid_of(lines: Sequence[PrintedLine]) -> Grid | None:
    """The grid on which lines were set; None where they are not monospaced, or too short."""
    widths = [one.box.width / len(one.text) for one in lines if len(one.text) > 4]
    if not widths:
        return None
    usual, best, least = float(np.median(widths)), None, 1.0
    for pitch in usual * _PITCHES:
        phases = np.linspace(0, pitch, _PHASES, endpoint=False)
        shares = _inked_borders(lines, float(pitch), phases, FEWEST)
        blurred = np.mean([np.roll(shares, shift) for shift in _NEIGHBOURS], axis=0)
        first = int(np.argmin(blurred))  # amid the blank phases: wide letters touch their borders
        if shares[first] < BLANK and blurred[first] < least:
            best, least = Grid(float(pitch), float(phases[first])), float(blurred[first])
    return best


def are_set_on(lines: Sequence[PrintedLine], grid: Grid) -> bool:
    """Whether lines stand on a grid: their borders are blank, and each letter has a cell."""
    letters = [len("".join(one.text.split())) for one in lines]
    cells = [len(_cells(one, grid)) for one in lines]
    off = sum(abs(own - count) for own, count in zip(letters, cells, strict=True))
    return _share_astray(lines, grid) < 2 * BLANK and off <= UNEQUAL * sum(letters)


def _share_astray(lines: Sequence[PrintedLine], grid: Grid) -> float:
    """Share of the borders of a grid that some lines ink."""
    return float(_inked_borders(lines, grid.pitch, np.array([grid.phase]), fewest=0)[0])


def _inked_borders(
    lines: Sequence[PrintedLine], pitch: float, phases: NDArray[np.float64], fewest: int
) -> NDArray[np.float64]:
    """Share of the borders between cells that hold ink, 0 to 1, for each phase of one pitch.

    It is 1 where there are fewer borders than ``fewest``.
    """
    inked, count = np.zeros(len(phases)), np.zeros(len(phases))
    for line in lines:
        columns = _columns(line, pitch, phases)
        found = np.flatnonzero(line.ink)
        if len(found):
            inside = (columns > found[0] + 1) & (columns < found[-1] - 1)
            inked += (line.ink[np.where(inside, columns, 0)] & inside).sum(1)
            count += inside.sum(1)
    return np.where(count >= fewest, inked / np.maximum(count, 1), 1.0)


def on_grid(line: PrintedLine, grid: Grid, first: int) -> str:
    """The text of a line with its spaces as they were set.

    Args:
        line: of a listing.
        grid: of the listing.
        first: cell of the left edge of the listing.
    """
    cells = _cells(line, grid)
    letters = _letters(line.text, list(cells.values()))
    if not cells or not letters or _share_astray([line], grid) > ASTRAY:
        # misread, or a remark in another face; at least the indentation is right
        return " " * max(0, min(cells, default=first) - first) + line.text
    places = dict(zip(cells, letters, strict=True))
    written = "".join(places.get(cell, " ") for cell in range(first, max(cells) + 1))
    if _NUMBERED.match(line.text):  # in smaller type, which may end where the line begins
        written = re.sub(r"^(\s*\d+)(?=[^\s\d])", r"\1 ", written)
    return written


def _cells(line: PrintedLine, grid: Grid) -> dict[int, str]:
    """Cells that hold ink, with where it is: ``high`` as of quotes, ``low`` as of underscores."""
    (columns,) = _columns(line, grid.pitch, np.array([grid.phase]))
    edges = np.clip(columns, 0, len(line.ink)).tolist()
    found = {}
    for start, end in pairwise(edges):
        edge = (end - start) // 5  # what is nearer belongs to the letter beside it
        rows = np.flatnonzero(line.mask[:, start + edge : end - edge].any(axis=1))
        if len(rows):
            top, foot = rows[0] / len(line.mask), rows[-1] / len(line.mask)
            height = "high" if foot < HIGH else "low" if top > LOW else ""
            found[_cell_at(line, grid, (start + end) / 2)] = height
    return found


def _letters(text: str, heights: Sequence[str]) -> str:
    """The letters of a line, one for each cell; empty if they cannot be told.

    Several quotes or underscores side by side are easily read as one too few: the cells count them.
    Where they count fewer, as of underscores below the line, they tell nothing.
    """
    letters = "".join(text.split())
    if len(letters) == len(heights):
        return letters
    others = [letter for letter in letters if letter not in _QUOTES + "_"]
    quotes = [run[0] for run in re.findall(f"[{_QUOTES}]+", letters)]
    heights = ["" if kind == "low" and "_" not in letters else kind for kind in heights]
    runs = [kind for kind, _ in groupby(heights)].count("high")
    if len(others) != heights.count("") or len(quotes) != runs:
        return ""
    rest, marks = iter(others), iter(quotes)
    written = ""
    for kind, run in groupby(heights):
        count = len(list(run))
        if kind == "high":
            written += next(marks) * count
        else:
            written += "_" * count if kind else "".join(islice(rest, count))
    return written if len(written) >= len(letters) else ""


def listing(lines: Sequence[PrintedLine], grid: Grid) -> str:
    """Lines from top to bottom as one text; a wide gap between two is a blank line."""
    first = min(_first_cell(one, grid) for one in lines)
    rows = _rows(lines)
    gaps = np.diff([row[0].box.center[1] for row in rows])
    usual = float(np.percentile(gaps, 25)) if len(gaps) else 1.0
    written = [_overlaid([on_grid(one, grid, first) for one in rows[0]])]
    for row, gap in zip(rows[1:], gaps, strict=True):
        written += [""] * max(0, round(gap / usual) - 1)
        written.append(_overlaid([on_grid(one, grid, first) for one in row]))
    return "\n".join(written)


def _rows(lines: Sequence[PrintedLine]) -> list[list[PrintedLine]]:
    """Lines that stand level, such as a number and the line that it counts, together."""
    rows: list[list[PrintedLine]] = []
    for line in sorted(lines, key=lambda one: one.box.center[1]):
        last = rows[-1][0].box if rows else None
        if last and last.y0 <= line.box.center[1] <= last.y1:
            rows[-1].append(line)
        else:
            rows.append([line])
    return rows


def _overlaid(texts: Sequence[str]) -> str:
    """Texts of one row, each in its own cells; what would overlap stands behind."""
    written = ""
    for text in sorted(texts, key=lambda one: len(one) - len(one.lstrip())):
        start = len(text) - len(text.lstrip())
        written = written.ljust(start) + text[start:]
    return written


def _columns(line: PrintedLine, pitch: float, phases: NDArray[np.float64]) -> NDArray[np.int64]:
    """Columns of a line's ink at which cells meet, and some beside it, for each phase."""
    first = np.floor((line.left - phases) / pitch)
    cells = first[:, None] + np.arange(math.ceil(len(line.ink) / pitch) + 2)
    return np.asarray(np.rint(phases[:, None] + cells * pitch - line.left), np.int64)


def _cell_at(line: PrintedLine, grid: Grid, column: float) -> int:
    return math.floor((line.left + column - grid.phase) / grid.pitch)


def _first_cell(line: PrintedLine, grid: Grid) -> int:
    inked = np.flatnonzero(line.ink)
    middle = float(inked[0]) + 0.3 * grid.pitch if len(inked) else 0.0
    return _cell_at(line, grid, middle)
