"""Writes ``mdocr/assets/lexicons/english.npz``: the words that made pictures show, and names.

Needs the Debian package scowl. The same input gives the same bytes.
"""

from collections import defaultdict
from pathlib import Path

import numpy as np

from mdocr.decoding.lexicon import SHIPPED, Lexicon, is_plain
from mdocr.files import written_whole
from mdocr.synthesis.corpora.vocabulary import (
    SCOWL,
    WordList,
    load_vocabulary,
    read_lists,
)

LEXICON_SHARE, SIGN_SHARE = 0.6, 0.4
NAME_SHARE = 0.02
"""Of names beside all other words together."""
NAMES = (
    *(f"upper.{level}" for level in (10, 35, 40, 60, 70)),
    *(f"proper-names.{level}" for level in (35, 40, 60, 70)),
)
"""Frequency classes of SCOWL from which the pictures show none."""


def main() -> None:
    """Sums all kinds of words, and writes those of letters alone."""
    vocabulary = load_vocabulary()
    shares: dict[str, float] = defaultdict(float)
    for lists, share in (
        (vocabulary.words.values(), LEXICON_SHARE),
        (vocabulary.signs.values(), SIGN_SHARE),
    ):
        for words in lists:
            for word, weight in weights_of(words).items():
                if is_plain(word):
                    shares[word.lower()] += share * weight
    names = {word.lower() for kind in NAMES for word in read_lists(SCOWL, kind) if is_plain(word)}
    share = NAME_SHARE / (1 - NAME_SHARE) * sum(shares.values()) / len(names)
    for name in names:
        shares[name] += share
    path: Path = SHIPPED / "english.npz"
    with written_whole(path) as temporary, temporary.open("wb") as stream:
        Lexicon.from_weights(shares).save(stream)
    print(f"{len(shares)} words, {path.stat().st_size} bytes")


def weights_of(words: WordList) -> dict[str, float]:
    """Shares of the words of one length."""
    shares = np.diff(words.cumulative, prepend=0.0)
    return dict(zip(words.words, shares.tolist(), strict=True))


if __name__ == "__main__":
    main()
