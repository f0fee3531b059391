"""Underscores that touch, counted by the length of their stroke."""

import cases
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from mdocr.models.line_reader_config import COLUMN, LINE_HEIGHT
from mdocr.parsing.line_reader.underscores import with_underscores
from mdocr.parsing.loading import load_parser
from mdocr.parsing.texts import Text

FONT = "DejaVuSans.ttf"


def drawn(text: str, read: str) -> tuple[np.ndarray, list[float]]:
    """A line of text, and frames that tell where each of its runs of underscores is read."""
    font = ImageFont.truetype(cases.font_file(FONT), 28)
    picture = Image.new("RGB", (round(font.getlength(text)) + 12, 44), "white")
    ImageDraw.Draw(picture).text((6, 4), text, "black", font)
    edges = [6 + font.getlength(text[:end]) for end in range(len(text) + 1)]
    kept, place = [], 0
    for character in read:
        place = text.index(character, place)
        kept.append((edges[place] + edges[place + 1]) / 2)
        place += 1
        while character == "_" and text[place : place + 1] == "_":
            place += 1
    step = COLUMN * picture.height / LINE_HEIGHT
    middles = (np.arange(int(picture.width / step) + 1) + 0.5) * step
    counts = np.interp(middles, kept, np.arange(len(read)) + 0.5, left=0, right=len(read))
    return np.asarray(picture), counts.tolist()


@pytest.mark.parametrize(
    ("shown", "read"),
    [
        ("my_file__v2.py", "my_file_v2.py"),
        ("set __init__ to", "set _init_ to"),
        ("my_file_name", "my_file_name"),
        ("a____________b", "a_b"),  # a blank to be filled in
    ],
)
def test_touching_underscores_are_counted(shown, read):
    pixels, frames = drawn(shown, read)
    made = with_underscores(Text(read, (0.9,) * len(read)), pixels, frames)
    assert made.content == (shown if len(shown) - len(read) < 4 else read)
    assert len(made.confidences) == len(made.content)


def test_they_are_read():
    font = ImageFont.truetype(cases.font_file(FONT), 28)
    given = Image.new("RGB", (1000, 200), "white")
    text = "The file is called my_file__v2.py or report_2024_final.docx"
    ImageDraw.Draw(given).text((40, 80), text, "black", font)
    assert load_parser("lite", device="cpu").parse(given).to_text().strip() == text
