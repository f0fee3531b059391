"""Noughts that are capitals."""

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
