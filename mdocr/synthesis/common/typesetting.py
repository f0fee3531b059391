"""Setting of a text line: positioned glyphs, their scale, and the ink around them.

Lengths "of the result" are pixels of the final image; all others are pixels of the glyph sheets.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mdocr.synthesis.common.glyphs import (
    FontGlyph,
    GlyphSheet,
    InkMask,
    PixelBox,
    PlacedGlyph,
    Setting,
    ink_box,
    open_sheet,
    stamp,
)
from mdocr.synthesis.common.joined import (
    ALWAYS,
    LIGATURES,
    SMALL_E,
    UMLAUTS,
    double_hyphen,
    signs,
    with_small_e,
)
from mdocr.synthesis.common.scripts import kind_of, plain
from mdocr.synthesis.common.typefaces import Typeface

HEIGHT, STEP = 32, 32
SIZES, SIZE_SHARES = (14, 22, 40), (0.1, 0.4, 1.0)
"""Sizes at which glyphs are rendered before scaling, and their cumulative shares."""
LARGEST_X = 23.0
"""Largest x-height in pixels of the result, for lines without tall letters."""
RAISED = {"¹": "1", "²": "2", "³": "3", "ª": "a", "º": "o"}
LOWERED = {"₂": "2"}
RAISED_OR_LOWERED = frozenset((*RAISED, *LOWERED))
LETTERSPACED = 0.04
"""Share of lines that are letterspaced, as some titles are."""
SMALL = 0.62
"""Relative size of superscripts and subscripts that are signs of their own."""


@dataclass(frozen=True)
class Style:
    """How a line is set.

    Attributes:
        faces: the main face, and another of its family for some words.
        size: in pixels.
        tracking: extra space between letters, in sizes.
        gap: factor on word spaces.
        margins: left, top, right, bottom, of the result.
        small_signs: superscripts and subscripts are scaled-down characters.
        ligatures: letters are joined where the faces join them.
        old: umlauts have an e above, hyphens two strokes, as in old blackletter.
    """

    faces: tuple[Typeface, ...]
    size: int
    tracking: float
    gap: float
    margins: tuple[float, float, float, float]
    small_signs: bool
    ligatures: bool
    old: bool = False

    @functools.cached_property
    def symbols(self) -> frozenset[str]:
        """Characters that all faces cover."""
        common = frozenset.intersection(*(face.symbols for face in self.faces))
        return common | RAISED_OR_LOWERED if self.small_signs else common

    def sheets(self) -> list[GlyphSheet]:
        """The glyphs of each face."""
        return [open_sheet(face.font.path, face.font.index, self.size) for face in self.faces]


@dataclass(frozen=True)
class TypesetLine:
    """A text set to a width.

    Attributes:
        text: ground truth.
        setting: its glyphs.
        gaps: left and right ends of its wide gaps.
        across: horizontal scale to pixels of the result.
        down: vertical scale.
        width: of the result.
    """

    text: str
    setting: Setting
    gaps: tuple[tuple[float, float], ...]
    across: float
    down: float
    width: int


def draw_style(rng: np.random.Generator, family: Sequence[Typeface], slack: float) -> Style:
    """Samples a style in one or two faces of a family.

    Args:
        rng: source of all randomness.
        family: its faces.
        slack: height of the result that skew and waves will take.
    """
    faces = [family[int(rng.random() * len(family))]]
    if rng.random() < 0.12:
        faces.append(family[int(rng.random() * len(family))])
    chance, other, third = rng.random(3).tolist()
    size = next(s for s, share in zip(SIZES, SIZE_SHARES, strict=True) if chance < share)
    tracking = rng.uniform(-0.02, 0.04) if other < 0.3 else 0.0
    gap = rng.uniform(0.8, 1.9) if third < 0.5 else 1.0
    if other > 1 - LETTERSPACED:
        tracking = rng.uniform(0.05, 0.45)
        gap += tracking * rng.uniform(4, 8)  # words stay apart
    margins = _margins(rng, slack)
    small, joined = bool(rng.random() < 0.5), bool(rng.random() < 0.3)
    black = faces[0].is_blackletter
    old = black and bool(rng.random() < 0.5)
    return Style(tuple(faces), size, tracking, gap, margins, small, joined or black, old)


def _margins(rng: np.random.Generator, slack: float) -> tuple[float, float, float, float]:
    left, right, top, bottom, chance = rng.random(5).tolist()
    low, high = (0.0, 1.5) if chance < 0.12 else (3.5, 8.0) if chance < 0.22 else (1.0, 4.0)
    room = slack / 2
    top, bottom = low + (high - low) * top + room, low + (high - low) * bottom + room
    return 2 + 6 * left, top, 2 + 6 * right, bottom


def letters_across(style: Style, inner: float) -> float:
    """Estimates how many letters fit into ``inner`` pixels of the result."""
    face = style.faces[0].font
    advance, depth = _extent(face.path, face.index, style.size, face.has_lowercase)
    down = (HEIGHT - style.margins[1] - style.margins[3]) / depth
    return inner / max(down * (advance + style.tracking * style.size), 1.0)


@functools.lru_cache(maxsize=4096)
def _extent(path: str, index: int, size: int, has_lowercase: bool) -> tuple[float, float]:
    """Mean advance of common letters, and height from cap line to descenders."""
    sheet = open_sheet(path, index, size)
    common = "etaonri " if has_lowercase else "ETAONRI "
    advance = sum(sheet[symbol].advance for symbol in common) / len(common)
    return advance, max(1, sheet["p"].top + sheet["p"].mask.shape[0] - sheet["E"].top)


def set_line(rng: np.random.Generator, style: Style, text: str, width: int) -> TypesetLine | None:
    """Sets a text and finds the scales that make it fit; None if a character has no ink."""
    placed = _place(rng, style, text)
    if placed is None:
        return None
    setting, gaps = placed
    box = setting.box
    down = (HEIGHT - style.margins[1] - style.margins[3]) / (box[3] - box[1])
    down = min(down, LARGEST_X / max(1, -style.sheets()[0]["x"].top))
    sides = style.margins[0] + style.margins[2]
    natural = (box[2] - box[0]) * down * (1 + 0.05 * rng.standard_normal())
    wanted = min(max(natural, width - STEP + 1.5 - sides), width - sides)
    final = min(max(round(wanted + sides), width - STEP + 1), width)
    return TypesetLine(
        plain(text).replace("\t", " "), setting, gaps, wanted / (box[2] - box[0]), down, final
    )


def _place(
    rng: np.random.Generator, style: Style, text: str
) -> tuple[Setting, tuple[tuple[float, float], ...]] | None:
    sheets = style.sheets()
    sheet, pen, gaps = sheets[0], 0.0, []
    letters: list[PlacedGlyph] = []
    scripts = _draw_scripts(rng) if plain(text) != text else {}
    for symbol in signs(text, _ligatures(style)):
        if symbol == "\t":
            gaps.append((pen, pen := pen + style.size * rng.uniform(0.8, 4.0)))
            continue
        if symbol == " ":
            pen += (sheet[symbol].advance or 0.25 * style.size) * style.gap
            sheet = sheets[int(rng.random() * len(sheets))] if len(sheets) > 1 else sheet
            continue
        small = _script(style, symbol, scripts) or _small(style, symbol)
        glyph, drop = small or (_glyph(style, sheet, symbol), 0)
        if not glyph.mask.size:
            return None
        letters.append((round(pen) + glyph.left, glyph.top + drop, glyph))
        pen += glyph.advance + style.tracking * style.size
    if not letters:
        return None
    return Setting(tuple(letters), ink_box(letters), style.size, style.tracking), tuple(gaps)


def _ligatures(style: Style) -> tuple[str, ...]:
    """Letters that the style joins."""
    if not style.ligatures:
        return ()
    if not style.tracking:
        return LIGATURES
    return ALWAYS if style.faces[0].is_blackletter else ()


def _glyph(style: Style, sheet: GlyphSheet, symbol: str) -> FontGlyph:
    """A sign in the style's age."""
    if style.old and symbol in UMLAUTS:
        face = style.faces[0].font
        small = open_sheet(face.path, face.index, max(6, round(style.size * SMALL_E)))
        return with_small_e(sheet, small, symbol)
    return double_hyphen(sheet) if style.old and symbol == "-" else sheet[symbol]


