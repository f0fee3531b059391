"""Characters that the lite page reader knows: Latin script, and the signs of print.

Of signs that look alike one is known: µ and ∆ ∏ ∑ stand for the Greek letters as well.
"""

import string
from collections.abc import Iterable

LATIN = (
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "ĄąĆćČčĎďĘęĚěŁłŃńŇňŐőŒœŘřŚśŠšŤťŮůŰűŸŹźŻżŽžſ"
)
PUNCTUATION = "–—‘’‚“”„«»‹›…•·†‡§¶¿¡©®™°"
MONEY = "€£¥¢"
SMALL = "ªº¹²³₂½¼¾"
MATHEMATICS = "±×÷−≤≥≠≈≡∞∈√∑∏∫∂∇∆→←↑↓⇒¬µ"
GREEK = "ΓΘΛΦΨΩαβγδεζηθκλνξπρστφχψω"
MARKS = "□■☐☑✓▪●○►"

PAGE_SYMBOLS = (
    " "
    + string.digits
    + string.ascii_lowercase
    + string.ascii_uppercase
    + string.punctuation
    + LATIN
    + PUNCTUATION
    + MONEY
    + SMALL
    + MATHEMATICS
    + GREEK
    + MARKS
)
"""Each once, in the order of their ids; the space first, then the other 94 of ASCII."""


def of_text(symbols: Iterable[str]) -> str:
    """Those of a reader's characters that stand in texts, not in notations of formulas alone."""
    return "".join(symbol for symbol in symbols if symbol in PAGE_SYMBOLS)
