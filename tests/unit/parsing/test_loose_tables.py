"""Tables without rules whose columns turn out to be specks."""

from mdocr.layout import LayoutBox, LayoutCell, Line
from mdocr.parsing.line_reader.loose_tables import is_table, paragraphs
from mdocr.parsing.line_reader.tables import table_of
from mdocr.parsing.texts import Text


def cell(row: int, column: int, width: int = 90, lines: int = 1) -> LayoutCell:
    box = LayoutBox(100 * column, 20 * row, 100 * column + width, 20 * row + 10)
    return LayoutCell(row, column, 1, 1, box, (Line(box),) * lines)


BESIDE_SPECKS = tuple(cell(row, column) for row in range(4) for column in range(2))
PROSE = ["de ces Chevaliers", "", "qui retrouvent", "", "leur patrimoine", "1", "dans la", ""]
PRICES = ["Tea", "2.00", "Milk", "1.50", "Bread", "", "Total", "3.50"]


def test_a_column_of_specks_makes_no_table():
    assert not is_table(BESIDE_SPECKS, PROSE)
    assert not is_table(BESIDE_SPECKS, [""] * 8)
    assert is_table(BESIDE_SPECKS, PRICES)


def test_a_form_with_rules_is_a_table_though_nothing_is_filled_in():
    ruled = (cell(0, 0), cell(0, 1, lines=0), cell(1, 0), cell(1, 1, lines=0))
    assert is_table(ruled, ["Name", "Date"])


def test_lines_that_are_no_table_are_paragraphs():
    cells = (cell(0, 0, 90), cell(0, 1), cell(1, 0, 40), cell(2, 0, 88))
    assert paragraphs(cells, ["one", "", "two", "three"]) == [[0, 2], [3]]


def test_blank_columns_and_rows_are_left_out_where_no_rules_show_them():
    cells = (cell(0, 0), cell(0, 1), cell(1, 0), cell(2, 1), cell(2, 2))
    otsl = table_of(cells, [Text(), Text("a"), Text(), Text("b"), Text("c")])
    assert otsl == "<fcel>a<ecel><nl>\n<fcel>b<fcel>c<nl>"
    wide = (
        LayoutCell(0, 0, 1, 3, LayoutBox(0, 0, 9, 9), (Line(LayoutBox(0, 0, 9, 9)),)),
        *cells[3:],
    )
    assert table_of(wide, [Text("head"), Text("b"), Text("c")]).startswith("<fcel>head<lcel><nl>")
