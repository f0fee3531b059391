"""PDFs and pictures to page pictures, one at a time; knows nothing of layout or models.

    open_pages(path) → Pages, an iterator of PagePicture
        a PDF          rendered by MuPDF, page by page
        a picture      one page; a TIFF may hold several

A page is rendered when it is asked for and forgotten afterwards, so that a book of a thousand pages
takes no more memory than a leaf.
"""

import logging
import math
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mdocr.errors import InputError, UsageError
from mdocr.inputs.streams import stream_content

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

PIXEL_LIMIT = 50_000_000
"""Most pixels of a page picture; larger pages are rendered, or shrunk, to this."""

HEAD = 1024
"""Bytes in which a PDF must name itself."""

FROM_HERE = "Check the name; a path that does not start with / starts at the current folder."
DAMAGED = "Download or make it again, or mend it with a PDF tool such as qpdf."
"""Hints."""

POINTS_PER_INCH = 72.0
_LAST = "end"
_RANGE = re.compile(r"(\d+|end)(?:-(\d+|end))?")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PagePicture:
    """One page as a picture.

    Attributes:
        number: its place in the document, from 1.
        width: width of the page in points (1/72 inch).
        height: height of the page in points.
        picture: the page in RGB, upright, on white.
        dpi: resolution of ``picture``, which may be below the one asked for on a huge page.
    """

    number: int
    width: float
    height: float
    picture: "Image"
    dpi: float


class PageError(InputError):
    """One page cannot be read; the pages after it may be.

    Attributes:
        number: the page, from 1.
    """

    def __init__(self, path: str | Path, number: int, reason: object) -> None:
        super().__init__(f"page {number} of {path} cannot be read: {reason}")
        self.number = number


class _Source(Protocol):
    """A document that is open."""

    count: int

    def read(self, number: int) -> PagePicture: ...

    def close(self) -> None: ...


class Pages(Iterator[PagePicture]):
    """The chosen pages of one document, each read when it is asked for.

    ``next`` raises PageError for a page that cannot be read, and may be called again for those
    after it. ``len`` is the number of chosen pages. The file is closed after the last page, by
    ``close``, and at the end of a ``with`` block.

    Attributes:
        path: the document.
        content: the document itself, where it came on standard input or through a pipe.
        count: how many pages the document has.
        numbers: the chosen pages, ascending.
    """

    def __init__(
        self, path: Path, source: _Source, numbers: list[int], content: bytes | None = None
    ) -> None:
        self.path = path
        self.content = content
        self.count = source.count
        self.numbers = numbers
        self._source = source
        self._next = 0

    def __len__(self) -> int:
        return len(self.numbers)

    def __next__(self) -> PagePicture:
        if self._next >= len(self.numbers):
            self.close()
            raise StopIteration
        number = self.numbers[self._next]
        self._next += 1
        try:
            return self._source.read(number)
        except Exception as error:  # MuPDF's and Pillow's errors have no common base
            raise PageError(self.path, number, error) from error

    def close(self) -> None:
        """Closes the file; pages already handed out stay as they are."""
        self._next = len(self.numbers)
        self._source.close()

    def __enter__(self) -> "Pages":
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def open_pages(path: str | Path, ranges: str = "", dpi: float = 200, password: str = "") -> Pages:
    """Opens a PDF or a picture.

    Args:
        path: the document, which may be a named pipe; ``-`` is standard input. PDFs are known by
            their content, or else by their name.
        ranges: pages, such as ``1-3,7,12-end``; empty for all.
        dpi: resolution for PDFs, and what a picture is taken for that states none.
        password: of an encrypted PDF.

    Raises:
        InputError: the file is missing, damaged, empty, of another kind, or locked.
        UsageError: ``ranges`` or ``dpi`` makes no sense, or there is no such page.
    """
    path = Path(path)
    if not 1 <= dpi <= 2400:
        raise UsageError(f"dpi must be between 1 and 2400, not {dpi:g}")
    content = stream_content(path)
    head = _head(path) if content is None else content[:HEAD]
    is_pdf = b"%PDF-" in head or path.suffix.lower() == ".pdf"
    source: _Source = (
        _Pdf(path, dpi, password, content) if is_pdf else _Pictures(path, dpi, content)
    )
    try:
        return Pages(path, source, parse_ranges(ranges, source.count), content)
    except UsageError as error:
        source.close()
        raise UsageError(f"{path}: {error.message}", error.hint) from error


