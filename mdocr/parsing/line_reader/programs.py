"""Regions of a page that together are the listing of a program: one block of code."""

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace

from mdocr.document.model import Block
from mdocr.fragments.geometry import hull
from mdocr.layout import LayoutBox
from mdocr.parsing.line_reader.formulas import Row
from mdocr.parsing.line_reader.listings import (
    Grid,
    PrintedLine,
    are_set_on,
    as_typed,
    grid_of,
    listing,
    looks_like_program,
    printed_line,
)
from mdocr.parsing.line_reader.noise import is_noise
from mdocr.parsing.line_reader.reading import LineReading
from mdocr.parsing.texts import Text, filled, joined

_TYPES = ("text", "title", "list_item")
BRACES = frozenset("{}()[];,")
BRACES_OR_DIGITS = BRACES.union("0123456789")
_LEAST = 2
"""Lines of a listing."""

GAP = 6.0
"""Heights of a line that may be blank between two regions of a listing."""

OUTDENT = 6.0
"""Heights of a line by which a region may stand beside the others, as a closing brace does."""


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
                printed_line(pixels, region.lines[row[1]], self._typed(row))
                for row in self.rows(number)
            ]
        return self._lines[number]

    def _typed(self, row: Row) -> str:
        line = self.reading.line(row)
        return as_typed(line.content) if line.source == "read" else line.content

    def is_text(self, number: int) -> bool:
        """Whether a region is of running text; a comparison in a listing looks like a formula."""
        if not 0 <= number < len(self.reading.regions):
            return False
        region = self.reading.regions[number]
        return region.type in _TYPES and not region.cells and bool(self.rows(number))

    def has_formula(self, number: int) -> bool:
        """Whether a formula was read in a region."""
        return any(self.reading.equations.group_of(row) is not None for row in self.rows(number))

    def is_near(self, numbers: Sequence[int], other: int) -> bool:
        """Whether a region stands in the column of some others, no further off than lines do."""
        box, own = hull([self._box(n) for n in numbers]), self._box(other)
        height = max(self.lines(n)[0].box.height for n in numbers)
        beside = max(own.x0 - box.x1, box.x0 - own.x1)
        return beside < OUTDENT * height and max(own.y0 - box.y1, box.y0 - own.y1) < GAP * height

    def is_set_like(self, numbers: Sequence[int], other: int) -> bool:
        """Whether a region is monospace where the file says that all of some others are."""
        drafts = self.reading.drafts
        is_typed = all(drafts.is_typed(row) for n in numbers for row in self.rows(n))
        stand = [row for row in self.rows(other) if row in drafts.texts]
        return not is_typed or all(map(drafts.is_typed, stand))

    def belongs(self, numbers: Sequence[int], other: int) -> bool:
        """Whether a region near some others is a part of theirs, whatever its letters.

        So are lone braces and numbers of lines, and what stands amid them.
        """
        box, own = hull([self._box(n) for n in numbers]), self._box(other)
        is_lone = BRACES_OR_DIGITS.issuperset("".join("".join(self.texts(other)).split()))
        is_amid = box.y0 <= own.y0 and own.y1 <= box.y1 and box.x0 <= own.center[0] <= box.x1
        return is_lone or is_amid

    def _box(self, number: int) -> LayoutBox:
        return self.reading.regions[number].box


def _groups(page: _Page) -> Iterator[tuple[list[int], Grid]]:
    """Numbers of regions that are one listing, with the grid of its letters."""
    taken: set[int] = set()
    for number in range(len(page.reading.regions)):
        seeds = _seeds(page, number, taken)
        grid = grid_of([line for seed in seeds for line in page.lines(seed)]) if seeds else None
        if grid is None:
            continue
        numbers, grid = _extended(page, seeds, grid, taken)
        texts = [text for one in numbers for text in page.texts(one)]
        taken |= set(numbers)
        if len(texts) >= _LEAST and looks_like_program(texts):
            yield numbers, grid


def _seeds(page: _Page, first: int, taken: Container[int]) -> list[int]:
    """Regions from ``first`` on that look like a program."""
    seeds: list[int] = []
    number = first
    while (
        number not in taken
        and page.is_text(number)
        and not page.has_formula(number)
        and looks_like_program(page.texts(number))
        and (not seeds or page.is_near(seeds, number))
    ):
        seeds.append(number)
        number += 1
    return seeds


def _extended(
    page: _Page, numbers: Sequence[int], grid: Grid, taken: Container[int]
) -> tuple[list[int], Grid]:
    """The regions and those above, between and below them that stand on the same grid.

    The more lines there are, the better the grid is known, which is returned too.
    """
    found = list(numbers)
    others = [n for n in _up_to_prose(page, numbers) if n not in taken]
    grows = True
    while grows:
        near = [n for n in others if n not in found and page.is_near(found, n)]
        fitting = [n for n in near if page.belongs(found, n) or are_set_on(page.lines(n), grid)]
        found += fitting
        grows = bool(fitting)
        grid = grid_of([line for n in found for line in page.lines(n)]) or grid
    return sorted(found), grid


def _up_to_prose(page: _Page, numbers: Sequence[int]) -> list[int]:
    """Regions of text before, between and after some, up to those that are not set like them."""
    texts = [n for n in range(len(page.reading.regions)) if page.is_text(n)]
    prose = [n for n in texts if not page.is_set_like(numbers, n)]
    before = max((n for n in prose if n < min(numbers)), default=-1)
    after = min((n for n in prose if n > max(numbers)), default=len(page.reading.regions))
    return [n for n in texts if before < n < after and n not in prose]


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
