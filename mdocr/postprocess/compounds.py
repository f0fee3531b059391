"""Whether a hyphen at the end of a line belongs to its word, as English has its compounds.

A list of words decides: ``solu-tion`` is one word without its hyphen, ``long-term`` two with it.
"""

from functools import lru_cache

import numpy as np

from mdocr.decoding.lexicon import is_plain
from mdocr.decoding.lexicons import load_lexicon

COMMON = -11.0
"""Log share from which a part of two or three letters counts as a word, and not as a syllable."""

FAMILIAR = -12.0
"""Log share from which a word with "non" before it is one of its own, as nonsense is."""

ENOUGH = 5
"""Words of a document from which its language is judged."""

ENGLISH = 0.5
"""Share of them that the list knows, from which it is English."""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PREFIXES = _words("""
aero astro auto bio chemo cyber electro geo hydro hyper hypo infra inter intra iso macro mega meta
micro mono multi nano neuro over para photo physio poly pseudo psycho quasi radio semi spectro
stereo sub super supra techno tele thermo trans ultra under
""")
"""Combining forms, which are written without a hyphen."""


def is_compound(first: str, second: str, words: frozenset[str] = frozenset()) -> bool:
    """Whether two parts of an English word are joined by a hyphen.

    Args:
        first: before the hyphen at the end of the line; lower case, without other hyphens.
        second: the start of the next line; lower case.
        words: of the document, which tell whether it writes non-smoker or nonsmoker.
    """
    if first == "non":
        return _is_word(second) and not (_is_familiar(second) or any(map(_is_closed, words)))
    if first in ("re", "pre", "co", "semi", "anti") and first[-1] == second[:1]:
        return _log_share(second) > -np.inf  # re-elected, co-operate
    whole = _log_share(first + second) > -np.inf
    return not whole and first not in _PREFIXES and _is_word(first) and _is_word(second)


@lru_cache(maxsize=4)
def is_english(words: frozenset[str]) -> bool:
    """Whether a document's words are likely English; so they are if there are hardly any."""
    plain = [word for word in words if is_plain(word) and len(word) > 3]
    known = sum(_log_share(word) > -np.inf for word in plain)
    return len(plain) < ENOUGH or known >= ENGLISH * len(plain)


def _is_familiar(rest: str) -> bool:
    return _log_share(f"non{rest}") >= FAMILIAR


def _is_closed(word: str) -> bool:
    """Whether it has "non" before it, without a hyphen, where others have one."""
    rest = word.removeprefix("non")
    return 3 < len(rest) < len(word) and _is_word(rest) and not _is_familiar(rest)


def _is_word(part: str) -> bool:
    return _log_share(part) > (-np.inf if len(part) > 3 else COMMON)


def _log_share(word: str) -> float:
    """How common a word is; minus infinity for one that is not known."""
    return load_lexicon("english").log_share(word)
