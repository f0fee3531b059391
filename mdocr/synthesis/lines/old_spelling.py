"""Texts as they were spelt in old prints: the long s, German of the 18th and 19th century."""

import re

import numpy as np

from mdocr.preprocessing.line_charset import LONG_S
from mdocr.synthesis.corpora.sentences import Sentences
from mdocr.synthesis.lines.texts import cut

GERMAN = (
    (r"\bTeil", "Theil"),
    (r"teil\b", "theil"),
    (r"\b([Tt])(un|at|or|ür)\b", r"\1h\2"),
    (r"\b([Ss])ein\b", r"\1eyn"),
    (r"\b([Bb])ei\b", r"\1ey"),
    (r"ieren\b", "iren"),
    (r"nis\b", "niß"),
    (r"ss\b", "ß"),
    (r"ss(?=t\b)", "ß"),
)
"""Spellings of today and of then, each of which occurs in half of the texts."""


def draw_old_german(rng: np.random.Generator, sentences: Sentences, length: int) -> str:
    """Samples running text of about ``length`` characters in old spelling, with the long s."""
    language = "de" if "de" in sentences.paragraphs else sentences.language(rng)
    text = cut(rng, sentences.passage(rng, length + 30, language), length)
    for today, then in GERMAN:
        if rng.random() < 0.5:
            text = re.sub(today, then, text)
    return with_long_s(rng, text)


def with_long_s(rng: np.random.Generator, text: str) -> str:
    """The text with a long s where old prints have one: everywhere but at the end of a word.

    Before consonants other than t, p, c and another s it often ends a part of a compound, which
    only a dictionary could tell, so either is drawn there.
    """

    def long_or_round(match: "re.Match[str]") -> str:
        following = match.group(1)
        share = 0.35 if following.lower() in "bdfghklmnqrvwxz" else 0.97
        return LONG_S if rng.random() < share else "s"

    return re.sub(r"s(?=([^\W\d_]))", long_or_round, text)
