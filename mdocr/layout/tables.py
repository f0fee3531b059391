"""Pieces of one column to rows, and rows to lines and to tables without upright rules."""

from collections.abc import Sequence
from statistics import median

import numpy as np

from mdocr.fragments.geometry import LayoutBox, hull, overlap
from mdocr.fragments.ink import runs
from mdocr.layout.pieces import TYPEWRITER_GAP, PagePiece, Row, is_typewriter, rows_of
from mdocr.layout.regions import LayoutCell, Region
from mdocr.layout.rows import join_row, without_leaders

TIGHT = 0.85
"""Distance of the lines of one cell, as a share of that of the rows, at most."""

COLUMN_GAP = 0.9
"""Narrowest gap between columns of a table in heights of a capital."""

FULL, LEAST_FULL, MOST_LINES = 3, 4, 3
"""Cells of a row of three columns or more that begins a row of the table, and such rows, at least;
and lines that these have in the mean, at most."""

SOLID = 1.75
"""Distance from line to line of one text in heights of a capital, at most, in a table."""

FAR, FAR_ALIGNED, LEAST_ALIGNED = 2.5, 5.0, 4
"""Blank above a row that no longer belongs to a table, in heights of a capital; above one whose
cells, so many at least, stand each below one of the table."""

MOST_OF_RECORD = 5
"""Lines between two rules that are taken for one row of cells, at most."""


def to_lines(pieces: Sequence[PagePiece], rules: Sequence[LayoutBox] = ()) -> list[Row]:
    """The rows of a column: whole lines, several where gaps are wide, or one table.

    Args:
        pieces: of the column.
        rules: level ones of the page.

    Returns:
        rows from top to bottom; a table, or an image, is a row of its own.
    """
    rows = [row for row in rows_of(pieces) if without_leaders(row)]
    counts = [len(_cells_of(row)) for row in rows]
    lines: list[Row] = []
    start = 0
    while start < len(rows):
        end = _with_last_record(rows, start, _table_end(rows, counts, start), rules)
        table = _to_table(rows[start:end], rules) if end - start >= 3 else None
        if table is not None:
            lines.append([table])
            start = end
        else:
            lines.append(join_row(rows[start]))
            start += 1
    return lines


def _cells_of(row: Row, gap: float = COLUMN_GAP) -> Row:
    """The cells that a row would have in a table."""
    return join_row(without_leaders(row), gap)


def _table_end(rows: Sequence[Row], counts: Sequence[int], start: int) -> int:
    """Where the run of rows with several cells ends.

    One row of a single cell may stand between, and any that go on with a cell of the row above.
    """
    if counts[start] < 2:
        return start
    stop = next((i for i in range(start, len(rows)) if _ends(rows, start, i)), len(rows))
    least = _least_step(rows[start:stop], _full(counts[start:stop]))
    end, misses = start, 0
    for index in range(start, stop):
        if counts[index] >= 2 or (index > start and _step(rows, index) < least):
            end, misses = index + 1, 0
        else:
            misses += 1
        if misses > 1:
            break
    return end


def _ends(rows: Sequence[Row], start: int, index: int) -> bool:
    """Whether no table goes on to a row: it is none of text, or a wide blank is above it."""
    return any(piece.region for piece in rows[index]) or _is_far(rows, start, index)


