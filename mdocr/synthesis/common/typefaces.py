"""Fonts of documents: groups by use, held-out families, character coverage."""

import functools
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mdocr.files import write_text
from mdocr.preprocessing.line_charset import PAGE_SYMBOLS
from mdocr.synthesis.common.fonts import FRAKTUR, Font, font_library
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
"""Never trained on: they measure the error on unseen fonts."""
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
"""Name prefixes of the families of most documents, and of look-alikes."""
DOCUMENT = (
    *HELD_OUT_FAMILIES,
    *COMMON,
    "AR PL",
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
    "IPA",
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
    "NanumGothic",
    "NanumMyeongjo",
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
    "UnBatang",
    "UnDotum",
    "Universalis",
    "VL ",
    "Veranda",
    "Vollkorn",
    "WenQuanYi",
)
SMALL_CAPITALS = ("unifur",)
"""Excluded: small letters look like capitals, so the case of a text could not be told."""
BLACKLETTER = (*FRAKTUR, "Oldania", "Hamlet", "Jessen", "Ptolemy")
BOOK_FRAKTUR = "Unifraktur"
BOOK_SHARE = 0.75
"""Share of the lines in blackletter in the type of books, as nearly all old pages are."""
COMMON_SHARE, DOCUMENT_SHARE, BLACKLETTER_SHARE = 0.49, 0.33, 0.11
LEAST_PLAINNESS = 0.45
"""Required of all other fonts, which are those of posters and letters."""
WIDE = 0.97
"""Share of all characters that a font for rare characters must cover."""
COVERAGE_VERSION = 3


@dataclass(frozen=True)
class Typeface:
    """A font and the characters of PAGE_SYMBOLS that it covers."""

    font: Font
    symbols: frozenset[str]

    @property
    def is_blackletter(self) -> bool:
        """Whether it is of a kind in which German was printed."""
        return self.font.family.startswith(BLACKLETTER)


@dataclass(frozen=True)
class Typefaces:
    """Fonts grouped by use in documents; each group holds families of faces."""

    common: Sequence[Sequence[Typeface]]
    document: Sequence[Sequence[Typeface]]
    blackletter: Sequence[Sequence[Typeface]]
    other: Sequence[Sequence[Typeface]]
    wide: Sequence[Typeface]

    @property
    def families(self) -> int:
        """Number of families."""
        return sum(map(len, (self.common, self.document, self.blackletter, self.other)))

    def draw(self, rng: np.random.Generator) -> Sequence[Typeface]:
        """Samples a family, mostly one of documents."""
        groups = [group for group in (self.common, self.document, self.other) if group]
        groups = groups or [self.blackletter]
        chance = rng.random()
        if chance < BLACKLETTER_SHARE and self.blackletter:
            books = [f for f in self.blackletter if f[0].font.family.startswith(BOOK_FRAKTUR)]
            group = books if books and rng.random() < BOOK_SHARE else self.blackletter
        elif chance < BLACKLETTER_SHARE + COMMON_SHARE:
            group = groups[0]
        elif chance < BLACKLETTER_SHARE + COMMON_SHARE + DOCUMENT_SHARE:
            group = groups[min(1, len(groups) - 1)]
        else:
            group = groups[-1]
        return group[int(rng.random() * len(group))]


def training_fonts(fonts: Sequence[Font]) -> list[Font]:
    """The fonts without those of held-out families."""
    return [font for font in fonts if font.family not in HELD_OUT_FAMILIES]


def held_out_fonts(fonts: Sequence[Font]) -> list[Font]:
    """The fonts of held-out families."""
    return [font for font in fonts if font.family in HELD_OUT_FAMILIES]


def group_typefaces(fonts: Sequence[Font], symbols: str = PAGE_SYMBOLS) -> Typefaces:
    """Sorts fonts into groups and families, with the characters that each covers."""
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
    """Symbols to trust: poster fonts often map missing ones to a box, so only their ASCII."""
    known = frozenset(covered) & set(symbols)
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
    """The characters of PAGE_SYMBOLS that each font maps; cached in the user's cache folder."""
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
    return "".join(symbol for symbol in PAGE_SYMBOLS if ord(symbol) in codes)
