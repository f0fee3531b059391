"""Whole synthetic pages: header, title, columns of parts, footer, with all regions known."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mdocr.document.model import Block, Box
from mdocr.errors import InputError
from mdocr.synthesis.common import wear as sheets
from mdocr.synthesis.common.fonts import Font
from mdocr.synthesis.common.glyphs import InkMask, stamp_mask
from mdocr.synthesis.common.paragraphs import Face
from mdocr.synthesis.common.typefaces import group_typefaces
from mdocr.synthesis.corpora.sentences import Sentences
from mdocr.synthesis.pages.parts import (
    PARTS,
    DrawPart,
    SyntheticRegion,
    Writer,
    paragraph,
)
from mdocr.synthesis.pages.styles import PageStyle, draw_page_style

MISSES = 6
"""Consecutive parts that do not fit, after which a column is full."""


@dataclass(frozen=True)
class SyntheticPage:
    """A page with its ground truth.

    Attributes:
        picture: uint8 RGB [height, width, 3].
        paper: width and height in points.
        blocks: regions in reading order.
    """

    picture: NDArray[np.uint8]
    paper: tuple[int, int]
    blocks: tuple[Block, ...]


class PageSynthesizer:
    """Synthesizes pages.

    Args:
        fonts: see ``mdocr.synthesis.common.typefaces.training_fonts``.
        sentences: see ``mdocr.synthesis.corpora.sentences.load_sentences``.

    Raises:
        InputError: no font is suitable for documents.
    """

    def __init__(self, fonts: Sequence[Font], sentences: Sentences) -> None:
        self.typefaces = group_typefaces(fonts)
        if not self.typefaces.families:
            raise InputError("no fonts to render pages with", "Install some: see docs/fonts.md.")
        self.sentences = sentences

    def draw(self, rng: np.random.Generator, difficulty: float) -> SyntheticPage:
        """Samples a page; a pure function of the state of ``rng``."""
        language = self.sentences.language(rng)
        style = draw_page_style(rng, self.typefaces, language)
        sheet = _Sheet(rng, style, self.sentences)
        sheet.compose()
        picture = sheets.print_sheet(rng, sheet.mask, difficulty)
        return SyntheticPage(picture, style.paper, tuple(sheet.blocks))


class _Sheet:
    """One page while it is composed."""

    def __init__(self, rng: np.random.Generator, style: PageStyle, words: Sentences) -> None:
        self.rng, self.style = rng, style
        width, height = style.size
        self.mask: InkMask = np.zeros((height, width), np.uint8)
        self.blocks: list[Block] = []
        self.writer = Writer(rng, style, words, style.text_width, [])

    def compose(self) -> None:
        """Fills the page in reading order."""
        style = self.style
        left, top, _, bottom = style.margins
        foot = self.mask.shape[0] - bottom
        self._head()
        if self.rng.random() < 0.45:
            top = self._opening(left, top)
        self.writer.width = style.column_width
        note = self._note_height()
        for column in range(style.columns):
            x = left + column * (style.column_width + style.gutter)
            last = column == style.columns - 1
            end = self._column(x, top, foot - note * last)
            if last and note:
                self._note(x, max(end, foot - note), foot)
        self._foot()

    def _column(self, x: int, top: int, bottom: int) -> int:
        """Fills a column with parts; returns the y at which they end."""
        y, misses = top, 0
        bottom -= round((bottom - top) * max(0.0, self.rng.normal(-0.1, 0.15)))
        while misses < MISSES:
            part = paragraph if self.writer.rest else self._draw_part()
            pieces = part(self.writer, bottom - y)
            if not pieces:
                misses += 1
                if self.writer.rest:
                    break
                continue
            y, misses = self._place(pieces, x, y), 0
        return y

    def _draw_part(self) -> DrawPart:
        shares = np.array([share for share, _ in PARTS])
        return PARTS[int(self.rng.choice(len(PARTS), p=shares / shares.sum()))][1]

    def _place(self, pieces: Sequence[SyntheticRegion], x: int, y: int) -> int:
        """Stacks regions; returns the y at which the next one may begin."""
        frames: list[tuple[int, int]] = []
        for piece in pieces:
            if piece.frames:
                frames.append((len(self.blocks), piece.frames))
                self.blocks.append(Block(piece.kind, Box(0, 0, 0, 0)))
                continue
            self._draw(piece, x, y)
            y += piece.ink.shape[0] + piece.below
        for place, count in frames:
            inner = self.blocks[place + 1 : place + 1 + count]
            box = inner[0].box
            for block in inner[1:]:
                box = box.union(block.box)
            self.blocks[place] = Block(self.blocks[place].type, box)
        return y

    def _draw(self, piece: SyntheticRegion, x: int, y: int) -> None:
        """Renders a region; its box is that of its ink."""
        stamp_mask(self.mask, piece.ink, x, y)
        rows, columns = (np.flatnonzero(piece.ink.any(axis)) for axis in (1, 0))
        if not len(rows):
            return
        height, width = self.mask.shape
        box = Box(
            max(0.0, (x + columns[0] - 1) / width),
            max(0.0, (y + rows[0] - 1) / height),
            min(1.0, (x + columns[-1] + 2) / width),
            min(1.0, (y + rows[-1] + 2) / height),
        )
        order = len(self.blocks) + 1
        found = Block(piece.kind, box, piece.content, piece.form, order=order, level=piece.level)
        self.blocks.append(found)

    def _opening(self, left: int, top: int) -> int:
        """The document title over all columns, and its authors."""
        style, writer, rng = self.style, self.writer, self.rng
        alignment = "centre" if rng.random() < 0.6 else "left"
        face = Face(style.head.typeface, round(style.body.size * rng.uniform(1.5, 2.3)), 1.15)
        name = writer.lines(face, writer.phrase(80), "title", alignment)
        pieces = [SyntheticRegion("title", name.ink, name.content, below=style.body.size, level=1)]
        if rng.random() < 0.7:
            people = ", ".join(writer.phrase(22) for _ in range(int(rng.integers(1, 4))))
            pieces.append(writer.lines(style.body, people, "text", alignment))
        return self._place(pieces, left, top) + round(style.body.size * rng.uniform(0.5, 2))

    def _head(self) -> None:
        """Sometimes a running title above the text."""
        style, writer = self.style, self.writer
        if self.rng.random() < 0.5:
            piece = writer.lines(style.note, writer.phrase(45), "header", self._side())
            self._place([piece], style.margins[0], style.margins[1] - 2 * style.body.size)

    def _foot(self) -> None:
        """Sometimes a footer and a page number."""
        style, rng = self.style, self.rng
        self.writer.width = style.text_width
        y = self.mask.shape[0] - style.margins[3] + round(0.8 * style.body.size)
        if rng.random() < 0.25:
            self._place([self.writer.lines(style.note, self.writer.phrase(40), "footer")],
                        style.margins[0], y)  # fmt: skip
            side = "right"
        else:
            side = self._side()
        if rng.random() < 0.7:
            number = str(int(rng.integers(1, 400)))
            shown = (number, f"– {number} –", f"Page {number}")[int(rng.random() ** 3 * 3)]
            piece = self.writer.lines(style.note, shown, "page_number", side)
            if piece.content:
                self._place([piece], style.margins[0], y)

    def _side(self) -> str:
        return ("left", "centre", "right")[int(3 * self.rng.random())]

    def _note_height(self) -> int:
        """Height of a footnote at the end of the last column; 0 for none."""
        return 5 * self.style.note.step if self.rng.random() < 0.15 else 0

    def _note(self, x: int, y: int, bottom: int) -> None:
        """A footnote below a short rule."""
        style = self.style
        y = max(y, bottom - 4 * style.note.step)
        self.mask[y, x : x + style.column_width // 3] = 255
        text = f"{int(self.rng.integers(1, 9))} {self.writer.phrase(100)}."
        piece = self.writer.lines(style.note, text, "page_footnote")
        if piece.content and piece.ink.shape[0] <= bottom - y + style.note.step:
            self._place([piece], x, y + style.note.step // 3)
