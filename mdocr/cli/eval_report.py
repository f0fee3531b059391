"""The tables of ``mdocr eval``: a column for every score."""

from typing import Any

from mdocr.cli import tables
from mdocr.cli.tables import Column
from mdocr.errors import InputError

WORD_COLUMNS = (
    Column("set", "set"),
    Column("words", "words"),
    Column("accuracy", "accuracy", ".2%"),
    Column("with case", "case_sensitive", ".2%"),
    Column("with punctuation", "punctuation_sensitive", ".2%"),
    Column("exact", "exact", ".2%"),
    Column("similarity", "edit_similarity", ".2%"),
    Column("decoder", "decoder"),
    Column("steps", "steps"),
)
PAGE_COLUMNS = (
    Column("pages", "group"),
    Column("count", "pages"),
    Column("text", "text", ".2%"),
    Column("median", "text_median", ".2%"),
    Column("order distance", "order_distance", ".4f"),
    Column("tables", "tables"),
    Column("TEDS", "teds", ".2%"),
    Column("TEDS-S", "teds_s", ".2%"),
    Column("formulas", "formulas"),
    Column("similarity", "formula", ".2%"),
    Column("overall", "overall", ".2f"),
)
LABELLED_COLUMNS = {
    "formulas": (
        Column("set", "set"),
        Column("formulas", "formulas"),
        Column("exact", "exact", ".2%"),
        Column("similarity", "similarity", ".2%"),
        Column("passes", "passes", ".1f"),
    ),
    "lines": (
        Column("set", "set"),
        Column("lines", "lines"),
        Column("characters", "characters"),
        Column("errors", "errors", ".2%"),
        Column("exact", "exact", ".2%"),
        Column("passes", "passes", ".1f"),
    ),
}
SCORES_OF_A_PAGE = ("text", "order_distance", "tables", "teds", "teds_s", "formulas", "formula")
"""Keys of the columns that single pages have too."""
CHECK_COLUMNS = tuple(Column(key, key) for key in ("set", "words", "expected", "unreadable"))


def page_columns(per_page: bool) -> tuple[Column, ...]:
    """The columns of single pages, or of groups of them."""
    if not per_page:
        return PAGE_COLUMNS
    kept = (column for column in PAGE_COLUMNS if column.key in SCORES_OF_A_PAGE)
    return (Column("page", "page"), *kept)


def show_inventory(form: str, rows: list[dict[str, Any]], bad: list[str]) -> None:
    """Prints which sets are whole.

    Raises:
        InputError: some are not.
    """
    tables.show(form, {"schema": "mdocr.eval.check/1", "sets": rows}, rows, CHECK_COLUMNS)
    if bad:
        raise InputError(
            f"damaged or not complete: {', '.join(bad)}", "docs/datasets.md says where to get them."
        )
