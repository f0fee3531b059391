"""Contents of synthetic tables: kinds of columns, spanning headers, grouped rows."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mdocr.document.tables import Cell, Table
from mdocr.synthesis.corpora.sentences import Sentences

Rng = np.random.Generator
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Texts:
    """Source of the words of cells.

    Attributes:
        sentences: of all languages.
        language: of this table.
    """

    sentences: Sentences
    language: str

    def words(self, rng: Rng, most: int) -> str:
        """One to ``most`` words, capitalised."""
        count = 1 + int(most * rng.random())
        text = " ".join(self.sentences.word(rng, self.language) for _ in range(count))
        return text[:1].upper() + text[1:]

    def phrase(self, rng: Rng) -> str:
        """A few words of running text."""
        length = int(rng.integers(12, 60))
        passage = self.sentences.passage(rng, length + 12, self.language)
        return passage[:length].rsplit(" ", 1)[0].strip(" ,;:(-")


def _integer(rng: Rng, texts: Texts) -> str:
    value = int(10 ** (1 + 5 * rng.random()))
    return f"{value:,}" if rng.random() < 0.5 else str(value)


def _decimal(rng: Rng, texts: Texts) -> str:
    return f"{rng.normal(0, 40):.{1 + int(3 * rng.random())}f}"


def _percent(rng: Rng, texts: Texts) -> str:
    return f"{100 * rng.random():.1f}" + ("%" if rng.random() < 0.8 else " %")


def _money(rng: Rng, texts: Texts) -> str:
    amount = f"{10 ** (5 * rng.random()):,.2f}"
    return (f"${amount}", f"€{amount}", f"{amount} EUR", amount)[int(4 * rng.random())]


def _date(rng: Rng, texts: Texts) -> str:
    year, month, day = (int(rng.integers(*span)) for span in ((1950, 2030), (1, 13), (1, 29)))
    forms = (
        f"{year}-{month:02}-{day:02}",
        f"{day:02}.{month:02}.{year}",
        f"{day} {MONTHS[month - 1]} {year}",
        f"{MONTHS[month - 1]} {year}",
        str(year),
    )
    return forms[int(len(forms) * rng.random())]


def _code(rng: Rng, texts: Texts) -> str:
    letters = "".join(chr(65 + int(26 * chance)) for chance in rng.random(2))
    return (f"{letters}-{int(rng.integers(10, 9999))}", f"{letters}{int(rng.integers(1, 99))}")[
        int(2 * rng.random())
    ]


def _spread(rng: Rng, texts: Texts) -> str:
    return f"{100 * rng.random():.1f} ± {5 * rng.random():.1f}"


def _mark(rng: Rng, texts: Texts) -> str:
    return ("x", "–", "yes", "no", "+", "")[int(6 * rng.random())]


def _name(rng: Rng, texts: Texts) -> str:
    return texts.words(rng, 2)


def _phrase(rng: Rng, texts: Texts) -> str:
    return texts.phrase(rng)


NUMBERS: tuple[Callable[[Rng, Texts], str], ...] = (_integer, _decimal, _percent, _money, _spread)
COLUMNS = (*NUMBERS, *NUMBERS, _date, _code, _mark, _name, _name, _phrase)


def draw_table(
    rng: Rng, texts: Texts, most_rows: int = 14, most_columns: int = 7
) -> tuple[Table, int]:
    """Samples a table; returns it with its number of header rows.

    Args:
        rng: source of all randomness.
        texts: source of words.
        most_rows: of the whole table, at least 4.
        most_columns: at least 2.
    """
    columns = int(rng.integers(2, most_columns + 1))
    chance = rng.random()
    head = 2 if chance < 0.25 and columns > 2 else 0 if chance > 0.92 else 1
    body = int(rng.integers(2, max(most_rows - head, 2) + 1))
    cells = [*_head(rng, texts, columns, head), *_body(rng, texts, columns, (head, body))]
    if rng.random() < 0.12:
        cells = _with_total(cells, columns, head + body)
    return Table(tuple(sorted(cells, key=lambda cell: (cell.row, cell.column)))), head


def _head(rng: Rng, texts: Texts, columns: int, rows: int) -> list[Cell]:
    """A header row, or two with names grouped under others."""
    names = [texts.words(rng, 2) for _ in range(columns)]
    if rng.random() < 0.15:
        names[0] = ""
    if rows < 2:
        return [Cell(name, 0, column) for column, name in enumerate(names)] if rows else []
    cells, column = [Cell(names[0], 0, 0, rows=2)], 1
    while column < columns:
        across = min(columns - column, 1 + int(3 * rng.random()))
        if across == 1:
            cells.append(Cell(names[column], 0, column, rows=2))
        else:
            cells.append(Cell(texts.words(rng, 2), 0, column, columns=across))
            inner = range(column, column + across)
            cells += [Cell(names[each], 1, each) for each in inner]
        column += across
    return cells


def _body(rng: Rng, texts: Texts, columns: int, rows: tuple[int, int]) -> list[Cell]:
    """``rows[1]`` body rows, from row ``rows[0]`` on."""
    first, count = rows
    kinds = [COLUMNS[int(len(COLUMNS) * rng.random())] for _ in range(columns)]
    if rng.random() < 0.8:
        kinds[0] = _name
    empty = 0.15 if rng.random() < 0.2 else 0.01
    grouped, sectioned = rng.random() < 0.18, rng.random() < 0.1
    cells, row = [], first
    while row < first + count:
        if sectioned and columns > 1 and rng.random() < 0.2:
            cells.append(Cell(texts.words(rng, 3), row, 0, columns=columns))
            row += 1
            continue
        down = min(first + count - row, 1 + int(3 * rng.random())) if grouped else 1
        cells.append(Cell(kinds[0](rng, texts), row, 0, rows=down))
        for line in range(row, row + down):
            for column in range(1, columns):
                text = "" if rng.random() < empty else kinds[column](rng, texts)
                cells.append(Cell(text, line, column))
        row += down
    return cells


def _with_total(cells: list[Cell], columns: int, rows: int) -> list[Cell]:
    """Merges the first cells of a plain last row into ``Total``."""
    last = [cell for cell in cells if cell.row == rows - 1]
    if len(last) < max(columns, 3) or any(cell.rows > 1 for cell in last):
        return cells
    across = max(1, len(last) // 2)
    total = Cell("Total", rows - 1, 0, columns=across)
    return [cell for cell in cells if cell not in last[:across]] + [total]
