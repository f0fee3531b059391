"""Writes note.png: a note in a script font (Caveat), part of which the lite model misreads.

Run from the root of the project: python docs/samples/note.py Caveat-Regular.ttf
"""

import sys
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

LINES = (
    "Dear Margaret, the quinces arrived safely",
    "on Thursday; eleven were ripe at once.",
    "We boiled them with 2 lemons and sugar.",
    "Yours ever, Wilhelmina",
)


def main(font: str) -> None:
    """Writes the picture beside this file."""
    picture = Image.new("RGB", (1500, 620), "white")
    drawing, face = ImageDraw.Draw(picture), ImageFont.truetype(font, 60)
    for number, line in enumerate(LINES):
        drawing.text((80, 60 + 130 * number), line, (20, 20, 40), face)
    picture.convert("L").save(Path(__file__).with_name("note.png"), optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
