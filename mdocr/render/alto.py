"""ALTO 4 (https://www.loc.gov/standards/alto/): XML with the place of every line and word."""

from xml.etree import ElementTree as ET

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

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_SCHEMA = "http://www.loc.gov/alto/v4/alto-4-4.xsd"
_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document as ALTO: all that was read, in reading order, headers and footers too."""
    finished = finish(document, keep_paratext=True)
    root = ET.Element("alto", {"xmlns": NAMESPACE, "xmlns:xsi": _INSTANCE})
    root.set("xsi:schemaLocation", f"{NAMESPACE} {_SCHEMA}")
    _describe(root, document)
    kinds = sorted({block.type for page in finished.pages for block in page.blocks})
    if kinds:
        tags = ET.SubElement(root, "Tags")
        for kind in kinds:
            ET.SubElement(tags, "StructureTag", ID=f"type_{kind}", LABEL=kind)
    layout = ET.SubElement(root, "Layout")
    for page in finished.pages:
        _page(layout, page)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _describe(root: ET.Element, document: Document) -> None:
    described = ET.SubElement(root, "Description")
    ET.SubElement(described, "MeasurementUnit").text = "pixel"
    source = ET.SubElement(described, "sourceImageInformation")
    ET.SubElement(source, "fileName").text = for_xml(document.source.path)
    step = ET.SubElement(described, "Processing", ID="reading")
    ET.SubElement(step, "processingStepSettings").text = for_xml(f"{document.model}, {DPI} dpi")
    software = ET.SubElement(step, "processingSoftware")
    ET.SubElement(software, "softwareName").text = "mdocr"
    ET.SubElement(software, "softwareVersion").text = __version__


def _page(layout: ET.Element, page: Page) -> None:
    width, height = page_size(page)
    size = {"WIDTH": str(width), "HEIGHT": str(height)}
    number = str(page.number)
    element = ET.SubElement(
        layout, "Page", {"ID": f"page_{number}", "PHYSICAL_IMG_NR": number, **size}
    )
    space = ET.SubElement(element, "PrintSpace", {"HPOS": "0", "VPOS": "0", **size})
    for block in page.blocks:
        _block(space, block, page)


def _block(space: ET.Element, block: Block, page: Page) -> None:
    name = f"{page.number}_{block.order}"
    place = {**_place(block.box, page), "TAGREFS": f"type_{block.type}"}
    if block.type in PICTURE_TYPES:
        ET.SubElement(space, "Illustration", {"ID": f"picture_{name}", **place})
        if not block.content.strip():
            return
    if block.angle:
        place["ROTATION"] = str(block.angle)
    element = ET.SubElement(space, "TextBlock", {"ID": f"block_{name}", **place})
    for number, line in enumerate(placed_lines(block), start=1):
        _line(element, line, page, f"{name}_{number}")


def _line(block: ET.Element, line: PageLine, page: Page, name: str) -> None:
    if not line.words:
        return
    about = {"ID": f"line_{name}", **_place(line.box, page), **_base_line(line, page)}
    element = ET.SubElement(block, "TextLine", about)
    for number, word in enumerate(line.words, start=1):
        if number > 1:
            ET.SubElement(element, "SP")
        sure = f"{min(max(word.confidence, 0), 1):.3f}"
        place = {"ID": f"word_{name}_{number}", **_place(word.box, page), "WC": sure}
        ET.SubElement(element, "String", place, CONTENT=for_xml(word.text))


def _base_line(line: PageLine, page: Page) -> dict[str, str]:
    """The ends of the base line, where they are known."""
    if not (ends := base_line(line)):
        return {}
    x0, _, x1, _ = in_pixels(line.box, page)
    left, right = (round(height * page_size(page)[1]) for height in ends)
    return {"BASELINE": f"{x0},{left} {x1},{right}"}


def _place(box: Box, page: Page) -> dict[str, str]:
    x0, y0, x1, y1 = in_pixels(box, page)
    return {"HPOS": str(x0), "VPOS": str(y0), "WIDTH": str(x1 - x0), "HEIGHT": str(y1 - y0)}
