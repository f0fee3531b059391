"""Lists whose items begin with signs of any kind: as a picture, and by the characters of a PDF."""

import pymupdf
import pytest
from PIL import Image

import mdocr

ITEMS = (
    "Assisting in marketing, including the development of",
    "advertising and promotions, publications, workshops;",
    "Furnishing services and training for staff;",
    "Contributing accounting and bookkeeping services.",
)


def page_with(bullet: str) -> pymupdf.Document:
    document = pymupdf.open()
    sheet = document.new_page(width=420, height=200)
    writer = pymupdf.TextWriter(sheet.rect)
    signs, letters = pymupdf.Font("cjk"), pymupdf.Font("helv")
    for row, text in enumerate(ITEMS):
        writer.append((40, 60 + 16 * row), bullet, font=signs, fontsize=11)
        writer.append((60, 60 + 16 * row), text, font=letters, fontsize=11)
    for y, text in ((35, "The following services are offered:"), (145, "All are free of charge.")):
        writer.append((40, y), text, font=letters, fontsize=11)
    writer.write_text(sheet)
    return document


def list_of(document: mdocr.Document) -> list[str]:
    return [line for line in document.to_markdown().splitlines() if line.startswith("- ")]


@pytest.mark.parametrize("bullet", "▶✦☞■▪➔")
def test_signs_of_a_pdf_are_bullets(bullet: str):
    found = list_of(mdocr.parse(page_with(bullet).tobytes()))
    assert found == [f"- {text}" for text in ITEMS]


@pytest.mark.parametrize(("bullet", "mark"), [("■", ""), ("▪", ""), ("◯", "[ ] ")])
@pytest.mark.parametrize("as_picture", [False, True])
def test_filled_squares_are_bullets_and_rings_are_buttons(bullet: str, mark: str, as_picture: bool):
    document = page_with(bullet)
    if as_picture:
        pixels = document[0].get_pixmap(dpi=200)
        read = mdocr.parse(Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples))
    else:
        read = mdocr.parse(document.tobytes())
    assert list_of(read) == [f"- {mark}{text}" for text in ITEMS]
