"""Letters that print as one sign."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("cv2")
pytest.importorskip("fontTools")

from PIL import features

from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.common.glyphs import GlyphSheet, open_sheet
from mdocr.synthesis.common.joined import ALWAYS, LIGATURES, double_hyphen, signs, with_small_e


@pytest.fixture
def face(plain_fonts: Path) -> str:
    faces = [font.path for font in load_fonts([plain_fonts])]
    return next(path for path in faces if "Liberation" in path or "DejaVu" in path)


@pytest.fixture
def sheet(face: str) -> GlyphSheet:
    return open_sheet(face, 0, 40)


def test_signs_of_a_text():
    assert signs("Offizier, ſchädlich", LIGATURES) == [
        *("O", "ffi", "z", "i", "e", "r", ",", " ", "ſch", "ä", "d", "l", "i", "ch")
    ]
    assert signs("Office zuletzt", ALWAYS) == [*"Office zule", "tz", "t"]
    assert signs("a\tch", ()) == [*"a\tch"]


@pytest.mark.skipif(not features.check("raqm"), reason="this Pillow sets no ligatures (Raqm)")
def test_letters_without_a_ligature_stand_side_by_side(sheet: GlyphSheet):
    pair = sheet["ch"]
    assert abs(pair.advance - sheet["c"].advance - sheet["h"].advance) < 3
    assert pair.mask.shape[1] > sheet["h"].mask.shape[1]


def test_an_e_above_makes_an_umlaut_higher(face: str, sheet: GlyphSheet):
    umlaut = with_small_e(sheet, open_sheet(face, 0, 20), "ä")
    assert umlaut.top < sheet["ä"].top
    assert umlaut.advance == sheet["a"].advance
    blank = ~umlaut.mask.any(1)
    assert blank.sum() == 1, "one blank row parts the e from the vowel"


def test_the_hyphen_of_blackletter_has_two_strokes_that_rise(sheet: GlyphSheet):
    hyphen = double_hyphen(sheet)
    assert hyphen.mask.shape[1] < sheet["="].mask.shape[1]
    ink = hyphen.mask[:, hyphen.mask.shape[1] // 2] > 128
    assert np.count_nonzero(np.diff(np.concatenate(([0], ink, [0]))) == 1) == 2
    rows, columns = np.nonzero(hyphen.mask > 128)
    assert rows[columns < columns.mean()].mean() > rows[columns > columns.mean()].mean()
