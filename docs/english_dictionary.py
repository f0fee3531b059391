"""Writes ``mdocr/assets/dictionaries/english.npz``: the words that made pictures show.

Needs the Debian package scowl. The same input gives the same bytes.
"""

from collections import defaultdict
from pathlib import Path

import numpy

from mdocr.decoding.dictionary import SHIPPED, Dictionary, is_plain
from mdocr.files import written_whole
from mdocr.synthesis.vocabulary import WordList, load_vocabulary

DICTIONARY_SHARE, SIGN_SHARE = 0.6, 0.4


def main() -> None:
    """Sums both kinds of words, and writes those of letters alone."""
    vocabulary = load_vocabulary()
    shares: dict[str, float] = defaultdict(float)
    for lists, share in (
        (vocabulary.words.values(), DICTIONARY_SHARE),
        (vocabulary.signs.values(), SIGN_SHARE),
    ):
        for words in lists:
            for word, weight in weights_of(words).items():
                if is_plain(word):
                    shares[word.lower()] += share * weight
    path: Path = SHIPPED / "english.npz"
    with written_whole(path) as temporary, temporary.open("wb") as stream:
        Dictionary.from_weights(shares).save(stream)
    print(f"{len(shares)} words, {path.stat().st_size} bytes")


def weights_of(words: WordList) -> dict[str, float]:
    """Shares of the words of one length."""
    shares = numpy.diff(words.cumulative, prepend=0.0)
    return dict(zip(words.words, shares.tolist(), strict=True))


if __name__ == "__main__":
    main()
