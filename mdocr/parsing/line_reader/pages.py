"""Pages read by the line reader: layout by image analysis, then every line, then formulas."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.document.model import Block, Box
from mdocr.errors import MdocrError
from mdocr.inputs.page_picture import PagePicture
from mdocr.layout import Formula, Layout, Line, Region, analyse, cut
from mdocr.layout.pieces import hull
from mdocr.models.line_reader_config import LINE_HEIGHT
from mdocr.options import ParseOptions
from mdocr.parsing import crops
from mdocr.parsing.drawing import draw_layout
from mdocr.parsing.line_reader.formulas import (
    FORMULA_BLOCK,
    LONGEST,
    Row,
    displayed,
    equation,
    goes_on,
    is_formula,
    may_be_formula,
    number_of,
)
from mdocr.parsing.line_reader.lists import as_lists
from mdocr.parsing.line_reader.pieces import LinePiece, split_line
from mdocr.parsing.line_reader.tables import table_of
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.page_work import (
    Job,
    Key,
    PageWork,
    failure_of,
)
from mdocr.parsing.texts import Text, block_options, filled, joined, text_of

BLOCK_LENGTH = 16
"""Tokens that the line reader was trained to denoise together."""

BATCH = 32
"""Lines in work at the same time, if there is no other wish."""

NARROWEST_LETTER = 3
"""Pixels at the reader's height; a piece holds no more letters than its width has room for."""

LEAST_CONFIDENCE = 0.5
"""Mean of a line's tokens below which it is not taken for text."""

NOISE_CONFIDENCE = 0.8
"""The same for one or two signs without a letter or digit, which is what specks are read as."""

UNREAD, FEW = 0.33, 100
"""Share of a page's characters that stand in lines not taken for text, above which its script is
likely none that the reader knows; and how many characters tell nothing yet."""


class LinePageReader:
    """Opens pages for the line reader."""

    def __init__(self, parser: PageModel, options: ParseOptions) -> None:
        self.parser = parser
        self.options = options
        self.batch_size = options.batch_size or BATCH
        block_options(options, "text", BLOCK_LENGTH)  # refuses what makes no sense, before a page

    def open(self, key: Key, sheet: PagePicture) -> "LinePage":
        """A page with its layout, ready to ask for its lines."""
        pixels = np.asarray(sheet.picture)
        return LinePage(key, sheet, analyse(pixels), self)


@dataclass(frozen=True)
class Place:
    """Where a piece stands: region, line, and piece in the line, each from 0."""

    region: int
    line: int
    piece: int
    joint: str
    longest: int


