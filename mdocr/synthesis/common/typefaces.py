"""Which fonts documents are set in, which are held out, and what characters each can draw."""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mdocr.files import write_text
from mdocr.preprocessing.line_charset import PAGE_SYMBOLS
from mdocr.synthesis.common.fonts import Font, font_library
from mdocr.weights.cache import cache_dir

HELD_OUT_FAMILIES = (
    "Cabin",
    "Caladea",
    "Clear Sans",
    "Courier Prime",
    "Linux Biolinum",
    "Linux Libertine",
    "PT Serif",
    "Quattrocento",
)
"""Never trained on, so that the error on unseen fonts can be measured."""
COMMON = (
    "Arimo",
    "C059",
    "CMU",
    "Carlito",
    "Charis SIL",
    "Cousine",
    "DejaVu Sans",
    "DejaVu Serif",
    "EB Garamond",
    "Gentium",
    "Liberation",
    "Lato",
    "Nimbus",
    "Noto",
    "Old Standard",
    "Open Sans",
    "P052",
    "Roboto",
    "STIXGeneral",
    "Tinos",
    "URW",
    "Verana",
)
"""Beginnings of the names of families that most documents are set in, or that look like them."""
DOCUMENT = (
    *HELD_OUT_FAMILIES,
    *COMMON,
    "Accanthis",
    "Aerial",
    "Andika",
    "Anonymous Pro",
    "Arapey",
    "Averia",
    "B612",
    "Baskervald",
    "Berenika",
    "Berenis",
    "Caliban",
    "Cantarell",
    "Cardo",
    "Caslon",
    "Century Catalogue",
    "Dustismo",
    "Elstob",
    "Essays1743",
    "Fanwood",
    "Fantasque",
    "Fira",
    "Free",
    "GFS",
    "Gillius",
    "Go",
    "Goudy",
    "Hack",
    "Ikarius",
    "Inconsolata",
    "Inter",
    "Irianis",
    "JetBrains",
    "Junction",
    "Junicode",
    "Karla",
    "Karmilla",
    "Klaudia",
    "Libris",
    "Linden Hill",
    "Manrope",
    "OCR",
    "Oxygen",
    "PT",
    "Prociono",
    "Romande",
    "Switzera",
    "Tiresias",
    "Tribun",
    "Tuffy",
    "Tymes",
    "Universalis",
    "Veranda",
    "Vollkorn",
)
SMALL_CAPITALS = ("unifur",)
"""Small letters look like capitals, so that nobody could tell which a line holds: left out."""
BLACKLETTER = ("Oldania", "Hamlet", "Jessen", "Ptolemy")
COMMON_SHARE, DOCUMENT_SHARE, BLACKLETTER_SHARE = 0.53, 0.38, 0.013
LEAST_PLAINNESS = 0.45
"""Of the rest: fonts of posters and letters."""
WIDE = 0.97
"""Share of all characters that a font for rare ones draws."""
LIGATURES = {"fi": "\ufb01", "fl": "\ufb02"}
COVERAGE_VERSION = 2


@dataclass(frozen=True)
class Typeface:
    """A font and the characters of PAGE_SYMBOLS that it draws."""

    font: Font
    symbols: frozenset[str]


@dataclass(frozen=True)
class Typefaces:
    """Fonts by how documents use them; each group holds families, each family faces."""

    common: Sequence[Sequence[Typeface]]
    document: Sequence[Sequence[Typeface]]
    blackletter: Sequence[Sequence[Typeface]]
    other: Sequence[Sequence[Typeface]]
    wide: Sequence[Typeface]

    @property
    def families(self) -> int:
        """How many there are."""
        return sum(map(len, (self.common, self.document, self.blackletter, self.other)))

    def draw(self, rng: np.random.Generator) -> Sequence[Typeface]:
        """A family: mostly one of documents."""
        groups = [group for group in (self.common, self.document, self.other) if group]
        groups = groups or [self.blackletter]
        chance = rng.random()
        if chance < BLACKLETTER_SHARE and self.blackletter:
            group = self.blackletter
        elif chance < BLACKLETTER_SHARE + COMMON_SHARE:
            group = groups[0]
        elif chance < BLACKLETTER_SHARE + COMMON_SHARE + DOCUMENT_SHARE:
            group = groups[min(1, len(groups) - 1)]
        else:
            group = groups[-1]
        return group[int(rng.random() * len(group))]


def training_fonts(fonts: Sequence[Font]) -> list[Font]:
    """All but those of the families held out."""
    return [font for font in fonts if font.family not in HELD_OUT_FAMILIES]


def held_out_fonts(fonts: Sequence[Font]) -> list[Font]:
    """Those of the families held out."""
    return [font for font in fonts if font.family in HELD_OUT_FAMILIES]


def group_typefaces(fonts: Sequence[Font], symbols: str = PAGE_SYMBOLS) -> Typefaces:
    """Sort fonts into groups and families, with the characters each draws."""
    drawn = coverage(fonts)
    groups: list[dict[str, list[Typeface]]] = [{}, {}, {}, {}]
    for font, covered in zip(fonts, drawn, strict=True):
        group = _group(font)
        if group is not None:
            face = Typeface(font, _drawable(covered, symbols, plain=group < 3))
            groups[group].setdefault(font.family, []).append(face)
    families = [[faces[name] for name in sorted(faces)] for faces in groups]
    every = [face for group in families for family in group for face in family]
    most = max((len(face.symbols) for face in every), default=0)
    wide = [face for face in every if len(face.symbols) >= WIDE * most]
    return Typefaces(families[0], families[1], families[2], families[3], wide)


def _drawable(covered: str, symbols: str, plain: bool) -> frozenset[str]:
    """Fonts of posters often map a box to what they lack: of those only the ASCII characters."""
    known = frozenset(covered) & {*symbols, *LIGATURES.values()}
    return known if plain else frozenset(symbol for symbol in known if symbol.isascii())


def _group(font: Font) -> int | None:
    if font.family.startswith(SMALL_CAPITALS):
        return None
    if font.family.startswith(COMMON):
        return 0
    if font.family.startswith(BLACKLETTER):
        return 2
    if font.family.startswith(DOCUMENT):
        return 1
    return 3 if font.plainness >= LEAST_PLAINNESS else None


def coverage(fonts: Sequence[Font]) -> list[str]:
    """The characters of PAGE_SYMBOLS that each font maps; kept under the user's cache folder."""
    key = hashlib.sha256(f"{COVERAGE_VERSION}{PAGE_SYMBOLS}".encode())
    key.update("".join(f"{font.path}\0{font.index}\n" for font in fonts).encode())
    path = cache_dir() / f"coverage-{key.hexdigest()[:16]}.json"
    if path.is_file():
        kept: list[str] = json.loads(path.read_text("utf-8"))
        return kept
    found = [_covered(font.path, font.index) for font in fonts]
    write_text(path, json.dumps(found, ensure_ascii=False))
    return found


@functools.lru_cache(maxsize=4096)
def _covered(path: str, index: int) -> str:
    with font_library().TTFont(path, fontNumber=index, lazy=True) as face:
        codes = face.getBestCmap() or {}
    return "".join(
        symbol for symbol in (*PAGE_SYMBOLS, *LIGATURES.values()) if ord(symbol) in codes
    )
