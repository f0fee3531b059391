"""Capitals of which small letters or digits look alike."""

import re
from math import inf

from mdocr.decoding.lexicons import load_lexicon

LONG = 5
"""Letters behind a nought from which it is an O, whether the word is known or not."""

_NOUGHT = re.compile(r"(?<!\w)0(?![xob])([^\W\d_]{2,})(?!\w)")
_NUMERAL = re.compile(r"(?<![\w'’])(?:[IVX]{2,3}l{1,2}|[VX][Il]{2,3}|lII|IlI)(?![\w'’])")
"""Roman numerals that hold an l; ``Il`` and ``Ill`` are words."""

_OF_HEXADECIMALS = frozenset("abcdef")


def with_capitals(text: str) -> str:
    """The text with an O where a word of small letters would begin with a nought, and Roman I.

    Numbers in other bases, which begin with a nought too, stay.
    """
    return _NUMERAL.sub(lambda match: match[0].replace("l", "I"), _NOUGHT.sub(_mended, text))


def _mended(match: re.Match[str]) -> str:
    rest = match[1]
    if not rest.islower() or _OF_HEXADECIMALS.issuperset(rest):
        return match[0]
    is_word = len(rest) >= LONG or load_lexicon("english").log_share(f"o{rest}") > -inf
    return f"O{rest}" if is_word else match[0]
