"""Layout by what the file of a page says: its words and rules, where the picture shows them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from mdocr.fragments.chains import NO_WORD, Letters, find_fragments
from mdocr.inputs.page_picture import PagePicture
from mdocr.inputs.pages import open_pages
from mdocr.parsing.line_reader.drafts import drafts_of, text_of_draft
from mdocr.parsing.line_reader.views import View, objects_of, view_of

LINES = [f"Line {number} of the harbour report, without a column beside it" for number in range(9)]


@pytest.fixture
def opened(tmp_path: Path) -> Callable[[pymupdf.Document], PagePicture]:
    def opened(document: pymupdf.Document) -> PagePicture:
        document.save(tmp_path / "a.pdf")
        with open_pages(tmp_path / "a.pdf", text=True) as pages:
            return pages.read(1)

    return opened


def written(lines: list[str] = LINES, mode: int = 0) -> pymupdf.Document:
    document = pymupdf.open()
    page = document.new_page()
    for number, line in enumerate(lines):
        page.insert_text((60, 300 + 20 * number), line, fontsize=11, render_mode=mode)
    return document


def view(sheet: PagePicture) -> View:
    return view_of(np.asarray(sheet.picture), layer=sheet.text)


def boxes(found: View) -> list[tuple[float, ...]]:
    return [tuple(line.box) for line in found.layout.lines]


def test_text_on_a_panel_that_is_nearly_as_dark_is_found(opened):
    document = written()
    page = document[0]
    page.draw_rect((60, 100, 400, 124), color=None, fill=(0.1, 0.38, 0.5))
    page.insert_text((70, 116), "Berths", fontsize=11)
    page.insert_text((300, 116), "Depth", fontsize=11)
    sheet = opened(document)
    assert sheet.text
    found = view(sheet)
    drafts = [text_of_draft(draft) for draft in drafts_of(found, sheet.text).values()]
    assert {"Berths", "Depth"} <= set(" ".join(drafts).split())
    berths = next(box for box in boxes(found) if box[1] < 400)
    assert berths[3] - berths[1] < 40  # a line, not the panel


@pytest.mark.parametrize(("word", "pieces"), [(NO_WORD, 2), (0, 1)])
def test_a_word_is_not_parted_by_a_wall(word, pieces):
    left = 12.0 * np.arange(10)
    letters = np.column_stack([left, np.zeros(10), left + 10, np.full(10, 16.0)])
    wall = np.array([[59.0, -50.0, 59.0, 50.0]])
    found = Letters(letters, np.full(10, 60.0), np.full(10, 2.0), np.full(10, word))
    assert len(find_fragments(found, 16.0, wall).boxes) == pieces


def test_faint_rules_make_a_table(opened):
    document = written(LINES[:3])
    page = document[0]
    for y in (100, 124, 148, 172):
        page.draw_line((60, y), (500, y), width=0.3, color=(0.9, 0.9, 0.9))
    for x in (60, 220, 500):
        page.draw_line((x, 100), (x, 172), width=0.3, color=(0.9, 0.9, 0.9))
    for row, y in enumerate((116, 140, 164)):
        page.insert_text((70, y), f"Berth {row}", fontsize=11)
        page.insert_text((225, y), f"{row + 4} metres at low tide", fontsize=11)
    sheet = opened(document)
    assert not any(one.cells for one in view_of(np.asarray(sheet.picture)).layout.regions)
    (table,) = [one for one in view(sheet).layout.regions if one.cells]
    assert len(table.cells) == 6


def test_edges_of_panels_are_no_rules(opened):
    document = written()
    for x in (60, 260):
        shade = (0, 0.6, 0.62)
        document[0].draw_rect((x, 100, x + 200, 160.4), color=shade, fill=shade, width=0.5)
    document[0].draw_line((60, 200), (460, 200), width=0.5, color=(0.9,) * 3)
    sheet = opened(document)
    assert sheet.text
    grey = np.asarray(sheet.picture.convert("L"))
    shown = objects_of(view(sheet), sheet.text).shown(grey, (grey < 128).astype(np.uint8))
    assert shown
    assert [round(float(y) * 72 / sheet.dpi) for _, y, _, _ in shown.rules] == [200]


@pytest.mark.parametrize("lie", ["invisible", "elsewhere"])
def test_a_scan_is_analysed_by_its_picture(opened, lie):
    pixels = written()[0].get_pixmap(dpi=200)
    document = written(mode=3 if lie == "invisible" else 0)
    page = document[0]
    box = page.rect
    box.y0, box.y1 = (0, box.y1) if lie == "invisible" else (7, box.y1 + 7)
    page.insert_image(box, pixmap=pixels)
    sheet = opened(document)
    assert sheet.text and len(sheet.text) > 100
    assert boxes(view(sheet)) == boxes(view_of(np.asarray(sheet.picture)))


def test_words_of_a_file(opened):
    document = pymupdf.open()
    document.new_page().insert_text((60, 100), "Sum 1,204.50 (net).....17", fontsize=11)
    sheet = opened(document)
    assert sheet.text
    found = objects_of(view(sheet), sheet.text)
    shown = [one for one in sheet.text.characters if one != " "]
    words: dict[int, str] = {}
    for character, word in zip(shown, found.words.tolist(), strict=True):
        words[word] = words.get(word, "") + character
    assert words.pop(NO_WORD) == "()....."
    assert list(words.values()) == ["Sum", "1,204.50", "net", "17"]


def test_a_page_whose_text_runs_up_is_turned_at_once(opened):
    document = pymupdf.open()
    page = document.new_page()
    for number, line in enumerate(LINES):
        page.insert_text((100 + 20 * number, 700), line, fontsize=11, rotate=90)
    sheet = opened(document)
    assert sheet.text and set(sheet.text.angles.tolist()) == {270}
    found = view_of(np.asarray(sheet.picture), 270, layer=sheet.text)
    drafts = [text_of_draft(draft) for draft in drafts_of(found, sheet.text).values()]
    assert drafts == LINES
