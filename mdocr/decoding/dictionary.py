"""Known words: where letters are unclear, a word that exists is likelier than one that does not.

The longest run of letters of a text is weighed against all known words of its length:

    Σ log p(letter) + WEIGHT · log P(word)

with p from the decoder, capital and small together, and P from a list of words, or, for a word that
is not in it, ``UNKNOWN / SPREAD ** length``. Nothing else of a text changes.

Shapes: L positions, V classes, W words.
"""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from pathlib import Path
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

from mdocr.decoding.draft import EOS, Decoding
from mdocr.errors import InputError
from mdocr.models.charset import Charset

WEIGHT = 0.5
"""Of the list of words beside the decoder, which has learnt from words too."""
UNKNOWN = 0.25
"""Share of texts that are in no list."""
SPREAD = 20.0
"""About how many letters may follow another in such a text."""
LEAST = 1e-9
"""Probability that stands for none."""
LETTERS = len(ascii_lowercase)
SHIPPED = Path(__file__).parents[1] / "assets/dictionaries"

Floats = NDArray[np.float64]


def is_plain(word: str) -> bool:
    """Whether it is two letters or more, of a to z in any case."""
    return len(word) > 1 and word.isascii() and word.isalpha()


@dataclass(frozen=True)
class WordsOfLength:
    """Known words of one length.

    Attributes:
        letters: 0 to 25 for a to z [W, length].
        prior: ``WEIGHT`` · log P [W].
    """

    letters: NDArray[np.uint8]
    prior: Floats


class Dictionary:
    """Known words by their length.

    Args:
        weights: how common each word is; case does not matter, and what holds other characters than
            a to z is left out.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        known: dict[str, float] = {}
        for word, weight in weights.items():
            if is_plain(word):
                word = word.lower()
                known[word] = known.get(word, 0.0) + weight
        total = sum(known.values()) / (1 - UNKNOWN)
        self.lengths: dict[int, WordsOfLength] = {}
        for length, group in groupby(sorted(known, key=len), key=len):
            words = list(group)
            codes = np.frombuffer("".join(words).encode(), np.uint8)
            letters = codes.reshape(-1, length) - ord("a")
            prior = WEIGHT * np.log(np.array([known[word] for word in words]) / total)
            self.lengths[length] = WordsOfLength(letters, prior)

    def likeliest(self, scores: Floats, read: Sequence[int]) -> list[int]:
        """The letters of the likeliest word.

        Args:
            scores: log p of each letter at each position [L, 26].
            read: letters, 0 to 25, that the decoder has read [L].

        Returns:
            Those of a known word, or ``read`` itself.
        """
        words = self.lengths.get(len(read))
        if words is None:
            return list(read)
        places = np.arange(len(read))
        found = scores[places, words.letters].sum(1) + words.prior
        best = int(found.argmax())
        unknown = WEIGHT * (np.log(UNKNOWN) - len(read) * np.log(SPREAD))
        if found[best] <= scores[places, list(read)].sum() + unknown:
            return list(read)
        return [int(letter) for letter in words.letters[best]]


@cache
def load_dictionary(name: str) -> Dictionary:
    """A shipped dictionary by its name, or a file of words.

    Args:
        name: ``english``, or a path: a word a line, and behind a tab, if need be, how common it is.

    Raises:
        InputError: there is no such file, or it is not as it should be.
    """
    shipped = SHIPPED / f"{name}.tsv.gz"
    path = shipped if shipped.is_file() else Path(name)
    try:
        content = path.read_bytes()
        text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8-sig")
        rows = [line.split("\t") for line in text.splitlines() if line.strip()]
        weights = {row[0].strip(): float(row[1]) if row[1:] else 1.0 for row in rows}
    except (OSError, EOFError, ValueError) as error:
        raise InputError(
            f"cannot read the dictionary {name!r}: {error}",
            "Name english, or a file of UTF-8 text with a word a line.",
        ) from error
    if not weights or min(weights.values()) <= 0:
        raise InputError(
            f"the dictionary {name!r} holds no words, or weights that are not above 0",
            "Write a word a line, and behind a tab, if need be, how common it is.",
        )
    return Dictionary(weights)


def spell(decoding: Decoding, charset: Charset, dictionary: Dictionary) -> Decoding:
    """A decoded batch with unclear words as the dictionary has them.

    A letter that changes keeps its case; its probability is that of the new one, and those of
    likelier characters become 0: the dictionary rules them out.

    Args:
        decoding: of NumPy arrays or tensors.
        charset: of the model; without all letters from a to z, in both cases, nothing is changed.
        dictionary: known words.
    """
    cases = (ascii_lowercase, ascii_lowercase.upper())
    if not set("".join(cases)) <= set(charset.symbols):
        return decoding
    small, large = (charset.encode(case) for case in cases)
    letters = {number: place % LETTERS for place, number in enumerate((*small, *large))}
    capitals = set(large)
    for row, ids in enumerate(decoding.tokens.tolist()):
        start, stop = _longest_run(ids, letters)
        if stop - start < 2:
            continue
        likely = np.asarray(decoding.probabilities[row, start:stop].tolist())  # [L, V]
        scores = np.log(np.maximum(likely[:, small] + likely[:, large], LEAST))
        read = [letters[number] for number in ids[start:stop]]
        for place, letter in enumerate(dictionary.likeliest(scores, read)):
            if letter != read[place]:
                case = large if ids[start + place] in capitals else small
                _settle(decoding, (row, start + place), case[letter])
    return decoding


def _settle(decoding: Decoding, place: tuple[int, int], chosen: int) -> None:
    probabilities = decoding.probabilities[place]
    probabilities[probabilities > probabilities[chosen]] = 0
    if not probabilities[chosen]:
        probabilities[chosen] = LEAST
    decoding.tokens[place] = chosen


def _longest_run(ids: Sequence[int], letters: Mapping[int, int]) -> tuple[int, int]:
    """Where the first longest run of letters before EOS begins, and where it is over."""
    word = ids[: ids.index(EOS)] if EOS in ids else ids
    start, longest = 0, (0, 0)
    for place, number in enumerate([*word, EOS]):
        if number in letters:
            continue
        longest = max(longest, (start, place), key=lambda run: run[1] - run[0])
        start = place + 1
    return longest
