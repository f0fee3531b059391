"""Pictures of regions: cut out, turned upright, resized for the model, encoded."""

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO

from PIL import Image

from mdocr.document.model import Block, Box

LAYOUT_SIZE = (1036, 1036)
"""Pixels of the page from which the layout is read: 37 × 37 vision tokens."""

SHORTEST_EDGE = 28
"""Pixels; smaller crops are scaled up to one vision token."""

LONGEST_RATIO = 50
"""Long edge to short edge; thinner crops are padded with white."""

QUALITY = 92
"""Of JPEG files."""

FILE_NAME = re.compile(r"page\d{4,}-\d{3,}\.jpg")
"""Names of picture files."""

_TURNS = {
    90: Image.Transpose.ROTATE_90,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}


def whole_page(picture: Image.Image) -> Image.Image:
    """The page as the layout is read from it."""
    return picture.resize(LAYOUT_SIZE, Image.Resampling.BICUBIC)


def cut_region(picture: Image.Image, box: Box, angle: int = 0) -> Image.Image:
    """A region at the page's own resolution, at least one pixel each way.

    Args:
        picture: the page.
        box: the region.
        angle: degrees, counter-clockwise, by which it is turned: 0, 90, 180 or 270.
    """
    width, height = picture.size
    left = min(math.floor(box.x0 * width), width - 1)
    top = min(math.floor(box.y0 * height), height - 1)
    right = min(max(math.ceil(box.x1 * width), left + 1), width)
    bottom = min(max(math.ceil(box.y1 * height), top + 1), height)
    crop = picture.crop((left, top, right, bottom))
    return crop.transpose(_TURNS[angle]) if angle else crop


def fit(crop: Image.Image) -> Image.Image:
    """A crop padded and scaled up to what the model takes."""
    crop = _filled_up(crop)
    shortest = min(crop.size)
    if shortest >= SHORTEST_EDGE:
        return crop
    width, height = (round(edge * SHORTEST_EDGE / shortest) for edge in crop.size)
    return crop.resize((width, height), Image.Resampling.BICUBIC)


def _filled_up(crop: Image.Image) -> Image.Image:
    least = math.ceil(max(crop.size) / LONGEST_RATIO)
    if min(crop.size) >= least:
        return crop
    width, height = (max(edge, least) for edge in crop.size)
    filled = Image.new(crop.mode, (width, height), "white")
    filled.paste(crop, ((width - crop.width) // 2, (height - crop.height) // 2))
    return filled


def encode(picture: Image.Image) -> bytes:
    """The picture as a JPEG file."""
    file = BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=QUALITY)
    return file.getvalue()


def file_name(page: int, place: int) -> str:
    """The picture's file name, unique in its document; it matches ``FILE_NAME``."""
    return f"page{page:04d}-{place:03d}.jpg"


def linked(block: Block, name: str) -> Block:
    """The block with the file name of its picture."""
    return replace(block, image=name)


def ordered(blocks: Iterable[Block]) -> list[Block]:
    """The blocks, numbered in the order in which they come."""
    return [replace(block, order=order) for order, block in enumerate(blocks, start=1)]