def _draw_scripts(rng: np.random.Generator) -> dict[str, tuple[float, float]]:
    """Samples sizes of superscripts and subscripts, and their shifts down, in sizes of the line."""
    size, rise, fall = rng.uniform((0.5, 0.26, 0.08), (0.75, 0.42, 0.2)).tolist()
    return {"sup": (size, -rise), "sub": (size, fall)}


def _script(
    style: Style, symbol: str, scripts: Mapping[str, tuple[float, float]]
) -> tuple[FontGlyph, int] | None:
    """The glyph of a marked character, and its shift down; None for one that is not marked."""
    kind = kind_of(symbol)
    if not kind:
        return None
    (size, drop), face = scripts[kind], style.faces[0].font
    small = open_sheet(face.path, face.index, max(7, round(style.size * size)))
    return small[plain(symbol)], round(drop * style.size)


def _small(style: Style, symbol: str) -> tuple[FontGlyph, int] | None:
    """A superscript or subscript as a scaled-down glyph, and its shift down; None for others."""
    if symbol not in RAISED_OR_LOWERED or not style.small_signs:
        return None
    face = style.faces[0].font
    small = open_sheet(face.path, face.index, max(9, round(style.size * SMALL)))
    if symbol in LOWERED:
        return small[LOWERED[symbol]], round(0.14 * style.size)
    return small[RAISED[symbol]], -round(0.33 * style.size)


