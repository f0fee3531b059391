"""Labels at the left of a ruled table, outside of its rules."""

import numpy as np
import pymupdf
from cases import picture_of

from mdocr.layout import Layout, analyse

ROWS, STEP, TOP = 6, 22, 40


def _layout(labels: dict[float, str], notes: dict[float, str] | None = None) -> Layout:
    """A ruled table of numbers, and texts at the left of it, by their heights in rows."""

    def draw(sheet: pymupdf.Page) -> None:
        for number in range(ROWS + 1):
            y = TOP + STEP * number
            sheet.draw_line((200, y), (400, y), width=0.6)
        for x in (200, 300, 400):
            sheet.draw_line((x, TOP), (x, TOP + ROWS * STEP), width=0.6)
        for row in range(ROWS):
            for x in (220, 320):
                sheet.insert_text((x, TOP + STEP * row + 15), f"{row + 1},{x}", fontsize=10)
        for x, texts in ((100, labels), (20, notes or {})):
            for height, text in texts.items():
                sheet.insert_text((x, TOP + STEP * height + 15), text, fontsize=10)

    return analyse(np.asarray(picture_of(draw, (430, 220), 200)))


def _columns(layout: Layout) -> set[int]:
    (table,) = (region for region in layout.regions if region.type == "table")
    return {cell.column for cell in table.cells}


def test_labels_beside_the_rows_are_a_column_of_the_table():
    labels = {
        row: text for row, text in enumerate(("Salaries", "Travel", "Rent", "", "Phone", "Sum"))
    }
    layout = _layout({row: text for row, text in labels.items() if text})
    (table,) = layout.regions
    heads = [len(cell.lines) for cell in table.cells if cell.column == 0]
    assert _columns(layout) == {0, 1, 2}
    assert heads == [1, 1, 1, 0, 1, 1]


def test_numbers_of_a_scale_stand_on_the_rules_and_are_no_labels():
    assert _columns(_layout({row - 0.5: f"{100 * row}" for row in range(1, ROWS)})) == {0, 1}


def test_text_of_several_pieces_a_row_is_no_column_of_labels():
    texts = {row: "copy" for row in range(ROWS)}
    assert _columns(_layout(texts, texts)) == {0, 1}


def test_few_labels_are_none():
    assert _columns(_layout({1: "Salaries", 3: "Rent"})) == {0, 1}
