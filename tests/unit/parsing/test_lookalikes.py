"""Noughts and small letters that are capitals."""

import pytest

from mdocr.parsing.line_reader.lookalikes import with_capitals


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("0live oil 0.75 l", "Olive oil 0.75 l"),
        ("0ne of us", "One of us"),
        ("(0ktober 2024)", "(Oktober 2024)"),
        ("0 live", "0 live"),
        ("05 May, 0.5 and 0.5kg", "05 May, 0.5 and 0.5kg"),
        ("a 0day fault, 0th power", "a 0day fault, 0th power"),
        ("0xfeedbeef 0b1010 0cafebabe", "0xfeedbeef 0b1010 0cafebabe"),
        ("item_0live 10live", "item_0live 10live"),
        ("0LIVE", "0LIVE"),
    ],
)
def test_a_nought_before_small_letters_is_an_o(read: str, meant: str) -> None:
    assert with_capitals(read) == meant


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("IIl. Results", "III. Results"),
        ("VIl, Vll–IX, XIl", "VII, VII–IX, XII"),
        ("(VIIl) and Louis XlII", "(VIII) and Louis XIII"),
        ("IlI lII", "III III"),
        ("Il est ill. Ill, I’ll, Xl", "Il est ill. Ill, I’ll, Xl"),
        ("Vl_2 aIIl XII", "Vl_2 aIIl XII"),
    ],
)
def test_an_l_among_the_signs_of_a_numeral_is_one(read: str, meant: str) -> None:
    assert with_capitals(read) == meant
