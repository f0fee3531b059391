"""Invisible text on a page of a PDF: for each line the words, stretched over their boxes.

The font is one of a single empty glyph (``docs/glyphless_font.py``), half an em wide, which stands
for every character; the table ``ToUnicode`` says which one is meant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FONT = Path(__file__).parents[1] / "assets/glyphless.ttf"
NAME = "mdocr"
"""Of the font, among the resources of a page."""

WIDTH, ASCENT, DESCENT = 0.5, 0.8, 0.2
"""Of the glyph, and how far the font reaches above and below its base line, in ems."""

DIRECTIONS = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}
"""Where text runs to that is upright once the page is turned so far; y counts downwards."""

_TO_UNICODE = b"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
%s
endcmap
CMapName currentdict /CMap defineresource pop
end
end
"""


@dataclass(frozen=True)
class InvisibleLine:
    """The words of one line.

    Attributes:
        words: each with its box, x0, y0, x1, y1 in points from the upper left corner of the page.
        angle: degrees by which the page has to be turned, counter-clockwise, to read them.
    """

    words: tuple[tuple[str, tuple[float, ...]], ...]
    angle: int = 0


def write_words(sheet: Any, lines: Sequence[InvisibleLine]) -> None:
    """Adds words to a page, in this order, behind all that is on it.

    Args:
        sheet: a ``pymupdf.Page``.
        lines: what to write.
    """
    if not lines:
        return
    sheet.wrap_contents()
    font = sheet.insert_font(fontname=NAME, fontbuffer=FONT.read_bytes(), set_simple=False)
    _describe(sheet.parent, font)
    to_pdf = sheet.derotation_matrix * ~sheet.transformation_matrix
    shown = [_line(line, to_pdf) for line in lines]
    content = "\n".join(["q BT 3 Tr", *shown, "ET Q"]).encode("ascii")
    _append(sheet, content)


def _line(line: InvisibleLine, to_pdf: Any) -> str:
    return "\n".join(_word(text, box, line.angle, to_pdf) for text, box in line.words)


def _word(text: str, box: Sequence[float], angle: int, to_pdf: Any) -> str:
    """One word and a space behind it, which keeps it apart from the next."""
    codes = text.encode("utf-16-be", "replace")
    (x, y), (right, down) = _start(box, angle), DIRECTIONS[angle]
    width, height = box[2] - box[0], box[3] - box[1]
    length, size = (width, height) if angle in (0, 180) else (height, width)
    stretch = length / (len(codes) / 2 * WIDTH * size)
    along = (right * size * stretch, down * size * stretch)
    up = (down * size, -right * size)
    x, y = x + DESCENT * up[0], y + DESCENT * up[1]
    turned = [_through(to_pdf, *vector) for vector in (along, up)]
    origin = (x * to_pdf.a + y * to_pdf.c + to_pdf.e, x * to_pdf.b + y * to_pdf.d + to_pdf.f)
    matrix = " ".join(f"{value:.4f}" for pair in (*turned, origin) for value in pair)
    return f"/{NAME} 1 Tf {matrix} Tm <{codes.hex()}0020> Tj"


def _start(box: Sequence[float], angle: int) -> tuple[float, float]:
    """The corner of a box at which its text begins, below the first letter."""
    x0, y0, x1, y1 = box
    return {0: (x0, y1), 90: (x0, y0), 180: (x1, y0), 270: (x1, y1)}[angle]


def _through(matrix: Any, x: float, y: float) -> tuple[float, float]:
    """A direction under a map."""
    return x * matrix.a + y * matrix.c, x * matrix.b + y * matrix.d


def _append(sheet: Any, content: bytes) -> None:
    """Adds a content stream behind those of the page."""
    pdf = sheet.parent
    stream = pdf.get_new_xref()
    pdf.update_object(stream, "<<>>")
    pdf.update_stream(stream, content)
    streams = " ".join(f"{number} 0 R" for number in [*sheet.get_contents(), stream])
    pdf.xref_set_key(sheet.xref, "Contents", f"[{streams}]")


def _describe(pdf: Any, font: int) -> None:
    """Makes of the font that MuPDF has embedded one in which every code is the empty glyph."""
    descendant = int(pdf.xref_get_key(font, "DescendantFonts")[1].strip("[]").split()[0])
    if pdf.xref_get_key(descendant, "CIDToGIDMap")[0] == "xref":
        return
    glyphs, unicode = pdf.get_new_xref(), pdf.get_new_xref()
    for xref, stream in ((glyphs, b"\0\1" * 0x10000), (unicode, _TO_UNICODE % _ranges())):
        pdf.update_object(xref, "<<>>")
        pdf.update_stream(xref, stream)
    pdf.xref_set_key(descendant, "CIDToGIDMap", f"{glyphs} 0 R")
    pdf.xref_set_key(descendant, "DW", str(int(1000 * WIDTH)))
    pdf.xref_set_key(descendant, "W", "null")
    pdf.xref_set_key(font, "ToUnicode", f"{unicode} 0 R")


def _ranges() -> bytes:
    """Every code is the character of its number; a range may not cross a byte."""
    rows = [b"<%02x00> <%02xFF> <%02x00>" % (high, high, high) for high in range(256)]
    parts = (rows[start : start + 100] for start in range(0, 256, 100))
    return b"\n".join(
        b"%d beginbfrange\n%s\nendbfrange" % (len(part), b"\n".join(part)) for part in parts
    )
