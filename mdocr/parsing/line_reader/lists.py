"""Lists recognised by their text: bullets, and numbers that count up."""

import re
from dataclasses import replace

from mdocr.document.characters import BULLETS
from mdocr.document.model import Block
from mdocr.postprocess.lists import split_marker

_NUMBER = re.compile(r"\(?(\d{1,3})[.)]")


def as_lists(blocks: list[Block]) -> list[Block]:
    """The blocks, with texts that are lists or items typed as such."""
    return [_as_item(block, _around(blocks, place)) for place, block in enumerate(blocks)]


def _around(blocks: list[Block], place: int) -> list[int]:
    """Numbers with which the blocks before and after begin."""
    near = blocks[max(0, place - 1) : place] + blocks[place + 1 : place + 2]
    return [number for number in (_number(block.content) for block in near) if number]


def _as_item(block: Block, around: list[int]) -> Block:
    lines = block.content.split("\n")
    if block.type != "text" or not split_marker(lines[0])[0]:
        return block
    if sum(map(_is_bulleted, lines)) > 1 or _counts_up(lines):
        return replace(block, type="list")
    number = _number(lines[0])
    in_row = number > 0 and (number - 1 in around or number + 1 in around)
    return replace(block, type="list_item") if in_row or _is_bulleted(lines[0]) else block


def _is_bulleted(line: str) -> bool:
    return split_marker(line)[0] in tuple(BULLETS)


def _counts_up(lines: list[str]) -> bool:
    """Whether several lines begin with numbers, each one more than the one before."""
    numbers = [number for number in map(_number, lines) if number]
    return len(numbers) > 1 and numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def _number(line: str) -> int:
    """The number that marks an item; 0 for none."""
    match = _NUMBER.fullmatch(split_marker(line)[0])
    return int(match[1]) if match else 0
