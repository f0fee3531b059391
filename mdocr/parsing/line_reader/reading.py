"""One view of a page in reading: its lines piece by piece, then what may be formulas."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby

from PIL import Image

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.document.inline import literal
from mdocr.document.model import Block, Box, PageLine, PageWord, Unread
from mdocr.errors import MdocrError
from mdocr.fragments.geometry import Pixels, hull
from mdocr.inputs.text_layer import TextLayer
from mdocr.layout import Formula, LayoutBox, Line, Region, cut, outline_of_cut
from mdocr.models.line_reader_config import COLUMN, LINE_HEIGHT
from mdocr.options import ParseOptions
from mdocr.parsing.line_reader.emphasis import settled
from mdocr.parsing.line_reader.equations import Equations
from mdocr.parsing.line_reader.formulas import (
    FORMULA_BLOCK,
    HOPELESS_FORMULA,
    LONGEST,
    Row,
    equation,
)
from mdocr.parsing.line_reader.lookalikes import with_capitals
from mdocr.parsing.line_reader.loose_tables import is_table, paragraphs
from mdocr.parsing.line_reader.noise import why_unread
from mdocr.parsing.line_reader.pieces import LinePiece, split_at_boxes
from mdocr.parsing.line_reader.places import PlacedCharacter, placed_characters, placed_words
from mdocr.parsing.line_reader.questions import Question, formula_draft, piece_options
from mdocr.parsing.line_reader.scripts import with_scripts
from mdocr.parsing.line_reader.strips import ink_mask
from mdocr.parsing.line_reader.tables import table_of
from mdocr.parsing.line_reader.tick_boxes import Placed, inner_boxes, leading_box
from mdocr.parsing.line_reader.underlines import without_underlines
from mdocr.parsing.line_reader.underscores import with_underscores
from mdocr.parsing.line_reader.verification import Drafts
from mdocr.parsing.line_reader.views import View
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.texts import Text, block_options, filled, joined, text_of

COVERED = 0.1
"""Share of a line that lies in a picture, from which what was not made out there is covered."""


@dataclass(frozen=True)
class PieceInLine:
    """A piece of a line that was asked for.

    Attributes:
        row: the line.
        joint: what stands between the piece before and this one.
        longest: maximum number of tokens.
        left: its first column on the strip of the line.
        size: its height and width in pixels.
    """

    row: Row
    joint: str
    longest: int
    left: int
    size: tuple[int, int]


class LineReading:
    """The texts of a view.

    Args:
        view: a page or an area of it.
        parser: the model.
        options: how to read.
        layer: the text layer of the page, if it has one.

    Attributes:
        errors: why pieces are missing, with the region of each.
        drafts: what the layer says of the lines.
    """

    def __init__(
        self,
        view: View,
        parser: PageModel,
        options: ParseOptions,
        layer: TextLayer | None = None,
    ) -> None:
        self.view = view
        self.parser, self.options = parser, options
        self.regions = view.layout.regions
        self.pieces: list[PieceInLine] = []
        self.rows: dict[Row, list[int]] = {}  # the pieces of the lines that were asked for
        self.texts: dict[int, Text] = {}
        self.frames: dict[int, tuple[float, ...]] = {}
        self.strips: dict[Row, Pixels] = {}  # pictures of the lines that were asked for
        self.boxes: dict[Row, str] = {}  # signs of boxes to be ticked at their start, or nothing
        self.inner: dict[Row, list[Placed]] = {}  # boxes in them, by columns of their strips
        self.tails: dict[Row, str] = {}  # boxes at their end
        self.errors: list[tuple[int, MdocrError]] = []
        self.equations = Equations(view.layout, self.whole_line)
        if not parser.reads_formulas:
            self.equations.places = []
        self.drafts = Drafts(view, parser, options, layer)

    def all_rows(self) -> list[Row]:
        """Every line of the layout, in reading order."""
        return [
            (number, row)
            for number, region in enumerate(self.regions)
            for row in range(len(region.lines))
        ]

    def ask(self) -> list[Question]:
        """Asks for all lines whose drafts do not stand, and for the formulas of the others."""
        asked = {row: list(self._pieces_of(row)) for row in self.all_rows()}
        self.boxes |= self.drafts.verify(asked, self.boxes, self._inner_places())
        spared = [row for row in asked if row in self.drafts.texts]
        self.equations.leave_out(filter(self.drafts.is_typed, spared))
        formulas = {index for row in spared for index in self.equations.promising(row)}
        unknown = [own for row, own in asked.items() if row not in self.drafts.texts]
        questions = [self.drafts.encoded(question) for own in unknown for question in own]
        return questions + [self._formula(index) for index in sorted(formulas)]

    def take(self, number: int, made: Generation) -> list[Question]:
        """Takes an answer; the last piece of a doubtful text asks for a formula."""
        if number < 0:
            longest = self._formula_options().max_tokens
            self.equations.read[~number] = text_of(made, self.parser, longest, self.options.trace)
            return []
        piece = self.pieces[number]
        text = text_of(made, self.parser, piece.longest, self.options.trace)
        strip = self.strips[piece.row][:, piece.left : piece.left + piece.size[1]]
        self.texts[number] = with_underscores(text, strip, made.frames)
        self.frames[number] = made.frames
        return [self._formula(index) for index in self.equations.promising(piece.row)]

    def miss(self, number: int, error: MdocrError) -> None:
        """Called when a request failed: a piece is left out; a formula stays text."""
        if number >= 0:
            self.errors.append((self.pieces[number].row[0], error))

    def whole_line(self, row: Row) -> Text | None:
        """A line of which every piece was read; None of others."""
        is_read = row in self.rows and all(piece in self.texts for piece in self.rows[row])
        is_whole = is_read or row in self.drafts.texts
        return self.line(row) if is_whole else None

    def line(self, row: Row) -> Text:
        """What is known of a line so far."""
        if row in self.drafts.texts:
            return self.drafts.texts[row]
        read = self._read(row)
        return self.drafts.against(row, read) if row in self.rows else read

    def _read(self, row: Row) -> Text:
        pieces = self.rows.get(row, ())
        found = [(self.pieces[piece].joint, self.texts.get(piece, Text())) for piece in pieces]
        content = "".join(joint + text.content for joint, text in found) + self.tails.get(row, "")
        joint = next((joint for joint, _ in found[1:]), "")
        return joined([text for _, text in found], with_capitals(" ".join(content.split())), joint)

    def written_line(self, row: Row) -> Text:
        """The same with its scripts marked, behind the box to be ticked if it begins with one."""
        line = self.line(row)
        if line.source == "text-layer" and line.content:
            content = self.drafts.marked(row, emphasis=not self.regions[row[0]].cells)
        else:
            content = literal(line.content)
            if content and content == line.content:
                content = with_scripts(content, self.strips[row])
        return replace(line, content=f"{self.boxes.get(row, '')} {content}".strip())

    def lines(self) -> dict[Row, Text]:
        """The lines that were asked for, in reading order; noise among them."""
        return {row: self.line(row) for row in sorted(self.rows)}

    def block(self, region: Region) -> Block:
        """A region without its content; a title has no level before the whole document is known."""
        return Block(region.type, self.view.outline(region.box), angle=self.view.angle)

    def blocks(self, number: int) -> list[Block]:
        """A region as one block, or none if nothing was read; as several around formulas."""
        region = self.regions[number]
        lines = [self._kept(number, row) for row in range(len(region.lines))]
        groups = [self.equations.group_of((number, row)) for row in range(len(lines))]
        if all(group is None for group in groups):
            return self._filled(region, lines, [(number, row) for row in range(len(lines))])
        blocks = []
        for group, members in groupby(range(len(groups)), key=groups.__getitem__):
            rows = list(members)
            if group is None:
                part = replace(region, box=hull([region.lines[row].box for row in rows]))
                own = [(number, row) for row in rows]
                blocks += self._filled(part, [lines[row] for row in rows], own)
            elif (number, rows[0]) == self._first_row(group):
                blocks.append(self._equation(group))
        return blocks

    def text_lines(self, rows: Collection[Row]) -> tuple[PageLine, ...]:
        """Lines with their places, if those are asked for, and something was read in them."""
        if self.options.boxes == "block":
            return ()
        lines = ((row, self._kept(*row)) for row in rows)
        return tuple(self._placed(row, line) for row, line in lines if line.content)

    def text_block(self, rows: Sequence[Row]) -> list[Block]:
        """Some lines, whatever their region, as one block of text."""
        return self._text([self.written_line(row) for row in rows], rows)

    def height(self, row: Row) -> float:
        """Of a line that was read from the picture, in its pixels; 0 of any other."""
        line = self.line(row)
        is_read = line.source == "read" and any(map(str.isalpha, line.content))
        return self.regions[row[0]].lines[row[1]].box.height if is_read else 0.0

    def place(self, row: Row) -> Box:
        """Where a line stands on the page as given."""
        return self.view.outline(self.regions[row[0]].lines[row[1]].extent)

    def unread(self, rows: Collection[Row]) -> list[Unread]:
        """Those of some lines that are not written, or not to their end, with the reason."""
        found = []
        for row in rows:
            line = self.line(row)
            reason = self._why_unread(row, line)
            if reason in ("unsure", "noise") and self._is_covered(row):
                reason = "covered"
            if reason:
                found.append(Unread(self.place(row), reason, line.content, line.confidence))
        return found

    def _is_covered(self, row: Row) -> bool:
        """Whether a picture, such as a stamp, lies over a line."""
        box = self.place(row)
        pictures = (self.view.outline(one.box) for one in self.regions if one.type == "image")
        return any(box.inside(picture) >= COVERED for picture in pictures)

    def _why_unread(self, row: Row, line: Text) -> str:
        if self.boxes.get(row) and line.content in ("", self.tails.get(row, "").strip()):
            return ""  # boxes alone
        reason = why_unread(line, bool(self.regions[row[0]].cells))
        if reason == "unsure" and self.options.keep_unsure:
            reason = ""
        return "cut" if line.is_cut and not reason else reason

    def _pieces_of(self, row: Row) -> Iterator[Question]:
        region, line = self.regions[row[0]], self.regions[row[0]].lines[row[1]]
        self.rows[row] = []
        pixels = cut(self.view.pixels, line)
        self.boxes[row], start = leading_box(pixels, in_table=bool(region.cells))
        if start == pixels.shape[1]:
            return
        self.strips[row] = without_underlines(pixels[:, start:])
        self.inner[row] = inner_boxes(self.strips[row])
        pieces, self.tails[row] = split_at_boxes(self.strips[row], self.inner[row])
        for piece in pieces:
            width = piece.pixels.shape[1] * LINE_HEIGHT // piece.pixels.shape[0]
            options = piece_options(self.options, region.type, width, self.options.draft)
            number = len(self.pieces)
            self.rows[row].append(number)
            size, longest = piece.pixels.shape[:2], options.max_tokens
            self.pieces.append(PieceInLine(row, piece.joint, longest, piece.left, size))
            yield Question(number, partial(self._request, piece, options), width)

    def _inner_places(self) -> dict[Row, list[tuple[str, float]]]:
        """The boxes in lines, each with its middle in pixels of the view."""
        return {
            row: [(sign, self._cut_outline(row).x0 + (x0 + x1) / 2) for sign, x0, x1 in boxes]
            for row, boxes in self.inner.items()
            if boxes
        }

    def _request(self, piece: LinePiece, options: BlockOptions) -> Request:
        return self.parser.request(Image.fromarray(piece.pixels), "text", options)

    def _formula(self, index: int) -> Question:
        place = self.equations.places[index].place
        return Question(~index, partial(self._formula_request, place), round(place.box.width))

    def _formula_request(self, place: Formula) -> Request:
        line = Line(place.box, self.view.layout.angle)
        pixels = cut(self.view.pixels, line, margin=0.03)
        return self.parser.request(Image.fromarray(pixels), "formula", self._formula_options())

    def _formula_options(self) -> BlockOptions:
        longest = min(LONGEST, self.options.longest("equation"))
        own = self.options.block_length is None  # steps are for blocks of lines then
        options = replace(self.options, steps=None) if own else self.options
        made = block_options(options, "equation", FORMULA_BLOCK, longest)
        draft = formula_draft(self.options.draft)
        return replace(made, least_confidence=HOPELESS_FORMULA, draft=draft)

    def _kept(self, number: int, row: int) -> Text:
        """A line, empty if it is noise; specks in a table are its dashes."""
        line = self.line((number, row))
        is_kept = self._why_unread((number, row), line) in ("", "cut")
        return self.written_line((number, row)) if is_kept else Text(steps=line.steps)

    def _placed(self, row: Row, line: Text) -> PageLine:
        """A line with its place, and those of its words if they are asked for."""
        text = f"{self.boxes.get(row, '')} {self.line(row).content}".strip()
        words = tuple(self._words(row)) if self.options.boxes == "word" else ()
        return PageLine(text, self.place(row), line.confidence, words, self.view.angle)

    def _words(self, row: Row) -> Iterator[PageWord]:
        """The words of a line with their places; a box to be ticked is one."""
        line, whole = self.regions[row[0]].lines[row[1]], self._cut_outline(row)
        if self.boxes.get(row):
            box = line.box._replace(x1=max(whole.x0, line.box.x0 + 1))
            yield PageWord(self.boxes[row], self.view.outline(line.part(box)), 1.0)
        if row not in self.strips:
            return
        for word in placed_words(list(self._characters(row)), ink_mask(self.strips[row])):
            x0, x1 = whole.x0 + word.x0, whole.x0 + word.x1
            box = LayoutBox(x0, whole.y0 + word.y0, x1, whole.y0 + word.y1)
            yield PageWord(word.text, self.view.outline(line.part(box)), word.confidence)

    def _cut_outline(self, row: Row) -> LayoutBox:
        """What the strip of a line shows: all of its cut, or what is right of its tick box."""
        whole = outline_of_cut(self.regions[row[0]].lines[row[1]])
        width = self.strips[row].shape[1] if row in self.strips else 0
        return whole._replace(x0=whole.x1 - width)

    def _characters(self, row: Row) -> Iterator[PlacedCharacter]:
        """The characters of a line with their places, piece by piece."""
        line = self.line(row)
        if line.source == "text-layer":
            left = self._cut_outline(row).x0
            for one in self.drafts.drafts[row]:
                yield PlacedCharacter(one.text, line.confidence, one.x - left)
            return
        end = 0
        for number in self.rows[row]:
            piece, text = self.pieces[number], self.texts.get(number, Text())
            (height, width), frames = piece.size, self.frames.get(number, ())
            yield from self._joint(piece.joint, end, piece.left)
            end = piece.left + width
            step = COLUMN * height / LINE_HEIGHT if frames else width
            yield from placed_characters(text.content, text.confidences, frames, piece.left, step)
        yield from self._joint(self.tails.get(row, ""), end, self.strips[row].shape[1])

    def _joint(self, text: str, left: int, right: int) -> Iterator[PlacedCharacter]:
        """What stands between two pieces, or behind the last, evenly spread."""
        for index, character in enumerate(text):
            x = left + (index + 0.5) * (right - left) / len(text)
            yield PlacedCharacter(character, 1.0, x)

    def _filled(self, region: Region, lines: list[Text], rows: list[Row]) -> list[Block]:
        """A region with its text; none if it is empty."""
        texts = [line.content for line in lines]
        if not any(texts):
            return []
        if region.cells and not is_table(region.cells, texts):
            parts = paragraphs(region.cells, texts)
            return [
                block
                for own in parts
                for block in self._text([lines[n] for n in own], [rows[n] for n in own])
            ]
        if region.cells:
            content, form = table_of(region.cells, lines), "otsl"
        else:
            is_typed = self.drafts.are_typed(rows)
            if is_typed and region.type == "title":
                region = replace(region, type="text")
            content, form = "\n".join(line.content for line in lines if line.content), "text"
            content = settled(content, region.type, is_typed=is_typed)
        block = filled(self.block(region), joined(lines, content, "\n"), form, self.options.trace)
        size = self.drafts.letter_size(rows) if region.type == "title" else 0.0
        return [replace(block, lines=self.text_lines(rows), size=size)]

    def _text(self, lines: Sequence[Text], rows: Sequence[Row]) -> list[Block]:
        """Some lines of the layout, and what was read in them, as a block of text."""
        shown = tuple(self.regions[number].lines[row] for number, row in rows)
        part = Region("text", hull([line.box for line in shown]), shown)
        return self._filled(part, list(lines), list(rows))

    def _first_row(self, group: int) -> Row:
        """The first line of a group of formulas in reading order."""
        return self._rows_of(group)[0]

    def _equation(self, group: int) -> Block:
        rows = self.equations.groups[group]
        box = hull([self.equations.places[row].place.box for row in rows])
        block = Block("equation", self.view.outline(box), angle=self.view.angle)
        texts = [self.equations.read[row] for row in rows]
        number = "".join(map(self.equations.number, rows))
        block = replace(block, lines=self.text_lines(self._rows_of(group)))
        return equation(block, texts, number, self.options.trace)

    def _rows_of(self, group: int) -> list[Row]:
        return [row for row in sorted(self.rows) if self.equations.group_of(row) == group]
