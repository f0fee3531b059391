"""Pages for ``test_cases``: small, drawn anew, as PDFs with a text layer or as pictures."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pymupdf
import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

LINES = (
    "The harbour authority opened its new ferry terminal",
    "on Tuesday after three years of work. Passengers now",
    "board from a covered bridge, and the old pier is kept",
    "for fishing boats, as the mayor said again in 2019.",
)
TEXT = " ".join(LINES)
SIZE = 13
"""Points of the letters."""

Draw = Callable[[pymupdf.Page], object]
Colour = tuple[float, float, float]


def paragraph(
    page: pymupdf.Page, x: float = 50, y: float = 70, lines: Sequence[str] = LINES, **style: object
) -> float:
    """Writes lines of a paragraph.

    Returns:
        Where the next line would stand.
    """
    for line in lines:
        page.insert_text((x, y), line, **{"fontsize": SIZE, **style})
        y += 1.35 * SIZE
    return y


def font_file(name: str) -> str:
    """The path of a font of this machine, by the name of its file."""
    found = next(Path("/usr/share/fonts").rglob(name), None)
    if found is None:
        pytest.skip(f"there is no {name} on this machine")
    return str(found)


def pdf_of(draw: Draw, size: tuple[float, float] = (420, 240)) -> pymupdf.Document:
    """A PDF of one page, with what ``draw`` writes on it as its text layer."""
    document = pymupdf.open()
    draw(document.new_page(width=size[0], height=size[1]))
    return document


def picture_of(draw: Draw, size: tuple[float, float] = (420, 240), dpi: int = 200) -> Image.Image:
    """The same page as a picture."""
    with pdf_of(draw, size) as document:
        pixels = document[0].get_pixmap(dpi=dpi)
        return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)


def save(document: pymupdf.Document, path: Path) -> Path:
    """Writes a PDF."""
    with document:
        document.save(path)
    return path


def strip(text: str, height: int) -> Image.Image:
    """A picture of a single line with letters so many pixels high."""
    font = ImageFont.load_default(height)
    width = round(font.getlength(text)) + 2 * height
    picture = Image.new("RGB", (width, 2 * height), "white")
    ImageDraw.Draw(picture).text((height, height // 3), text, "black", font)
    return picture


def inked(picture: Image.Image, ink: Image.Image) -> Image.Image:
    """A picture with ink over it that lets what is below be seen, as stamps and pens do."""
    return ImageChops.multiply(picture, ink)


def scanned(picture: Image.Image) -> Image.Image:
    """A picture as a scanner gives it: a little blurred, greyish, noisy, and as a JPEG."""
    levels = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.8)), np.float64)
    noise = np.random.default_rng(0).normal(0, 5, levels.shape[:2])[..., None]
    made = Image.fromarray((0.92 * levels + 8 + noise).clip(0, 255).astype(np.uint8))
    file = io.BytesIO()
    made.save(file, "JPEG", quality=60)
    return Image.open(file).convert("RGB")


def on_transparent(picture: Image.Image, ink: str) -> Image.Image:
    """The ink of a picture in one colour, on nothing."""
    alpha = picture.convert("L").point(lambda value: 255 - value)
    made = Image.new("RGBA", picture.size, ink)
    made.putalpha(alpha)
    return made


def bowed(picture: Image.Image, pixels: float) -> Image.Image:
    """A page that bows: its middle lies so many pixels lower than its sides."""
    given = np.asarray(picture)
    height, width = given.shape[:2]
    depth = pixels * np.sin(np.linspace(0, np.pi, width))
    rows = np.arange(height)[:, None] - depth.round().astype(int)[None, :]
    inside = (rows >= 0) & (rows < height)
    moved = given[rows.clip(0, height - 1), np.arange(width)[None, :]]
    return Image.fromarray(np.where(inside[..., None], moved, 255).astype(np.uint8))


def photographed(picture: Image.Image, corners: Sequence[tuple[float, float]]) -> Image.Image:
    """A page on a table, photographed at an angle.

    Args:
        picture: the page.
        corners: where its own stand on the photograph, from the upper left clockwise, as shares of
            a picture a quarter wider and higher.
    """
    width, height = picture.size
    size = round(1.25 * width), round(1.25 * height)
    own = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    seen = np.array([(x * size[0], y * size[1]) for x, y in corners], np.float32)
    turn = cv2.getPerspectiveTransform(own, seen)
    paper = cv2.warpPerspective(np.asarray(picture.convert("RGB")), turn, size)
    shown = cv2.warpPerspective(np.full((height, width), 255, np.uint8), turn, size) > 127
    grain = np.random.default_rng(0).integers(0, 25, (size[1], size[0], 1))
    light = np.linspace(1.0, 0.7, size[0])[None, :, None]
    photograph = np.where(shown[..., None], paper, np.array((120, 85, 60)) + grain) * light
    return Image.fromarray(photograph.clip(0, 255).astype(np.uint8))
