"""Words that take a large part of a page, which the layout takes for drawings."""

from collections.abc import Iterable
from dataclasses import replace

from mdocr.document.model import Block, Box
from mdocr.layout.afar import from_afar
from mdocr.parsing.line_reader.noise import is_noise
from mdocr.parsing.line_reader.reading import LineReading
from mdocr.parsing.line_reader.upright import is_inside
from mdocr.parsing.line_reader.views import View
from mdocr.parsing.line_reader.written_pictures import is_writing

LEAST_LETTERS = 3
"""Letters and digits of a text that is no scrap of a large letter, at least."""


def large_view(reading: LineReading) -> View:
    """The same view of a page with its large lines alone."""
    read = [
        reading.regions[number].lines[row].extent
        for (number, row), line in reading.lines().items()
        if not is_noise(line)
    ]
    return replace(reading.view, layout=from_afar(reading.view.pixels, read))


def with_large_words(blocks: Iterable[Block], large: LineReading) -> tuple[list[Block], list[Box]]:
    """Blocks of a page with its large words in the place of the drawings that they were taken for.

    Args:
        blocks: in reading order.
        large: a reading of ``large_view``.

    Returns:
        The blocks, and where these words stand.
    """
    made, places = list(blocks), []
    for row in large.rows:
        place = large.place(row)
        parts = [one for one in made if is_inside(one.box, [place]) and _is_part(one)]
        is_drawn = any(one.type == "image" for one in parts)
        if is_drawn and is_writing(large.line(row)):
            first = made.index(parts[0])
            made[first:first] = large.blocks(row[0])
            made = [one for one in made if one not in parts]
            places.append(place)
    return made, places


def _is_part(block: Block) -> bool:
    """Whether a block in the place of a large word may be a part of it."""
    return block.type == "image" or sum(map(str.isalnum, block.content)) < LEAST_LETTERS
