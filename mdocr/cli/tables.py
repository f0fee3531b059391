"""Tables of figures on stdout: for people, as JSON, as CSV."""

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from mdocr.document.csv_cells import csv_cell
from mdocr.errors import UsageError

FORMS = ("table", "json", "csv")
WIDE = 200
"""Characters of a line where stdout is no terminal."""

Row = Mapping[str, Any]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with versions and limits.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]


@dataclass(frozen=True)
class Column:
    """A column for people: its head, the key of its values, and how they are written."""

    head: str
    key: str
    form: str = ""

    def text(self, row: Row) -> str:
        """The value of a row; a dash where there is none."""
        value = row.get(self.key)
        return "–" if value is None else format(value, self.form)


def check_form(form: str) -> None:
    """Refuses what is none of ``FORMS``.

    Raises:
        UsageError: there is no such format.
    """
    if form not in FORMS:
        raise UsageError(f"unknown format {form!r}", f"Choose one of: {', '.join(FORMS)}")


def chosen_form(as_json: bool, as_csv: bool) -> str:
    """The form that two flags ask for.

    Raises:
        UsageError: they ask for two.
    """
    if as_json and as_csv:
        raise UsageError("--json and --csv cannot be had together", "Choose one of them.")
    return "json" if as_json else "csv" if as_csv else "table"


def show(
    form: str, report: Mapping[str, Any], rows: Sequence[Row], columns: Sequence[Column]
) -> None:
    """Prints a report.

    Args:
        form: one of ``FORMS``; ``table`` shows only ``columns``, ``csv`` only ``rows``.
        report: everything, for JSON.
        rows: the lines of the table, all with the same keys.
        columns: for people.
    """
    if form == "json":
        typer.echo(json.dumps(report, ensure_ascii=False, indent=2))
    elif form == "csv":
        typer.echo(csv_text(rows), nl=False)
    else:
        show_table(rows, columns)


def show_table(rows: Sequence[Row], columns: Sequence[Column]) -> None:
    """Prints a table for people, without colours where stdout is no terminal."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        is_number = bool(rows) and not isinstance(rows[0].get(column.key), str)
        table.add_column(column.head, justify="right" if is_number else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(column.text(row) for column in columns))
    width = None if sys.stdout.isatty() else WIDE
    Console(file=sys.stdout, width=width, markup=False, highlight=False, emoji=False).print(table)


def csv_text(rows: Sequence[Row]) -> str:
    """The rows with their keys as the header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: csv_cell(value) for key, value in row.items()} for row in rows)
    return text.getvalue()


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers from a list such as ``1-3,8``.

    Raises:
        UsageError: it is no such list.
    """
    found: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdigit() or (dash and not last.isdigit()):
            raise UsageError(f"{text!r} is no list of numbers", "Write it as: 1-3,8")
        found += range(int(first), int(last or first) + 1)
    if not found:
        raise UsageError(f"there is no number in {text!r}", "Write the smaller first: 1-3,8")
    return tuple(found)


def fractions(text: str) -> tuple[float, ...]:
    """Numbers from a list such as ``0.6,0.95``.

    Raises:
        UsageError: it is no such list.
    """
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"{text!r} is no list of numbers", "Write it as: 0.6,0.95") from None


def names(text: str) -> tuple[str, ...]:
    """Names from a list with commas; none from an empty one."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def some_names(text: str) -> tuple[str, ...]:
    """Names from a list with commas.

    Raises:
        UsageError: there is none.
    """
    found = names(text)
    if not found:
        raise UsageError(f"there is no name in {text!r}", "Give one or more, with commas.")
    return found
