"""Tables without rules, once it is known what of them is text.

Layout finds their columns by ink alone. Where that was specks, shadows or a pattern, and nothing
was read, no column is left of it, and lines of text beside it are no table.
"""

from collections import Counter
from collections.abc import Sequence

from mdocr.fragments.geometry import hull
from mdocr.layout import LayoutCell

LEAST_SHARE = 0.3
"""Share of the rows, at least, in which a column has a text."""

SHORT = 0.85
"""Share of the width of the widest line up to which a line ends a paragraph."""


def is_loose(cells: Sequence[LayoutCell]) -> bool:
    """Whether no rules make the table; those have empty cells."""
    return all(cell.lines for cell in cells)


def is_table(cells: Sequence[LayoutCell], texts: Sequence[str]) -> bool:
    """Whether two columns have text in enough rows, and a row has both.

    Args:
        cells: of a table.
        texts: of their lines, cell by cell; empty where nothing was read.
    """
    if not is_loose(cells):
        return True
    filled = _filled(cells, texts)
    in_row, in_column = Counter(c.row for c in filled), Counter(c.column for c in filled)
    least = max(2, LEAST_SHARE * len(in_row))
    beside = any(count > 1 for count in in_row.values())
    return beside and sum(count >= least for count in in_column.values()) >= 2


def paragraphs(cells: Sequence[LayoutCell], texts: Sequence[str]) -> list[list[int]]:
    """Lines of what is no table, by their numbers: a line much shorter than the widest ends one."""
    numbers = iter(range(len(texts)))
    rows: dict[int, list[int]] = {}
    boxes = {}
    for cell in cells:
        for line in cell.lines:
            number = next(numbers)
            if texts[number]:
                rows.setdefault(cell.row, []).append(number)
                boxes[number] = line.box
    widths = [hull([boxes[number] for number in row]).width for row in rows.values()]
    made: list[list[int]] = [[]]
    for row, width in zip(rows.values(), widths, strict=True):
        made[-1] += row
        if width < SHORT * max(widths):
            made.append([])
    return [numbers for numbers in made if numbers]


def _filled(cells: Sequence[LayoutCell], texts: Sequence[str]) -> list[LayoutCell]:
    """The cells in which something was read."""
    rest = iter(texts)
    return [cell for cell in cells if any([next(rest) for _ in cell.lines])]
