"""Texts of word images: words by frequency, words of signs, numbers, codes, addresses."""

import logging
import string
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mdocr.errors import InputError, reason_of
from mdocr.models.charset import ENGLISH
from mdocr.synthesis.corpora.signs import (
    FALLBACK,
    NAMES,
    SIGNS,
    TEMPLATES,
    TRADES,
)

logger = logging.getLogger(__name__)

SCOWL = Path("/usr/share/dict/scowl")
LONGEST = 25
FEW = 6
SHARES = {
    "words.10": 0.26,
    "words.20": 0.16,
    "words.35": 0.22,
    "words.40": 0.05,
    "words.50": 0.08,
    "words.55": 0.02,
    "words.60": 0.03,
    "words.70": 0.03,
    "proper-names.50": 0.11,
    "upper.50": 0.03,
    "abbreviations.50": 0.01,
}
"""Probability of each frequency class of SCOWL (10 holds the most common words)."""
POSSESSIVE = 0.1
"""Relative weight of words with an apostrophe: the lists hold one for every noun."""
RARER = 0.5
"""Relative weight of names and words of trades beside the most common words of signs."""
REGIONS = ("english", "american", "british")
ENDINGS = (
    *(".com", ".com", ".com", ".com", ".com", ".com", ".org", ".net", ".co.uk", ".de", ".info"),
    *(".edu", ".tv", ".cn", ".nl", ".in", ".ca", ".fr", ".gov"),
)
LONG = 13
"""Length from which texts are often web addresses or several words joined."""
LETTERS_AND_DIGITS = string.ascii_letters + string.digits
PLATE = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class WordList:
    """Words of one length, with their cumulative weights."""

    words: tuple[str, ...]
    cumulative: NDArray[np.float64]

    def draw(self, rng: np.random.Generator) -> str:
        """Samples a word by weight."""
        return self.words[int(np.searchsorted(self.cumulative, rng.random(), side="right"))]


@dataclass(frozen=True)
class Vocabulary:
    """Samples texts of a given length.

    Attributes:
        words: lexicon words by length.
        signs: words of signs and shops by length.
        templates: patterns of numbers and codes by length.
    """

    words: Mapping[int, WordList]
    signs: Mapping[int, WordList]
    templates: Mapping[int, WordList]

    def draw(self, rng: np.random.Generator, length: int) -> str:
        """Samples a text without spaces of about ``length`` characters, 1 to 25."""
        long = length >= LONG and rng.random() < 0.7
        chance = rng.random()
        make = next(make for limit, make in (LONG_MAKERS if long else MAKERS) if chance < limit)
        return make(self, rng, max(1, min(length, LONGEST)))[:LONGEST]

    def word(self, rng: np.random.Generator, length: int) -> str:
        """Samples a lexicon word."""
        return _nearest(self.words, length).draw(rng)

    def sign(self, rng: np.random.Generator, length: int) -> str:
        """Samples a word of signs and shops; of the lexicon if there are few of that length."""
        signs = self.signs.get(length)
        return signs.draw(rng) if signs and len(signs.words) >= FEW else self.word(rng, length)

    def number(self, rng: np.random.Generator, length: int) -> str:
        """Samples a number, price, time, telephone number, plate or code."""
        return "".join(_fill(symbol, rng) for symbol in _nearest(self.templates, length).draw(rng))


class OwnWords(Vocabulary):
    """Samples words of a list, and nothing else."""

    def draw(self, rng: np.random.Generator, length: int) -> str:
        """Samples a word of about ``length`` characters."""
        return set_case(rng, self.word(rng, length))


