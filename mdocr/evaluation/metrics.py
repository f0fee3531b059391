"""How alike two texts, formulas and orders are; rapidfuzz and sacrebleu do the counting."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

from mdocr.document.latex.tokens import strip_delimiters, tokenize
from mdocr.errors import MissingExtraError

LEAST_ALIKE = 70
"""Percent by which a paragraph must be found again to count as read, for the reading order."""

_LAYOUT = re.compile(r"\\(?:displaystyle|textstyle|limits|nolimits|,|;|:|!|quad|qquad|\s)")
_GROUPED = re.compile(r"([_^])\{(\w)\}")


def plain(text: str) -> str:
    """A text as it is compared: NFKC, runs of white space as one blank."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def edits(read: str, true: str) -> int:
    """Characters to insert, delete or change."""
    return int(rapidfuzz().distance.Levenshtein.distance(read, true))


def edit_similarity(read: str, true: str) -> float:
    """1 less the edits over the length of the longer text; 1 for two empty texts."""
    return float(rapidfuzz().distance.Levenshtein.normalized_similarity(read, true))


def formula_similarity(read: str, true: str) -> float:
    """Edit similarity of two formulas' LaTeX, over tokens, layout commands left out.

    OmniDocBench compares formulas by how they look when set (CDM), which needs TeX.
    """
    similar = rapidfuzz().distance.Levenshtein.normalized_similarity
    return float(similar(formula_tokens(read), formula_tokens(true)))


def formula_tokens(latex: str) -> list[str]:
    """The tokens of a formula that say what it means, in one way of writing."""
    bare = _GROUPED.sub(r"\1\2", strip_delimiters(latex))
    kept = (token for token in tokenize(bare) if not _LAYOUT.fullmatch(token.strip() or " "))
    return [re.sub(r"^\\(?:left|right|middle)\s*", "", token) for token in kept if token.strip()]


def order_distance(read: str, paragraphs: Sequence[str]) -> float:
    """How far the order of paragraphs is from the true one, 0 (the same) to 1.

    Every paragraph is looked for in the whole text that was read; the order in which they are found
    is compared with their own by edit distance. One that is not found counts as left out.

    Args:
        read: the text of a page.
        paragraphs: those of the ground truth, in reading order.
    """
    wanted = [text for text in map(plain, paragraphs) if text]
    if not wanted:
        return 0.0
    places = [(_place(text, plain(read)), number) for number, text in enumerate(wanted)]
    found = [number for place, number in sorted(places) if place >= 0]
    edits = rapidfuzz().distance.Levenshtein.distance(found, list(range(len(wanted))))
    return float(edits) / len(wanted)


def bleu(read: Sequence[str], true: Sequence[str]) -> float:
    """Corpus BLEU of four grams, 0 to 1 (sacrebleu).

    Raises:
        MissingExtraError: sacrebleu is not installed.
    """
    try:
        import sacrebleu
    except ImportError as error:
        raise MissingExtraError("sacrebleu", "bench", "BLEU") from error
    return float(sacrebleu.corpus_bleu(list(read), [list(true)], force=True).score) / 100


def _place(paragraph: str, text: str) -> int:
    """Where a paragraph begins in a text; -1 if it is not found."""
    if not text:
        return -1
    found: Any = rapidfuzz().fuzz.partial_ratio_alignment(paragraph, text, score_cutoff=LEAST_ALIKE)
    if found is None:
        return -1
    return int(found.dest_start) if len(paragraph) <= len(text) else 0


@cache
def rapidfuzz() -> ModuleType:
    """What counts edits; also called to see whether it is there before long work.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import rapidfuzz.distance
        import rapidfuzz.fuzz
    except ImportError as error:
        raise MissingExtraError("rapidfuzz", "train", "Comparing texts") from error
    return rapidfuzz
