"""Rules under the words of a line are taken out; underscores on them are not."""

from pathlib import Path

import numpy as np
import pymupdf
import pytest
from PIL import Image

from mdocr.inputs.pages import open_pages
from mdocr.layout import analyse, cut
from mdocr.options import ParseOptions
from mdocr.parsing.line_reader.strips import glyphs, ink_mask
from mdocr.parsing.line_reader.underlines import without_underlines
from mdocr.parsing.loading import load_parser

SIZE = 14


def page(path: Path, text: str, *, below: float | None = None, font: str = "tiro") -> Path:
    """A page with one line of text, over a rule ``below`` its base line, in points."""
    with pymupdf.open() as document:
        sheet = document.new_page(width=420, height=200)
        sheet.insert_text((40, 90), text, fontsize=SIZE, fontname=font)
        if below is not None:
            end = 40 + pymupdf.get_text_length(text, fontname=font, fontsize=SIZE)
            sheet.draw_line((40, 90 + below), (end, 90 + below), width=0.7)
        document.save(path)
    return path


def picture_of(path: Path) -> Image.Image:
    return next(open_pages(path)).picture


def strip(path: Path) -> np.ndarray:
    pixels = np.asarray(picture_of(path))
    lines = analyse(pixels).lines
    return cut(pixels, max(lines, key=lambda line: line.box.width))


@pytest.mark.parametrize("below", [2.0, 2.6, 3.2])
def test_an_underline_is_taken_out(tmp_path, below):
    text = "Passengers board from a bridge"
    ruled = strip(page(tmp_path / "a.pdf", text, below=below))
    plain = strip(page(tmp_path / "b.pdf", text))
    cleared = without_underlines(ruled)
    letters = len(glyphs(ink_mask(plain)))
    assert abs(len(glyphs(ink_mask(cleared))) - letters) <= 3
    assert len(glyphs(ink_mask(ruled))) < letters / 2


@pytest.mark.parametrize(
    "text",
    ["HILFE minim mum", "No ZZZZ 2222", "Well — or not —— at all", "a_file_name.txt", "1 = 2"],
)
def test_serifs_dashes_and_underscores_stay(tmp_path, text):
    for font in ("tiro", "tibo", "cour"):
        pixels = strip(page(tmp_path / "a.pdf", text, font=font))
        assert without_underlines(pixels) is pixels


def test_blanks_to_be_filled_stay():
    pixels = np.full((40, 300, 3), 255, np.uint8)
    pixels[8:30, 10:20] = 0  # a letter
    pixels[30:32, 40:280] = 0
    assert without_underlines(pixels) is pixels


def test_underscores_on_an_underline_are_read(tmp_path):
    text = "example.org/tide_tables/2024 and my_file.txt"
    parser = load_parser("lite", device="cpu")
    document = parser.parse(picture_of(page(tmp_path / "a.pdf", text, below=2.2)), ParseOptions())
    assert document.to_text().strip() == text
