"""Running text in many languages, gathered from the machine's documentation packages.

Manual pages, fortunes, guides, translations of programs and word lists are read once, reduced to
characters of the line reader, and cached as one text file.
"""

import gzip
import itertools
import logging
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mdocr.files import written_whole
from mdocr.preprocessing.line_charset import PAGE_SYMBOLS
from mdocr.synthesis.corpora.manuals import (
    read_catalog,
    read_dictionary,
    read_fortunes,
    read_hypertext,
    read_manual,
    read_plain,
)
from mdocr.synthesis.corpora.signs import FALLBACK, SIGNS
from mdocr.weights.cache import cache_dir

Reader = Callable[[str], Iterable[str]]

logger = logging.getLogger(__name__)

SHARE = Path("/usr/share")
VERSION = 9
LANGUAGES = {
    "en": 0.33,
    "de": 0.08,
    "fr": 0.08,
    "es": 0.065,
    "it": 0.045,
    "pt": 0.045,
    "nl": 0.03,
    "pl": 0.045,
    "cs": 0.045,
    "da": 0.02,
    "sv": 0.025,
    "nb": 0.015,
    "fi": 0.02,
    "hu": 0.035,
    "ro": 0.03,
    "tr": 0.035,
    "sk": 0.03,
    "sl": 0.015,
    "hr": 0.02,
    "et": 0.015,
    "lv": 0.03,
    "lt": 0.03,
    "ca": 0.01,
    "is": 0.015,
}
"""Weight of each language."""
MOST = {"en": 45_000}
MOST_OTHERS = 9_000
MOST_OF_A_FILE = 4000
FILES_ALIKE = 12
WORDS_KEPT = 12_000
SHORTEST, LONGEST = 35, 1500
FEWEST = 20
"""Paragraphs of a language; one with fewer has sentences of its words."""

FOLDERS = {"pt": "brasil"}
"""Folders of fortunes that are not named after the language code."""

KNOWN = frozenset(PAGE_SYMBOLS)
ALIKE = str.maketrans(
    {
        "\u00a0": " ",
        "\u202f": " ",
        "\u2009": " ",
        "\u00ad": "",
        "\u200b": "",
        "\u2010": "-",
        "\u2011": "-",
        "\u2012": "–",
        "\u2015": "—",
        "\u02bc": "’",
        "\u2032": "'",
        "\u2033": '"',
        "\u03bc": "µ",
        "\u0394": "∆",
        "\u03a3": "∑",
        "\u03a0": "∏",
        "\u2126": "Ω",
        "\u25e6": "○",
        "\u2022": "•",
        "\u2212": "−",
        "\ufb01": "fi",
        "\ufb02": "fl",
    }
)
"""Characters normalised to others that look the same."""


SOURCES: tuple[tuple[float, Reader, tuple[str, ...]], ...] = (
    (
        0.35,
        read_fortunes,
        (
            "games/fortunes/{folder}/*.u8",
            "games/fortunes/{folder}/*.fortunes",
            "games/fortunes/{folder}",
        ),
    ),
    (0.20, read_dictionary, ("dictd/gcide.dict.dz",)),
    (
        0.30,
        read_plain,
        (
            "common-licenses/{licences}",
            "doc/debian/FAQ/debian-faq.{language}.txt.gz",
            "doc/installation-guide-amd64/{language}/install.{language}.txt.gz",
            "doc/maint-guide/maint-guide.{language}.txt.gz",
        ),
    ),
    (0.30, read_hypertext, ("debian-reference/*.{language}.html", "developers-reference/{pages}")),
    (0.35, read_manual, ("man/{section}/[a-zA-Z]*",)),
    (0.30, read_plain, ("locale/{language}/LC_MESSAGES/*.mo",)),
)
"""Largest share of the corpus, reader, and paths below the share folder."""


