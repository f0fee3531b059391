"""Which rows at the top of a table are its head."""

import re

from mdocr.document.tables import Cell, Table

_NUMBER = re.compile(r"[-+−±(]*[$€£¥]?\s*\d[\d.,:/ ]*\s*(?:%|[$€£¥])?\)?")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")


def head_height(table: Table) -> int:
    """Rows of the head: those down to where the cells of the first row end, or 0 without a head.

    A first row is a head if none of its cells is a number (years are names of columns), at least
    half of them hold text, and a table of two columns has a number or a span besides: two columns
    of text are as often pairs of names and values. Names under a cell over several columns belong
    to the head too.
    """
    first = [cell for cell in table.cells if cell.row == 0]
    height = max((cell.rows for cell in first), default=0)
    wider = any(cell.columns > 1 for cell in first) and _names(table, height)
    height = _closed(table, height + 1 if wider else height) or _closed(table, height)
    if not 0 < height < table.height or table.width < 2 or not _names(table, 0):
        return 0
    body = [cell for cell in table.cells if cell.row >= height]
    has_evidence = table.width > 2 or table.has_spans or any(map(_is_number, body))
    return height if has_evidence else 0


def _closed(table: Table, height: int) -> int:
    """Rows of a head down to where none of its cells goes on below; 0 if that is no head."""
    end = max((cell.row + cell.rows for cell in table.cells if cell.row < height), default=0)
    if end <= height:
        return height
    is_head = end < table.height and all(_names(table, row) for row in range(height, end))
    return _closed(table, end) if is_head else 0


def _names(table: Table, row: int) -> bool:
    """Whether the cells that begin in a row could be names of columns."""
    cells = [cell for cell in table.cells if cell.row == row]
    texts = [cell for cell in cells if cell.text.strip()]
    return 2 * len(texts) >= len(cells) > 0 and not any(map(_is_number, texts))


def _is_number(cell: Cell) -> bool:
    text = cell.text.strip()
    return _NUMBER.fullmatch(text) is not None and not _YEAR.fullmatch(text)
