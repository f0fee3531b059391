"""Tables of the line reader: texts of cells put together, and lone signs understood."""

from bisect import bisect_left
from dataclasses import replace
from itertools import product

from mdocr.document import tables
from mdocr.layout import LayoutCell
from mdocr.parsing.line_reader.loose_tables import is_loose
from mdocr.parsing.texts import Text

ALONE = {"o": "0", "O": "0", "_": "—", "__": "—"}
"""What a sign alone in a column of numbers stands for: nothing beside it shows its height."""


def table_of(cells: tuple[LayoutCell, ...], lines: list[Text]) -> str:
    """OTSL of a table's cells; ``lines`` are the texts of their lines, cell by cell."""
    rest = iter(lines)
    covered: dict[tuple[int, int], tables.Cell] = {}
    for cell in cells:
        texts = [next(rest).content for _ in cell.lines]
        places = set(
            product(
                range(cell.row, cell.row + cell.row_span),
                range(cell.column, cell.column + cell.column_span),
            )
        )
        if not places & covered.keys():
            text = " ".join(text for text in texts if text)
            made = tables.Cell(text, cell.row, cell.column, cell.row_span, cell.column_span)
            covered.update(dict.fromkeys(places, made))
    if is_loose(cells):
        covered = _without_blank(covered)
    return tables.to_otsl(tables.Table(_with_numbers(_with_empty(covered))))


def _without_blank(
    covered: dict[tuple[int, int], tables.Cell],
) -> dict[tuple[int, int], tables.Cell]:
    """The cells of the rows and columns in which any has a text."""
    filled = [cell for cell in covered.values() if cell.text]
    kept_rows = _with_text([(cell.row, cell.rows) for cell in filled])
    kept_columns = _with_text([(cell.column, cell.columns) for cell in filled])
    made = {}
    for (row, column), cell in covered.items():
        if row in kept_rows and column in kept_columns:
            made[kept_rows.index(row), kept_columns.index(column)] = replace(
                cell,
                row=bisect_left(kept_rows, cell.row),
                column=bisect_left(kept_columns, cell.column),
                rows=_among(kept_rows, cell.row, cell.rows),
                columns=_among(kept_columns, cell.column, cell.columns),
            )
    return made


def _with_text(spans: list[tuple[int, int]]) -> list[int]:
    """The rows, or columns, in which cells have text; those that span several need one of them."""
    kept = {start for start, span in spans if span == 1}
    for start, span in spans:
        if not kept.intersection(range(start, start + span)):
            kept.add(start)
    return sorted(kept)


def _among(kept: list[int], start: int, span: int) -> int:
    """How many of the places that a cell covers are kept."""
    return bisect_left(kept, start + span) - bisect_left(kept, start)


def _with_numbers(cells: tuple[tables.Cell, ...]) -> tuple[tables.Cell, ...]:
    """Signs that stand alone in a column of numbers, as they are meant there (``ALONE``)."""
    texts: dict[int, list[str]] = {}
    for cell in cells:
        texts.setdefault(cell.column, []).append(cell.text)
    numeric = {column for column, found in texts.items() if _is_numeric(found)}
    return tuple(
        replace(cell, text=ALONE.get(cell.text, cell.text)) if cell.column in numeric else cell
        for cell in cells
    )


def _is_numeric(column: list[str]) -> bool:
    """Whether a column holds two numbers at least, and as many as other texts."""
    others = [text for text in column if any(map(str.isalnum, text)) and text not in ALONE]
    numbers = [text for text in others if text[0].isdigit() and not any(map(str.isalpha, text))]
    return len(numbers) >= 2 and 2 * len(numbers) >= len(others)


def _with_empty(covered: dict[tuple[int, int], tables.Cell]) -> tuple[tables.Cell, ...]:
    """The cells, with an empty one wherever none covers the grid."""
    height = max(row for row, _ in covered) + 1
    width = max(column for _, column in covered) + 1
    for row, column in product(range(height), range(width)):
        covered.setdefault((row, column), tables.Cell("", row, column))
    ordered = sorted(set(covered.values()), key=lambda cell: (cell.row, cell.column))
    return tuple(ordered)