@dataclass(frozen=True)
class Sentences:
    """Paragraphs and words by language.

    Attributes:
        paragraphs: running text without line breaks.
        words: word lists.
    """

    paragraphs: Mapping[str, tuple[str, ...]]
    words: Mapping[str, tuple[str, ...]]

    def language(self, rng: np.random.Generator) -> str:
        """Samples one of the available languages."""
        chance = rng.random() * sum(LANGUAGES[each] for each in self.paragraphs)
        for language in self.paragraphs:
            chance -= LANGUAGES[language]
            if chance < 0:
                break
        return language

    def passage(self, rng: np.random.Generator, length: int, language: str) -> str:
        """Samples at least ``length`` characters of running text, from the start of a word."""
        paragraphs = self.paragraphs[language]
        number = int(rng.random() * len(paragraphs))
        text = paragraphs[number]
        if rng.random() < 0.7:
            start = text.find(" ", int(rng.random() * max(1, len(text) - length)))
            text = text[start + 1 :]
        while len(text) < length:
            number = (number + 1) % len(paragraphs)
            text = f"{text} {paragraphs[number]}"
        return text

    def word(self, rng: np.random.Generator, language: str = "en") -> str:
        """Samples a word."""
        words = self.words.get(language) or self.words["en"]
        return words[int(rng.random() * len(words))]


def load_sentences(share: Path = SHARE) -> Sentences:
    """Text of installed packages (docs/fonts.md lists some), or generated from a short word list.

    The first call takes about a minute; the result is kept in the user's cache folder
    (``MDOCR_CACHE`` overrides it).
    """
    name = f"sentences-{VERSION}.txt" if share == SHARE else f"sentences-{share.name}-{VERSION}.txt"
    kept = cache_dir() / name
    if kept.is_file():
        return _read(kept)
    sentences = gather_sentences(share)
    _write(kept, sentences)
    return sentences


def gather_sentences(share: Path) -> Sentences:
    """Gathers text and word lists from below ``share`` (/usr/share)."""
    paragraphs = {}
    for language in LANGUAGES:
        found = _of_language(share, language)
        if len(found) >= FEWEST:
            paragraphs[language] = found
        logger.info("%s: %d paragraphs", language, len(found))
    words = {language: _words(share, language) for language in LANGUAGES}
    words = {language: found for language, found in words.items() if found}
    words.setdefault("en", tuple(dict.fromkeys((*FALLBACK, *SIGNS))))
    if "en" not in paragraphs:
        logger.warning("no text under %s: sentences are generated from a word list", share)
    for language in words.keys() - paragraphs.keys():
        paragraphs[language] = _made(words[language])
    return Sentences(paragraphs, words)


def _spread(found: Sequence[str], most: int) -> list[str]:
    """At most ``most`` items, evenly spaced."""
    step = max(1.0, len(found) / most)
    return [found[int(k * step)] for k in range(min(most, len(found)))]


def _made(words: tuple[str, ...]) -> tuple[str, ...]:
    rng = np.random.default_rng(0)
    return tuple(
        " ".join(words[int(k)] for k in rng.integers(0, len(words), 12)).capitalize() + "."
        for _ in range(500)
    )


def _of_language(share: Path, language: str) -> tuple[str, ...]:
    """The paragraphs of one language, without duplicates."""
    most = MOST.get(language, MOST_OTHERS)
    english = language == "en"
    names = {
        "language": language,
        "folder": "" if english else FOLDERS.get(language, language),
        "licences": "*" if english else "none",
        "pages": "*.html" if english else f"{language}/*.html",
        "section": "man[1-8]" if english else f"{language}*/man[1-8]",
    }
    kept: dict[str, None] = {}
    for part, reader, patterns in SOURCES:
        files = [file for each in patterns for file in _files(share, each.format(**names))]
        if english or not patterns[0].startswith("dictd"):
            found = (text for file in files for text in _some(_clean(reader(_open(file)))))
            kept.update(dict.fromkeys(_spread(list(dict.fromkeys(found)), int(part * most))))
    return tuple(_spread(list(kept), most))


