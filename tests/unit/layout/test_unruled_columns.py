"""Tables with level rules alone, whose cells have several lines."""

import numpy as np
import pymupdf
from cases import picture_of

from mdocr.layout import Layout, analyse

COLUMNS = (30, 130, 260)
RECORDS = [
    ("set.union", "union(one, other)", ["Gives a set of all that", "is in one of the two."]),
    ("set.size", "size(one)", ["Counts what is in a set", "and skips empty ones,", "if any."]),
    ("set.empty", "empty(one)", ["Tells whether there is", "nothing in it."]),
    ("set.drop", "drop(one, item)", ["Takes an item out."]),
]


def _layout() -> Layout:
    """A table whose first two columns stand beside the middle of the third."""

    def draw(sheet: pymupdf.Page) -> None:
        y = 40.0
        for name, call, says in RECORDS:
            sheet.draw_line((25, y), (390, y), width=0.6)
            high = 12 * len(says) + 8
            for x, text in zip(COLUMNS, (name, call), strict=False):
                sheet.insert_text((x, y + high / 2 + 3), text, fontsize=10)
            for number, line in enumerate(says):
                sheet.insert_text((COLUMNS[2], y + 13 + 12 * number), line, fontsize=10)
            y += high
        sheet.draw_line((25, y), (390, y), width=0.6)

    return analyse(np.asarray(picture_of(draw, (420, 260), 200)))


def test_what_stands_between_two_rules_is_one_row_of_a_table() -> None:
    (table,) = _layout().regions
    found = {(cell.row, cell.column): len(cell.lines) for cell in table.cells}
    assert found == {
        (row, column): len(record[2]) if column == 2 else 1
        for row, record in enumerate(RECORDS)
        for column in range(3)
    }


def test_a_row_with_a_call_as_wide_as_two_columns_stays_in_its_table() -> None:
    def draw(sheet: pymupdf.Page) -> None:
        for number in range(5):
            y = 40.0 + 32 * number
            sheet.draw_line((25, y), (390, y), width=0.6)
            sheet.insert_text((30, y + 20), f"set.item{number}", fontsize=10)
            call = "append(one, other, and_more)" if number == 2 else "size(one)"
            sheet.insert_text((130, y + 20), call, fontsize=10)
            for line, text in enumerate(("Counts what is", "in a set of any.")):
                sheet.insert_text((290, y + 13 + 12 * line), text, fontsize=10)
        sheet.draw_line((25, 200), (390, 200), width=0.6)

    (table,) = analyse(np.asarray(picture_of(draw, (420, 260), 200))).regions
    assert [(c.row, c.column) for c in table.cells] == [(r, c) for r in range(5) for c in range(3)]


def _grouped() -> Layout:
    """A ruled table with a pair of columns between each two upright rules."""

    def draw(sheet: pymupdf.Page) -> None:
        sheet.draw_rect((25, 40, 390, 174), width=0.6)
        for x in (110, 250):
            sheet.draw_line((x, 40), (x, 174), width=0.6)
        sheet.draw_line((25, 70), (390, 70), width=0.6)
        sheet.insert_text((150, 58), "Non-smokers", fontsize=10)
        sheet.insert_text((300, 58), "Smokers", fontsize=10)
        for number in range(5):
            y = 88.0 + 20 * number
            sheet.draw_line((25, y + 6), (390, y + 6), width=0.6)
            sheet.insert_text((30, y), f"Group {number}", fontsize=10)
            for x, value in zip((125, 190, 265, 330), (1087, 2586, 981, 3571), strict=True):
                sheet.insert_text((x, y), f"{value + number},948", fontsize=10)

    return analyse(np.asarray(picture_of(draw, (420, 220), 200)))


def test_a_ruled_column_that_holds_two_is_two_below_one_head() -> None:
    (table,) = _grouped().regions
    places = {(cell.row, cell.column, cell.column_span): len(cell.lines) for cell in table.cells}
    heads = {(0, 0, 1): 0, (0, 1, 2): 1, (0, 3, 2): 1}
    assert places == heads | {(row, column, 1): 1 for row in range(1, 6) for column in range(5)}


def test_words_in_ruled_cells_are_no_columns() -> None:
    def draw(sheet: pymupdf.Page) -> None:
        for y in range(40, 201, 40):
            sheet.draw_line((25, y), (390, y), width=0.6)
        for x in (25, 110, 390):
            sheet.draw_line((x, 40), (x, 200), width=0.6)
        for number, text in enumerate(
            ("Take the next", "one set", "of all that", "there is in it")
        ):
            sheet.insert_text((30, 62 + 40 * number), f"Item {number}", fontsize=10)
            sheet.insert_text((120, 62 + 40 * number), text, fontsize=10)

    (table,) = analyse(np.asarray(picture_of(draw, (420, 240), 200))).regions
    assert {cell.column for cell in table.cells} == {0, 1}


def test_heads_over_pairs_of_columns_without_a_rule_between_them() -> None:
    def draw(sheet: pymupdf.Page) -> None:
        for y in (40, 70, 90, 110, 130, 150):
            sheet.draw_line((25, y), (395, y), width=0.6)
        for x in (25, 115, 395):
            sheet.draw_line((x, 40), (x, 150), width=0.6)
        for x in (185, 255, 325):
            sheet.draw_line((x, 70), (x, 150), width=0.6)
        sheet.insert_text((155, 58), "31 March 2010", fontsize=10)
        sheet.insert_text((295, 58), "30 June 2011", fontsize=10)
        for number in range(4):
            for x, text in {30: "Loans", 130: "4,15", 200: "25", 270: "3,92", 340: "24"}.items():
                sheet.insert_text((x, 84 + 20 * number), f"{text}{number}", fontsize=10)

    (table,) = analyse(np.asarray(picture_of(draw, (420, 200), 200))).regions
    heads = [
        (cell.column, cell.column_span, len(cell.lines)) for cell in table.cells if not cell.row
    ]
    assert heads == [(0, 1, 0), (1, 2, 1), (3, 2, 1)]


def test_labels_and_values_of_one_cell_stay_together() -> None:
    """Cut in two, all its labels would be read before its values."""

    def draw(sheet: pymupdf.Page) -> None:
        for y in (40, 110, 180, 250):
            sheet.draw_line((25, y), (395, y), width=0.6)
        for x in (25, 115, 395):
            sheet.draw_line((x, 40), (x, 250), width=0.6)
        for row in range(3):
            sheet.insert_text((30, 80 + 70 * row), f"Station {row}", fontsize=10)
            for line, (label, value) in enumerate((("Votes", "1087"), ("Ballots", "2586"))):
                y = 65 + 70 * row + 20 * line
                sheet.insert_text((130, y), label, fontsize=10)
                sheet.insert_text((260, y), value, fontsize=10)

    (table,) = analyse(np.asarray(picture_of(draw, (420, 290), 200))).regions
    assert {cell.column for cell in table.cells} == {0, 1}
    assert all(len(cell.lines) == 4 for cell in table.cells if cell.column == 1)
