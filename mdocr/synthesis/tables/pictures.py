"""Rendering of synthetic tables: column widths from texts, styles of rules, shaded rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.document.tables import Cell, Table, to_otsl
from mdocr.synthesis.common import wear as sheets
from mdocr.synthesis.common.glyphs import InkMask, stamp_mask
from mdocr.synthesis.common.paragraphs import (
    Face,
    TextLine,
    break_lines,
    plain,
    set_lines,
)
from mdocr.synthesis.common.typefaces import Typeface, Typefaces
from mdocr.synthesis.corpora.sentences import Sentences
from mdocr.synthesis.tables.texts import Texts, draw_table

RULES = ("grid", "grid", "book", "book", "rows", "outer", "columns", "none")


@dataclass(frozen=True)
class TableStyle:
    """Style of a table; lengths in pixels.

    Attributes:
        face: of the body.
        head: of header rows.
        rules: one of ``RULES``.
        thick: thickness of rules.
        padding: of a cell, horizontal and vertical.
        alignments: of the columns.
        shade: of every other row, 0 to 255.
        head_shade: of the header.
        widest: largest width of a column.
    """

    face: Face
    head: Face
    rules: str
    thick: int
    padding: tuple[int, int]
    alignments: tuple[str, ...]
    shade: int
    head_shade: int
    widest: int


def draw_table_style(
    rng: np.random.Generator, family: tuple[Typeface, ...], size: int, columns: int
) -> TableStyle:
    """Samples a style for a number of columns in faces of a family."""
    chances = rng.random(9).tolist()
    body = Face(plain(family), size, 1.1 + 0.2 * chances[0])
    bold = chances[1] < 0.6
    rest = ("left", "centre", "right")[int(3 * chances[2])]
    first = rest if chances[3] < 0.3 else "left"
    return TableStyle(
        face=body,
        head=Face(plain(family, "bold" if bold else ""), size, body.leading),
        rules=RULES[int(len(RULES) * chances[4])],
        thick=max(1, round(size * (0.04 + 0.06 * chances[5]))),
        padding=(round(size * (0.35 + 0.8 * chances[6])), round(size * (0.1 + 0.4 * chances[7]))),
        alignments=(first, *[rest] * (columns - 1)),
        shade=int(rng.integers(10, 40)) if chances[8] < 0.15 else 0,
        head_shade=int(rng.integers(15, 70)) if chances[8] > 0.8 else 0,
        widest=round(size * rng.uniform(7, 16)),
    )


@dataclass(frozen=True)
class _Set:
    """A cell with its text broken into lines."""

    cell: Cell
    face: Face
    lines: list[TextLine]

    @property
    def width(self) -> int:
        return int(max((self.face.width(line.text) for line in self.lines), default=0)) + 2

    @property
    def height(self) -> int:
        return len(self.lines) * self.face.step


def set_table(table: Table, head: int, style: TableStyle) -> tuple[Table, InkMask]:
    """Renders a table; returns it without words that its faces lack, and its ink.

    Args:
        table: cells with their texts.
        head: number of header rows.
        style: faces and rules.
    """
    cells = [_set_cell(cell, head, style) for cell in table.cells]
    columns = _extents(cells, style.padding[0], across=True)
    rows = _extents(cells, style.padding[1], across=False)
    x = np.concatenate([[style.thick], style.thick + np.cumsum(columns)])
    y = np.concatenate([[style.thick], style.thick + np.cumsum(rows)])
    mask = np.zeros((int(y[-1]) + style.thick, int(x[-1]) + style.thick), np.uint8)
    _shade(mask, y.tolist(), head, style)
    for each in cells:
        _draw_cell(mask, each, (x.tolist(), y.tolist()), style)
    shown = Table(tuple(each.cell for each in cells))
    _rule(mask, shown, (x.tolist(), y.tolist()), (head, style))
    return shown, mask


def _set_cell(cell: Cell, head: int, style: TableStyle) -> _Set:
    face = style.head if cell.row < head else style.face
    lines = break_lines(face, face.drawable(cell.text), style.widest * cell.columns)
    text = " ".join(line.text for line in lines)
    return _Set(Cell(text, cell.row, cell.column, cell.rows, cell.columns), face, lines)


def _extents(cells: list[_Set], padding: int, across: bool) -> list[int]:
    """Widths of columns or heights of rows; a spanning cell widens its last one."""
    spans = [
        (c.cell.column, c.cell.columns, c.width) if across else (c.cell.row, c.cell.rows, c.height)
        for c in cells
    ]
    extents = [0] * max(first + count for first, count, _ in spans)
    for first, count, length in sorted(spans, key=lambda span: span[1]):
        others = sum(extents[first : first + count - 1])
        last = first + count - 1
        extents[last] = max(extents[last], length + 2 * padding - others)
    return [max(extent, 2 * padding + 4) for extent in extents]


def _draw_cell(
    mask: InkMask, each: _Set, edges: tuple[list[int], list[int]], style: TableStyle
) -> None:
    cell, (x, y) = each.cell, edges
    across, down = style.padding
    width = x[cell.column + cell.columns] - x[cell.column] - 2 * across
    spare = y[cell.row + cell.rows] - y[cell.row] - each.height
    alignment = "centre" if cell.columns > 1 else style.alignments[cell.column]
    ink = set_lines(each.face, each.lines, max(width, each.width), alignment)
    top = down if style.rules == "none" else spare // 2
    stamp_mask(mask, ink, x[cell.column] + across, y[cell.row] + top)


def _shade(mask: InkMask, y: list[int], head: int, style: TableStyle) -> None:
    for row in range(len(y) - 1):
        grey = style.head_shade if row < head else style.shade * ((row - head) % 2)
        mask[y[row] : y[row + 1]] = np.maximum(mask[y[row] : y[row + 1]], grey)


def _rule(
    mask: InkMask,
    table: Table,
    edges: tuple[list[int], list[int]],
    how: tuple[int, TableStyle],
) -> None:
    """Draws rules between and around cells, none through spanning cells."""
    (x, y), (head, style) = edges, how
    thick, rows, columns = style.thick, len(y) - 1, len(x) - 1
    grid = table.grid()
    for row in range(rows + 1):
        if not _has_rule(row, rows, head, style.rules):
            continue
        heavy = thick * 2 if style.rules == "book" and row in (0, rows) else thick
        for column in range(columns):
            inside = 0 < row < rows and grid[row][column] is grid[row - 1][column]
            if not inside:
                mask[max(y[row] - heavy, 0) : y[row], x[column] - thick : x[column + 1]] = 255
    for column in range(columns + 1):
        inner = 0 < column < columns
        if style.rules not in ("grid", "columns") and (inner or style.rules != "outer"):
            continue
        for row in range(rows):
            if not (inner and grid[row][column] is grid[row][column - 1]):
                mask[y[row] - thick : y[row + 1], x[column] - thick : x[column]] = 255


def _has_rule(row: int, rows: int, head: int, rules: str) -> bool:
    """Whether there is a rule above a row; ``row == rows`` is the lower edge."""
    edge = row in (0, rows)
    return {
        "grid": True,
        "rows": True,
        "book": edge or row == head,
        "outer": edge or row == head,
        "columns": edge or row == head,
    }.get(rules, False)


def otsl(table: Table) -> str:
    """The table as the page model writes it: OTSL in one line."""
    return to_otsl(table).replace("\n", "")


def draw_tables(
    typefaces: Typefaces, sentences: Sentences, count: int, difficulty: float, seed: int
) -> Iterator[tuple[Image.Image, str]]:
    """Yields ``count`` images of tables with their OTSL; reproducible by seed."""
    for number in range(count):
        rng = np.random.default_rng((seed, number))
        picture, content = draw_sample(rng, typefaces, sentences, difficulty)
        yield Image.fromarray(picture), content


def draw_sample(
    rng: np.random.Generator, typefaces: Typefaces, sentences: Sentences, difficulty: float
) -> tuple[NDArray[np.uint8], str]:
    """An image of a table, uint8 RGB [height, width, 3], and its OTSL."""
    family = draw_family(rng, typefaces)
    table, head = draw_table(rng, Texts(sentences, sentences.language(rng)))
    style = draw_table_style(rng, family, int(rng.integers(16, 30)), table.width)
    shown, mask = set_table(table, head, style)
    picture = sheets.print_sheet(rng, sheets.with_margins(rng, mask), difficulty)
    return picture, otsl(shown)


def draw_family(rng: np.random.Generator, typefaces: Typefaces) -> tuple[Typeface, ...]:
    """Samples a family for tables: with lower case, and the symbols of numbers."""
    for _ in range(20):
        family = tuple(typefaces.draw(rng))
        if plain(family).font.has_lowercase and {"%", ","} <= plain(family).symbols:
            return family
    return family
