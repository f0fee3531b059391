"""Letters whose marks a file sets as signs of their own, above or below them.

TeX's older fonts have no ``ü``: a ``¨`` is put over a ``u``, and the file says ``¨u``, or ``u ¨``.
"""

import unicodedata
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

COMBINING = {
    "`": "\u0300",
    "´": "\u0301",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "¯": "\u0304",
    "˘": "\u0306",
    "˙": "\u0307",
    "¨": "\u0308",
    "˚": "\u030a",
    "˝": "\u030b",
    "ˇ": "\u030c",
    "¸": "\u0327",
    "˛": "\u0328",
}
"""Marks that combine, by those that stand alone."""

DOTLESS = {"ı": "i", "ȷ": "j"}
"""Letters to go under a mark."""

ASIDE, AWAY = 0.25, 0.6
"""How far the middles of a mark and its letter lie apart along the line, and their base lines
across it, in sizes of the font, at most."""

WITHIN = 40
"""Characters before and behind a mark in the file among which its letter is looked for."""


def letters_of_marks(
    characters: Sequence[str], places: NDArray[np.float64], sizes: NDArray[np.float64]
) -> dict[int, tuple[int, str]]:
    """For each mark that stands over or under a letter: the letter's number, and both as one.

    Args:
        characters: in the order of the file, N of them.
        places: middle of each along its line, and its base line across it [N, 2].
        sizes: of their fonts [N], in the same unit.
    """
    found: dict[int, tuple[int, str]] = {}
    for mark in (n for n, character in enumerate(characters) if character in COMBINING):
        start = max(0, mark - WITHIN)
        window = slice(start, mark + WITHIN + 1)
        apart = np.abs(places[window] - places[mark]) / max(sizes[mark], 1e-6)
        near = np.flatnonzero((apart[:, 0] <= ASIDE) & (apart[:, 1] <= AWAY))
        for other in sorted((near + start).tolist(), key=lambda n: apart[n - start, 0]):
            if whole := _composed(characters[other], characters[mark]):
                found[mark] = other, whole
                break
    return found


def _composed(letter: str, mark: str) -> str:
    """A letter with its mark; empty if there is no such letter."""
    whole = unicodedata.normalize("NFC", DOTLESS.get(letter, letter) + COMBINING[mark])
    return whole if letter.isalpha() and len(whole) == 1 else ""