def load_words(file: Path) -> OwnWords:
    """Words of a text file, one a line; those of other characters or too long are left out.

    Raises:
        InputError: the file cannot be read, or no word is left.
    """
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read the words {file}: {reason_of(error)}",
            "Give a UTF-8 text file with one word per line.",
        ) from error
    words = [word for word in map(str.strip, lines) if 0 < len(word) <= LONGEST]
    known = [word for word in words if all(sign in ENGLISH for sign in word)]
    if not known:
        raise InputError(
            f"{file} has no word of at most {LONGEST} ASCII characters",
            "Write one word per line, letters without accents.",
        )
    if len(known) < len(words):
        logger.warning("words left out for their other characters: %d", len(words) - len(known))
    return OwnWords(_by_length(dict.fromkeys(known, 1.0)), {}, {})


def load_vocabulary(folder: Path = SCOWL) -> Vocabulary:
    """Words of the SCOWL lists in ``folder`` (Debian package ``scowl``), or built-in ones."""
    weights: dict[str, float] = {}
    for name, share in SHARES.items():
        found = sorted(read_lists(folder, name))
        total = sum(POSSESSIVE if "'" in word else 1.0 for word in found)
        for word in found:
            weight = (POSSESSIVE if "'" in word else 1.0) * share / total
            weights[word] = weights.get(word, 0.0) + weight
    if not weights:
        logger.warning("no word lists in %s (Debian package scowl): using a small list", folder)
        weights = dict.fromkeys(FALLBACK, 1.0)
    return Vocabulary(
        _by_length(weights),
        _by_length(dict.fromkeys((*NAMES, *TRADES), RARER) | dict.fromkeys(SIGNS, 1.0)),
        _by_length(dict.fromkeys(TEMPLATES, 1.0)),
    )


def read_lists(folder: Path, name: str) -> set[str]:
    """Words of a frequency class in all regions, without those outside the charset."""
    found: set[str] = set()
    kind, level = name.split(".")
    for region in REGIONS:
        file = folder / f"{region}-{kind}.{level}"
        if file.is_file():
            found.update(file.read_text("utf-8", errors="replace").split())
    return {word for word in found if len(word) <= LONGEST and all(s in ENGLISH for s in word)}


def _by_length(weights: Mapping[str, float]) -> dict[int, WordList]:
    groups: dict[int, list[str]] = {}
    for word in weights:
        groups.setdefault(len(word), []).append(word)
    return {length: _weigh(group, weights) for length, group in sorted(groups.items())}


def _weigh(group: Iterable[str], weights: Mapping[str, float]) -> WordList:
    words = tuple(sorted(group))
    cumulative = np.cumsum([weights[word] for word in words])
    cumulative /= cumulative[-1]
    cumulative[-1] = 1.0
    return WordList(words, cumulative)


def _nearest(groups: Mapping[int, WordList], length: int) -> WordList:
    return groups.get(length) or groups[min(groups, key=lambda other: abs(other - length))]


def _pick(rng: np.random.Generator, symbols: str) -> str:
    return symbols[int(rng.random() * len(symbols))]


def _fill(symbol: str, rng: np.random.Generator) -> str:
    if symbol == "#":
        return _pick(rng, string.digits)
    if symbol == "^":
        return _pick(rng, string.ascii_uppercase)
    return _pick(rng, string.ascii_lowercase) if symbol == "_" else symbol


def set_case(rng: np.random.Generator, word: str) -> str:
    """UPPER 45 %, Capitalised 25 %, unchanged (mostly lower) 25 %, mIxed 5 %."""
    chance = rng.random()
    if chance < 0.45:
        return word.upper()
    if chance < 0.70:
        return word[:1].upper() + word[1:]
    if chance < 0.95:
        return word
    return "".join(s.upper() if rng.random() < 0.5 else s.lower() for s in word)


def _word(vocabulary: Vocabulary, rng: np.random.Generator, length: int) -> str:
    return set_case(rng, vocabulary.word(rng, length))


def _sign(vocabulary: Vocabulary, rng: np.random.Generator, length: int) -> str:
    return set_case(rng, vocabulary.sign(rng, length))


