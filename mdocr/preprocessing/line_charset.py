"""The character set of the line reader: Latin script and typographic signs.

Of look-alikes only one is included: µ, ∆, ∏ and ∑ also stand for the Greek letters.
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
"""In the order of their ids, without duplicates: the space, the other 94 of ASCII, the rest."""


def of_text(symbols: Iterable[str]) -> str:
    """Those of ``symbols`` that occur in texts, without those of the formula notation alone."""
    return "".join(symbol for symbol in symbols if symbol in PAGE_SYMBOLS)
