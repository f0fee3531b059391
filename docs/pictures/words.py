"""Draws words.png: the sample words, and what the lite model reads in them.

Run from the root of the project: python docs/pictures/words.py
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

import mdocr

SAMPLES = Path(__file__).parents[1] / "samples" / "words"
WIDTH, HEIGHT, GAP, TEXT = 1200, 56, 28, 40
"""Of the sheet, of a word's picture, between two words, and of the text below, in pixels."""
MONOSPACED = "DejaVuSansMono.ttf"


def main() -> None:
    """Reads the samples and writes the sheet."""
    paths = sorted(SAMPLES.glob("*.png"))
    pictures = [_resized(Image.open(path).convert("RGB")) for path in paths]
    places = _places(pictures)
    sheet = Image.new("RGB", (WIDTH, places[-1][1] + HEIGHT + TEXT), "white")
    draw = ImageDraw.Draw(sheet)
    read = mdocr.load_recognizer("lite").recognize(paths)
    for picture, place, word in zip(pictures, places, read, strict=True):
        sheet.paste(picture, place)
        _caption(draw, place, word)
    sheet.save(Path(__file__).with_suffix(".png"), optimize=True)


def _resized(picture: Image.Image) -> Image.Image:
    return picture.resize((round(picture.width * HEIGHT / picture.height), HEIGHT))


def _places(pictures: list[Image.Image]) -> list[tuple[int, int]]:
    """Left and top of each picture, in rows of at most the sheet's width."""
    places, x, y = [], GAP // 2, GAP // 2
    for picture in pictures:
        if x + picture.width > WIDTH:
            x, y = GAP // 2, y + HEIGHT + TEXT
        places.append((x, y))
        x += picture.width + GAP
    return places


def _caption(draw: ImageDraw.ImageDraw, place: tuple[int, int], word: mdocr.Word) -> None:
    left, top = place[0], place[1] + HEIGHT + 6
    large, small = (ImageFont.truetype(MONOSPACED, size) for size in (16, 11))
    draw.text((left, top), word.text, "black", large)
    end = left + draw.textlength(word.text, large)
    draw.text((end + 8, top + 4), f"{word.confidence:.0%}", "dimgray", small)


if __name__ == "__main__":
    main()
