"""Legible fonts: found on the machine, checked by their glyphs, listed in a cache.

Many font files map letters to ornaments. Each font's letters and digits are therefore rendered,
scaled into a small box, and compared with those of plain reference fonts: a font is kept if nearly
every glyph is closest to the reference glyph of the same character.
"""

import hashlib
import json
import logging
import string
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mdocr.errors import InputError, MissingExtraError
from mdocr.files import write_text
from mdocr.models.charset import ENGLISH
from mdocr.weights.cache import cache_dir

logger = logging.getLogger(__name__)

FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("~/.local/share/fonts"),
    Path("~/.fonts"),
    Path("~/Library/Fonts"),
    Path("~/AppData/Local/Microsoft/Windows/Fonts"),
    Path("/Library/Fonts"),
    Path("/System/Library/Fonts"),
    Path("C:/Windows/Fonts"),
)
SUFFIXES = {".ttf", ".otf", ".ttc", ".otc", ".woff"}
CLASSES = (string.ascii_uppercase, string.ascii_lowercase, string.digits)
THIN = frozenset("Iil1j")
"""Bare strokes: scaled into a box they are nearly solid in every font."""
DISTINCT = "abdeghnqrt"
"""Letters whose lower case differs from the capital in shape, not only in size."""
PLAIN = (
    "DejaVuSans.ttf",
    "DejaVuSans-Bold.ttf",
    "DejaVuSans-ExtraLight.ttf",
    "DejaVuSerif.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSans-Bold.ttf",
    "LiberationSans-Italic.ttf",
    "LiberationSans-BoldItalic.ttf",
    "LiberationSerif-Regular.ttf",
    "LiberationSerif-Italic.ttf",
    "LiberationSerif-BoldItalic.ttf",
    "LiberationMono-Regular.ttf",
)
"""Reference fonts of the shape of each character, and of plainness."""
WEB_SCRIPTS = (
    *("allura", "arizonia", "berkshire-swash", "caveat", "charm", "cookie", "fugaz-one"),
    *("grand-hotel", "great-vibes", "italianno", "knewave", "leckerli-one", "lily-script-one"),
    *("lobster-two", "marck-script", "molle", "montez", "mr-dafoe", "niconne", "norican"),
    *("oleo-script", "parisienne", "permanent-marker", "playball", "racing-sans-one"),
    *("rochester", "sacramento", "seaweed-script", "sofia", "sonsie-one", "yellowtail"),
    "yesteryear",
)
SCRIPTS = (
    "DancingScript-Regular.otf",
    "lobster.otf",
    "KaushanScript-Regular.otf",
    "LeckerliOne-Regular.ttf",
    "Comfortaa-Regular.ttf",
    "Purisa.ttf",
    *(f"{name}-latin-400-normal.woff" for name in WEB_SCRIPTS),
)
"""Reference fonts that are legible but not plain. Script capitals resemble no plain ones, so other
scripts are accepted only if they resemble one of these."""
FRAKTUR = ("Blankenburg", "Gamaliel", "UnifrakturCook", "UnifrakturMaguntia")
"""Families that are legible by name: no letter of theirs resembles that of a reference font."""
BOX = 16
INDEX_VERSION = 6
WEIGHTS = (
    *("thin", "extralight", "ultralight", "light", "book", "regular", "medium"),
    *("semibold", "demibold", "bold", "extrabold", "ultrabold", "black", "heavy"),
)
"""Suffixes of family names that denote a weight, not another design."""

Glyphs = dict[str, NDArray[np.float32]]
"""Ink of each character, [BOX * BOX]; of reference fonts [references, BOX * BOX]."""


@dataclass(frozen=True)
class Font:
    """One face of a font file.

    Attributes:
        path: the file.
        index: the face within a collection, 0 elsewhere.
        family: name shared by the faces of a design.
        symbols: the characters of ``mdocr.models.charset.ENGLISH`` it has glyphs for.
        has_lowercase: False if small letters look like capitals or are illegible.
        plainness: similarity to the plain reference fonts, 0 to 1.
    """

    path: str
    index: int
    family: str
    symbols: str
    has_lowercase: bool
    plainness: float


