"""PDFs, rendered page by page by MuPDF."""

import logging
from pathlib import Path
from typing import Any

from PIL import Image

from mdocr.document.characters import printable
from mdocr.document.model import Unread
from mdocr.errors import InputError
from mdocr.inputs.annotations import take_off
from mdocr.inputs.page_picture import POINTS_PER_INCH, PagePicture, affordable_dpi
from mdocr.inputs.text_layer import TextLayer, read_text_layer

MOST_OBJECTS = 4_000_000
"""Objects of a PDF that is read: a file of a few kilobytes can claim as many as MuPDF has room for,
with some 48 bytes each; a thousand pages have some ten thousands."""

DAMAGED = "Download or make it again, or mend it with a PDF tool such as qpdf."
"""Hint."""

logger = logging.getLogger(__name__)


class PdfDocument:
    """A PDF that is open.

    Args:
        name: of the file, for messages.
        path: the file; not opened where there is ``content``.
        dpi: at which pages are rendered.
        password: of an encrypted file.
        content: the file itself, where it is held in memory.
        text: also read what the file says that its pages say.

    Raises:
        InputError: it is damaged, empty, locked, or no PDF.
    """

    def __init__(
        self,
        name: str,
        path: Path,
        dpi: float,
        password: str,
        content: bytes | None = None,
        *,
        text: bool = False,
    ) -> None:
        self._name, self._dpi, self._text = name, dpi, text
        self._mupdf = _mupdf()
        if content is None and not _is_text(path):
            content = path.read_bytes()
        try:
            self._document = self._opened(path, content)
            self._unlock(password)
            self.count: int = self._document.page_count
        except InputError:
            raise
        except Exception as error:  # its errors have no common base across versions
            raise InputError(
                f"{name} is not a PDF, or it is damaged beyond repair", DAMAGED
            ) from error
        if self.count == 0:
            self._document.close()
            raise InputError(f"{name} has no pages: it is empty or was cut short", DAMAGED)
        self._refuse_too_many_objects()
        if self._document.is_repaired:
            logger.warning("%s is damaged; what could be repaired is read", name)
        if text and (files := self._files()):
            logger.warning("%s carries files, which are not read: %s", name, ", ".join(files))

    def _opened(self, path: Path, content: bytes | None) -> Any:
        document: Any = self._mupdf.open(
            path if content is None else None, stream=content, filetype="pdf"
        )
        if not document.is_pdf:  # MuPDF goes by the content, and opens Markdown and HTML too
            document.close()
            raise InputError(
                f"{self._name} is named like a PDF, but is none",
                "If it is a picture, give it a picture's ending; else make the PDF again.",
            )
        return document

    def _unlock(self, password: str) -> None:
        if not self._document.needs_pass or self._document.authenticate(password):
            return
        self._document.close()
        problem = "the password is wrong" if password else "it needs a password"
        raise InputError(
            f"{self._name} is encrypted: {problem}", "Give the right one with --password."
        )

    def _refuse_too_many_objects(self) -> None:
        count = self._document.xref_length()
        if count <= MOST_OBJECTS:
            return
        self._document.close()
        raise InputError(
            f"{self._name} has too many objects: {count:,}, and {MOST_OBJECTS:,} can be read",
            "Write it anew without those that are not used, such as with qpdf; or split it.",
        )

    def _files(self) -> list[str]:
        """Names of the files that are attached to it; none that its damage hides."""
        try:
            return [printable(name) for name in self._document.embfile_names()]
        except Exception:  # as above
            return []

    def read(self, number: int) -> PagePicture:
        """Renders one page and lets MuPDF forget it."""
        page = self._document.load_page(number - 1)
        beside = self._beside(page) if self._text else ()
        width, height = page.rect.width, page.rect.height
        dpi = affordable_dpi(width, height, self._dpi)
        zoom = dpi / POINTS_PER_INCH
        pixels = page.get_pixmap(
            matrix=self._mupdf.Matrix(zoom, zoom), colorspace=self._mupdf.csRGB, alpha=False
        )
        picture = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples_mv)
        text = self._text_layer(page) if self._text else None
        del pixels, page
        self._mupdf.TOOLS.store_shrink(100)
        return PagePicture(number, width, height, picture, dpi, text, beside)

    def _text_layer(self, page: Any) -> TextLayer | None:
        """What the file says that a page says; a damaged one leaves the picture to be read."""
        try:
            return read_text_layer(page)
        except Exception as error:  # as above
            logger.warning("%s: the text layer of a page is damaged: %s", self._name, error)
            return None

    def _beside(self, page: Any) -> tuple[Unread, ...]:
        """Comments and attached files, taken off the page; damaged ones stay on its picture."""
        try:
            return take_off(page)
        except Exception as error:  # as above
            logger.warning("%s: the comments of a page are damaged: %s", self._name, error)
            return ()

    def close(self) -> None:
        """Closes the file."""
        if not self._document.is_closed:
            self._document.close()


def _mupdf() -> Any:
    """MuPDF, imported when the first PDF is opened, and kept from printing."""
    import pymupdf

    tools: Any = pymupdf.TOOLS
    tools.mupdf_display_errors(False)
    tools.mupdf_display_warnings(False)
    return pymupdf


def _is_text(path: Path) -> bool:
    """Whether a name can be given to MuPDF, which takes UTF-8 only."""
    try:
        return bool(str(path).encode())
    except UnicodeEncodeError:
        return False
