"""The long s of old prints, told from an f that was misread as one.

A page that is spelt with the long s has it nearly everywhere but at the ends of words; one that has
more round ones inside of words is of our time, and its few long ones are an f without its bar.
"""

import re
from collections.abc import Sequence
from dataclasses import replace

from mdocr.document.model import Block, PageLine
from mdocr.preprocessing.line_charset import LONG_S

_ROUND_INSIDE = re.compile(r"s(?=[^\W\d_])")


def settle_long_s(blocks: Sequence[Block]) -> list[Block]:
    """The blocks of a page, with f for each long s that was read if most are round."""
    read = "".join(block.content for block in blocks if block.source == "read")
    if LONG_S not in read or read.count(LONG_S) >= len(_ROUND_INSIDE.findall(read)):
        return list(blocks)
    return [_without(block) if block.source == "read" else block for block in blocks]


def _without(block: Block) -> Block:
    lines = tuple(map(_line_without, block.lines))
    return replace(block, content=block.content.replace(LONG_S, "f"), lines=lines)


def _line_without(line: PageLine) -> PageLine:
    words = tuple(replace(word, text=word.text.replace(LONG_S, "f")) for word in line.words)
    return replace(line, text=line.text.replace(LONG_S, "f"), words=words)
