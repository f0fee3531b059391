r"""Texts of lines that are not sentences: numbers, forms, tables, lists, code, references.

Each fills a pattern of ``entries.txt``: ``{name}`` is one of the alternatives of that name,
``{word}``, ``{Word}`` and ``{WORD}`` are words, ``#`` is a digit, and ``\t`` a wide gap, which
becomes a tab of the text.
"""

import functools
import re
import string
from collections.abc import Callable
from importlib import resources

import numpy as np

from mdocr.preprocessing.line_charset import PAGE_SYMBOLS
from mdocr.synthesis.corpora.sentences import Sentences

SHARES = {
    "cell": 14,
    "heading": 8,
    "statement": 7,
    "labelled": 6,
    "citation": 6,
    "price": 5,
    "date": 5,
    "listed": 5,
    "receipt": 5,
    "blank": 4,
    "leader": 4,
    "formula": 5,
    "signed": 10,
    "marked": 16,
    "integer": 3,
    "decimal": 3,
    "street": 3,
    "phone": 3,
    "email": 3,
    "url": 3,
    "code": 3,
    "percent": 2,
    "time": 2,
    "city": 2,
    "box": 2,
    "page": 2,
    "title": 2,
    "Name": 2,
}
"""Weights of the kinds of entries."""
ALONE = frozenset({"statement", "leader", "heading", "blank", "page", "signed"})
"""Kinds that rarely share a line."""
GAPS = ("\t", "\t", "\t", "\t", " ", ", ", "; ", " / ", " | ")
CASES: dict[str, Callable[[str], str]] = {"word": str, "Word": str.title, "WORD": str.upper}

_SLOT = re.compile(r"\{(\w+)\}|#")
_KINDS = tuple(SHARES)
_RUNNING = np.cumsum(list(SHARES.values())) / sum(SHARES.values())


def draw_entry(rng: np.random.Generator, sentences: Sentences, length: int) -> str:
    """Samples an entry of about ``length`` characters; short ones are put side by side."""
    kind = _KINDS[min(int(np.searchsorted(_RUNNING, rng.random())), len(_KINDS) - 1)]
    language = sentences.language(rng)
    text = fill(rng, f"{{{kind}}}", sentences, language)
    while len(text) < 0.7 * length and not (kind in ALONE and rng.random() < 0.6):
        gap = GAPS[int(rng.random() * len(GAPS))]
        text += gap + fill(rng, f"{{{kind}}}", sentences, language)
    return text


def fill(rng: np.random.Generator, pattern: str, sentences: Sentences, language: str) -> str:
    """Fills the slots of a pattern."""

    def choose(slot: "re.Match[str]") -> str:
        name = slot.group(1)
        if name is None:
            return string.digits[int(rng.random() * 10)]
        if name in CASES:
            return CASES[name](sentences.word(rng, language).split("'")[0])
        alternatives = load_patterns()[name]
        return fill(rng, alternatives[int(rng.random() * len(alternatives))], sentences, language)

    return _SLOT.sub(choose, pattern)


@functools.cache
def load_patterns() -> dict[str, tuple[str, ...]]:
    """The alternatives of each name, from ``entries.txt``."""
    text = resources.files(__package__).joinpath("entries.txt").read_text("utf-8")
    joined = re.sub(r"\n\s+", " ", re.sub(r"(?m)^#.*\n", "", text)).replace("\\t", "\t")
    patterns = {
        "A": tuple(string.ascii_uppercase),
        "a": tuple(string.ascii_lowercase),
        "open": ("{",),
        "close": ("}",),
        "bar": ("|",),
        "sign": tuple(symbol for symbol in PAGE_SYMBOLS if not symbol.isalnum() and symbol != " "),
        "letter": tuple(symbol for symbol in PAGE_SYMBOLS if symbol.isalpha()),
        "capital": tuple(s for s in PAGE_SYMBOLS if s.isupper() and not s.isascii()),
        "accented": tuple(s for s in PAGE_SYMBOLS if s.islower() and not s.isascii()),
    }
    for line in joined.splitlines():
        if line.strip():
            name, alternatives = line.split(" = ", 1)
            patterns[name] = tuple(each.strip(" ") for each in alternatives.split(" ¦ "))
    return patterns
