"""Letters that print alike, told apart by what else stands on their page.

- The long s of old prints, and an f that lost its bar. A page that is spelt with the long s has it
  nearly everywhere but at the ends of words; one that has more round ones inside of words is of our
  time.
- The cedilla of Turkish (ş) and the comma of Romanian (ș), which many fonts print as the other.
- The capitals of đ (Croatian) and ð (Icelandic), which are one picture.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from mdocr.document.model import Block, PageLine
from mdocr.preprocessing.line_charset import LONG_S

TURKISH, ROMANIAN, ICELANDIC = "ğĞıİ", "ăĂâÂțȚ", "ðþÞ"
"""Letters by which a page of these languages is known among those that have the same twins."""

_ROUND_INSIDE = re.compile(r"s(?=[^\W\d_])")


def _long_s(text: str) -> str:
    has_old_spelling = text.count(LONG_S) >= len(_ROUND_INSIDE.findall(text))
    return text if has_old_spelling else text.replace(LONG_S, "f")


def _cedilla_or_comma(text: str) -> str:
    turkish, romanian = _count(text, TURKISH), _count(text, ROMANIAN)
    if turkish > romanian:
        return text.translate(str.maketrans("șȘ", "şŞ"))
    return text.translate(str.maketrans("şŞ", "șȘ")) if romanian > turkish else text


def _crossed_capital(text: str) -> str:
    return text.replace("Đ", "Ð") if _count(text, ICELANDIC) else text.replace("Ð", "Đ")


_RULES: tuple[tuple[str, Callable[[str], str]], ...] = (
    (LONG_S, _long_s),
    ("şŞșȘ", _cedilla_or_comma),
    ("ĐÐ", _crossed_capital),
)
"""Letters, and what they are in the text of a whole page, each a letter for a letter."""


def settle_twins(blocks: Sequence[Block]) -> list[Block]:
    """The blocks of a page with such letters as the text of all that was read there has them."""
    read = "".join(block.content for block in blocks if block.source == "read")
    table: dict[int, str] = {}
    for letters, settled in _RULES:
        if _count(read, letters):
            pairs = zip(read, settled(read), strict=True)
            table |= {ord(before): after for before, after in pairs if before != after}
    if not table:
        return list(blocks)
    return [_with(block, table) if block.source == "read" else block for block in blocks]


def _count(text: str, letters: str) -> int:
    return sum(map(text.count, letters))


def _with(block: Block, table: dict[int, str]) -> Block:
    lines = tuple(_line_with(line, table) for line in block.lines)
    return replace(block, content=block.content.translate(table), lines=lines)


def _line_with(line: PageLine, table: dict[int, str]) -> PageLine:
    words = tuple(replace(word, text=word.text.translate(table)) for word in line.words)
    return replace(line, text=line.text.translate(table), words=words)
