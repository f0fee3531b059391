"""Texts of lines: passages of running text, entries, words, random characters."""

import re
import string
import unicodedata

import numpy as np

from mdocr.preprocessing.line_charset import PAGE_SYMBOLS
from mdocr.synthesis.corpora.sentences import Sentences
from mdocr.synthesis.lines.entries import draw_entry
from mdocr.synthesis.lines.scripts import with_scripts

RANDOM, ENTRIES, WORDS = 0.05, 0.31, 0.38
"""Cumulative shares of random characters, entries and unrelated words."""
SCRIPTS = 0.12
"""Share of passages that have superscripts and subscripts."""
QUOTES = ("“”", "“”", "“”", "„“", "„“", "«»", "»«", "”“", "‹›")
NOTES = ("¹", "²", "³", "*", "†", "‡", "[#]", "®", "™", "?", "!", "?", "!", "…", ":", ";")


def _group_by_letter(symbols: str) -> dict[str, str]:
    """Letters with diacritics by their base letter."""
    groups: dict[str, str] = {}
    for symbol in symbols:
        plain = unicodedata.normalize("NFD", symbol)[0]
        if plain != symbol:
            groups[plain] = groups.get(plain, "") + symbol
    return groups


ALIKE = {"l": "ł", "L": "Ł", "b": "ß", "d": "ðđ", "D": "ÐĐ", "s": "ſ", "i": "ı"}
_GROUPS = _group_by_letter(PAGE_SYMBOLS)
MARKED = {each: _GROUPS.get(each, "") + ALIKE.get(each, "") for each in [*_GROUPS, *ALIKE]}
RARE = "".join(symbol for symbol in PAGE_SYMBOLS if not symbol.isascii())


def draw_text(rng: np.random.Generator, sentences: Sentences, symbols: str, length: int) -> str:
    """Samples a text of about ``length`` characters; a tab is a wide gap.

    Args:
        rng: source of all randomness.
        sentences: source of words.
        symbols: of random texts.
        length: in characters.
    """
    chance = rng.random()
    if chance < RANDOM:
        return _random(rng, length, symbols)
    if chance < ENTRIES:
        return draw_entry(rng, sentences, length)
    if rng.random() < SCRIPTS:
        return with_scripts(rng, sentences.passage(rng, length, sentences.language(rng)), length)
    language = sentences.language(rng)
    if chance < WORDS:
        words = " ".join(sentences.word(rng, language) for _ in range(2 + length // 6))
        return cut(rng, words, length)
    passage = sentences.passage(rng, length + 30, language)
    return _dress(rng, cut(rng, passage, length))


def draw_prose(rng: np.random.Generator, sentences: Sentences, symbols: str, length: int) -> str:
    """Samples running text only, of about ``length`` characters; arguments as of ``draw_text``."""
    passage = sentences.passage(rng, length + 30, sentences.language(rng))
    text = cut(rng, passage, length)
    return _typographic(rng, text) if rng.random() < 0.55 else text


def _random(rng: np.random.Generator, length: int, symbols: str) -> str:
    """Random characters in short groups, which no language prior can predict."""
    pools = (
        string.ascii_letters,
        string.digits,
        string.ascii_uppercase + string.digits,
        string.printable[:94],
        symbols.replace(" ", ""),
        "".join(symbol for symbol in symbols if not symbol.isascii()) or string.digits,
    )
    groups, left = [], length
    while left > 0:
        pool = pools[int(rng.random() * len(pools))]
        count = min(1 + int(rng.random() * 10), max(left, 1))
        groups.append("".join(pool[int(chance * len(pool))] for chance in rng.random(count)))
        left -= count + 1
    return " ".join(groups)


def cut(rng: np.random.Generator, text: str, length: int) -> str:
    """The first ``length`` characters to the end of a word; rarely to a hyphen within one."""
    if len(text) <= length:
        return text.strip()
    end = text.rfind(" ", 0, length + 2)
    if end <= 0:
        return text[:length].strip()
    if rng.random() < 0.06 and text[end + 1 : end + 6].isalpha():
        return text[: end + 3 + int(2 * rng.random())] + "-"
    return text[:end].strip()


def _dress(rng: np.random.Generator, text: str) -> str:
    """Typographic quotes and dashes; at times capitals, brackets, note marks."""
    if rng.random() < 0.55:
        text = _typographic(rng, text)
    if rng.random() < 0.2:
        text = _sprinkle(rng, text)
    chance = rng.random()
    if chance < 0.03:
        return text.upper()
    if chance < 0.05:
        return text.title()
    if chance < 0.07:
        pairs = ("()", "[]", *QUOTES)
        pair = pairs[int(rng.random() * len(pairs))]
        return pair[0] + text + pair[1]
    if chance < 0.09 and text[-1:] != "-":
        return text + NOTES[int(rng.random() * len(NOTES))].replace(
            "#", str(int(rng.random() * 99))
        )
    return text


def _sprinkle(rng: np.random.Generator, text: str) -> str:
    """Adds diacritics and rare symbols at random, so that all of them are learned."""
    letters = list(text)
    for place in rng.integers(0, len(letters), 1 + len(letters) // 12).tolist():
        if letters[place] == " ":
            sign = RARE[int(rng.random() * len(RARE))]
            letters[place] = f" {sign} " if rng.random() < 0.5 else f" {sign}"
        elif (marked := MARKED.get(letters[place])) and rng.random() < 0.75:
            letters[place] = marked[int(rng.random() * len(marked))]
    return "".join(letters).strip()


def _typographic(rng: np.random.Generator, text: str) -> str:
    dash = (" – ", " — ", "—")[int(rng.random() * 3)]
    text = re.sub(r" --? | ?--- ?|(?<=\w)--(?=\w)", dash, text)
    text = text.replace("'", "’").replace("...", "…")
    if '"' in text:
        quotes = QUOTES[int(rng.random() * len(QUOTES))]
        text = re.sub(r'(^|[\s(\[—])"', rf"\1{quotes[0]}", text).replace('"', quotes[1])
    return text.strip()
