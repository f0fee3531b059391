"""Regions of a page that together are the listing of a program: one block of code."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mdocr.document.model import Block
from mdocr.layout.pieces import hull
from mdocr.parsing.line_reader.formulas import Row
from mdocr.parsing.line_reader.listings import (
    BLANK,
    Grid,
    PrintedLine,
    grid_of,
    inked_borders,
    listing,
    looks_like_program,
    printed_line,
)
from mdocr.parsing.line_reader.noise import is_noise
from mdocr.parsing.line_reader.reading import LineReading
from mdocr.parsing.texts import Text, filled, joined

_TYPES = ("text", "title", "list_item")
BRACES = frozenset("{}()[];,")
_LEAST = 2
"""Lines of a listing."""


def find_programs(reading: LineReading) -> dict[int, Block | None]:
    """Blocks of code by the number of their first region; None for the regions that follow."""
    found: dict[int, Block | None] = {}
    for numbers, grid in _groups(_Page(reading)):
        block = _block(reading, numbers, grid)
        found |= {number: None for number in numbers}
        found[numbers[0]] = block
    return found


class _Page:
    """Regions of a page that may be parts of listings, and their lines."""

    def __init__(self, reading: LineReading) -> None:
        self.reading = reading
        self._lines: dict[int, list[PrintedLine]] = {}

    def rows(self, number: int) -> list[Row]:
        """The lines of a region that hold text."""
        rows = [(number, row) for row in range(len(self.reading.regions[number].lines))]
        return [row for row in rows if self._is_kept(self.reading.line(row))]

    @staticmethod
    def _is_kept(line: Text) -> bool:
        """Whether a line is no noise; a lone brace, which else is a speck, is none."""
        return not is_noise(line) or (bool(line.content) and BRACES.issuperset(line.content))

    def texts(self, number: int) -> list[str]:
        """What they say."""
        return [self.reading.line(row).content for row in self.rows(number)]

    def lines(self, number: int) -> list[PrintedLine]:
        """The same with their ink."""
        if number not in self._lines:
            region, pixels = self.reading.regions[number], self.reading.view.pixels
            self._lines[number] = [
                printed_line(pixels, region.lines[row[1]], self.reading.line(row).content)
                for row in self.rows(number)
            ]
        return self._lines[number]

    def is_text(self, number: int) -> bool:
        """Whether a region is of running text; a comparison in a listing looks like a formula."""
        if not 0 <= number < len(self.reading.regions):
            return False
        region = self.reading.regions[number]
        return region.type in _TYPES and not region.cells and bool(self.rows(number))

    def has_formula(self, number: int) -> bool:
        """Whether a formula was read in a region."""
        return any(self.reading.equations.group_of(row) is not None for row in self.rows(number))

    def goes_on(self, upper: int, lower: int) -> bool:
        """Whether a region stands below another one."""
        above, below = (self.reading.regions[number].box for number in (upper, lower))
        overlap = min(above.x1, below.x1) - max(above.x0, below.x0)
        return above.center[1] < below.center[1] and overlap > 0


def _groups(page: _Page) -> Iterator[tuple[list[int], Grid]]:
    """Numbers of regions that are one listing, with the grid of its letters."""
    number = 0
    while number < len(page.reading.regions):
        seeds = _seeds(page, number)
        lines = [line for seed in seeds for line in page.lines(seed)]
        grid = grid_of(lines) if lines else None
        if grid is None:
            number += max(1, len(seeds))
            continue
        numbers = _extended(page, seeds, grid)
        number = numbers[-1] + 1
        texts = [text for one in numbers for text in page.texts(one)]
        if len(texts) >= _LEAST and looks_like_program(texts):
            yield numbers, grid


def _seeds(page: _Page, first: int) -> list[int]:
    """Regions from ``first`` on that look like a program."""
    seeds: list[int] = []
    number = first
    while (
        page.is_text(number)
        and not page.has_formula(number)
        and looks_like_program(page.texts(number))
    ):
        if seeds and not page.goes_on(seeds[-1], number):
            break
        seeds.append(number)
        number += 1
    return seeds


def _extended(page: _Page, numbers: Sequence[int], grid: Grid) -> list[int]:
    """The regions and those below that stand on the same grid."""
    found = list(numbers)
    lines = [line for number in found for line in page.lines(number)]
    while page.is_text(found[-1] + 1) and page.goes_on(found[-1], found[-1] + 1):
        added = page.lines(found[-1] + 1)
        own = inked_borders(added, grid, fewest=4)
        if own >= 2 * BLANK or inked_borders([*lines, *added], grid) >= BLANK:
            break
        found.append(found[-1] + 1)
        lines += added
    return found


def _block(reading: LineReading, numbers: Sequence[int], grid: Grid) -> Block:
    page = _Page(reading)
    lines = sorted((x for n in numbers for x in page.lines(n)), key=lambda one: one.box.center[1])
    rows = [row for number in numbers for row in page.rows(number)]
    texts = [reading.line(row) for row in rows]
    region = replace(
        reading.regions[numbers[0]], type="code", box=hull([line.box for line in lines])
    )
    text = joined(texts, listing(lines, grid))
    block = replace(reading.block(region), lines=reading.text_lines(rows))
    return filled(block, text, "text", reading.options.trace)