def parse_ranges(text: str, count: int) -> list[int]:
    """Page numbers from a text such as ``1-3,7,12-end``, ascending, each once.

    Args:
        text: numbers and ranges from 1, both ends included; ``end`` is the last; empty for all.
        count: how many pages there are.

    Raises:
        UsageError: not a range, or beyond the last page.
    """
    if not text.strip():
        return list(range(1, count + 1))
    numbers: set[int] = set()
    for part in text.split(","):
        first, last = _range(part.strip(), count)
        if first > count or last > count:
            pages = "1 page" if count == 1 else f"{count} pages"
            raise UsageError(
                f"pages {part.strip()!r} are beyond the end: there are only {pages}",
                f"Choose pages between 1 and {count}, or write {_LAST!r} for the last.",
            )
        numbers.update(range(first, last + 1))
    return sorted(numbers)


def _range(part: str, count: int) -> tuple[int, int]:
    """First and last page of ``7``, ``1-3`` or ``12-end``."""
    match = _RANGE.fullmatch(part)
    hint = "Write pages like 1-3,7,12-end; the first page is 1."
    if match is None:
        raise UsageError(f"{part!r} is not a page range", hint)
    first, last = (count if end == _LAST else int(end) for end in (match[1], match[2] or match[1]))
    if first < 1 or (last < first and match[2] != _LAST):
        raise UsageError(f"{part!r} is not a page range", hint)
    return first, last


def _head(path: Path) -> bytes:
    """The first bytes of a file, in which a PDF must name itself."""
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist", FROM_HERE) from error
    except OSError as error:
        raise InputError(
            f"{path} cannot be opened: {error.strerror or error}", "Name a file that you may read."
        ) from error
    if not head:
        raise InputError(f"{path} is empty", "Copy or download it again.")
    return head


def _mupdf() -> Any:
    """MuPDF, imported when the first PDF is opened, and kept from printing."""
    import pymupdf

    tools: Any = pymupdf.TOOLS
    tools.mupdf_display_errors(False)
    tools.mupdf_display_warnings(False)
    return pymupdf


class _Pdf:
    """A PDF opened by MuPDF."""

    def __init__(self, path: Path, dpi: float, password: str, content: bytes | None = None) -> None:
        self._mupdf = _mupdf()
        if content is None and not _is_text(path):
            content = path.read_bytes()
        try:
            document: Any = self._mupdf.open(
                path if content is None else None, stream=content, filetype="pdf"
            )
        except Exception as error:  # its errors have no common base across versions
            raise InputError(
                f"{path} is not a PDF, or it is damaged beyond repair", DAMAGED
            ) from error
        if not document.is_pdf:  # MuPDF goes by the content, and opens Markdown and HTML too
            document.close()
            raise InputError(
                f"{path} is named like a PDF, but is none",
                "If it is a picture, give it a picture's ending; else make the PDF again.",
            )
        self._document = document
        self._dpi = dpi
        self._unlock(path, password)
        self.count: int = document.page_count
        if self.count == 0:
            document.close()
            raise InputError(f"{path} has no pages: it is empty or was cut short", DAMAGED)
        if document.is_repaired:
            logger.warning("%s is damaged; what could be repaired is read", path)

    def _unlock(self, path: Path, password: str) -> None:
        if not self._document.needs_pass or self._document.authenticate(password):
            return
        self._document.close()
        problem = "the password is wrong" if password else "it needs a password"
        raise InputError(f"{path} is encrypted: {problem}", "Give the right one with --password.")

    def read(self, number: int) -> PagePicture:
        """Renders one page and lets MuPDF forget it."""
        from PIL import Image

        page = self._document.load_page(number - 1)
        width, height = page.rect.width, page.rect.height
        dpi = _affordable_dpi(width, height, self._dpi)
        zoom = dpi / POINTS_PER_INCH
        pixels = page.get_pixmap(
            matrix=self._mupdf.Matrix(zoom, zoom), colorspace=self._mupdf.csRGB, alpha=False
        )
        picture = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples_mv)
        del pixels, page
        self._mupdf.TOOLS.store_shrink(100)
        return PagePicture(number, width, height, picture, dpi)

    def close(self) -> None:
        """Closes the file."""
        if not self._document.is_closed:
            self._document.close()