class LinePage(PageWork):
    """A page in work."""

    def __init__(
        self, key: Key, sheet: PagePicture, layout: Layout, reader: LinePageReader
    ) -> None:
        super().__init__(key, sheet)
        self.parser, self.options = reader.parser, reader.options
        self.layout = layout
        self.places: list[Place] = []
        self.rows: dict[Row, list[int]] = {}  # the pieces of each line
        self.texts: dict[int, Text] = {}
        self.displayed = displayed(layout) if self.parser.reads_formulas else []
        self.formulas: dict[int, Text] = {}
        self.equations: list[list[int]] = []  # of the formulas that are believed, row by row
        self.shown: set[int] = set()

    def regions(self) -> list[Block]:
        """The regions of the layout in reading order, still without content."""
        return crops.ordered(map(self._block, self.layout.regions))

    def begin(self) -> list[Job]:
        """Every piece of every line."""
        pixels = np.asarray(self.sheet.picture)
        jobs = []
        for number, region in enumerate(self.layout.regions):
            jobs += self._jobs_of(number, region, pixels)
        return jobs

    def take(self, place: int, made: Generation) -> list[Job]:
        """Takes a piece, or a formula; the last piece of a doubtful text asks for a formula."""
        if place < 0:
            longest = self._formula_options().max_tokens
            self.formulas[~place] = text_of(made, self.parser, longest, self.options.trace)
            return []
        longest = self.places[place].longest
        self.texts[place] = text_of(made, self.parser, longest, self.options.trace)
        return self._formula_jobs((self.places[place].region, self.places[place].line))

    def miss(self, place: int, error: MdocrError) -> None:
        """The piece is left out, and its region named; a formula stays the text that it was."""
        if place < 0:
            return
        order = self.places[place].region + 1
        self.failures.append(failure_of(error, self.sheet.number, order))

    def compose(self) -> tuple[list[Block], dict[str, bytes], bytes]:
        """Regions with their text; those in which nothing was read are left out."""
        picture = self.sheet.picture
        regions = self.regions()
        drawing = draw_layout(picture, regions) if self.options.draw_layout else b""
        blocks, pictures = [], {}
        self.equations = self._grouped()
        read = self._lines()
        self._note_unread(
            [
                line
                for number, texts in read.items()
                for row, line in enumerate(texts)
                if self._formula_at((number, row)) is None
            ]
        )
        lines = {number: self._kept(number, texts) for number, texts in read.items()}
        self._note_cuts(lines)
        for number, (region, block) in enumerate(zip(self.layout.regions, regions, strict=True)):
            if region.type == "image":
                name = crops.file_name(self.sheet.number, number + 1)
                pictures[name] = crops.encode(crops.cut_region(picture, block.box))
                blocks.append(crops.linked(block, name))
            elif number in lines:
                blocks += self._with_formulas(number, block, lines[number])
        return crops.ordered(as_lists(blocks)), pictures, drawing

    def _jobs_of(self, number: int, region: Region, pixels: NDArray[np.uint8]) -> list[Job]:
        jobs = []
        for row, line in enumerate(region.lines):
            for index, piece in enumerate(split_line(cut(pixels, line))):
                width = piece.pixels.shape[1] * LINE_HEIGHT // piece.pixels.shape[0]
                options = self._piece_options(region.type, width)
                self.rows.setdefault((number, row), []).append(len(self.places))
                self.places.append(Place(number, row, index, piece.joint, options.max_tokens))
                make = partial(self._ask, piece, options)
                jobs.append(Job(self, len(self.places) - 1, make, size=width))
        return jobs

    def _piece_options(self, target: str, width: int) -> BlockOptions:
        """No more tokens than there is room for, so that noise does not take long."""
        room = BLOCK_LENGTH * math.ceil(max(width, LINE_HEIGHT) / NARROWEST_LETTER / BLOCK_LENGTH)
        longest = min(room, self.options.longest(target))
        return block_options(self.options, target, BLOCK_LENGTH, longest)

    def _ask(self, piece: LinePiece, options: BlockOptions) -> Request:
        return self.parser.request(Image.fromarray(piece.pixels), "text", options)

    def _formula_jobs(self, row: Row) -> list[Job]:
        """The formula that a line is part of, if its text is whole now and looks like one."""
        jobs = []
        for index, found in enumerate(self.displayed):
            is_whole = row in found.rows and all(map(self._is_read, found.rows))
            if is_whole and may_be_formula([self._line(each) for each in found.rows]):
                make, width = partial(self._ask_formula, found.place), round(found.place.box.width)
                jobs.append(Job(self, ~index, make, size=width))
        return jobs

    def _is_read(self, row: Row) -> bool:
        return row in self.rows and all(piece in self.texts for piece in self.rows[row])

    def _ask_formula(self, place: Formula) -> Request:
        line = Line(place.box, self.layout.angle)
        pixels = cut(np.asarray(self.sheet.picture), line, margin=0.03)
        return self.parser.request(Image.fromarray(pixels), "formula", self._formula_options())

    def _formula_options(self) -> BlockOptions:
        longest = min(LONGEST, self.options.longest("equation"))
        own = self.options.block_length is None  # steps are for blocks of lines then
        options = replace(self.options, steps=None) if own else self.options
        return block_options(options, "equation", FORMULA_BLOCK, longest)

    def _with_formulas(self, number: int, block: Block, lines: list[Text]) -> list[Block]:
        """A region as one block, or none if it is empty; where formulas stand in it, as several."""
        region = self.layout.regions[number]
        parts = [self._formula_at((number, row)) for row in range(len(lines))]
        if all(part is None for part in parts):
            return self._filled(region, block, lines)
        blocks = []
        for index, group in groupby(range(len(parts)), key=parts.__getitem__):
            rows = list(group)
            if index is None:
                part = replace(region, box=hull([region.lines[row].box for row in rows]))
                blocks += self._filled(part, self._block(part), [lines[row] for row in rows])
            elif index not in self.shown:
                self.shown.add(index)
                blocks.append(self._equation(index))
        return blocks

    def _filled(self, region: Region, block: Block, lines: list[Text]) -> list[Block]:
        has_text = any(line.content for line in lines)
        return [self._read(region, block, lines)] if has_text else []

    def _equation(self, index: int) -> Block:
        rows = self.equations[index]
        box = hull([self.displayed[row].place.box for row in rows])
        block = Block("equation", Box(*self.layout.outline(box)))
        texts, number = [self.formulas[row] for row in rows], "".join(map(self._number, rows))
        return equation(block, texts, number, self.options.trace)

    def _grouped(self) -> list[list[int]]:
        """The formulas that are believed, rows of one together; it has one number at most."""
        groups: list[list[int]] = []
        for index, read in sorted(self.formulas.items()):
            if not is_formula(read):
                continue
            if groups and self._goes_on(groups[-1], index):
                groups[-1].append(index)
            else:
                groups.append([index])
        return groups

    def _goes_on(self, rows: list[int], below: int) -> bool:
        numbers = filter(None, map(self._number, [*rows, below]))
        above, place = self.displayed[rows[-1]].place, self.displayed[below].place
        notation = self.formulas[below].content
        return len(list(numbers)) <= 1 and goes_on(above, place, notation, self.layout)

    def _number(self, formula: int) -> str:
        """The number of a formula, as it was read."""
        label = self.displayed[formula].label
        return number_of("".join(self._line(row).content for row in label if row in self.rows))

    def _formula_at(self, row: Row) -> int | None:
        """Which equation a line is part of."""
        for index, formulas in enumerate(self.equations):
            for formula in formulas:
                found = self.displayed[formula]
                if row in found.rows or (row in found.label and self._number(formula)):
                    return index
        return None

    def _block(self, region: Region) -> Block:
        box = Box(*self.layout.outline(region.box))
        return Block(region.type, box, level=min(region.level, 6))

    def _lines(self) -> dict[int, list[Text]]:
        """Texts of the lines of each region, noise among them."""
        lines: dict[int, list[Text]] = {}
        for region, row in self.rows:
            lines.setdefault(region, []).append(self._line((region, row)))
        return lines

    def _kept(self, region: int, lines: list[Text]) -> list[Text]:
        """The lines of a region, those that are noise empty; specks in a table are its dashes."""
        in_table = bool(self.layout.regions[region].cells)
        return [Text(steps=one.steps) if is_noise(one, in_table) else one for one in lines]

    def _note_unread(self, lines: list[Text]) -> None:
        """Says where so much is noise that another model should read the page."""
        share = unread_share(lines)
        if share > UNREAD:
            self.note(
                f"{share:.0%} of it was read too unsurely to be kept: its script may be none that "
                "this model knows. The released model (--model mineru-diffusion) knows Chinese too."
            )

    def _note_cuts(self, lines: dict[int, list[Text]]) -> None:
        """Says how many of the lines that were kept are not whole."""
        cut_short = sum(bool(line.notes) for texts in lines.values() for line in texts)
        if cut_short:
            self.note(f"lines whose ends were cut off, as they went on and on: {cut_short}")

    def _line(self, row: Row) -> Text:
        pieces = self.rows[row]
        found = [(self.places[piece].joint, self.texts.get(piece, Text())) for piece in pieces]
        content = "".join(joint + text.content for joint, text in found)
        return joined([text for _, text in found], " ".join(content.split()))

    def _read(self, region: Region, block: Block, lines: list[Text]) -> Block:
        if region.cells:
            content, form = table_of(region.cells, lines), "otsl"
        else:
            content, form = "\n".join(line.content for line in lines if line.content), "text"
        return filled(block, joined(lines, content), form, self.options.trace)


def is_noise(line: Text, in_table: bool = False) -> bool:
    """Whether a line is no text: the reader is unsure of it, or it is a speck.

    Args:
        line: what was read.
        in_table: it stands alone in a cell, where a speck is rather a dash.
    """
    is_speck = len(line.content) <= 2 and not any(map(str.isalnum, line.content)) and not in_table
    return line.confidence < (NOISE_CONFIDENCE if is_speck else LEAST_CONFIDENCE)


def unread_share(lines: Sequence[Text]) -> float:
    """Share of the characters in lines that are no text, 0 to 1; 0 where there are few in all."""
    total = sum(len(line.content) for line in lines)
    noise = sum(len(line.content) for line in lines if is_noise(line))
    return noise / total if total >= FEW else 0.0
