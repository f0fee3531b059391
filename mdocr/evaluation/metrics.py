"""Similarity of texts, formulas and reading orders, by rapidfuzz and sacrebleu."""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

from mdocr.document.latex.tokens import strip_delimiters, tokenize
from mdocr.errors import MissingExtraError

LEAST_ALIKE = 70
"""Percent of similarity from which a paragraph counts as found, for the reading order."""

_LAYOUT = re.compile(r"\\(?:displaystyle|textstyle|limits|nolimits|,|;|:|!|quad|qquad|\s)")
_GROUPED = re.compile(r"([_^])\{(\w)\}")


def plain(text: str) -> str:
    """Normalises a text for comparison: NFKC, white space collapsed."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def edits(read: str, true: str) -> int:
    """Levenshtein distance."""
    return int(rapidfuzz().distance.Levenshtein.distance(read, true))


def edit_similarity(read: str, true: str) -> float:
    """1 − edits ÷ length of the longer text; 1 for two empty texts."""
    return float(rapidfuzz().distance.Levenshtein.normalized_similarity(read, true))


def formula_similarity(read: str, true: str) -> float:
    """Edit similarity of two formulas over LaTeX tokens, without layout commands.

    OmniDocBench compares rendered formulas (CDM), which needs TeX.
    """
    similar = rapidfuzz().distance.Levenshtein.normalized_similarity
    return float(similar(formula_tokens(read), formula_tokens(true)))


def formula_tokens(latex: str) -> list[str]:
    """The normalised tokens of a formula, without layout commands."""
    bare = _GROUPED.sub(r"\1\2", strip_delimiters(latex))
    kept = (token for token in tokenize(bare) if not _LAYOUT.fullmatch(token.strip() or " "))
    return [re.sub(r"^\\(?:left|right|middle)\s*", "", token) for token in kept if token.strip()]


def order_distance(read: str, paragraphs: Sequence[str]) -> float:
    """Normalised edit distance of the reading order, 0 (equal) to 1.

    Every paragraph is searched in the whole predicted text; the order of the matches is compared
    with the true order by edit distance. A paragraph that is not found counts as missing.

    Args:
        read: predicted text of a page.
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
    return float(sacrebleu().corpus_bleu(list(read), [list(true)], force=True).score) / 100


def _place(paragraph: str, text: str) -> int:
    """Start of the best match of a paragraph in a text; -1 if there is none."""
    if not text:
        return -1
    found: Any = rapidfuzz().fuzz.partial_ratio_alignment(paragraph, text, score_cutoff=LEAST_ALIKE)
    if found is None:
        return -1
    return int(found.dest_start) if len(paragraph) <= len(text) else 0


def sacrebleu() -> ModuleType:
    """Imports sacrebleu; also called to raise before long work if it is missing.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import sacrebleu
    except ImportError as error:
        raise MissingExtraError("sacrebleu", "bench", "BLEU") from error
    return sacrebleu


@cache
def rapidfuzz() -> ModuleType:
    """Imports rapidfuzz; also called to raise before long work if it is missing.

    Raises:
        MissingExtraError: it is not installed.
    """
    try:
        import rapidfuzz.distance
        import rapidfuzz.fuzz
    except ImportError as error:
        raise MissingExtraError("rapidfuzz", "train", "Comparing texts") from error
    return rapidfuzz
