"""Pages read by the line reader: layout by image analysis, then every line on its own."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr import tables
from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.document import PARATEXT_TYPES, Block, Box
from mdocr.errors import MdocrError
from mdocr.layout import Cell, Layout, Region, analyse, cut
from mdocr.models.line_pictures import LINE_HEIGHT
from mdocr.options import ParseOptions
from mdocr.pages import PagePicture
from mdocr.parsing import crops
from mdocr.parsing.drawing import draw_layout
from mdocr.parsing.line_pieces import Piece, split_line
from mdocr.parsing.lists import as_lists
from mdocr.parsing.texts import Text, block_options, filled, joined, text_of
from mdocr.parsing.work import Job, Key, PageWork, failure_of

if TYPE_CHECKING:
    from mdocr.parser import PageModel

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

ALONE = {"o": "0", "O": "0", "_": "—", "__": "—"}
"""What a sign is that stands alone in a column of numbers: nothing beside it shows its height."""


class LiteReader:
    """Opens pages for the line reader."""

    def __init__(self, parser: "PageModel", options: ParseOptions) -> None:
        self.parser = parser
        self.options = options
        self.batch_size = options.batch_size or BATCH
        block_options(options, "text", BLOCK_LENGTH)  # refuses what makes no sense, before a page

    def open(self, key: Key, sheet: PagePicture) -> PageWork:
        """A page with its layout, ready to ask for its lines."""
        pixels = np.asarray(sheet.picture)
        return LitePage(key, sheet, analyse(pixels), self)


@dataclass(frozen=True)
class Place:
    """Where a piece stands: region, line, and piece in the line, each from 0."""

    region: int
    line: int
    piece: int
    joint: str
    longest: int


class LitePage(PageWork):
    """A page in work."""

    def __init__(self, key: Key, sheet: PagePicture, layout: Layout, reader: LiteReader) -> None:
        super().__init__(key, sheet)
        self.parser, self.options = reader.parser, reader.options
        self.layout = layout
        self.places: list[Place] = []
        self.texts: dict[int, Text] = {}

    def begin(self) -> list[Job]:
        """Every piece of every line."""
        pixels = np.asarray(self.sheet.picture)
        jobs = []
        for number, region in enumerate(self.layout.regions):
            if self._is_wanted(region):
                jobs += self._jobs_of(number, region, pixels)
        return jobs

    def take(self, place: int, made: Generation) -> list[Job]:
        """Takes a piece."""
        longest = self.places[place].longest
        self.texts[place] = text_of(made, self.parser, longest, self.options.trace)
        return []

    def miss(self, place: int, error: MdocrError) -> None:
        """The piece is left out, and its region named."""
        order = self.places[place].region + 1
        self.failures.append(failure_of(error, self.sheet.number, order))

    def compose(self) -> tuple[list[Block], dict[str, bytes], bytes]:
        """Regions with their text; those in which nothing was read are left out."""
        picture = self.sheet.picture
        regions = crops.ordered(map(self._block, self.layout.regions))
        drawing = draw_layout(picture, regions) if self.options.draw_layout else b""
        blocks, pictures = [], {}
        read = self._lines()
        self._note_unread([line for texts in read.values() for line in texts])
        lines = {number: self._kept(number, texts) for number, texts in read.items()}
        self._note_cuts(lines)
        for number, (region, block) in enumerate(zip(self.layout.regions, regions, strict=True)):
            if region.type == "image":
                name = crops.file_name(self.sheet.number, number + 1)
                pictures[name] = crops.encode(crops.cut_region(picture, block.box))
                blocks.append(crops.linked(block, name))
            elif any(text.content for text in lines.get(number, [])):
                blocks.append(self._read(region, block, lines[number]))
        return crops.ordered(as_lists(blocks)), pictures, drawing

    def _jobs_of(self, number: int, region: Region, pixels: NDArray[np.uint8]) -> list[Job]:
        jobs = []
        for row, line in enumerate(region.lines):
            for index, piece in enumerate(split_line(cut(pixels, line))):
                width = piece.pixels.shape[1] * LINE_HEIGHT // piece.pixels.shape[0]
                options = self._piece_options(region.type, width)
                self.places.append(Place(number, row, index, piece.joint, options.max_tokens))
                make = partial(self._ask, piece, options)
                jobs.append(Job(self, len(self.places) - 1, make, size=width))
        return jobs

    def _piece_options(self, target: str, width: int) -> BlockOptions:
        """No more tokens than there is room for, so that noise does not take long."""
        room = BLOCK_LENGTH * math.ceil(max(width, LINE_HEIGHT) / NARROWEST_LETTER / BLOCK_LENGTH)
        longest = min(room, self.options.longest(target))
        return block_options(self.options, target, BLOCK_LENGTH, longest)

    def _ask(self, piece: Piece, options: BlockOptions) -> Request:
        return self.parser.request(Image.fromarray(piece.pixels), "text", options)

    def _is_wanted(self, region: Region) -> bool:
        return self.options.keep_paratext or region.type not in PARATEXT_TYPES

    def _block(self, region: Region) -> Block:
        box = Box(*self.layout.outline(region.box))
        return Block(region.type, box, level=min(region.level, 6))

    def _lines(self) -> dict[int, list[Text]]:
        """Texts of the lines of each region, noise among them."""
        pieces: dict[tuple[int, int], list[int]] = {}
        for index, place in enumerate(self.places):
            pieces.setdefault((place.region, place.line), []).append(index)
        lines: dict[int, list[Text]] = {}
        for (region, _), indices in pieces.items():
            lines.setdefault(region, []).append(self._line(indices))
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

    def _line(self, indices: list[int]) -> Text:
        found = [(self.places[index].joint, self.texts.get(index, Text())) for index in indices]
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


def table_of(cells: tuple[Cell, ...], lines: list[Text]) -> str:
    """OTSL of a table's cells; ``lines`` are the texts of their lines, cell by cell."""
    rest = iter(lines)
    covered: dict[tuple[int, int], tables.Cell] = {}
    for cell in cells:
        texts = [next(rest).content for _ in cell.lines]
        places = set(
            product(
                range(cell.row, cell.row + cell.row_span),
                range(cell.column, cell.column + cell.column_span),
            )
        )
        if not places & covered.keys():
            text = " ".join(text for text in texts if text)
            made = tables.Cell(text, cell.row, cell.column, cell.row_span, cell.column_span)
            covered.update(dict.fromkeys(places, made))
    return tables.to_otsl(tables.Table(_with_numbers(_with_empty(covered))))


