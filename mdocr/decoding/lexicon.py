"""Known words with their frequencies, and the probability of other words by their letters.

    P(word) = (1 - UNKNOWN) · share(word) + UNKNOWN · Π p(letter | two letters before)

Unknown words are modelled by letter trigrams of the known ones.

Shapes: W words, N letters of a word.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path
from string import ascii_lowercase
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

UNKNOWN = 0.1
"""Share of words that are not in the lexicon."""
LETTERS = len(ascii_lowercase)

Floats = NDArray[np.float64]


def is_plain(word: str) -> bool:
    """Whether it consists of two or more letters a to z, in any case."""
    return len(word) > 1 and word.isascii() and word.isalpha()


@dataclass(frozen=True)
class WordsOfLength:
    """Known words of one length.

    Attributes:
        letters: 0 to 25 for a to z [W, N].
        log_shares: log P [W].
    """

    letters: NDArray[np.uint8]
    log_shares: Floats


class Lexicon:
    """Known words with their frequencies.

    Attributes:
        lengths: words by length, without duplicates.
    """

    def __init__(self, lengths: Mapping[int, WordsOfLength]) -> None:
        self.lengths = dict(lengths)

    @cached_property
    def _letters(self) -> Floats:
        """See ``letter_model``; made for the first unclear word."""
        return letter_model([words.letters for words in self.lengths.values()])

    @classmethod
    def from_weights(cls, weights: Mapping[str, float]) -> "Lexicon":
        """Builds a lexicon from word frequencies, which need not be normalised.

        Case is ignored; words with characters other than a to z are skipped.
        """
        known: dict[str, float] = {}
        for word, weight in weights.items():
            if is_plain(word):
                word = word.lower()
                known[word] = known.get(word, 0.0) + weight
        total = sum(known.values()) / (1 - UNKNOWN)
        lengths = {}
        for length, group in groupby(sorted(known, key=lambda word: (len(word), word)), key=len):
            words = list(group)
            codes = np.frombuffer("".join(words).encode(), np.uint8)
            shares = np.array([known[word] for word in words]) / total
            lengths[length] = WordsOfLength(codes.reshape(-1, length) - ord("a"), np.log(shares))
        return cls(lengths)

    def save(self, stream: BinaryIO) -> None:
        """Writes a file for ``load``; the same words give the same bytes."""
        counts = {length: len(words.letters) for length, words in self.lengths.items()}
        np.savez_compressed(
            stream,
            counts=np.array(list(counts.items()), np.int64).reshape(-1, 2),
            letters=np.concatenate([words.letters.ravel() for words in self.lengths.values()]),
            log_shares=np.concatenate(
                [words.log_shares.astype(np.float16) for words in self.lengths.values()]
            ),
        )

    @classmethod
    def load(cls, path: Path | BinaryIO) -> "Lexicon":
        """Reads a file written by ``save``, many times faster than a list of words."""
        lengths, word, letter = {}, 0, 0
        with np.load(path) as stored:
            letters, log_shares = stored["letters"], stored["log_shares"].astype(np.float64)
            for length, count in stored["counts"].tolist():
                ends = word + count, letter + count * length
                lengths[length] = WordsOfLength(
                    letters[letter : ends[1]].reshape(count, length), log_shares[word : ends[0]]
                )
                word, letter = ends
        return cls(lengths)

    @classmethod
    def joined(cls, parts: Sequence["Lexicon"]) -> "Lexicon":
        """One of several, each of which is as likely as the others."""
        lengths = {}
        for length in sorted({length for part in parts for length in part.lengths}):
            found = [part.lengths[length] for part in parts if length in part.lengths]
            letters = np.concatenate([words.letters for words in found])
            shares = np.concatenate([np.exp(words.log_shares) for words in found]) / len(parts)
            known, places = np.unique(letters, axis=0, return_inverse=True)
            sums = np.bincount(places.ravel(), shares, len(known))
            lengths[length] = WordsOfLength(known, np.log(sums))
        return cls(lengths)

    def log_share(self, word: str) -> float:
        """How common a word is, in lower case; minus infinity for one that is not known."""
        known = self.lengths.get(len(word)) if is_plain(word) else None
        if known is None:
            return -np.inf
        letters = np.frombuffer(word.encode(), np.uint8) - ord("a")
        return float(known.log_shares[(known.letters == letters).all(1)].max(initial=-np.inf))

    def log_probability(self, word: Sequence[int]) -> float:
        """Log P of a word of letters 0 to 25, known or not."""
        letters = np.array([0, 0, *(letter + 1 for letter in word), 0])
        found = np.log(UNKNOWN) + self._letters[letters[:-2], letters[1:-1], letters[2:]].sum()
        known = self.lengths.get(len(word))
        if known is not None:
            same = (known.letters == np.array(word, np.uint8)).all(1)
            found = np.logaddexp(found, known.log_shares[same].max(initial=-np.inf))
        return float(found)


def letter_model(words: Sequence[NDArray[np.uint8]]) -> Floats:
    """Letter trigram model with Witten-Bell interpolation.

    (Witten and Bell 1991, method C, as in Chen and Goodman 1998, section 2.3.)

    Args:
        words: letters, 0 to 25, of all words of one length [W, N], for each length.

    Returns:
        log p of the third letter given the two before [27, 27, 27]. Index 0 is the start of a
        word, or, as the third, its end; 1 to 26 are a to z.
    """
    size = LETTERS + 1
    counts = np.zeros(size**3)
    for letters in words:
        framed = np.pad(letters.astype(np.int64) + 1, ((0, 0), (2, 1)))
        codes = (framed[:, :-2] * size + framed[:, 1:-1]) * size + framed[:, 2:]
        counts += np.bincount(codes.ravel(), minlength=size**3)
    three = counts.reshape(size, size, size)
    likely = np.full(size, 1 / size)
    for seen in (three.sum((0, 1)), three.sum(0), three):
        kinds = (seen > 0).sum(-1, keepdims=True)
        total = np.maximum(seen.sum(-1, keepdims=True) + kinds, 1)
        likely = np.where(kinds > 0, (seen + kinds * likely) / total, likely)
    logarithms: Floats = np.log(likely)
    return logarithms
