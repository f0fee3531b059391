"""Which lines are no text, and how sure the reader is of all it read."""

import math
import re
from collections.abc import Iterable, Sequence
from statistics import fmean

from mdocr.decoding.lexicon import is_plain
from mdocr.decoding.lexicons import load_lexicon
from mdocr.decoding.line_drafts import LEAST_CONFIDENCE
from mdocr.parsing.texts import Text

NOISE_CONFIDENCE = 0.9
"""The same for signs without a letter or digit, which is what specks and rules are read as."""

FEW = 100
"""Characters from which shares of a page mean something."""

_GREEK, _LATIN = "µ\u0370-\u03ff", "A-Za-zÀ-ÖØ-öø-ÿ"
JUMBLED = re.compile(
    rf"[a-zß-öø-ÿ][A-ZÀ-ÖØ-Þ]|[^\W\d_]\d+[^\W\d_]|[{_GREEK}][{_LATIN}]|[{_LATIN}][{_GREEK}]"
)
"""A capital after a small letter, a digit between letters, Greek beside Latin ones: in the words of
languages all are rare."""

WORD = re.compile(r"\w{3,}")

_WORD_OF_TWO = re.compile(r"[^\W_]*[^\W\d_][^\W_]+|[^\W_]+[^\W\d_][^\W_]*")
"""What has two letters and digits, and a letter."""

FEW_WORDS = 6
"""Words from which their share means something."""

FOREIGN, FEWEST_FOREIGN = 0.95, 3
"""Confidence of a line of such a script at most, and its words at least."""

NONSENSE, FEWEST_LETTERS = 0.8, 3
"""Confidence below which a line makes no sense, whatever its letters, and its letters and digits at
least: of 1250 lines of pages of all kinds with four or more, no line below was right."""

UNKNOWN, UNKNOWN_JUMBLED = 0.93, 0.97
"""Confidence of a word, below which one that no list has is likely of another script; and of one
that mixes letters."""

DOUBTFUL = 0.8
"""Confidence of a word that no list has below which it alone is likely wrong: few words that are
read right are below."""

FEWEST_UNKNOWN, SHARE_UNKNOWN = 2, 0.4
"""How many of these a line has at least, and as a share of its words."""

MOST_JUMBLED, OF_FEW = 0.25, 0.5
"""Share of the words of a text that mix letters as no language does from which its script is likely
none that the reader knows; of fewer words."""


def why_unread(line: Text, in_table: bool = False) -> str:
    """Why a line is no text: ``noise`` for a speck, ``unsure``; empty if it is one.

    Args:
        line: what was read.
        in_table: it stands alone in a cell, where a speck is rather a dash.
    """
    is_speck = not any(map(str.isalnum, line.content)) and not in_table
    if line.confidence >= (NOISE_CONFIDENCE if is_speck else LEAST_CONFIDENCE):
        return ""
    return "noise" if is_speck or not line.content else "unsure"


def is_noise(line: Text, in_table: bool = False) -> bool:
    """Whether a line is no text: the reader is unsure of it, or it is a speck."""
    return bool(why_unread(line, in_table))


def unread_share(lines: Sequence[Text]) -> float:
    """Share of the characters in lines that are no text, 0 to 1; 0 where there are few in all."""
    total = sum(len(line.content) for line in lines)
    noise = sum(len(line.content) for line in lines if is_noise(line))
    return noise / total if total >= FEW else 0.0


def jumbled_share(texts: Iterable[str], fewest: int = FEW_WORDS) -> float:
    """Share of the words that mix letters as no language does, 0 to 1; 0 where there are few.

    So look the letters of a script that the reader does not know, read as those that it knows.
    """
    words = [word for text in texts for word in WORD.findall(text)]
    jumbled = sum(bool(JUMBLED.search(word)) for word in words)
    return jumbled / len(words) if len(words) >= fewest else 0.0


def too_jumbled(texts: Sequence[str]) -> float:
    """That share, where it is too high for a language that the reader knows; else 0."""
    most = MOST_JUMBLED if jumbled_share(texts) else OF_FEW
    share = jumbled_share(texts, fewest=1)
    return share if share >= most else 0.0


def is_foreign(line: Text) -> bool:
    """Whether a line that was read makes no sense: one of another script on a page, say.

    It was read unsurely, its words mix letters as none do, or it has several words that are unsure
    and in no list.
    """
    if line.source != "read" or sum(map(str.isalnum, line.content)) < FEWEST_LETTERS:
        return False
    if line.confidence < NONSENSE:
        return True
    is_jumbled = jumbled_share([line.content], FEWEST_FOREIGN) >= OF_FEW
    return (line.confidence < FOREIGN and is_jumbled) or _has_unknown_words(line)


def doubtful_words(line: Text) -> list[str]:
    """Words of a line that was read which are likely wrong, as those of another script are."""
    return _unknown_words(line, DOUBTFUL) if line.source == "read" else []


def _has_unknown_words(line: Text) -> bool:
    unknown = len(_unknown_words(line, UNKNOWN))
    return unknown >= max(FEWEST_UNKNOWN, SHARE_UNKNOWN * len(line.content.split()))


def _unknown_words(line: Text, least: float) -> list[str]:
    """Words less sure than that, or less than ``UNKNOWN_JUMBLED`` if jumbled, that no list has."""
    if min(line.confidences, default=1.0) >= UNKNOWN_JUMBLED:
        return []
    scale = len(line.confidences) / max(1, len(line.content))  # blanks between pieces have none
    unsure = [
        match[0]
        for match in _WORD_OF_TWO.finditer(line.content)
        if fmean(_part(line.confidences, match.span(), scale)) < _least(match[0], least)
    ]
    return [word for word in unsure if not _is_listed(word)]


def _least(word: str, least: float) -> float:
    return UNKNOWN_JUMBLED if JUMBLED.search(word) else least


def _is_listed(word: str) -> bool:
    return is_plain(word) and load_lexicon("english").log_share(word.lower()) > -math.inf


def _part(confidences: Sequence[float], span: tuple[int, int], scale: float) -> Sequence[float]:
    start = min(int(scale * span[0]), len(confidences) - 1)
    return confidences[start : max(start + 1, round(scale * span[1]))]


def mean_confidence(lines: Iterable[Text]) -> float:
    """Mean confidence of the characters of all lines, 0 to 1; 0 where nothing was read."""
    weighted = [(len(line.content), line.confidence) for line in lines]
    total = sum(length for length, _ in weighted)
    return sum(length * sure for length, sure in weighted) / total if total else 0.0
