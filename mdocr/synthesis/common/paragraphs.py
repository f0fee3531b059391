"""Running text on pages: line breaking and setting of paragraphs.

Lengths are in pixels of the page. A base line lies 0.8 leadings below the top of its line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mdocr.synthesis.common.glyphs import GlyphSheet, InkMask, open_sheet, set_text, stamp
from mdocr.synthesis.common.typefaces import Typeface

BASE = 0.8
"""Distance of the base line from the top of its line, in leadings."""
ALIGNMENTS = ("left", "justify", "centre", "right")


@dataclass(frozen=True)
class Face:
    """A typeface at a size.

    Attributes:
        typeface: the font and its characters.
        size: in pixels.
        leading: from base line to base line, in sizes.
    """

    typeface: Typeface
    size: int
    leading: float = 1.2

    @property
    def sheet(self) -> GlyphSheet:
        """The glyphs at that size."""
        return open_sheet(self.typeface.font.path, self.typeface.font.index, self.size)

    @property
    def step(self) -> int:
        """From base line to base line."""
        return round(self.leading * self.size)

    @property
    def space(self) -> float:
        """Width of a word space."""
        return self.sheet[" "].advance or 0.25 * self.size

    def drawable(self, text: str) -> str:
        """The text without words that the face lacks glyphs for."""
        allowed = self.typeface.symbols
        return " ".join(word for word in text.split() if allowed.issuperset(word))

    def width(self, text: str) -> float:
        """Width of a text in one line."""
        sheet = self.sheet
        space = self.space
        return sum(space if symbol == " " else sheet[symbol].advance for symbol in text)


@dataclass(frozen=True)
class TextLine:
    """A line of a paragraph.

    Attributes:
        text: its words; ends in a hyphen if a word continues on the next line.
        broken: whether line breaking added that hyphen.
        indent: from the left edge.
        last: whether the paragraph ends here, so that the line is not justified.
    """

    text: str
    broken: bool = False
    indent: int = 0
    last: bool = False


def break_lines(
    face: Face, text: str, width: int, indent: int = 0, hyphenate: bool = False
) -> list[TextLine]:
    """Breaks a text into lines of at most ``width``, the first shorter by ``indent``.

    A word wider than a line is dropped.
    """
    lines: list[TextLine] = []
    words, space = text.split(), face.width(" ")
    taken: list[str] = []
    used, room = 0.0, float(width - indent)
    for word in words:
        needed = face.width(word)
        if needed > width - indent:
            continue
        if taken and used + space + needed > room:
            head = _hyphen(face, word, room - used - space) if hyphenate else ""
            shown = [*taken, f"{head}-"] if head else taken
            lines.append(TextLine(" ".join(shown), bool(head), 0 if lines else indent))
            word = word[len(head) :]
            needed, taken, used, room = face.width(word), [], 0.0, float(width)
        used += (space if taken else 0.0) + needed
        taken.append(word)
    if taken:
        lines.append(TextLine(" ".join(taken), False, 0 if lines else indent, True))
    return lines


def _hyphen(face: Face, word: str, room: float) -> str:
    """The longest part of a word, up to a vowel, that fits before a hyphen; empty if none."""
    if len(word) < 7 or not word.isalpha() or "-" not in face.typeface.symbols:
        return ""
    for end in range(len(word) - 3, 2, -1):
        vowel_ends = word[end - 1] in "aeiouy" and word[end] not in "aeiouy"
        if vowel_ends and face.width(f"{word[:end]}-") <= room:
            return word[:end]
    return ""


def joined(lines: Sequence[TextLine]) -> str:
    """The text of lines, without hyphens of line breaking."""
    text = ""
    for line in lines:
        text += line.text[:-1] if line.broken else f"{line.text} "
    return text.strip()


def set_lines(face: Face, lines: Sequence[TextLine], width: int, alignment: str) -> InkMask:
    """Renders lines, uint8 [lines * step + a descender, width].

    Args:
        face: of all letters.
        lines: from top to bottom.
        width: of the column.
        alignment: one of ``ALIGNMENTS``.
    """
    mask = np.zeros((len(lines) * face.step + face.size // 3, width), np.uint8)
    for row, line in enumerate(lines):
        spare = width - line.indent - face.width(line.text)
        share = {"centre": 0.5, "right": 1.0}.get(alignment, 0.0)
        gaps = line.text.count(" ")
        stretched = alignment == "justify" and not line.last and gaps
        pen = line.indent + max(0.0, spare * share)
        base = round((row + BASE) * face.step)
        draw_text(face, mask, line.text, (pen, base), spare / gaps if stretched else 0.0)
    return mask


def draw_text(
    face: Face, mask: InkMask, text: str, start: tuple[float, int], stretch: float = 0.0
) -> None:
    """Draws a text in one line.

    Args:
        face: of the letters.
        mask: to draw on.
        text: one line.
        start: x of the pen and y of the base line at the beginning.
        stretch: added to every word space.
    """
    pen, base = start
    setting = set_text(face.sheet, text, start=pen, space=face.space + stretch)
    if setting is not None:
        stamp(mask, setting, 0, base)


def plain(family: Sequence[Typeface], weight: str = "", slope: str = "") -> Typeface:
    """The family's face of a weight and slope, judged by file names; else the closest one.

    Args:
        family: faces of a design.
        weight: ``bold`` or empty.
        slope: ``italic`` or empty.
    """

    def distance(face: Typeface) -> tuple[int, str]:
        name = face.font.path.rsplit("/", 1)[-1].lower()
        bold, sloped = "bold" in name or "-bd" in name, "italic" in name or "oblique" in name
        odd = sum(part in name for part in _ODD)
        return 3 * (bold != bool(weight)) + 4 * (sloped != bool(slope)) + 2 * odd, name

    return min(family, key=distance)


_ODD = ("light", "thin", "black", "heavy", "medium", "semi", "demi", "extra", "cond", "caps", "sc-")