def _full(counts: Sequence[int]) -> list[bool]:
    """Which rows, of such numbers of cells, have most of them: they begin a row of the table.

    All of them, if few have.
    """
    least = min(max(counts), max(FULL, max(counts) // 2 + 1))
    full = [count >= least for count in counts]
    return full if sum(full) >= max(LEAST_FULL, len(full) / MOST_LINES) else [True] * len(full)


def _least_step(rows: Sequence[Row], begins: Sequence[bool]) -> float:
    """Distance to the row above from which a row is none of those that go on with its cells."""
    steps = (_step(rows, index) for index in range(1, len(rows)) if begins[index])
    return TIGHT * min(steps, default=0.0)


def _with_last_record(rows: Sequence[Row], start: int, end: int, rules: Sequence[LayoutBox]) -> int:
    """Where the run ends if lines as close as any follow above the rule that closes it."""
    if end - start < 3:
        return end
    numbers = _bands(rows[start : end + MOST_OF_RECORD], rules)
    last = numbers[end - start - 1]
    if not 0 < last < len(_across(rows[start:end], rules)):
        return end
    following = numbers[end - start :]
    while following and following.pop(0) == last and _is_close(rows, end):
        end += 1
    return end


def _is_close(rows: Sequence[Row], index: int) -> bool:
    """Whether a row follows the one above it like a line of the same text."""
    size = median(piece.size for row in rows[index - 1 : index + 1] for piece in row)
    return _step(rows, index) < SOLID * size


def _across(rows: Sequence[Row], rules: Sequence[LayoutBox]) -> list[float]:
    """Heights of the rules that run along all of some rows."""
    area = hull([piece.box for row in rows for piece in row])
    return [
        rule.center[1]
        for rule in rules
        if overlap(rule.x0, rule.x1, area.x0, area.x1) > 0.9 * area.width
    ]


def _bands(rows: Sequence[Row], rules: Sequence[LayoutBox]) -> list[int]:
    """For each row how many of the rules along all of them lie above it."""
    heights = _across(rows, rules)
    return [sum(height < row[0].box.center[1] for height in heights) for row in rows]


def _step(rows: Sequence[Row], index: int) -> float:
    """Distance from one row down to another, between the bases of their longest pieces."""
    above, below = (max(row, key=lambda piece: piece.count) for row in rows[index - 1 : index + 1])
    return below.base - above.base


def _is_far(rows: Sequence[Row], start: int, index: int) -> bool:
    """Whether a wide blank parts a row from the one above; a wider one if its cells go on."""
    if index == start:
        return False
    above = hull([piece.box for piece in rows[index - 1]])
    box = hull([piece.box for piece in rows[index]])
    widest = FAR_ALIGNED if _are_aligned(rows[start:index], rows[index]) else FAR
    return box.y0 - above.y1 > widest * max(piece.size for piece in rows[index])


def _are_aligned(rows: Sequence[Row], row: Row) -> bool:
    """Whether each of several cells stands below one of the last row above that has as many."""
    cells = _cells_of(row)
    above = next((own for own in map(_cells_of, rows[::-1]) if len(own) >= len(cells)), [])
    return (
        len(cells) >= LEAST_ALIGNED
        and len(above) == len(cells)
        and all(
            overlap(cell.box.x0, cell.box.x1, other.box.x0, other.box.x1) > 0
            for cell, other in zip(cells, above, strict=True)
        )
    )


def _to_table(rows: Sequence[Row], rules: Sequence[LayoutBox]) -> PagePiece | None:
    """A table of rows whose cells stand in columns, or None if they do not."""
    table = _with_gap(rows, rules, COLUMN_GAP)
    typewriter = table and is_typewriter([piece for row in rows for piece in row])
    return _with_gap(rows, rules, TYPEWRITER_GAP) if typewriter else table


def _with_gap(rows: Sequence[Row], rules: Sequence[LayoutBox], gap: float) -> PagePiece | None:
    """A table whose columns stand at least so far apart, in capitals."""
    cells = [_cells_of(row, gap) for row in rows]
    size = median(piece.size for row in cells for piece in row)
    columns = _columns(cells, gap * size)
    least = max(2, 0.3 * len(rows))
    columns = [column for column in columns if len(_own(cells, column)) >= least]
    if not _is_convincing(cells, columns, size) or _is_prose(cells, columns, size):
        return None
    box = hull([piece.box for row in cells for piece in row])
    entries = [any(piece.leader for piece in row) for row in rows]
    records = _records(cells, columns, rules, entries)
    found = [
        _cell(record, piece, columns)
        for record, row in zip(records, cells, strict=True)
        for piece in row
    ]
    made = _without_clashes(sorted(found, key=lambda cell: (cell.row, cell.column)))
    lines = tuple(line for cell in made for line in cell.lines)
    return PagePiece(box, size, region=Region("table", box, lines, made))


def _records(
    rows: Sequence[Row],
    columns: Sequence[tuple[float, float]],
    rules: Sequence[LayoutBox],
    entries: Sequence[bool],
) -> list[int]:
    """The number of the table's row to which each row of pieces belongs.

    What stands closer below a row than the rows stand to each other, and not in the first column
    or only in a few, goes on with the row's cells; and so do a few shorter rows between two rules.
    Entries, which lead by dots from one cell to another, are whole.
    """
    full = _full([len(row) for row in rows])
    begins = [row[0].box.x0 < columns[0][1] and most for row, most in zip(rows, full, strict=True)]
    least = _least_step(rows, begins)
    ruled = _ruled_records(rows, rules)
    numbers = [0]
    for index in range(1, len(rows)):
        below = not (begins[index] or entries[index]) and _step(rows, index) < least
        goes_on = index in ruled or below
        numbers.append(numbers[-1] + (not goes_on))
    return numbers


def _ruled_records(rows: Sequence[Row], rules: Sequence[LayoutBox]) -> set[int]:
    """Which rows go on with the cells of the row above, as rules tell.

    Between two rules stands one row of cells if its lines are close, and only the first has all.
    """
    found: set[int] = set()
    bands = _bands(rows, rules)
    for band in range(1, len(_across(rows, rules))):
        own = [index for index, number in enumerate(bands) if number == band]
        is_one = len(own) <= MOST_OF_RECORD and all(
            _is_close(rows, index) and len(rows[index]) < len(rows[own[0]]) for index in own[1:]
        )
        found.update(own[1:] if is_one else ())
    return found


def _columns(rows: Sequence[Row], gap: float) -> list[tuple[float, float]]:
    """Intervals with gaps between them that are blank in nearly all rows."""
    area = hull([piece.box for row in rows for piece in row])
    several, single = np.zeros((2, int(area.width) + 2))
    for row in rows:
        covered = several if len(row) >= 2 else single
        for piece in row:
            covered[int(piece.box.x0 - area.x0) : int(piece.box.x1 - area.x0) + 1] += 1
    multiple = sum(len(row) >= 2 for row in rows)
    used = (several > 0.12 * multiple) | (several + single > 0.3 * len(rows))
    columns: list[tuple[float, float]] = []
    for start, end in runs(used):
        x0, x1 = area.x0 + float(start), area.x0 + float(end)
        if columns and x0 - columns[-1][1] < 0.6 * gap:
            columns[-1] = (columns[-1][0], x1)
        else:
            columns.append((x0, x1))
    return columns


def _is_convincing(
    rows: Sequence[Row], columns: Sequence[tuple[float, float]], size: float
) -> bool:
    """Enough rows and columns, and no list with its numbers or bullets."""
    multiple = sum(len(row) >= 2 for row in rows)
    while len(columns) > 1 and _is_narrow(rows, columns[0], size):
        columns = columns[1:]
    if len(columns) >= 3:
        return multiple >= 3
    if len(columns) < 2 or multiple < 4:
        return False
    (x0, x1), (other, _) = columns
    return x1 - x0 > 3 * size and other - x1 > 1.2 * size


def _own(rows: Sequence[Row], column: tuple[float, float]) -> list[PagePiece]:
    """Pieces of which most lies in one column."""
    return [
        piece
        for row in rows
        for piece in row
        if overlap(piece.box.x0, piece.box.x1, *column) > 0.6 * piece.box.width
    ]


def _is_narrow(rows: Sequence[Row], column: tuple[float, float], size: float) -> bool:
    """Whether a column mostly holds single letters, like the bullets of a list."""
    own = _own(rows, column)
    widths, counts = [piece.box.width for piece in own], [piece.count for piece in own]
    return not own or (median(widths) < 1.5 * size and median(counts) <= 2)


def _is_prose(rows: Sequence[Row], columns: Sequence[tuple[float, float]], size: float) -> bool:
    """Whether one column is running text, beside which something else happens to stand."""
    for x0, x1 in columns:
        filled = [
            sum(max(0.0, overlap(p.box.x0, p.box.x1, x0, x1)) for p in row) > 0.7 * (x1 - x0)
            for row in rows
        ]
        if x1 - x0 > 22 * size and sum(filled) > 0.5 * len(rows):
            return True
    return False


def _cell(row: int, piece: PagePiece, columns: Sequence[tuple[float, float]]) -> LayoutCell:
    """A piece as a cell of the columns over which it stands."""
    shares = [overlap(piece.box.x0, piece.box.x1, x0, x1) / (x1 - x0) for x0, x1 in columns]
    over = [index for index, share in enumerate(shares) if share > 0.3]
    if not over:
        over = [int(np.argmax([overlap(piece.box.x0, piece.box.x1, *c) for c in columns]))]
    return LayoutCell(row, over[0], 1, over[-1] - over[0] + 1, piece.box, (piece.line,))


def _without_clashes(cells: Sequence[LayoutCell]) -> tuple[LayoutCell, ...]:
    """Cells that claim one place made one."""
    made: list[LayoutCell] = []
    for cell in cells:
        last = made[-1] if made else None
        if last and last.row == cell.row and last.column + last.column_span > cell.column:
            end = max(last.column + last.column_span, cell.column + cell.column_span)
            box = LayoutBox(*hull([last.box, cell.box]))
            made[-1] = LayoutCell(
                cell.row, last.column, 1, end - last.column, box, last.lines + cell.lines
            )
        else:
            made.append(cell)
    return tuple(made)
