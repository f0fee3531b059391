"""Marks that a file sets over their letters, as TeX's older fonts need."""

from pathlib import Path

import pymupdf
import pytest

from mdocr.inputs.text_layer import read_text_layer

SIZE = 12


def page_of(*signs: str, turn: int = 0) -> pymupdf.Page:
    """A line in which the mark of each pair, as in ``¨u`` or ``u¨``, is over its letter."""
    font = pymupdf.Font("tiro")
    page = pymupdf.open().new_page()
    writer, x = pymupdf.TextWriter(page.rect), 60.0
    for sign in signs:
        letter = max(sign, key=str.isalpha)
        width = font.text_length(letter, SIZE)
        for each in sign:
            shift = (width - font.text_length(each, SIZE)) / 2
            writer.append((x + shift, 90), each, font=font, fontsize=SIZE)
        x += width
    writer.write_text(page)
    page.set_rotation(turn)
    return page


def text_of(page: pymupdf.Page) -> str:
    layer = read_text_layer(page)
    assert layer is not None and len(layer) == len(layer.boxes) == len(layer.looks)
    return "".join(layer.characters)


@pytest.mark.parametrize("turn", [0, 90])
@pytest.mark.parametrize("mark", ["¨u", "u¨"])
def test_a_mark_over_a_letter_is_its_own(mark: str, turn: int) -> None:
    assert text_of(page_of("f", mark, "r", turn=turn)) == "für"


def test_marks_above_and_below_and_two_of_a_word() -> None:
    assert text_of(page_of("e´", "´e", "n")) == "één"
    assert text_of(page_of("f", "a", "c¸", "a", "d", "e")) == "façade"
    assert text_of(page_of("n", "a", "¨ı", "f")) == "naïf"


def test_a_mark_that_stands_alone_stays() -> None:
    assert text_of(page_of("a", "¨", "b")) == "a¨b"
    assert text_of(page_of("x", "´x", "x")).count("´") == 1  # there is no such letter


def test_a_mark_at_the_end_of_its_word_in_the_file(tmp_path: Path) -> None:
    page = page_of(*"Ubung")
    font = pymupdf.Font("tiro")
    shift = (font.text_length("U", SIZE) - font.text_length("¨", SIZE)) / 2
    page.insert_text((60 + shift, 87), "¨", fontsize=SIZE, fontname="tiro")
    assert text_of(page).strip() == "Übung"
