"""Texts as cells of a CSV that a spreadsheet may open."""

from typing import Any

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""By which spreadsheets know a formula, before and after they trim a cell."""


def csv_cell(value: Any) -> Any:
    """A value as a cell; a text that a spreadsheet would run as a formula is quoted as text."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value


def text_of_cell(cell: str) -> str:
    """The inverse of ``csv_cell`` for texts."""
    is_quoted = cell.startswith("'") and cell[1:].startswith(FORMULA_STARTS)
    return cell[1:] if is_quoted else cell
