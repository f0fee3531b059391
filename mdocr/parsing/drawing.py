"""The page with its regions drawn on it: box, place in the reading order, type."""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from mdocr.document.model import Block

COLOURS = {
    "title": "darkorchid",
    "text": "crimson",
    "list_item": "chocolate",
    "table": "dodgerblue",
    "equation": "forestgreen",
    "image": "darkcyan",
    "chart": "darkcyan",
}
OTHERS = "dimgrey"


def draw_layout(picture: Image.Image, regions: Sequence[Block]) -> bytes:
    """The page as a PNG file."""
    page = picture.convert("RGB")
    pen = ImageDraw.Draw(page)
    font = ImageFont.load_default(max(10, page.height // 90))
    for region in regions:
        _draw(pen, region, page.size, font)
    file = BytesIO()
    page.save(file, "PNG")
    return file.getvalue()


def _draw(
    pen: ImageDraw.ImageDraw,
    region: Block,
    size: tuple[int, int],
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
) -> None:
    colour = COLOURS.get(region.type, OTHERS)
    box = region.box
    corners = (box.x0 * size[0], box.y0 * size[1], box.x1 * size[0], box.y1 * size[1])
    pen.rectangle(corners, outline=colour, width=max(2, size[1] // 700))
    turned = f" {region.angle}°" if region.angle else ""
    label = f"{region.order} {region.type}{turned}"
    left, top, right, bottom = pen.textbbox((corners[0], corners[1]), label, font=font)
    lift = min(bottom - top + 4, top)  # above the box where there is room
    pen.rectangle((left - 2, top - lift - 1, right + 2, bottom - lift + 1), fill=colour)
    pen.text((corners[0], corners[1] - lift), label, fill="white", font=font)