def _files(share: Path, pattern: str) -> Iterator[Path]:
    """Matching files; of manual pages with a common prefix, which say much the same, only some."""
    beginnings: dict[str, int] = {}
    for file in sorted(share.glob(pattern)):
        beginning = re.split(r"[-_.:0-9]", file.name)[0]
        beginnings[beginning] = beginnings.get(beginning, 0) + 1
        if file.is_file() and (beginnings[beginning] <= FILES_ALIKE or "man" not in pattern):
            yield file


def _some(paragraphs: Iterator[str]) -> Iterator[str]:
    return itertools.islice(paragraphs, MOST_OF_A_FILE)


def _open(file: Path) -> str:
    data = file.read_bytes()
    if file.suffix == ".mo":
        return _catalog(file, data)
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _catalog(file: Path, data: bytes) -> str:
    try:
        return read_catalog(data)
    except (OSError, ValueError) as error:
        logger.warning("%s is passed over: %s", file, error)
        return ""


def _clean(paragraphs: Iterable[str]) -> Iterator[str]:
    """Normalised paragraphs that are mostly letters and hold known characters only."""
    for paragraph in paragraphs:
        text = unicodedata.normalize("NFC", paragraph).translate(ALIKE)
        text = re.sub(r"[_=*~#-]{4,}|\s+", " ", text).strip()[:LONGEST]
        letters = sum(symbol.isalpha() for symbol in text)
        if len(text) >= SHORTEST and letters > 0.65 * len(text) and KNOWN.issuperset(text):
            yield text


LISTS = {
    "en": ("dict/american-english-large", "dict/american-english", "dict/words"),
    "de": ("dict/ngerman",),
    "fr": ("dict/french",),
    "es": ("dict/spanish",),
    "it": ("dict/italian",),
    "pt": ("dict/portuguese",),
    "nl": ("dict/dutch",),
    "pl": ("dict/polish",),
    "da": ("dict/danish",),
    "sv": ("dict/swedish",),
    "cs": ("hunspell/cs_CZ.dic",),
    "nb": ("hunspell/nb_NO.dic",),
    "hu": ("hunspell/hu_HU.dic",),
    "ro": ("hunspell/ro_RO.dic",),
    "tr": ("hunspell/tr_TR.dic",),
    "sk": ("hunspell/sk_SK.dic",),
    "sl": ("hunspell/sl_SI.dic",),
    "hr": ("hunspell/hr_HR.dic",),
    "et": ("hunspell/et_EE.dic",),
    "lv": ("hunspell/lv_LV.dic",),
    "lt": ("hunspell/lt_LT.dic",),
    "ca": ("hunspell/ca.dic",),
    "is": ("hunspell/is_IS.dic",),
}


def _words(share: Path, language: str) -> tuple[str, ...]:
    """Words evenly spaced over the language's list."""
    for name in LISTS.get(language, ()):
        if (share / name).is_file():
            text = (share / name).read_text(_encoding(share / name), errors="replace")
            lines = unicodedata.normalize("NFC", text).splitlines()
            words = [line.split("/")[0].split("\t")[0] for line in lines]
            words = [word for word in words if 1 < len(word) < 22 and KNOWN.issuperset(word)]
            return tuple(words[:: max(1, len(words) // WORDS_KEPT)])
    return ()


def _encoding(words: Path) -> str:
    """That of a list; the rules beside one of Hunspell name it."""
    rules = words.with_suffix(".aff")
    named = rules.is_file() and re.search(rb"(?m)^SET +(\S+)", rules.read_bytes())
    return named[1].decode() if named else "utf-8"


def _write(path: Path, sentences: Sentences) -> None:
    with written_whole(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        for kind, texts in (("text", sentences.paragraphs), ("word", sentences.words)):
            for language, found in texts.items():
                stream.writelines(f"{kind}\t{language}\t{text}\n" for text in found)


def _read(path: Path) -> Sentences:
    texts: dict[str, dict[str, list[str]]] = {"text": {}, "word": {}}
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            kind, language, text = line.rstrip("\n").split("\t", 2)
            texts[kind].setdefault(language, []).append(text)
    paragraphs, words = (
        {language: tuple(found) for language, found in texts[kind].items()}
        for kind in ("text", "word")
    )
    return Sentences(paragraphs, words)
