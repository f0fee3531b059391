"""Parts of synthetic pages: titles, paragraphs, lists, formulas, tables, figures, captions, code.

A part is a run of regions that belong together, one below the other in a column.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from mdocr.synthesis.common.glyphs import InkMask, stamp_mask
from mdocr.synthesis.common.paragraphs import (
    Face,
    TextLine,
    break_lines,
    joined,
    set_lines,
)
from mdocr.synthesis.corpora.sentences import Sentences
from mdocr.synthesis.formulas import grammar as formulas
from mdocr.synthesis.pages.figures import draw_figure
from mdocr.synthesis.pages.styles import PageStyle
from mdocr.synthesis.tables.pictures import draw_table_style, otsl, set_table
from mdocr.synthesis.tables.texts import Texts, draw_table

Rng = np.random.Generator
BULLETS = "•–▪○*"
TINIEST = 9
"""Smallest font size in pixels to which tables are reduced to fit."""


@dataclass(frozen=True)
class SyntheticRegion:
    """A region: its type, ink and ground truth.

    Attributes:
        kind: a name of ``mdocr.document.model.BLOCK_TYPES``.
        ink: uint8 [height, width], from the left edge of the column.
        content: text, LaTeX or OTSL; empty for an image or a frame around the next regions.
        form: a name of ``mdocr.document.model.BLOCK_FORMATS``.
        below: space below it in pixels.
        frames: number of following regions that a frame encloses.
        level: of a title.
    """

    kind: str
    ink: InkMask
    content: str = ""
    form: str = "text"
    below: int = 0
    frames: int = 0
    level: int = 0


@dataclass
class Writer:
    """Renders parts for columns of a width; counts titles, figures, tables and formulas.

    Attributes:
        rng: source of all randomness.
        style: of the page.
        sentences: source of words.
        width: of the column.
        rest: lines of a paragraph that continues in the next column.
    """

    rng: Rng
    style: PageStyle
    sentences: Sentences
    width: int
    rest: list[TextLine]

    def __post_init__(self) -> None:
        first = self.rng.integers(1, 12, 4).tolist()
        self.counts: dict[str, int] = dict(
            zip(("section", "Figure", "Table", "formula"), first, strict=True)
        )

    def text(self, length: int) -> str:
        """Running text of about ``length`` characters, to the end of a word."""
        passage = self.sentences.passage(self.rng, length + 20, self.style.language)
        return passage[:length].rsplit(" ", 1)[0]

    def phrase(self, most: int) -> str:
        """A few words without surrounding punctuation, capitalised."""
        text = self.text(int(self.rng.integers(10, most))).strip(" .,;:()[]-\"'")
        return text[:1].upper() + text[1:]

    def count(self, what: str) -> int:
        """The next number of its kind."""
        self.counts[what] += 1
        return self.counts[what]

    def lines(self, face: Face, text: str, kind: str, alignment: str = "left") -> SyntheticRegion:
        """A text of a kind in lines over the width of the column."""
        lines = break_lines(face, face.drawable(text), self.width)
        ink = set_lines(face, lines, self.width, alignment)
        return SyntheticRegion(kind, ink, joined(lines), below=self.style.gap)


DrawPart = Callable[[Writer, int], list[SyntheticRegion]]
"""Renders a part of at most that height in pixels; empty if it does not fit."""


def paragraph(writer: Writer, room: int) -> list[SyntheticRegion]:
    """Running text; what does not fit continues in the next column."""
    style, face = writer.style, writer.style.body
    lines = writer.rest
    if not lines:
        text = face.drawable(writer.text(int(writer.rng.integers(80, 900))))
        lines = break_lines(face, text, writer.width, style.indent, style.hyphens)
    count = min(len(lines), (room - face.size // 3) // face.step)
    if count < min(2, len(lines)):
        return []
    writer.rest = lines[count:]
    ink = set_lines(face, lines[:count], writer.width, style.alignment)
    return [SyntheticRegion("text", ink, joined(lines[:count]), below=style.gap)]


def title(writer: Writer, room: int) -> list[SyntheticRegion]:
    """A section title and the beginning of its text."""
    style = writer.style
    level = 2 + int(2 * writer.rng.random())
    face = Face(style.head.typeface, round(style.body.size * (1.45 - 0.15 * level + 0.15)), 1.15)
    number = f"{writer.count('section')}{'.' if level == 2 else '.1'} " if style.numbered else ""
    name = writer.phrase(50)
    piece = writer.lines(face, number + (name.upper() if writer.rng.random() < 0.1 else name), "")
    if not piece.content:
        return []
    gap = round(style.body.size * writer.rng.uniform(0.2, 0.7))
    head = SyntheticRegion("title", piece.ink, piece.content, below=gap, level=level)
    after = paragraph(writer, room - head.ink.shape[0] - gap)
    return [head, *after] if after else []


def items(writer: Writer, room: int) -> list[SyntheticRegion]:
    """A list: its frame and its items."""
    style, face, rng = writer.style, writer.style.body, writer.rng
    signs = [sign for sign in BULLETS if sign in face.typeface.symbols] or ["-"]
    sign, counted = signs[int(rng.random() * len(signs))], rng.random() < 0.4
    hang = round(1.6 * face.size)
    pieces = []
    for number in range(1, int(rng.integers(3, 8))):
        marker = f"{number}." if counted else sign
        text = face.drawable(writer.text(int(rng.integers(15, 140))))
        lines = break_lines(face, text, writer.width - hang)
        if not lines:
            continue
        body = set_lines(face, lines, writer.width - hang, "left")
        ink = np.pad(body, ((0, 0), (hang, 0)))
        mark = set_lines(face, [TextLine(marker)], hang, "left")
        stamp_mask(ink, mark, round(0.2 * face.size), 0)
        below = style.gap // 3
        pieces.append(SyntheticRegion("list_item", ink, f"{marker} {joined(lines)}", below=below))
    return _framed("list", pieces, style.gap, room)


def _framed(kind: str, pieces: list[SyntheticRegion], gap: int, room: int) -> list[SyntheticRegion]:
    """A frame and as many regions as fit; empty if fewer than two fit."""
    kept: list[SyntheticRegion] = []
    for piece in pieces:
        room -= piece.ink.shape[0] + piece.below
        if room < 0:
            break
        kept.append(piece)
    if len(kept) < 2:
        return []
    last = kept[-1]
    kept[-1] = SyntheticRegion(last.kind, last.ink, last.content, last.form, below=gap)
    return [SyntheticRegion(kind, np.zeros((0, 0), np.uint8), frames=len(kept)), *kept]


def formula(writer: Writer, room: int) -> list[SyntheticRegion]:
    """A displayed formula, at times with its number on the right."""
    style, rng = writer.style, writer.rng
    numbered = rng.random() < 0.5
    tag = f"({writer.count('formula')})" if numbered else ""
    margin = round(style.body.width(tag)) + style.body.size if tag else 0
    size = style.body.size * rng.uniform(1.0, 1.2)
    for _ in range(8):
        latex = formulas.draw_latex(rng, 1 + int(3 * rng.random()))
        drawn = formulas.draw_formula(latex, size, style.formula)
        if drawn.shape[1] + 2 * margin <= writer.width:
            break
    else:
        return []
    pad = round(0.4 * style.body.size)
    ink = np.zeros((drawn.shape[0] + 2 * pad, writer.width), np.uint8)
    stamp_mask(ink, drawn, (writer.width - drawn.shape[1]) // 2, pad)
    if tag:
        number = set_lines(style.body, [TextLine(tag)], writer.width, "right")
        stamp_mask(ink, number, 0, (ink.shape[0] - style.body.step) // 2)
        latex += rf" \tag{{{tag.strip('()')}}}"
    return _if_room([SyntheticRegion("equation", ink, latex, "latex", style.gap)], room)


def table(writer: Writer, room: int) -> list[SyntheticRegion]:
    """A table with its caption, reduced until it fits the column."""
    style, rng = writer.style, writer.rng
    texts = Texts(writer.sentences, style.language)
    most = max(2, min(7, round(writer.width / (6 * style.body.size))))
    drawn, head = draw_table(rng, texts, 12, most)
    size = round(style.body.size * rng.uniform(0.8, 1.0))
    while size >= TINIEST:
        how = draw_table_style(rng, style.family, size, drawn.width)
        shown, mask = set_table(drawn, head, how)
        if mask.shape[1] <= writer.width:
            break
        size -= 1
    else:
        return []
    ink = np.zeros((mask.shape[0] + 2, writer.width), np.uint8)
    stamp_mask(ink, mask, (writer.width - mask.shape[1]) // 2, 1)
    piece = SyntheticRegion("table", ink, otsl(shown), "otsl", style.gap)
    return _if_room(_captioned(writer, piece, "Table", above=rng.random() < 0.7), room)


def figure(writer: Writer, room: int) -> list[SyntheticRegion]:
    """An image or chart with its caption below it."""
    rng, width = writer.rng, writer.width
    shown = round(width * rng.uniform(0.55, 1.0))
    height = min(round(shown * rng.uniform(0.4, 0.9)), room)
    if height < 5 * writer.style.body.size:
        return []
    kind, mask = draw_figure(rng, (shown, height), writer.style.note)
    ink = np.zeros((height, width), np.uint8)
    stamp_mask(ink, mask, (width - shown) // 2, 0)
    piece = SyntheticRegion(kind, ink, below=writer.style.gap)
    return _if_room(_captioned(writer, piece, "Figure", above=False), room)


def _captioned(
    writer: Writer, piece: SyntheticRegion, name: str, above: bool
) -> list[SyntheticRegion]:
    """The region, in nine of ten cases with a caption."""
    if writer.rng.random() < 0.1:
        return [piece]
    mark = (":", ".", " –")[int(3 * writer.rng.random())]
    text = f"{name} {writer.count(name)}{mark} {writer.phrase(110)}."
    alignment = "centre" if writer.rng.random() < 0.5 else "left"
    kind = "table_caption" if name == "Table" else "image_caption"
    caption = writer.lines(writer.style.note, text, kind, alignment)
    near = SyntheticRegion(
        caption.kind, caption.ink, caption.content, below=writer.style.body.size // 3
    )
    closer = SyntheticRegion(
        piece.kind, piece.ink, piece.content, piece.form, writer.style.body.size // 3
    )
    return [near, piece] if above else [closer, caption]


def program(writer: Writer, room: int) -> list[SyntheticRegion]:
    """Lines of a program, at times on grey."""
    style, rng, face = writer.style, writer.rng, writer.style.code
    depth, lines = 0, []
    for _ in range(int(rng.integers(4, 14))):
        name, other = (f"{writer.sentences.word(rng).lower()}" for _ in range(2))
        forms = (
            f"{name} = {other}({int(rng.integers(0, 99))})",
            f"if {name} > {int(rng.integers(0, 9))}:",
            f"return {name}",
            f"for {name} in {other}:",
            f"print({name}, '{other}')",
            f"# {name} {other}",
        )
        line = forms[int(rng.random() * len(forms))]
        lines.append(TextLine(" " * 4 * depth + line))
        depth = min(depth + 1, 2) if line.endswith(":") else max(0, depth - (rng.random() < 0.3))
    allowed = face.typeface.symbols | {" "}
    shown = [line for line in lines if allowed.issuperset(line.text)]
    if not shown or max(face.width(line.text) for line in shown) > 0.94 * writer.width:
        return []
    pad = face.size // 2
    body = set_lines(face, shown, writer.width - 2 * pad, "left")
    ink = np.pad(body, ((pad, pad // 2), (pad, pad)))
    if rng.random() < 0.5:
        ink = np.maximum(ink, np.uint8(rng.integers(8, 30)))
    content = "\n".join(line.text for line in shown)
    return _if_room([SyntheticRegion("code", ink, content, below=style.gap)], room)


def _if_room(pieces: Sequence[SyntheticRegion], room: int) -> list[SyntheticRegion]:
    height = sum(piece.ink.shape[0] + piece.below for piece in pieces)
    return list(pieces) if height <= room else []


PARTS: tuple[tuple[float, DrawPart], ...] = (
    (0.56, paragraph),
    (0.14, title),
    (0.07, items),
    (0.08, formula),
    (0.07, table),
    (0.06, figure),
    (0.02, program),
)
"""Shares of the parts of a column."""