def _with_numbers(cells: tuple[tables.Cell, ...]) -> tuple[tables.Cell, ...]:
    """Signs that stand alone in a column of numbers, as they are meant there (``ALONE``)."""
    texts: dict[int, list[str]] = {}
    for cell in cells:
        texts.setdefault(cell.column, []).append(cell.text)
    numeric = {column for column, found in texts.items() if _is_numeric(found)}
    return tuple(
        replace(cell, text=ALONE.get(cell.text, cell.text)) if cell.column in numeric else cell
        for cell in cells
    )


def _is_numeric(column: list[str]) -> bool:
    """Whether a column holds two numbers at least, and as many as other texts."""
    others = [text for text in column if any(map(str.isalnum, text)) and text not in ALONE]
    numbers = [text for text in others if text[0].isdigit() and not any(map(str.isalpha, text))]
    return len(numbers) >= 2 and 2 * len(numbers) >= len(others)


def _with_empty(covered: dict[tuple[int, int], tables.Cell]) -> tuple[tables.Cell, ...]:
    """The cells, with an empty one wherever none covers the grid."""
    height = max(row for row, _ in covered) + 1
    width = max(column for _, column in covered) + 1
    for row, column in product(range(height), range(width)):
        covered.setdefault((row, column), tables.Cell("", row, column))
    ordered = sorted(set(covered.values()), key=lambda cell: (cell.row, cell.column))
    return tuple(ordered)
