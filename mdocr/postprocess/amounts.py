"""Amounts in a table: the blank goes that wide type leaves behind a decimal point or comma."""

import re
from collections import defaultdict
from dataclasses import replace

from mdocr.document.model import Block
from mdocr.document.tables import Cell, Table, parse, to_otsl

_AMOUNT = re.compile(r"\D{0,3}\d+[.,]\d\d\D{0,4}")
_APART = re.compile(r"(\D{0,3}\d+[.,]) (\d\d\D{0,4})")


def close_amounts(blocks: list[Block]) -> list[Block]:
    """The blocks; in the columns of tables ``2, 40`` is ``2,40`` where an amount beside it is so.

    Where none is, it may be a list of numbers.
    """
    return [_closed(block) if block.type == "table" else block for block in blocks]


def _closed(block: Block) -> Block:
    if not re.search(r"\d[.,] \d\d", block.content):
        return block
    table = parse(block.content, block.format)
    columns = defaultdict(list)
    for cell in table.cells:
        columns[cell.column].append(cell.text.strip())
    amounts = {at for at, texts in columns.items() if any(map(_AMOUNT.fullmatch, texts))}
    cells = tuple(_joined(cell) if cell.column in amounts else cell for cell in table.cells)
    if cells == table.cells:
        return block
    return replace(block, content=to_otsl(Table(cells)), format="otsl")


def _joined(cell: Cell) -> Cell:
    apart = _APART.fullmatch(cell.text.strip())
    return replace(cell, text=f"{apart[1]}{apart[2]}") if apart else cell
