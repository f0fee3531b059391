"""Words with superscripts and subscripts, set into running text: ordinals, notes, powers.

A single ¹, ², ³, ª, º or ₂ is a sign of its own, and not among them.
"""

import string
from collections.abc import Callable

import numpy as np

from mdocr.synthesis.common.scripts import marked

EVERY = 18
"""Characters of a text to one such word."""

_ENGLISH = {1: "st", 2: "nd", 3: "rd"}
_ORDINALS = ("er", "e", "ème", "re", "nd", "th", "st", "rd", "os", "as", "ma", "mo")
_TITLES = (
    *(("M", "me"), ("M", "lle"), ("M", "gr"), ("D", "r"), ("D", "ra"), ("S", "t"), ("N", "os")),
    *(("n", "os"), ("M", "c"), ("M", "r"), ("M", "rs"), ("S", "r"), ("C", "ie"), ("V", "ve")),
)
_UNITS = ("m", "cm", "km", "s", "kg", "mol", "L", "x", "y", "z", "r", "t", "e", "A", "K", "a", "n")
_MOLECULES = ("H2O", "CO2", "SO4", "NO3", "CH4", "NH3", "C6H12O6", "H2SO4", "O3", "N2", "CaCO3")
_ROMAN = ("I", "V", "X", "XI", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX", "XX", "XXI")


def with_scripts(rng: np.random.Generator, text: str, length: int) -> str:
    """A text of about ``length`` characters with such words between its own, or behind them."""
    words = text.split() or ["of"]
    for _ in range(1 + length // EVERY):
        place = int(rng.random() * len(words))
        make = _KINDS[int(rng.random() * len(_KINDS))]
        words[place] = make(rng, words[place])
    end, count = 0, 0
    while end < len(words) and count + len(words[end]) <= length:
        count, end = count + len(words[end]) + 1, end + 1
    return " ".join(words[: max(end, 1)])


def _pick(rng: np.random.Generator, choices: tuple[str, ...]) -> str:
    return choices[int(rng.random() * len(choices))]


def _english(rng: np.random.Generator, word: str) -> str:
    number = int(10 ** (3 * rng.random()))
    is_teen = 10 < number % 100 < 14
    return f"{number}{marked('th' if is_teen else _ENGLISH.get(number % 10, 'th'), 'sup')}"


def _ordinal(rng: np.random.Generator, word: str) -> str:
    number = _pick(rng, _ROMAN) if rng.random() < 0.4 else str(int(10 ** (2 * rng.random())))
    return number + marked(_pick(rng, _ORDINALS), "sup")


def _title(rng: np.random.Generator, word: str) -> str:
    base, end = _TITLES[int(rng.random() * len(_TITLES))]
    return base + marked(end, "sup")


def _note(rng: np.random.Generator, word: str) -> str:
    chance = rng.random()
    if chance < 0.6:
        mark = str(3 + int(10 ** (2 * rng.random())))
    elif chance < 0.8:
        mark = _pick(rng, tuple("bcdefghn"))
    else:
        mark = ",".join(str(4 + int(40 * chance)) for chance in rng.random(2))
    return word + marked(mark, "sup")


def _power(rng: np.random.Generator, word: str) -> str:
    sign = _pick(rng, ("-", "−", "", "", ""))
    base = "10" if rng.random() < 0.5 else _pick(rng, _UNITS)
    power = str(4 + int(10 ** (1.5 * rng.random()))) if rng.random() < 0.8 else _pick(rng, ("n",))
    return base + marked(sign + power, "sup")


def _molecule(rng: np.random.Generator, word: str) -> str:
    molecule = _pick(rng, _MOLECULES).replace("2", "₂")
    return "".join(marked(sign, "sub") if sign in string.digits else sign for sign in molecule)


def _index(rng: np.random.Generator, word: str) -> str:
    low = _pick(rng, ("0", "1", "3", "i", "j", "n", "k", "max", "min", "10", "12"))
    return _pick(rng, tuple(string.ascii_letters)) + marked(low, "sub")


_KINDS: tuple[Callable[[np.random.Generator, str], str], ...] = (
    *(_english, _english, _english, _ordinal, _ordinal, _title),
    *(_note, _note, _power, _power, _molecule, _index),
)