def _is_text(path: Path) -> bool:
    """Whether a name can be given to MuPDF, which takes UTF-8 only."""
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False


def _affordable_dpi(width: float, height: float, dpi: float) -> float:
    """The resolution at which a page, in points, stays within the pixel limit."""
    pixels = width * height * (dpi / POINTS_PER_INCH) ** 2
    return dpi if pixels <= PIXEL_LIMIT else dpi * math.sqrt(PIXEL_LIMIT / pixels)


class _Pictures:
    """A picture file of one page, or a TIFF of several; open only while a page is read."""

    def __init__(self, path: Path, dpi: float, content: bytes | None = None) -> None:
        self._path = path
        self._content = content
        self._dpi = dpi
        try:
            with self._open() as file:
                self.count = self._frames(file) if file.format == "TIFF" else 1
        except InputError:
            raise
        except Exception as error:  # plug-ins raise what they like on damaged files
            raise InputError(
                f"{path} is neither a PDF nor a picture that can be read",
                "PDF, PNG, JPEG, TIFF, WebP, BMP and GIF can.",
            ) from error

    def _frames(self, file: "ImageFile") -> int:
        """How many can be found, one by one, since ``n_frames`` is all or nothing."""
        count = 1
        while True:
            try:
                file.seek(count)
            except EOFError:
                return count
            except Exception as error:  # as above
                logger.warning("%s is cut short after page %d: %s", self._path, count, error)
                return count
            count += 1

    def _open(self) -> "ImageFile":
        from PIL import Image

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                return Image.open(self._path if self._content is None else BytesIO(self._content))
        except Image.DecompressionBombError as error:
            hint = "Scale it down, or cut it into pages."
            raise InputError(f"{self._path} has too many pixels", hint) from error

    def read(self, number: int) -> PagePicture:
        """Decodes one page."""
        with self._open() as file:
            file.seek(number - 1)
            picture = to_rgb(file)
            dpi = _stated_dpi(file) or self._dpi
        width, height = (side * POINTS_PER_INCH / dpi for side in picture.size)
        affordable = _affordable_dpi(width, height, dpi)
        if affordable < dpi:
            factor = math.ceil(dpi / affordable)
            picture, dpi = picture.reduce(factor), dpi / factor
        return PagePicture(number, width, height, picture, dpi)

    def close(self) -> None:
        """Nothing is open between pages."""


def _stated_dpi(picture: "Image") -> float:
    """The resolution that a picture file states; 0 if none, or none that can be."""
    stated = picture.info.get("dpi", (0, 0))[0]
    return float(stated) if 30 <= stated <= 2400 else 0.0


def to_rgb(picture: "Image") -> "Image":
    """A picture of any mode as upright RGB: turned as EXIF says, alpha over white, 16 bits to 8."""
    from PIL import Image, ImageOps

    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):
        picture = _to_8_bits(picture)
    if picture.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture)
    return picture.convert("RGB")


def _to_8_bits(picture: "Image") -> "Image":
    """Grey levels of 16 or 32 bits, or floats, as 8 bits; 0..1, 0..255 and 0..65535 are known."""
    import numpy as np
    from PIL import Image

    levels = np.asarray(picture, np.float32)
    top = float(levels.max(initial=0))
    scale = 255.0 if top <= 1 and picture.mode == "F" else 1.0 if top <= 255 else 255 / 65535
    return Image.fromarray(np.clip(levels * scale + 0.5, 0, 255).astype(np.uint8))
