"""Lines of a text joined to running text, and words that were cut at the end of a line healed."""

import re
from collections.abc import Iterable
from dataclasses import replace

from mdocr.document import Block, Page
from mdocr.finishing.lists import split_marker

RUNNING_TYPES = ("text", "title", "ref_text", "list_item", "aside_text", "page_footnote")
_CAPTIONS = ("caption", "footnote")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CUT = re.compile(r"([^\W\d_]+)[-\u2010\u00ad]$")
_START = re.compile(r"[^\W\d_]+")
_WIDE = re.compile("[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")


def join_lines(pages: tuple[Page, ...]) -> tuple[Page, ...]:
    """Running texts without line breaks, save those that were meant.

    Meant are a blank line, a line that ends in two spaces, and one before a list marker.
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
    if cut and start and start[0][0].islower():
        with_hyphen = f"{cut[1]}-{start[0]}".lower()
        without = f"{cut[1]}{start[0]}".lower()
        keep = with_hyphen in words and without not in words
        return first[:-1] + ("-" if keep else "") + second
    if cut and start:
        return first + second
    if first and second and _WIDE.match(first[-1]) and _WIDE.match(second[0]):
        return first + second
    return f"{first} {second}".strip()


def _joined_block(block: Block, words: frozenset[str]) -> Block:
    running = block.type in RUNNING_TYPES or block.type.endswith(_CAPTIONS)
    if block.format != "text" or not running or "\n" not in block.content:
        return block
    return replace(block, content=_joined(block.content, words))


def _joined(text: str, words: frozenset[str]) -> str:
    out = [""]
    is_meant = False
    for line in text.split("\n"):
        stripped = line.strip()
        if not stripped or is_meant or (out[-1] and split_marker(line)[0]):
            out.append(stripped)
        else:
            out[-1] = join(out[-1], stripped, words)
        is_meant = line.endswith("  ") or not stripped
    return re.sub(r"\n{3,}", "\n\n", "\n".join(out)).strip()