def _number(vocabulary: Vocabulary, rng: np.random.Generator, length: int) -> str:
    return vocabulary.number(rng, length)


def _punctuated(vocabulary: Vocabulary, rng: np.random.Generator, length: int) -> str:
    """A word with punctuation before or after it."""
    if rng.random() < 0.7:
        return _word(vocabulary, rng, length - 1) + _pick(rng, "....,,,!!!??::;%*)'\"-/")
    before, behind = ("()", '""', "''", "[]", "@ ", "# ", "& ", "- ", "{}", "<>", "/ ", "* ")[
        int(rng.random() * 12)
    ]
    word = _word(vocabulary, rng, length - 1 - (behind != " "))
    return (before + word + behind).strip()


def _joined(vocabulary: Vocabulary, rng: np.random.Generator, length: int) -> str:
    """Two words joined, with or without punctuation between them."""
    first = max(1, int(length * rng.uniform(0.2, 0.7)))
    case = rng.random()
    words = [vocabulary.word(rng, part) for part in (first, max(1, length - 1 - first))]
    if case < 0.5:
        words = [word.upper() for word in words]
    elif case < 0.8:
        words = [word.capitalize() for word in words]
    mark = "" if rng.random() < 0.25 else _pick(rng, "--------&&&&''//..+_:,|=~")
    return mark.join(words)


def _address(vocabulary: Vocabulary, rng: np.random.Generator, length: int) -> str:
    """A web or mail address."""
    ending = ENDINGS[int(rng.random() * len(ENDINGS))]
    chance = rng.random()
    if chance < 0.5:
        text = "www." + _site(vocabulary, rng, length - 4 - len(ending)) + ending
    elif chance < 0.65:
        name = vocabulary.word(rng, (length - len(ending)) // 2)
        text = name + "@" + _site(vocabulary, rng, length - len(name) - 1 - len(ending)) + ending
    elif chance < 0.7:
        text = "http://" + vocabulary.word(rng, length - 7 - len(ending)) + ending
    else:
        text = _site(vocabulary, rng, length - len(ending)) + ending
    return text.upper() if rng.random() < 0.2 else text


def _site(vocabulary: Vocabulary, rng: np.random.Generator, length: int) -> str:
    """A site name: joined words, often capitalised, sometimes with a digit between them."""
    words: list[str] = []
    while length > 0 or not words:
        words.append(vocabulary.word(rng, max(3, min(length, 3 + int(6 * rng.random())))))
        length -= len(words[-1])
    if rng.random() < 0.4:
        words = [word.capitalize() for word in words]
    return ("24-"[int(3 * rng.random())] if rng.random() < 0.1 else "").join(words)


def _code(vocabulary: Vocabulary, rng: np.random.Generator, length: int) -> str:
    """Random letters and digits."""
    length = max(1, min(length, 4 + int(rng.random() * 12)))
    chance = rng.random()
    symbols = (
        PLATE if chance < 0.5 else LETTERS_AND_DIGITS if chance < 0.75 else string.ascii_uppercase
    )
    return "".join(_pick(rng, symbols) for _ in range(length))


def _any_symbols(vocabulary: Vocabulary, rng: np.random.Generator, length: int) -> str:
    """Random characters of the whole charset."""
    return "".join(_pick(rng, ENGLISH) for _ in range(max(1, min(length, 12))))


Maker = Callable[[Vocabulary, np.random.Generator, int], str]
MAKERS: tuple[tuple[float, Maker], ...] = (
    (0.48, _word),
    (0.80, _sign),
    (0.89, _number),
    (0.935, _punctuated),
    (0.95, _joined),
    (0.965, _address),
    (0.99, _code),
    (1.0, _any_symbols),
)
"""Kinds of text with their cumulative shares."""
LONG_MAKERS: tuple[tuple[float, Maker], ...] = ((0.75, _address), (1.0, _joined))
"""The same for most long texts, as long words are few."""
