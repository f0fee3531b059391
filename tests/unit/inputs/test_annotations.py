"""What lies over a page of a PDF and is no text of it."""

import logging
from pathlib import Path

import numpy as np
import pymupdf
import pytest

from mdocr import parse
from mdocr.inputs.pages import open_pages


def annotated(path: Path, rotation: int = 0) -> Path:
    """A line with a note, a remark to a word, free text, an attached file, and two fields."""
    with pymupdf.open() as document:
        page = document.new_page(width=400, height=300)
        page.insert_text((50, 100), "The harbour opened on Tuesday.", fontsize=14)
        page.add_text_annot((60, 92), "Which harbour?")
        marked = page.add_underline_annot(page.search_for("Tuesday")[0])
        marked.set_info(content="12 May")
        page.add_highlight_annot(page.search_for("opened")[0])
        page.add_freetext_annot((50, 120, 250, 140), "seen by all", fontsize=14)
        page.add_file_annot((300, 200), b"1,2", "sums.csv")
        for name, value, top in ("given", "41.7 million", 160), ("empty", "", 200):
            field = pymupdf.Widget()
            field.field_name, field.field_value = name, value
            field.field_type = pymupdf.PDF_WIDGET_TYPE_TEXT
            field.rect, field.text_fontsize = pymupdf.Rect(50, top, 180, top + 20), 12
            field.border_color, field.border_width = (0, 0, 0), 1
            page.add_widget(field)
        page.set_rotation(rotation)
        document.save(path)
    return path


def said(path: Path) -> list[tuple[str, str]]:
    (page,) = open_pages(path, text=True)
    return [(one.reason, one.text) for one in page.beside]


def test_comments_and_attached_files_are_told(tmp_path: Path) -> None:
    found = [("comment", "Which harbour?"), ("comment", "12 May"), ("attachment", "sums.csv")]
    assert said(annotated(tmp_path / "a.pdf")) == found


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_they_are_told_where_they_are_seen(tmp_path: Path, rotation: int) -> None:
    (page,) = open_pages(annotated(tmp_path / "a.pdf", rotation), text=True)
    (box,) = (one.box for one in page.beside if one.text == "12 May")
    with pymupdf.open(tmp_path / "a.pdf") as document:
        seen = document[0].search_for("Tuesday")[0] * document[0].rotation_matrix
    middle = (seen.x0 + seen.x1) / 2 / page.width, (seen.y0 + seen.y1) / 2 / page.height
    assert box.x0 < middle[0] < box.x1 and box.y0 < middle[1] < box.y1


def test_icons_and_empty_fields_are_not_on_the_picture(tmp_path: Path) -> None:
    (page,) = open_pages(annotated(tmp_path / "a.pdf"), dpi=72, text=True)
    pixels = np.asarray(page.picture.convert("L"))
    assert (pixels[155:185, 50:180] < 128).any()
    assert (pixels[195:] > 250).all(), "the frame of the empty field, or the icon of the file"


def test_what_is_read_is_what_stands_below_them(tmp_path: Path) -> None:
    document = parse(annotated(tmp_path / "a.pdf"), model="lite", device="cpu")
    text = " ".join(document.to_text().split())
    assert text == "The harbour opened on Tuesday. seen by all 41.7 million"
    unread = [(one.reason, one.text) for one in document.pages[0].unread]
    assert unread == said(tmp_path / "a.pdf")


def test_files_that_a_document_carries_are_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pymupdf.open() as document:
        document.new_page()
        document.embfile_add("factur-x.xml", b"<a/>")
        document.save(tmp_path / "a.pdf")
    with caplog.at_level(logging.WARNING):
        assert said(tmp_path / "a.pdf") == []
    assert "carries files, which are not read: factur-x.xml" in caplog.text
