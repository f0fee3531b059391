"""Tables that go on over a page break, joined when their columns match."""

import re
from dataclasses import replace

from mdocr.document.block_types import PARATEXT_TYPES
from mdocr.document.model import Block, Page
from mdocr.document.tables import Table, parse, to_otsl
from mdocr.document.turns import upright
from mdocr.postprocess.captions import Figure, figures

_CONTINUED = re.compile(r"\bcont(?:inued|inuation|['’]?d\b|\.)|续表|（续）|\(续\)", re.IGNORECASE)
_SHIFT = 0.05  # of the page's width, by which the edges may differ


def join_tables(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """The pages with each table whole on the page where it begins."""
    out = [list(page.blocks) for page in pages]
    for index in range(len(pages) - 1, 0, -1):
        upper, lower = _last(out[index - 1]), _first(out[index])
        follows = pages[index].follows(pages[index - 1])
        if not follows or not upper or not lower or not _fit(upper, lower[-1]):
            continue
        if _has_caption(out[index - 1], upper) and _has_caption(out[index], lower[-1]):
            continue
        place = out[index - 1].index(upper)
        out[index - 1][place] = _joined(upper, lower[-1])
        out[index] = [block for block in out[index] if block not in lower]
    return tuple(replace(page, blocks=tuple(b)) for page, b in zip(pages, out, strict=True))


def _last(blocks: list[Block]) -> Block | None:
    """The table that ends the page: nothing but paratext stands after it."""
    body = [block for block in blocks if block.type not in PARATEXT_TYPES]
    return body[-1] if body and body[-1].type == "table" else None


def _first(blocks: list[Block]) -> list[Block]:
    """The table that begins the page, after the captions that say that it goes on."""
    body = [block for block in blocks if block.type not in PARATEXT_TYPES]
    for index, block in enumerate(body):
        if block.type == "table":
            return body[: index + 1]
        if block.type != "table_caption" or not _CONTINUED.search(block.content):
            break
    return []


def _has_caption(blocks: list[Block], table: Block) -> bool:
    """Whether the table has a caption of its own, not one that says that it goes on."""
    found = (item for item in figures(blocks) if isinstance(item, Figure) and item.body is table)
    return any(not _CONTINUED.search(note.content) for item in found for note in item.captions)


def _fit(upper: Block, lower: Block) -> bool:
    """Whether the edges and the number of columns agree."""
    above, below = upright(upper), upright(lower)
    left, right = abs(above.x0 - below.x0) <= _SHIFT, abs(above.x1 - below.x1) <= _SHIFT
    widths = [parse(block.content, block.format).width for block in (upper, lower)]
    return left and right and widths[0] == widths[1] > 0


def _joined(upper: Block, lower: Block) -> Block:
    first = parse(upper.content, upper.format)
    second = _without_repeated_head(first, parse(lower.content, lower.format))
    moved = (replace(cell, row=cell.row + first.height) for cell in second.cells)
    content = to_otsl(Table((*first.cells, *moved)))
    return replace(upper, content=content, format="otsl", lines=upper.lines + lower.lines)


def _without_repeated_head(first: Table, second: Table) -> Table:
    """The second table without the rows at its top that repeat the first one's head."""
    head = [cell for cell in first.cells if cell.row < _head_height(first)]
    if second.height <= _head_height(first) or list(second.cells[: len(head)]) != head:
        return second
    rest = (replace(cell, row=cell.row - _head_height(first)) for cell in second.cells[len(head) :])
    return Table(tuple(rest))


def _head_height(table: Table) -> int:
    """Rows down to where the cells of the first row end."""
    return max(cell.rows for cell in table.cells if cell.row == 0)