@dataclass(frozen=True)
class References:
    """Reference glyphs: those of plain fonts first, then of scripts."""

    glyphs: Glyphs
    plain: int


def load_fonts(folders: Sequence[Path] | None = None) -> list[Font]:
    """The legible fonts under ``folders``, by default those of the system.

    The first call on a set of files takes about half a minute; the result is kept in the user's
    cache folder (``MDOCR_CACHE`` overrides it) until a file is added, removed or changed.

    Raises:
        InputError: no legible font was found, or a folder is none.
        MissingExtraError: fontTools is not installed and the fonts are not in the cache.
    """
    for folder in folders or ():
        if not folder.is_dir():
            raise InputError(f"there is no folder {str(folder)!r}", "Name a folder of fonts.")
    files = sorted(set(_font_files(folders or FOLDERS)))
    index = cache_dir() / f"fonts-{_fingerprint(files)}.json"
    fonts = _read_index(index)
    if fonts is None:
        fonts = select_fonts(files)
        _write_index(index, fonts)
    if not fonts:
        where = ", ".join(str(folder) for folder in folders or FOLDERS)
        hint = "Name another folder" if folders else "Install font packages"
        raise InputError(f"no legible font under {where}", f"{hint}; docs/fonts.md lists some.")
    return fonts


def select_fonts(files: Sequence[Path]) -> list[Font]:
    """Examines every face of ``files``; returns the legible ones, each design once."""
    references = _references(files)
    seen: set[bytes] = set()
    fonts = []
    for file in files:
        for index, names in _faces(file):
            glyphs = draw_glyphs(file, index)
            if glyphs is None or (drawing := _drawing(glyphs)) in seen:
                continue
            seen.add(drawing)
            font = _judge(file, index, names, glyphs, references)
            if font is not None:
                fonts.append(font)
    logger.info("%d of %d font files are legible", len(fonts), len(files))
    return fonts


def draw_glyphs(file: Path, index: int) -> Glyphs | None:
    """Letters and digits, each cropped to its ink, scaled to [BOX, BOX] and normalised to length 1.

    None if a glyph is empty or tiny, or the file cannot be rendered.
    """
    try:
        font = ImageFont.truetype(str(file), 32, index, layout_engine=ImageFont.Layout.BASIC)
        return {symbol: _draw_glyph(font, symbol) for symbols in CLASSES for symbol in symbols}
    except (OSError, ValueError, MemoryError):
        return None


def _draw_glyph(font: ImageFont.FreeTypeFont, symbol: str) -> NDArray[np.float32]:
    canvas = Image.new("L", (96, 96))
    ImageDraw.Draw(canvas).text((28, 28), symbol, fill=255, font=font)
    ink = canvas.getbbox()
    if ink is None or (symbol == "H" and not 10 <= ink[3] - ink[1] <= 48):
        raise ValueError(f"no ink in {symbol!r}, or hardly any")
    squeezed = canvas.crop(ink).resize((BOX, BOX), Image.Resampling.BOX)
    glyph = np.asarray(squeezed, np.float32).ravel()
    return glyph / max(float(np.linalg.norm(glyph)), 1e-6)


def _judge(
    file: Path, index: int, names: tuple[str, str], glyphs: Glyphs, references: References
) -> Font | None:
    """The font, or None if its capitals or digits are not legible."""
    family, symbols = names
    if family.startswith(FRAKTUR):
        return Font(str(file), index, family, symbols, has_lowercase=True, plainness=0.0)
    compared = [_compare(alphabet, glyphs, references) for alphabet in CLASSES]
    readable = [right for right, _ in compared]
    if readable[0] < 0.6 or readable[2] < 0.5:
        return None
    small = readable[1] >= 0.6 and not _has_small_capitals(glyphs)
    likeness = [
        near for (_, near), wanted in zip(compared, (True, small, True), strict=True) if wanted
    ]
    plainness = float(np.clip((np.mean(likeness) - 0.72) / 0.2, 0, 1))
    return Font(str(file), index, family, symbols, small, round(plainness, 3))


