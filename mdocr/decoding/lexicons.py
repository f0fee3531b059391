"""Lexicons by name: the one that is shipped, the word lists of the machine, files of words."""

import gzip
import unicodedata
import zipfile
import zlib
from functools import cache
from pathlib import Path

from mdocr.decoding.lexicon import Lexicon, is_plain
from mdocr.errors import InputError, reason_of

SHIPPED = Path(__file__).parents[1] / "assets/lexicons"
LISTS = Path("/usr/share/dict")
"""Where systems keep their word lists."""
ENGLISH = "english"
LANGUAGES = {
    **{"en": ENGLISH, "de": "ngerman", "fr": "french", "es": "spanish", "it": "italian"},
    **{"pt": "portuguese", "nl": "dutch", "pl": "polish", "sv": "swedish", "da": "danish"},
    **{"ca": "catalan"},
}
"""Lexicons by language. All but English are lists of the system (Debian: ``wngerman``, ``wfrench``
…), which do not say how common a word is."""

MOST = 64 << 20
"""Bytes of a list, unpacked: ten times the longest of a system. A few kilobytes unpack to many."""

MARKS = range(0x300, 0x370)
"""Combining accents."""


@cache
def load_lexicon(names: str) -> Lexicon:
    """Loads a lexicon.

    Args:
        names: ``english``, a language (``LANGUAGES``), or a path: one word per line, optionally a
            tab and its frequency. Several are parted by commas, and are equally likely.

    Raises:
        InputError: a file is missing or malformed.
    """
    if Path(names).is_file():
        return _load(names)
    parts = [_load(name) for name in names.split(",")]
    return parts[0] if len(parts) == 1 else Lexicon.joined(parts)


def _load(name: str) -> Lexicon:
    known = LANGUAGES.get(name, name)
    shipped, listed = SHIPPED / f"{known}.npz", LISTS / known
    try:
        if shipped.is_file():
            return Lexicon.load(shipped)
        weights = _weights_in(listed if name in LANGUAGES else Path(name))
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise InputError(
            f"cannot read the lexicon {name!r}: {reason_of(error)}",
            f"Install a list of words there (Debian: w{known}), or give a file with a word a line."
            if name in LANGUAGES
            else "Give a language, such as en,de, or a UTF-8 text file with one word per line.",
        ) from error
    if not any(map(is_plain, weights)) or min(weights.values()) <= 0:
        raise InputError(
            f"the lexicon {name!r} contains no words, or a frequency that is not positive",
            "Write one word of letters per line, optionally followed by a tab and its frequency.",
        )
    return Lexicon.from_weights(weights)


def _weights_in(path: Path) -> dict[str, float]:
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        content = file.read(MOST + 1)
    if len(content) > MOST:
        raise ValueError(f"it holds more than {MOST >> 20} MiB")
    rows = [line.split("\t") for line in content.decode("utf-8-sig").splitlines() if line.strip()]
    return {_without_marks(row[0].strip()): float(row[1]) if row[1:] else 1.0 for row in rows}


def _without_marks(word: str) -> str:
    """Letters without their accents, as models read them that have none."""
    return "".join(sign for sign in unicodedata.normalize("NFD", word) if ord(sign) not in MARKS)
