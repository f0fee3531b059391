"""The pictures of a report's pages, small enough that many stand in one file."""

import logging
from base64 import b64encode
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

from mdocr.document.document import Document
from mdocr.errors import MdocrError
from mdocr.inputs.page_picture import PagePicture
from mdocr.inputs.pages import PageError, open_pages
from mdocr.options import RenderOptions

DPI, QUALITY = 110, 70

logger = logging.getLogger(__name__)


def page_pictures(document: Document, options: RenderOptions) -> dict[int, str]:
    """The pictures of a document's pages as data URLs, by number.

    Those that the document holds are taken (``picture_name``), the others made from its file if it
    may be opened; a page of which there is none is left out, with a warning.
    """
    numbers = [page.number for page in document.pages]
    held = {number: document.pictures.get(picture_name(number), b"") for number in numbers}
    missing = [number for number in numbers if not held[number]]
    path = (options.file or document.source.path) if options.opens_source else ""
    made = encoded_pages(path, missing, options.password) if path and missing else {}
    return {number: data_url(data) for number, data in {**held, **made}.items() if data}


def picture_name(number: int) -> str:
    """The name under which a document may hold the picture of a page for its report."""
    return f"report-page{number:04d}.webp"


def encoded_pages(path: str | Path, numbers: Iterable[int], password: str = "") -> dict[int, bytes]:
    """Pages of a file as WebP pictures, by number; a page of which there is none is left out."""
    found: dict[int, bytes] = {}
    try:
        with open_pages(path, list(numbers), DPI, password) as pages:
            for number in pages.numbers:
                try:
                    found[number] = encoded_page(pages.read(number))
                except PageError as error:
                    logger.warning("%s", error)
    except MdocrError as error:
        logger.warning("the report has no pictures of the pages: %s", error)
    return found


def encoded_page(page: PagePicture) -> bytes:
    """A page as a small WebP picture."""
    size = tuple(max(1, round(side * DPI / 72)) for side in (page.width, page.height))
    picture = page.picture
    if picture.width > size[0]:
        picture = picture.resize((size[0], size[1]))
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=QUALITY, method=1)
    return buffer.getvalue()


def data_url(data: bytes) -> str:
    """A WebP picture as an address that holds it."""
    return "data:image/webp;base64," + b64encode(data).decode("ascii")
