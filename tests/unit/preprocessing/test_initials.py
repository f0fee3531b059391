"""Initials set into their first line."""

import cases
import numpy as np
import pymupdf
import pytest

from mdocr.preprocessing.initials import with_initials_in_line

LINES = [
    "n the harbour of the town",
    "the ferries lie at the old",
    "quay until the autumn, and",
    "the people of the islands come to the",
    "market twice a week, as they did then.",
]


def page(letter: str, beside: int = 3, size: float = 58) -> np.ndarray:
    def draw(sheet: pymupdf.Page) -> None:
        sheet.insert_text((40, 95), letter, fontsize=size, fontname="tiro")
        cases.paragraph(sheet, 90, 64, LINES[:beside], fontsize=10)
        cases.paragraph(sheet, 40, 64 + beside * 17.55, LINES[beside:], fontsize=10)

    return np.asarray(cases.picture_of(draw, (300, 200)))


@pytest.mark.parametrize("letter", ["H", "T", "O"])
def test_a_letter_that_lines_run_around_is_moved_to_the_first_of_them(letter):
    given = page(letter)
    made, (initial,) = with_initials_in_line(given)
    x0, y0, x1, y1 = initial.box
    assert (made[y0:y1, x0 : min(x1, initial.place[0])] > 200).all()
    left, top, right, bottom = initial.place
    assert bottom - top < 0.5 * (y1 - y0) and right < 92 / 72 * 200
    assert (made[top:bottom, left:right] < 128).any()


@pytest.mark.parametrize("letter", ["P", "B", "T"])
def test_a_small_letter_below_may_stand_farther_left(letter):
    """A large letter has more blank at its side than those of the lines below it."""

    def draw(sheet: pymupdf.Page) -> None:
        sheet.insert_text((50, 88), letter, fontsize=38)
        rest = ["EOPLE on the pier board from a", "bridge, and the old one will be kept"]
        cases.paragraph(sheet, 84, 70, rest)
        cases.paragraph(
            sheet, 50, 70 + 2 * 1.35 * cases.SIZE, ["for fishing boats. The mayor said"]
        )

    _, found = with_initials_in_line(np.asarray(cases.picture_of(draw, (420, 200))))
    assert len(found) == 1


@pytest.mark.parametrize("beside", [1, 5], ids=["of one line", "with no line below"])
def test_a_large_letter_elsewhere_stays(beside):
    given = page("H", beside)
    made, found = with_initials_in_line(given)
    assert made is given and not found


def test_a_light_letter_on_a_dark_tile_is_dark_in_its_line():
    def draw(sheet: pymupdf.Page) -> None:
        sheet.draw_rect((40, 55, 84, 99), fill=(0.1, 0.2, 0.3))
        sheet.insert_text((45, 93), "O", fontsize=44, fontname="tibo", color=(1, 1, 1))
        cases.paragraph(sheet, 90, 64, LINES[:3], fontsize=10)
        cases.paragraph(sheet, 40, 64 + 3 * 17.55, LINES[3:], fontsize=10)

    made, (initial,) = with_initials_in_line(np.asarray(cases.picture_of(draw, (300, 200))))
    left, top, right, bottom = initial.place
    tile = made[top:bottom, left:right].mean(axis=2)
    assert tile[0, 0] > 200 and tile[-1, -1] > 200 and (tile < 128).mean() > 0.1
    assert (made[initial.box[1] : initial.box[3], initial.box[0] : left] > 200).all()


def test_an_initial_may_end_above_the_last_line_beside_it():
    def draw(sheet: pymupdf.Page) -> None:
        sheet.insert_text((40, 106), "H", fontsize=70, fontname="tiro")
        cases.paragraph(sheet, 96, 64, LINES[:4], fontsize=10)
        cases.paragraph(sheet, 40, 64 + 4 * 17.55, LINES[4:], fontsize=10)

    _, found = with_initials_in_line(np.asarray(cases.picture_of(draw, (300, 200))))
    assert len(found) == 1
