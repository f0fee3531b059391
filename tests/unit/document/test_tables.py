import random
import time
from collections import Counter
from html import escape
from itertools import product

import pytest

from mdocr.document.table_heads import head_height
from mdocr.document.table_writers import to_html, to_latex, to_markdown, to_text
from mdocr.document.tables import Cell, Table, from_html, from_otsl, parse, to_otsl

SPANNED = "<fcel>A<lcel><fcel>B<nl>\n<ucel><xcel><fcel>c<nl>\n<fcel>1<ecel><fcel>3<nl>"


def plain(text: str) -> str:
    return text


def covers_once(table: Table) -> bool:
    taken: Counter[tuple[int, int]] = Counter()
    for cell in table.cells:
        rows = range(cell.row, cell.row + cell.rows)
        taken.update(product(rows, range(cell.column, cell.column + cell.columns)))
    every = set(product(range(table.height), range(table.width)))
    return set(taken) == every and all(count == 1 for count in taken.values())


@pytest.mark.parametrize(
    ("below", "height"),
    [("<fcel>A<ucel><fcel>c<nl>", 3), ("<fcel>7<ucel><fcel>8<nl>", 1)],
)
def test_no_cell_of_a_head_goes_on_below_it(below: str, height: int) -> None:
    """As browsers would cut it off there."""
    rows = f"<fcel>Item<fcel>Sum<lcel><nl><fcel>of<fcel>net<fcel>all<nl>{below}"
    assert head_height(from_otsl(f"{rows}<fcel>x<fcel>1<fcel>2<nl>")) == height


def test_spans_are_found() -> None:
    table = from_otsl(SPANNED)
    assert table.cells[0] == Cell("A", 0, 0, rows=2, columns=2)
    assert (table.height, table.width, table.has_spans) == (3, 3, True)
    assert to_html(table, plain) == (
        '<table><tr><td rowspan="2" colspan="2">A</td><td>B</td></tr>'
        "<tr><td>c</td></tr><tr><td>1</td><td></td><td>3</td></tr></table>"
    )


def test_otsl_and_html_round_trip() -> None:
    table = from_otsl(SPANNED)
    assert to_otsl(table) == SPANNED
    assert from_html(to_html(table, escape)) == table


def test_short_rows_are_filled_up() -> None:
    table = from_otsl("<fcel>a<fcel>b<fcel>c<nl><fcel>d<nl>")
    assert [[cell.text for cell in row] for row in table.rows()] == [["a", "b", "c"], ["d", "", ""]]


@pytest.mark.parametrize("content", ["<lcel><fcel>a<nl>", "<ucel><nl>", "<fcel>a<nl><xcel><xcel>"])
def test_uncovered_positions_become_empty_cells(content: str) -> None:
    assert covers_once(from_otsl(content))


def test_text_behind_a_covered_position_is_kept() -> None:
    assert [cell.text for cell in from_otsl("<fcel>a<lcel>b<nl>").cells] == ["a", "b"]


def test_text_without_tokens_is_one_cell() -> None:
    assert from_otsl("just text").cells == (Cell("just text", 0, 0),)
    assert from_otsl("").cells == ()


def test_any_tokens_make_a_whole_grid() -> None:
    choices = random.Random(3)
    tokens = ["<fcel>x", "<ecel>", "<lcel>", "<ucel>", "<xcel>", "<nl>"]
    for _ in range(300):
        content = "".join(choices.choice(tokens) for _ in range(choices.randint(1, 30)))
        table = from_otsl(content)
        assert covers_once(table)
        assert from_otsl(to_otsl(table)) == table
        assert from_html(to_html(table, escape)) == table


def test_html_keeps_text_and_drops_tags() -> None:
    table = from_html(
        "<html><table><tr><th colspan=2>a <b>b</b></th></tr>"
        "<tr><td>1<br>2</td><td><script>alert(1)</script>&lt;</td></tr></table></html>"
    )
    assert [cell.text for cell in table.cells] == ["a b", "1\n2", "alert(1)<"]
    assert table.cells[0].columns == 2


def test_html_spans_are_cut_to_the_grid() -> None:
    table = from_html(
        '<table><tr><td rowspan="9">a</td><td>b</td></tr><tr><td colspan="x">c</td></tr></table>'
    )
    assert table.cells[0].rows == 2
    assert covers_once(table)
    overlapping = '<table><tr><td>a</td><td rowspan="2">b</td></tr><tr><td colspan="3">c</td></tr>'
    assert covers_once(from_html(overlapping))


def test_a_runaway_span_does_not_fill_memory() -> None:
    rows = '<tr><td colspan="999999999" rowspan="99999">a</td></tr>' * 300
    assert covers_once(from_html(f"<table>{rows}</table>"))


def test_parse_goes_by_the_format() -> None:
    assert parse("<table><tr><td>a</td></tr></table>", "html").cells == (Cell("a", 0, 0),)
    assert parse("<table><tr><td>a</td></tr></table>", "text").cells == (Cell("a", 0, 0),)
    assert parse("<fcel>a<nl>", "otsl").cells == (Cell("a", 0, 0),)


def test_markdown_has_a_head() -> None:
    table = from_otsl("<fcel>a<fcel>b<nl><fcel>1<ecel><nl>")
    assert to_markdown(table, plain) == "| a | b |\n| --- | --- |\n| 1 |  |"


def test_latex_rows_have_as_many_columns_as_the_table() -> None:
    written = to_latex(from_otsl(SPANNED), plain)
    rows = [row for row in written.splitlines() if row.endswith("\\\\")]
    assert rows[0] == "\\multicolumn{2}{l}{\\multirow{2}{*}{A}} & B \\\\"
    assert rows[1] == "\\multicolumn{2}{l}{} & c \\\\"
    assert rows[2].count("&") == 2


@pytest.mark.parametrize("write", [to_latex, to_html, to_markdown, to_text, None])
def test_long_tables_are_written_in_a_moment(write) -> None:  # type: ignore[no-untyped-def]
    table = from_otsl("".join("<fcel>a" * 8 + "<nl>" for _ in range(2000)))
    begin = time.perf_counter()
    written = write(table, plain) if write else to_otsl(table)
    assert written.count("a") >= 16_000
    assert time.perf_counter() - begin < 10  # far less than the minutes of a grid for each row


def test_head_rows() -> None:
    def height(otsl: str) -> int:
        return head_height(from_otsl(otsl))

    assert height("<fcel>Item<fcel>Price<nl><fcel>x<fcel>4.50<nl>") == 1
    assert height("<fcel>Name<fcel>Duty<fcel>Since<nl><fcel>a<fcel>b<fcel>c<nl>") == 1
    assert height("<fcel>City<fcel>2019<fcel>2020<nl><fcel>a<fcel>1<fcel>2<nl>") == 1
    assert height("<fcel>A<lcel><fcel>B<nl><fcel>x<fcel>y<fcel>z<nl><fcel>1<fcel>2<fcel>3<nl>") == 2
    assert height("<fcel>Name<fcel>Smith<nl><fcel>Town<fcel>Ely<nl>") == 0  # names and values
    assert height("<fcel>1<fcel>2<nl><fcel>3<fcel>4<nl>") == 0
    assert height("<fcel>only<fcel>one<fcel>row<nl>") == 0


def test_plain_text_of_spans() -> None:
    assert to_text(from_otsl(SPANNED), plain) == "A\t\tB\n\t\tc\n1\t\t3"
