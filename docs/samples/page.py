"""Writes page.pdf and page.png: the opening of Faraday's lectures on a candle.

The text is in the public domain. Run from the root of the project: python docs/samples/page.py
"""

from pathlib import Path

import pymupdf

PAPER = pymupdf.paper_rect("a5")
MARGIN = 42  # points
DPI = 150
"""Of the picture."""

TEXT = """
<h1>The Chemical History of a Candle</h1>
<p class="by">Michael Faraday, London 1861</p>
<h2>Lecture I</h2>
<p>I purpose, in return for the honour you do us by coming to see what are our proceedings here, to
bring before you, in the course of these lectures, the Chemical History of a Candle. I have taken
this subject on a former occasion; and were it left to my own will, I should prefer to repeat it
almost every year: so abundant is the interest that attaches itself to the subject, so wonderful are
the varieties of outlet which it offers into the various departments of philosophy.</p>
<p>There is not a law under which any part of this universe is governed which does not come into
play, and is touched upon in these phenomena. There is no better, there is no more open door by
which you can enter into the study of natural philosophy, than by considering the physical phenomena
of a candle.</p>
<h2>The Course</h2>
"""
LECTURES = (
    ("Lecture", "Subject", "Product"),
    ("1", "The flame: its sources and brightness", "light"),
    ("2", "Air necessary for combustion", "water"),
    ("3", "Water from the combustion", "hydrogen"),
    ("4", "Hydrogen in the candle", "oxygen"),
    ("5", "Nature of the atmosphere", "carbonic acid"),
    ("6", "Respiration and its analogy to burning", "charcoal"),
)
STYLE = """
body { font-family: serif; font-size: 10pt; text-align: justify; }
h1 { font-size: 16pt; text-align: center; }
h2 { font-size: 12pt; }
p.by { text-align: center; font-style: italic; }
"""
COLUMNS = (50, 200, 86)
"""Widths of the table's columns, in points."""
ROW = 18
"""Height of its rows, in points."""


def main() -> None:
    """Sets the page, and draws the picture from it."""
    document = pymupdf.open()
    page = document.new_page(width=PAPER.width, height=PAPER.height)
    margins = pymupdf.Rect(MARGIN, MARGIN, -MARGIN, -MARGIN)
    frame = PAPER + margins
    left_over, _ = page.insert_htmlbox(frame, TEXT, css=STYLE, scale_low=1)
    draw_table(page, frame.x0, frame.y1 - left_over + ROW / 2)
    document.set_metadata({"title": "The Chemical History of a Candle", "author": "M. Faraday"})
    document.subset_fonts()
    path = Path(__file__).with_suffix(".pdf")
    document.save(path, garbage=4, deflate=True, no_new_id=True)
    page.get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY).save(path.with_suffix(".png"))


def draw_table(page: pymupdf.Page, left: float, top: float) -> None:
    """A ruled table of the lectures."""
    for number, cells in enumerate(LECTURES):
        x, y = left, top + number * ROW
        font = "times-bold" if number == 0 else "times-roman"
        for width, cell in zip(COLUMNS, cells, strict=True):
            page.draw_rect((x, y, x + width, y + ROW), width=0.6)
            page.insert_text((x + 5, y + 12.5), cell, fontname=font, fontsize=10)
            x += width


if __name__ == "__main__":
    main()
