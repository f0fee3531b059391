"""Styles of synthetic pages: paper, columns, faces; sampled once per page."""

from dataclasses import dataclass

import numpy as np

from mdocr.synthesis.common.paragraphs import Face, plain
from mdocr.synthesis.common.typefaces import Typeface, Typefaces
from mdocr.synthesis.formulas import grammar as formulas
from mdocr.synthesis.tables.pictures import draw_family

PAPERS = ((595, 842), (595, 842), (612, 792), (612, 792), (499, 709), (842, 595))
"""Widths and heights in points: A4, Letter, B5, slides."""
MONOSPACED = ("Cousine", "DejaVu Sans Mono", "Hack", "Fira Mono", "Liberation Mono", "Noto Mono")


@dataclass(frozen=True)
class PageStyle:
    """Properties shared by the parts of a page; lengths in pixels.

    Attributes:
        paper: width and height in points.
        scale: pixels per point.
        margins: left, top, right, bottom.
        columns: their number.
        gutter: between columns.
        body: face of running text.
        head: face of titles, without its size.
        note: smaller face of captions, notes, headers.
        code: face of programs.
        alignment: of running text.
        indent: of a paragraph's first line.
        gap: between parts.
        hyphens: whether words are hyphenated.
        formula: mathtext family of formulas.
        numbered: whether titles are numbered.
        language: of the text.
        family: all faces of the body's family.
    """

    paper: tuple[int, int]
    scale: float
    margins: tuple[int, int, int, int]
    columns: int
    gutter: int
    body: Face
    head: Face
    note: Face
    code: Face
    alignment: str
    indent: int
    gap: int
    hyphens: bool
    formula: str
    numbered: bool
    language: str
    family: tuple[Typeface, ...]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the page."""
        return round(self.paper[0] * self.scale), round(self.paper[1] * self.scale)

    @property
    def text_width(self) -> int:
        """Width between the margins."""
        return self.size[0] - self.margins[0] - self.margins[2]

    @property
    def column_width(self) -> int:
        """Width of a column."""
        return (self.text_width - (self.columns - 1) * self.gutter) // self.columns


def draw_page_style(rng: np.random.Generator, typefaces: Typefaces, language: str) -> PageStyle:
    """Samples a style."""
    paper = PAPERS[int(rng.random() * len(PAPERS))]
    scale = float(rng.uniform(100, 170)) / 72
    columns = (1, 1, 1, 2, 2, 2, 3)[int(7 * rng.random())]
    points = rng.uniform(9, 12.5) - 0.9 * (columns - 1)
    if paper[0] > paper[1]:
        columns, points = min(columns, 2), points * 1.3
    size = max(11, round(points * scale))
    family = draw_family(rng, typefaces)
    leading = rng.uniform(1.12, 1.55)
    sides = [round(scale * rng.uniform(36, 72)) for _ in range(4)]
    other = family if rng.random() < 0.6 else draw_family(rng, typefaces)
    indented = rng.random() < 0.4
    return PageStyle(
        paper=paper,
        scale=scale,
        margins=(sides[0], sides[1] + 2 * size, sides[2], sides[3] + 2 * size),
        columns=columns,
        gutter=round(size * rng.uniform(1.3, 2.8)),
        body=Face(plain(family), size, leading),
        head=Face(plain(other, "bold" if rng.random() < 0.8 else ""), size, 1.2),
        note=Face(plain(family, "", "italic" if rng.random() < 0.2 else ""), round(0.86 * size)),
        code=Face(_monospaced(typefaces) or plain(family), round(0.84 * size), 1.25),
        alignment="justify" if rng.random() < 0.6 else "left",
        indent=round(size * rng.uniform(1, 2)) if indented else 0,
        gap=round(size * (rng.uniform(0.05, 0.4) if indented else rng.uniform(0.5, 1.1))),
        hyphens=bool(rng.random() < 0.5) and language == "en",
        formula=formulas.FAMILIES[int(rng.random() * len(formulas.FAMILIES))],
        numbered=bool(rng.random() < 0.4),
        language=language,
        family=family,
    )


def _monospaced(typefaces: Typefaces) -> Typeface | None:
    for family in (*typefaces.common, *typefaces.document):
        if family and family[0].font.family.startswith(MONOSPACED):
            return plain(family)
    return None
