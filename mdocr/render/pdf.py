"""Searchable PDF: the pages as they are, with what was read as invisible text in its places.

A PDF keeps its pages, pictures, links, bookmarks and metadata; a picture becomes a page at its
resolution. Words that the PDF has as text already are not written twice.
"""

import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from mdocr.document.document import Document
from mdocr.document.model import Block, Box, Page
from mdocr.errors import InputError, UsageError
from mdocr.inputs.formats import open_image
from mdocr.inputs.page_picture import PagePicture
from mdocr.inputs.pages import open_pages
from mdocr.options import RenderOptions
from mdocr.render.invisible_text import InvisibleLine, write_words
from mdocr.render.placed import placed_lines
from mdocr.render.type_size import type_boxes

COVERED = 0.5
"""Share of a word that lies in the PDF's own text, from which it is not written again."""

ORIENTATION = 0x0112
"""The EXIF tag of a camera's orientation."""

KEEP_ENCRYPTION = 0
"""MuPDF's number for: encrypted as it was."""

INVISIBLE = 3
"""Text rendering mode (PDF 32000-1, 9.3.6)."""


def render(document: Document, options: RenderOptions | None = None) -> bytes:
    """The document as a PDF.

    Raises:
        UsageError: the document was not read from a file.
        InputError: the file cannot be read any more.
    """
    options = options or RenderOptions()
    path = (options.file or document.source.path) if options.opens_source else ""
    if not path:
        raise UsageError(
            "a searchable PDF is made from the file that was read",
            "Give a path to parse(), or another format.",
        )
    pdf = _opened(Path(path), options.password)
    try:
        for page in document.pages:
            _write_page(pdf[page.number - 1], page, redo=options.redo)
        data: bytes = pdf.tobytes(garbage=3, deflate=True, encryption=KEEP_ENCRYPTION)
        return data
    finally:
        pdf.close()


def _write_page(sheet: Any, page: Page, *, redo: bool) -> None:
    if redo:
        _drop_invisible(sheet)
    size = sheet.rect.width, sheet.rect.height
    taken = [word[:4] for word in sheet.get_text("words")]
    lines = [words for block in page.blocks for words in _words(block, size, taken)]
    write_words(sheet, lines)


def _drop_invisible(sheet: Any) -> None:
    """Takes out text that is not seen: what an earlier reading has left."""
    spans = [span["bbox"] for span in sheet.get_texttrace() if span["type"] == INVISIBLE]
    for box in spans:
        sheet.add_redact_annot(box, fill=False, cross_out=False)
    if spans:
        sheet.apply_redactions(images=0, graphics=0)


def _words(
    block: Block, size: tuple[float, float], taken: Sequence[Sequence[float]]
) -> Iterator[InvisibleLine]:
    """The words of each line that the PDF has not as text, in points from the upper left corner."""
    for line in placed_lines(block):
        near = _overlapping(line.box, size, taken)
        own = [word.box for word in line.words]
        boxes = type_boxes(line) if line in block.lines else own  # else they are estimated
        words = tuple(
            (word.text, _points(box, size))
            for word, box in zip(line.words, boxes, strict=True)
            if not _is_taken(_points(word.box, size), near)
        )
        if words:
            yield InvisibleLine(words, line.angle)


def _points(box: Box, size: tuple[float, float]) -> tuple[float, ...]:
    return tuple(edge * size[i % 2] for i, edge in enumerate(box.as_list()))


def _overlapping(
    box: Box, size: tuple[float, float], taken: Sequence[Sequence[float]]
) -> list[Sequence[float]]:
    """What lies on a line, so that not every word is compared with a whole page."""
    x0, y0, x1, y1 = _points(box, size)
    return [o for o in taken if o[0] < x1 and x0 < o[2] and o[1] < y1 and y0 < o[3]]


def _is_taken(box: Sequence[float], taken: Sequence[Sequence[float]]) -> bool:
    area = max((box[2] - box[0]) * (box[3] - box[1]), 1e-9)
    shared = sum(
        max(0.0, min(box[2], other[2]) - max(box[0], other[0]))
        * max(0.0, min(box[3], other[3]) - max(box[1], other[1]))
        for other in taken
    )
    return shared > COVERED * area


def _opened(path: Path, password: str) -> Any:
    """The PDF, or one made of the pictures in the file."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"{str(path)!r} cannot be read again: {error.strerror}",
            "A searchable PDF is made from the file itself; put it back.",
        ) from error
    if b"%PDF-" not in content[:1024]:
        return _of_pictures(path)
    pdf = _mupdf().open(stream=content, filetype="pdf")
    if pdf.needs_pass and not pdf.authenticate(password):
        pdf.close()
        raise InputError(f"{path} is encrypted", "Give its password with --password.")
    return pdf


def _of_pictures(path: Path) -> Any:
    """A PDF with each picture of a file as a page."""
    made = _mupdf().open()
    with open_pages(path) as pages:
        for picture in pages:
            sheet = made.new_page(width=picture.width, height=picture.height)
            sheet.insert_image(sheet.rect, stream=_encoded(picture, path))
    return made


def _encoded(page: PagePicture, path: Path) -> bytes:
    """A page as a picture file: a JPEG as it was, anything else without loss."""
    with open_image(path) as file:
        is_upright = file.getexif().get(ORIENTATION, 1) == 1
        if file.format == "JPEG" and is_upright and file.size == page.picture.size:
            return path.read_bytes()
    picture = page.picture
    colours = picture.getcolors(2)
    if colours and {colour for _, colour in colours} <= {(0, 0, 0), (255, 255, 255)}:
        picture = picture.convert("1", dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _mupdf() -> Any:
    """MuPDF, imported when the first PDF is written."""
    import pymupdf

    return pymupdf