def draw_mask(
    rng: np.random.Generator, style: Style, line: TypesetLine, others: Sequence[str]
) -> InkMask:
    """Renders a line with its margins, neighbouring lines and rules.

    Args:
        rng: source of all randomness.
        style: of the line and its neighbours.
        line: the line.
        others: texts of the lines above and below; empty for none.

    Returns:
        uint8 [height, width].
    """
    box = line.setting.box
    taken = (box[2] - box[0]) * line.across + style.margins[0] + style.margins[2]
    spare = line.width - taken
    left = style.margins[0] + (spare * rng.random() if spare > 8 else spare / 2)
    depth = (box[3] - box[1]) * line.down + style.margins[1] + style.margins[3]
    above = style.margins[1] + (HEIGHT - depth) / 2
    mask = np.zeros(
        (max(1, round(HEIGHT / line.down)), max(1, round(line.width / line.across))), np.uint8
    )
    dx, dy = round(left / line.across) - box[0], round(above / line.down) - box[1]
    stamp(mask, line.setting, dx, dy)
    for side, text in enumerate(others):
        _add_neighbour(rng, style, mask, (text, side == 0, (dx, dy), box))
    _add_rules(rng, style, line, mask, (dx, dy))
    return mask


def _add_neighbour(
    rng: np.random.Generator,
    style: Style,
    mask: InkMask,
    place: tuple[str, bool, tuple[int, int], PixelBox],
) -> None:
    """Renders the part of the line above or below that reaches into the margin."""
    text, is_above, (dx, dy), box = place
    placed = _place(rng, style, text) if text else None
    if placed is None:
        return
    other = placed[0]
    shift = dx - round(style.size * 3 * rng.random())
    reach = rng.uniform(0.15, 0.9)
    if is_above:
        margin = dy + box[1]
        stamp(mask, other, shift, round(margin * reach) - other.box[3])
    else:
        margin = mask.shape[0] - (dy + box[3])
        stamp(mask, other, shift, mask.shape[0] - round(margin * reach) - other.box[1])


def _add_rules(
    rng: np.random.Generator, style: Style, line: TypesetLine, mask: InkMask, shift: tuple[int, int]
) -> None:
    """Underlines, and rules of tables and forms along the edges and in wide gaps."""
    chance, side = rng.random(2).tolist()
    thick = max(1, round(style.size * rng.uniform(0.03, 0.1)))
    height = mask.shape[0]
    if chance < 0.025:
        _underline(rng, style, line, mask, shift)
    elif chance < 0.06:
        row = (
            int(side * 2 * thick) if rng.random() < 0.4 else height - thick - int(side * 2 * thick)
        )
        mask[row : row + thick] = 255
    elif chance < 0.09:
        room = max(1, shift[0] + line.setting.box[0] - thick - 1)
        column = int(side * room * 0.7)
        mask[:, column : column + thick] = 255
    if line.gaps and rng.random() < 0.25:
        for start, end in line.gaps:
            column = round(shift[0] + start + (end - start) * (0.25 + 0.5 * side))
            mask[:, column : column + thick] = 255


def _underline(
    rng: np.random.Generator, style: Style, line: TypesetLine, mask: InkMask, shift: tuple[int, int]
) -> None:
    """Underlines the line or a part of it; rarely strikes it through."""
    letters = line.setting.letters
    first, last = 0, len(letters) - 1
    if rng.random() < 0.5:
        first, last = sorted(int(each) for each in rng.integers(0, len(letters), 2))
    through = rng.random() < 0.1
    row = shift[1] + round(style.size * (-0.25 if through else rng.uniform(0.08, 0.18)))
    thick = max(1, round(style.size * 0.06))
    right = letters[last][0] + letters[last][2].mask.shape[1]
    mask[max(row, 0) : row + thick, max(0, letters[first][0] + shift[0]) : right + shift[0]] = 255
