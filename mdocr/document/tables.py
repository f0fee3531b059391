"""Tables: read from OTSL or HTML into cells with spans, and written as OTSL.

OTSL writes one token per grid position: ``<fcel>`` a cell with text, ``<ecel>`` an empty cell,
``<lcel>`` covered by the cell on the left, ``<ucel>`` by the cell above, ``<xcel>`` by a cell above
and to the left, ``<nl>`` the end of the row (arXiv 2305.03393).

``mdocr.document.table_writers`` writes them in the formats of documents.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from itertools import product

_TOKEN = re.compile(r"<(fcel|ecel|lcel|ucel|xcel|nl)>")
_COVERED = ("lcel", "ucel", "xcel")
_LARGEST_SPAN = 1000  # as HTML has it for columns
_LARGEST_GRID = 100_000  # positions; more is a runaway span, not a table


@dataclass(frozen=True)
class Cell:
    """One cell: its text, the grid position of its upper left corner from 0, and its spans."""

    text: str
    row: int
    column: int
    rows: int = 1
    columns: int = 1


@dataclass(frozen=True)
class Table:
    """Cells in reading order that cover a grid, each position once."""

    cells: tuple[Cell, ...]

    @property
    def height(self) -> int:
        """Rows of the grid."""
        return max((cell.row + cell.rows for cell in self.cells), default=0)

    @property
    def width(self) -> int:
        """Columns of the grid."""
        return max((cell.column + cell.columns for cell in self.cells), default=0)

    @property
    def has_spans(self) -> bool:
        """Whether a cell covers more than one position."""
        return any(cell.rows > 1 or cell.columns > 1 for cell in self.cells)

    def rows(self) -> list[list[Cell]]:
        """The cells that begin in each row, from left to right."""
        rows: list[list[Cell]] = [[] for _ in range(self.height)]
        for cell in self.cells:
            rows[cell.row].append(cell)
        return rows

    def grid(self) -> list[list[Cell]]:
        """The cell that covers each position, by row and column."""
        covering = {position: cell for cell in self.cells for position in _positions(cell)}
        columns = range(self.width)
        return [[covering[row, column] for column in columns] for row in range(self.height)]


def parse(content: str, form: str) -> Table:
    """A table from what was read.

    Args:
        content: OTSL or HTML; a text with neither is a table of one cell.
        form: ``otsl`` or ``html``; anything else goes by the content.
    """
    is_html = form == "html" or (form != "otsl" and "<table" in content.lower())
    return from_html(content) if is_html else from_otsl(content)


def from_otsl(content: str) -> Table:
    """A table from OTSL; rows of different lengths are filled up with empty cells.

    A ``<lcel>``, ``<ucel>`` or ``<xcel>`` that no rectangular cell covers is an empty cell.
    """
    lead, *parts = _TOKEN.split(content)
    rows = [[("fcel", lead.strip())] if lead.strip() else []]
    for token, text in zip(parts[::2], parts[1::2], strict=True):
        if token == "nl":
            rows.append([])
        else:
            rows[-1].append((token, text.strip()))
    rows = [row for row in rows if row]
    width = max(map(len, rows), default=0)
    return _cover([row + [("ecel", "")] * (width - len(row)) for row in rows])


def _cover(grid: list[list[tuple[str, str]]]) -> Table:
    """Let every cell grow over the positions that say they are covered."""
    taken: set[tuple[int, int]] = set()
    cells = []
    for row, line in enumerate(grid):
        for column, (_, text) in enumerate(line):
            if (row, column) not in taken:
                cell = _grown(Cell(text, row, column), grid, taken)
                taken.update(_positions(cell))
                cells.append(cell)
    return Table(tuple(cells))


def _grown(cell: Cell, grid: list[list[tuple[str, str]]], taken: set[tuple[int, int]]) -> Cell:
    if grid[cell.row][cell.column][0] in _COVERED:
        return cell

    def covered(row: int, column: int, tokens: tuple[str, ...]) -> bool:
        free = (row, column) not in taken
        return free and grid[row][column][0] in tokens and not grid[row][column][1]

    right = cell.column + 1
    while right < len(grid[0]) and covered(cell.row, right, ("lcel", "xcel")):
        right += 1
    below = cell.row + 1
    while (
        below < len(grid)
        and covered(below, cell.column, ("ucel", "xcel"))
        and all(covered(below, column, _COVERED) for column in range(cell.column + 1, right))
    ):
        below += 1
    return replace(cell, rows=below - cell.row, columns=right - cell.column)


def _positions(cell: Cell) -> Iterator[tuple[int, int]]:
    rows = range(cell.row, cell.row + cell.rows)
    return product(rows, range(cell.column, cell.column + cell.columns))


class _TableReader(HTMLParser):
    """Collects rows of (text, rows, columns) from the first table; every other tag is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[tuple[str, int, int]]] = []
        self.text: list[str] | None = None
        self.spans = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self.close_cell()
            self.rows.append([])
        elif tag in ("td", "th"):
            self.close_cell()
            found = dict(attrs)
            self.spans = (_span(found.get("rowspan")), _span(found.get("colspan")))
            self.text = []
        elif tag == "br" and self.text is not None:
            self.text.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr", "table"):
            self.close_cell()

    def handle_data(self, data: str) -> None:
        if self.text is not None:
            self.text.append(data)

    def close_cell(self) -> None:
        if self.text is None:
            return
        if not self.rows:
            self.rows.append([])
        self.rows[-1].append(("".join(self.text).strip(), *self.spans))
        self.text = None


def _span(value: str | None) -> int:
    return min(max(int(value), 1), _LARGEST_SPAN) if value and value.isdecimal() else 1


def from_html(content: str) -> Table:
    """A table from HTML; tags inside cells are dropped, overlapping spans are cut back."""
    reader = _TableReader()
    reader.feed(content)
    reader.close()
    reader.close_cell()
    rows = [row for row in reader.rows if row]
    taken: dict[tuple[int, int], Cell] = {}
    cells: list[Cell] = []
    for row, line in enumerate(rows):
        column = 0
        for text, down, across in line:
            while (row, column) in taken:
                column += 1
            free = next((n for n in range(1, across) if (row, column + n) in taken), across)
            cell = Cell(text, row, column, min(down, len(rows) - row), free)
            if len(taken) + cell.rows * cell.columns > _LARGEST_GRID:
                cell = replace(cell, rows=1, columns=1)
            taken.update(dict.fromkeys(_positions(cell), cell))
            cells.append(cell)
            column += cell.columns
    return _filled(Table(tuple(cells)), set(taken))


def _filled(table: Table, taken: set[tuple[int, int]]) -> Table:
    """The table with an empty cell at every position that no cell covers."""
    every = product(range(table.height), range(table.width))
    empty = [Cell("", row, column) for row, column in every if (row, column) not in taken]
    return Table(tuple(sorted((*table.cells, *empty), key=lambda cell: (cell.row, cell.column))))


def to_otsl(table: Table) -> str:
    """The table as OTSL, one line per row, each ended by ``<nl>``."""
    lines = []
    for row, line in enumerate(table.grid()):
        tokens = [_otsl_token(cell, row, column) for column, cell in enumerate(line)]
        lines.append("".join(tokens) + "<nl>")
    return "\n".join(lines)


def _otsl_token(cell: Cell, row: int, column: int) -> str:
    if row == cell.row and column == cell.column:
        return f"<fcel>{cell.text}" if cell.text else "<ecel>"
    if row == cell.row:
        return "<lcel>"
    return "<ucel>" if column == cell.column else "<xcel>"
