"""The lines and words of a page with their places, for formats that show a page as it lies.

Where a model has read a block whole, its lines are taken to be of one height, and its letters of
one width.
"""

from collections.abc import Iterator
from itertools import accumulate

from mdocr.document.inline import write_spans
from mdocr.document.model import Block, Box, PageLine, PageWord
from mdocr.document.turns import turned
from mdocr.render.flow import table_of


def placed_lines(block: Block) -> tuple[PageLine, ...]:
    """The lines of a block, each with its words; empty for a picture."""
    lines = block.lines or tuple(_estimated_lines(block))
    return tuple(lines_with_words(line) for line in lines)


def lines_with_words(line: PageLine) -> PageLine:
    """The line with words: its own, or estimated ones."""
    if line.words or not line.text.strip():
        return line
    words = line.text.split()
    ends = list(accumulate(len(word) + 1 for word in words))
    shares = [
        ((end - len(word) - 1) / (ends[-1] - 1), (end - 1) / (ends[-1] - 1))
        for word, end in zip(words, ends, strict=True)
    ]
    placed = (
        PageWord(word, _part(line.box, line.angle, Box(left, 0, right, 1)), line.confidence)
        for word, (left, right) in zip(words, shares, strict=True)
    )
    return PageLine(line.text, line.box, line.confidence, tuple(placed), line.angle)


def _estimated_lines(block: Block) -> Iterator[PageLine]:
    texts = _texts(block)
    for number, text in enumerate(texts):
        share = Box(0, number / len(texts), 1, (number + 1) / len(texts))
        yield PageLine(
            text, _part(block.box, block.angle, share), block.confidence, (), block.angle
        )


def _texts(block: Block) -> list[str]:
    """What a block says, line by line, without markup; of a table, row by row."""
    table = table_of(block) if block.type == "table" else None
    if table:
        rows: dict[int, list[str]] = {}
        for cell in table.cells:
            rows.setdefault(cell.row, []).append(cell.text)
        lines = [" ".join(filter(None, cells)) for _, cells in sorted(rows.items())]
    else:
        lines = block.content.splitlines()
    plain = (write_spans(line, lambda span: span.content) for line in lines)
    return [line for line in plain if line.strip()]


def _part(box: Box, angle: int, share: Box) -> Box:
    """A part of a box, given as shares of it when it is turned upright."""
    found = turned(share, -angle)
    return Box(
        box.x0 + found.x0 * box.width,
        box.y0 + found.y0 * box.height,
        box.x0 + found.x1 * box.width,
        box.y0 + found.y1 * box.height,
    )
