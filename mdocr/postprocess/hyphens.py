"""Lines of a text joined to running text, and words that were cut at the end of a line healed."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mdocr.document.characters import WIDE
from mdocr.document.model import Block, Page
from mdocr.postprocess.compounds import is_compound, is_english
from mdocr.postprocess.lists import starts_of_items

RUNNING_TYPES = ("text", "title", "ref_text", "list_item", "aside_text", "page_footnote")
_CAPTIONS = ("caption", "footnote")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CUT = re.compile(r"((?:[^\W\d_]+-)*)([^\W\d_]+)[-\u2010\u00ad]$")
_START = re.compile(r"[^\W\d_]+")
_BEFORE_NUMBER = re.compile(r"[^\W_][-\u2010\u2013]$")

_ADDRESS = re.compile(r"(?:://|\w[_@\\]\w|\w\.\w+/|/\w+/)\S*-$")
"""An address, a path or a name of a file with a hyphen at the line's end, which is its own."""

_CONJUNCTIONS = frozenset(["und", "oder", "bzw", "et", "ou"])
"""Before them a hyphen stands for the rest of a compound, as in "Ein- und Ausfuhr"."""

_FRENCH = frozenset(["le", "les", "une", "des", "dans", "est", "et", "qui", "que", "pour", "sur"])
_PRONOUNS = frozenset(
    ["je", "il", "ils", "elle", "elles", "on", "nous", "vous", "moi", "toi", "eux"]
)
_PRONOUNS |= {"là", "ci", "même", "mêmes"}
"""What French joins to the word before it, as in "dit-on" and "lui-même"."""

_ENTRY = re.compile(
    r"(?:[^\W\d_].*,\s*|^[\d\s,\u2013-]*,\s+)\d{1,4}(?:\s*[-\u2013]\s*\d{1,4})?\s*$"
)
ENTRIES, MOST = 2, 0.6
"""An entry of an index up to its last page; how many there are in a text, and their share of its
lines, at least."""

FEWEST = 3
"""Short French words of a document that is in French."""

SHORT = 2
"""Letters of a word that stands between hyphens, at most."""


def join_lines(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """Running texts without line breaks, save those that were meant.

    Meant are a blank line, a line that ends in two spaces, one before a list marker, and the end of
    an entry of an index.
    """
    words = vocabulary(pages)
    return tuple(
        replace(page, blocks=tuple(_joined_block(block, words) for block in page.blocks))
        for page in pages
    )


def vocabulary(pages: Iterable[Page]) -> frozenset[str]:
    """The words, and words with hyphens, that stand within a line somewhere; lower case."""
    texts = (block.content for page in pages for block in page.blocks)
    return frozenset(word for text in texts for word in _WORD.findall(text.lower()))


def join(first: str, second: str, words: frozenset[str]) -> str:
    """Two lines as one; a hyphen at the end of the first goes unless it belongs to the word.

    Args:
        first: a line, without spaces at its end.
        second: the line after it, without spaces at its start.
        words: of the document, from ``vocabulary``: they tell where a hyphen belongs.
    """
    cut, start = _CUT.search(first), _START.match(second)
    if _ADDRESS.search(first) and second[:1].isalnum():
        return first + second
    if cut and start and start[0] in _CONJUNCTIONS and not is_english(words):
        return f"{first} {second}"
    if cut and start and start[0][0].islower():
        return first[:-1] + ("-" if _has_hyphen(cut, start[0], words) else "") + second
    if (cut and start) or (_BEFORE_NUMBER.search(first) and second[:1].isdigit()):
        return first + second
    if first and second and WIDE.match(first[-1]) and WIDE.match(second[0]):
        return first + second
    return f"{first} {second}".strip()


def _has_hyphen(cut: re.Match[str], start: str, words: frozenset[str]) -> bool:
    """Whether a hyphen belongs to the word; of ``state-of-the-`` and ``art``, as of whole words.

    The document knows best; of a word that it has nowhere else, a list of English words does. In
    other languages a short word between hyphens has both: arc-en-ciel, c'est-à-dire, a-t-il.
    """
    before, last = cut[1].lower(), cut[2].lower()
    start = start.lower()
    if len(cut[2]) == 1 and cut[2].isupper():
        return True  # X-ray, T-shirt
    if before + last + start in words or f"{last}{start}" in words:
        return False
    if f"{before}{last}-{start}" in words or bool(before and last in words):
        return True
    if is_english(words):
        return is_compound(last, start, words)
    if start in _PRONOUNS and len(_FRENCH & words) >= FEWEST:
        return True
    return bool(before) and len(last) <= SHORT and cut[2].islower()


def _joined_block(block: Block, words: frozenset[str]) -> Block:
    running = block.type in RUNNING_TYPES or block.type.endswith(_CAPTIONS)
    if block.format != "text" or not running or "\n" not in block.content:
        return block
    return replace(block, content=_joined(block.content, words))


def is_entry(line: str) -> bool:
    """Whether a line ends like an entry of an index, with a page after a comma."""
    return _ENTRY.search(line) is not None


def _entries(lines: Sequence[str]) -> list[bool]:
    """Which lines end with the page of an entry, where most do, as in an index."""
    found = list(map(is_entry, lines))
    return found if sum(found) >= max(ENTRIES, MOST * len(lines)) else [False] * len(lines)


def _joined(text: str, words: frozenset[str]) -> str:
    out = [""]
    is_meant = False
    lines = text.split("\n")
    entries = _entries(lines)
    for line, is_item, is_entry in zip(lines, starts_of_items(lines), entries, strict=True):
        stripped = line.strip()
        if not stripped or is_meant or (out[-1] and is_item):
            out.append(stripped)
        else:
            out[-1] = join(out[-1], stripped, words)
        is_meant = line.endswith("  ") or not stripped or is_entry
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip()
