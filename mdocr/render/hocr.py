"""hOCR 1.2 (https://kba.github.io/hocr-spec/1.2/): HTML with the place of every line and word."""

from collections.abc import Iterator
from html import escape

from mdocr import __version__
from mdocr.document.block_types import PICTURE_TYPES
from mdocr.document.characters import for_xml
from mdocr.document.document import Document
from mdocr.document.model import Block, Box, Page, PageLine
from mdocr.options import RenderOptions
from mdocr.postprocess import finish
from mdocr.render.grid import DPI, in_pixels, page_size
from mdocr.render.placed import placed_lines
from mdocr.render.type_size import base_line

_DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
 "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml">
<head>
<title>{title}</title>
<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
<meta name="ocr-system" content="mdocr {version}"/>
<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word ocr_photo"/>
</head>
<body>
{body}
</body>
</html>
"""


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document as hOCR: all that was read, in reading order, headers and footers too."""
    finished = finish(document, keep_paratext=True)
    pages = (_page(page, document.source.path) for page in finished.pages)
    return _DOCUMENT.format(
        title=visible(document.name), version=__version__, body="\n".join(pages)
    )


def visible(text: str) -> str:
    """Escaped, without what XML cannot hold."""
    return escape(for_xml(text))


def _page(page: Page, path: str) -> str:
    width, height = page_size(page)
    image = visible(path.replace('"', "'"))
    title = f"image &quot;{image}&quot;; bbox 0 0 {width} {height}; ppageno {page.number - 1}; "
    lines = [f'<div class="ocr_page" id="page_{page.number}" title="{title}scan_res {DPI} {DPI}">']
    for block in page.blocks:
        lines += _block(block, page)
    return "\n".join([*lines, "</div>"])


def _block(block: Block, page: Page) -> Iterator[str]:
    place, name = _place(block.box, page), f"{page.number}_{block.order}"
    if block.type in PICTURE_TYPES:
        yield f'<div class="ocr_photo" id="photo_{name}" title="{place}"></div>'
        if not block.content.strip():
            return
    yield f'<div class="ocr_carea" id="block_{name}" title="{place}">'
    yield f'<p class="ocr_par" id="par_{name}" title="{place}">'
    for number, line in enumerate(placed_lines(block), start=1):
        yield from _line(line, page, f"{name}_{number}")
    yield "</p>"
    yield "</div>"


def _line(line: PageLine, page: Page, name: str) -> Iterator[str]:
    place = _place(line.box, page) + _base_line(line, page)
    if line.angle:
        place += f"; textangle {-line.angle % 360}"  # counter-clockwise, of the text
    yield f'<span class="ocr_line" id="line_{name}" title="{place}">'
    for number, word in enumerate(line.words, start=1):
        sure = f"; x_wconf {round(100 * word.confidence)}"
        place = _place(word.box, page) + sure
        text = visible(word.text)
        yield f'<span class="ocrx_word" id="word_{name}_{number}" title="{place}">{text}</span>'
    yield "</span>"


def _base_line(line: PageLine, page: Page) -> str:
    """The base line: its slope, and how far it is below the box's lower left corner, in pixels."""
    if not (ends := base_line(line)):
        return ""
    x0, _, x1, y1 = in_pixels(line.box, page)
    left, right = (height * page_size(page)[1] for height in ends)
    return f"; baseline {(right - left) / (x1 - x0):.4g} {round(left) - y1}"


def _place(box: Box, page: Page) -> str:
    return "bbox {} {} {} {}".format(*in_pixels(box, page))
