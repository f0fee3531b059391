"""Extraction of paragraphs from text files of several formats."""

import gettext
import html
import io
import re
from collections.abc import Iterable, Iterator


def read_plain(text: str) -> list[str]:
    """Paragraphs between empty lines."""
    return re.split(r"\n\s*\n", text)


def read_catalog(data: bytes) -> str:
    """The translations of a catalogue of gettext (.mo), between empty lines, without mnemonics.

    Raises:
        OSError, ValueError: it is none, or not in its encoding.
    """
    translations = gettext.GNUTranslations(io.BytesIO(data))
    found = translations._catalog  # type: ignore[attr-defined]  # there is no public list
    texts = (text for key, text in found.items() if key)
    return "\n\n".join(re.sub(r"_(?=[^\W_])|&(?=\w)", "", text) for text in texts)


def read_dictionary(text: str) -> list[str]:
    """Definitions and quotations of a dictionary, without editorial marks."""
    text = re.sub(r"\[[^]\[]*(?:Webster|PJC|WordNet)[^]\[]*\]|\\[^\\\n]*\\,?|[{}]", "", text)
    return read_plain(text)


def read_fortunes(text: str) -> list[str]:
    """Sayings between lines of percent signs."""
    return re.split(r"\n%+\n", text)


def read_hypertext(text: str) -> list[str]:
    """Paragraphs, list items, cells and headings of an HTML page."""
    text = re.sub(r"(?s)<(script|style|pre|head|nav)\b.*?</\1>", " ", text)
    found = re.findall(r"(?s)<(?:p|li|dd|td|h[1-4])\b[^>]*>(.*?)</(?:p|li|dd|td|h[1-4])>", text)
    return [html.unescape(re.sub(r"<[^>]*>", "", part)) for part in found]


ROFF = {
    "\\-": "-",
    "\\(aq": "'",
    "\\(dq": '"',
    "\\(lq": "“",
    "\\(rq": "”",
    "\\(oq": "‘",
    "\\(cq": "’",
    "\\(em": "—",
    "\\(en": "–",
    "\\(bu": "•",
    "\\(co": "©",
    "\\(Fo": "«",
    "\\(Fc": "»",
    "\\(mu": "×",
    "\\(+-": "±",
    "\\(<=": "≤",
    "\\(>=": "≥",
    "\\(->": "→",
    "\\(de": "°",
    "\\(ha": "^",
    "\\(ti": "~",
    "\\(bs": "\\",
    "\\[aq]": "'",
    "\\[lq]": "“",
    "\\[rq]": "”",
    "\\e": "\\",
    "\\ ": " ",
    "\\~": " ",
    "\\&": "",
    "\\:": "",
    "\\%": "",
    "\\|": "",
    "\\^": "",
    "\\/": "",
    "\\,": "",
    "\\.": ".",
    "\\'": "'",
    "\\`": "`",
}
_ROFF_SIGN = re.compile("|".join(re.escape(sign) for sign in sorted(ROFF, key=len, reverse=True)))
_ROFF_FACE = re.compile(r"\\f(?:\[\w*\]|\(\w\w|.)|\\s[-+]?\d|\\c$")
_ROFF_WORDS = re.compile(r"^\.(BR|RB|IR|RI|BI|IB|[BI])\s+(.*)")


def read_manual(text: str) -> Iterator[str]:
    """Paragraphs of a manual page, without macros, font changes, tables and examples."""
    kept: list[str] = []
    verbatim = False
    for line in text.splitlines():
        words = _ROFF_WORDS.match(line)
        if re.match(r"[.'](?:nf|TS|EX)\b", line):
            yield _roff_line(kept)
            kept, verbatim = [], True
        elif re.match(r"[.'](?:fi|TE|EE)\b", line):
            verbatim = False
        elif verbatim or line.startswith(('.\\"', "'\\\"")):
            continue
        elif words:
            kept.append(_set_words(*words.groups()))
        elif line[:1] in {".", "'"} or not line.strip():
            yield _roff_line(kept)
            kept = []
        else:
            kept.append(line)
    yield _roff_line(kept)


def _set_words(macro: str, arguments: str) -> str:
    """The arguments of a font macro; joined if it alternates between two fonts."""
    found = re.findall(r'"([^"]*)"|(\S+)', arguments)
    return ("" if len(macro) > 1 else " ").join(quoted or bare for quoted, bare in found)


def _roff_line(lines: Iterable[str]) -> str:
    joined = "\n".join(_ROFF_FACE.sub("", line) for line in lines)
    text = _ROFF_SIGN.sub(lambda sign: ROFF[sign.group()], joined)
    return "" if re.search(r"\\[\[(*nuhvw]", text) else text