def _compare(alphabet: str, glyphs: Glyphs, references: References) -> tuple[float, float]:
    """Share of glyphs closest to their own reference, and mean similarity to the plain one."""
    shaped = [symbol for symbol in alphabet if symbol not in THIN]
    stack = np.stack([references.glyphs[symbol] for symbol in shaped])  # [S, references, BOX²]
    right, near = 0, 0.0
    for position, symbol in enumerate(shaped):
        likeness = stack @ glyphs[symbol]
        right += int(likeness.max(axis=1).argmax() == position)
        near += float(likeness[position, : references.plain].max())
    return right / len(shaped), near / len(shaped)


def _has_small_capitals(glyphs: Glyphs) -> bool:
    same = [float(glyphs[symbol] @ glyphs[symbol.upper()]) for symbol in DISTINCT]
    return float(np.median(same)) > 0.93


def _references(files: Sequence[Path]) -> References:
    """The reference fonts among ``files``, or else those of the system."""
    found = {file.name: file for file in [*_font_files(FOLDERS), *files]}
    plain = _draw_named(found, PLAIN)
    if not plain:
        raise InputError(
            "no plain font to compare the others with",
            "Install DejaVu or Liberation: apt install fonts-dejavu-core fonts-liberation2",
        )
    drawn = plain + _draw_named(found, SCRIPTS)
    glyphs = {symbol: np.stack([each[symbol] for each in drawn]) for symbol in plain[0]}
    return References(glyphs, len(plain))


def _draw_named(found: dict[str, Path], names: Sequence[str]) -> list[Glyphs]:
    drawn = [draw_glyphs(found[name], 0) for name in names if name in found]
    return [glyphs for glyphs in drawn if glyphs is not None]


def _drawing(glyphs: Glyphs) -> bytes:
    return hashlib.sha256(b"".join(glyph.tobytes() for glyph in glyphs.values())).digest()


def font_library() -> ModuleType:
    """Imports fontTools' reader of font tables, with its warnings silenced.

    Raises:
        MissingExtraError: fontTools is not installed.
    """
    try:
        from fontTools import ttLib
    except ImportError as error:
        raise MissingExtraError("fonttools", "train", "Choosing fonts") from error
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    library: ModuleType = ttLib
    return library


def _faces(file: Path) -> Iterator[tuple[int, tuple[str, str]]]:
    """Index, family and symbols of each face that maps all letters and digits."""
    library = font_library()
    try:
        with file.open("rb") as stream:
            collection = file.suffix.lower() in {".ttc", ".otc"}
            faces = (
                library.TTCollection(stream).fonts
                if collection
                else [library.TTFont(stream, lazy=True)]
            )
            described = [_names(face, file) for face in faces]
    except Exception as error:  # damaged tables raise nearly anything
        logger.debug("cannot read the font %s: %s", file, error)
        return
    for index, (family, symbols) in enumerate(described):
        if all(symbol in symbols for alphabet in CLASSES for symbol in alphabet):
            yield index, (family, symbols)


def _names(face: Any, file: Path) -> tuple[str, str]:
    codes = face.getBestCmap() or {}
    symbols = "".join(symbol for symbol in ENGLISH if ord(symbol) in codes)
    family = face["name"].getDebugName(16) or face["name"].getDebugName(1) or file.stem
    return _design(family), symbols


def _design(family: str) -> str:
    """The first two words of a family name, without weights."""
    words = family.split()
    while len(words) > 1 and words[-1].lower() in WEIGHTS:
        words.pop()
    return " ".join(words[:2])


def _font_files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        for file in folder.expanduser().rglob("*"):
            if file.suffix.lower() in SUFFIXES and file.is_file():  # a link may lead nowhere
                yield file.resolve()


def _fingerprint(files: Sequence[Path]) -> str:
    digest = hashlib.sha256(str(INDEX_VERSION).encode())
    for file in files:
        digest.update(f"{file}\0{file.stat().st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _read_index(path: Path) -> list[Font] | None:
    try:
        return [Font(**entry) for entry in json.loads(path.read_text("utf-8"))]
    except (OSError, ValueError, TypeError):
        return None


def _write_index(path: Path, fonts: Sequence[Font]) -> None:
    write_text(path, json.dumps([asdict(font) for font in fonts]))
