"""Which picture files are opened, and how: by an explicit list of formats.

Pillow would else go by the content alone, and hand an EPS file that is named ``.png`` to
Ghostscript.
"""

import contextlib
import os
import threading
from functools import cache
from importlib.util import find_spec
from io import BytesIO
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from mdocr.errors import InputError, install_hint

_SUFFIXES = {
    "PNG": ".png .apng",
    "JPEG": ".jpg .jpeg .jpe .jfif",
    "TIFF": ".tif .tiff",
    "WEBP": ".webp",
    "BMP": ".bmp",
    "DIB": ".dib",
    "GIF": ".gif",
    "JPEG2000": ".jp2 .j2k .j2c .jpc .jpf .jpx",
    "AVIF": ".avif .avifs",
    "PPM": ".ppm .pgm .pbm .pnm .pfm",
    "MPO": ".mpo",
    "PCX": ".pcx",
    "DCX": ".dcx",
    "TGA": ".tga .icb .vda .vst",
    "SGI": ".sgi .rgb .rgba .bw",
    "SUN": ".ras",
    "PSD": ".psd",
    "QOI": ".qoi",
    "DDS": ".dds",
    "ICO": ".ico",
    "ICNS": ".icns",
    "IM": ".im",
    "MSP": ".msp",
    "PCD": ".pcd",
    "PIXAR": ".pxr",
    "XBM": ".xbm",
    "XPM": ".xpm",
    "FLI": ".fli .flc",
}
"""Formats by Pillow's names. Left out are EPS and WMF, which start other programs, and formats of
game textures and of measurements."""

_USUAL = ("PNG", "JPEG")
"""Those that are tried before Pillow imports all its formats."""

HEIC_SUFFIXES = frozenset((".heic", ".heif", ".hif"))
"""Those that need the package pillow-heif."""

PICTURE_SUFFIXES = frozenset(" ".join(_SUFFIXES.values()).split()) | HEIC_SUFFIXES
"""Lower-case endings of the files that are taken for pictures."""

PAGED = frozenset(("TIFF", "GIF", "WEBP", "PNG", "AVIF", "DCX", "FLI", "HEIF"))
"""Formats whose frames are pages; those of others are sizes, layers or views of one picture."""

READABLE = "PDF, PNG, JPEG, TIFF, WebP, BMP, GIF, JPEG 2000, AVIF and HEIC can be."

MOST_SCANS = 500
"""Scans of a progressive JPEG: usual ones have ten, and each may be of few bytes and all pixels."""

START_OF_SCAN = b"\xff\xda"
"""A marker of JPEG, which its data does not contain."""

_HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_LOCK = threading.Lock()


def open_image(source: str | os.PathLike[str] | bytes | BinaryIO) -> Image.Image:
    """Opens a picture file, whose pixels are decoded later.

    Args:
        source: a path, the content of a file, or a stream that can seek.

    Raises:
        InputError: it is HEIC, and the package that reads it is not installed; or a JPEG of more
            than ``MOST_SCANS`` scans.
        UnidentifiedImageError: it is no picture of a known format.
        OSError: it cannot be read.
    """
    file = BytesIO(source) if isinstance(source, bytes) else source
    with contextlib.suppress(UnidentifiedImageError):
        picture = Image.open(file, formats=_USUAL)
        _refuse_scans(picture, file)
        return picture
    try:
        return Image.open(file, formats=_formats())
    except UnidentifiedImageError:
        if not _is_heic(file):
            raise
    _register_heic()
    return Image.open(file, formats=("HEIF",))


def has_heic() -> bool:
    """Whether the package that reads HEIC is installed."""
    return find_spec("pillow_heif") is not None


@cache
def _formats() -> tuple[str, ...]:
    """The formats that the installed Pillow has."""
    with _LOCK:
        Image.init()
    return tuple(name for name in _SUFFIXES if name in Image.OPEN)


def _refuse_scans(picture: Image.Image, file: str | os.PathLike[str] | BinaryIO) -> None:
    if "progressive" not in picture.info:
        return
    count = _content(file).count(START_OF_SCAN)
    if count > MOST_SCANS:
        picture.close()
        raise InputError(
            f"the JPEG is sent in {count:,} scans, and {MOST_SCANS} can be read",
            "Save it again, as a baseline JPEG.",
        )


def _content(file: str | os.PathLike[str] | BinaryIO) -> bytes:
    if isinstance(file, str | os.PathLike):
        with open(file, "rb") as opened:  # noqa: PTH123, a path may be any string here
            return opened.read()
    place = file.tell()
    file.seek(0)
    content = file.read()
    file.seek(place)
    return content


def _is_heic(file: str | os.PathLike[str] | BinaryIO) -> bool:
    if isinstance(file, str | os.PathLike):
        with open(file, "rb") as opened:  # noqa: PTH123, a path may be any string here
            head = opened.read(12)
    else:
        file.seek(0)
        head = file.read(12)
        file.seek(0)
    return head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS


def _register_heic() -> None:
    try:
        import pillow_heif
    except ImportError as error:
        raise InputError(
            "HEIC pictures need the package pillow-heif, which is not installed",
            install_hint("heic"),
        ) from error
    pillow_heif.register_heif_opener()
