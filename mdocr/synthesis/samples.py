"""Synthetic samples on disk: images, labels and a contact sheet."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mdocr.errors import UsageError
from mdocr.files import write_text, written_whole
from mdocr.synthesis.words.pictures import RATIO_SHARES, WordSynthesizer, draw_difficulty

SHOWN = 160
ROW, CAPTION, SHEET_WIDTH = 48, 16, 1400

LabelledImage = tuple[Image.Image, str]


def draw_words(
    synthesizer: WordSynthesizer, count: int, difficulty: float, seed: int
) -> Iterator[LabelledImage]:
    """Yields ``count`` images with their texts, as in training; reproducible by seed."""
    rng = np.random.default_rng(seed)
    for ratio in rng.choice(list(RATIO_SHARES), count, p=list(RATIO_SHARES.values())):
        picture, text = synthesizer.draw(rng, int(ratio), draw_difficulty(rng, difficulty))
        yield Image.fromarray(picture), text


def write_words(samples: Iterable[LabelledImage], folder: Path) -> int:
    """Writes ``images/*.png``, ``labels.tsv`` and ``sheet.png``; returns the number of samples.

    Raises:
        UsageError: the folder already holds samples.
    """
    require_no_samples(folder)
    labels: list[str] = []
    shown: list[LabelledImage] = []
    for number, (picture, text) in enumerate(samples, start=1):
        name = f"images/{number:06d}.png"
        save_picture(picture, folder / name)
        labels.append(f"{name}\t{text}\n")
        if len(shown) < SHOWN:
            shown.append((picture, text))
    write_text(folder / "labels.tsv", "".join(labels))
    save_picture(contact_sheet(shown), folder / "sheet.png")
    return len(labels)


def require_no_samples(folder: Path) -> None:
    """Refuses a folder whose samples would be overwritten.

    Raises:
        UsageError: the folder already holds samples.
    """
    for name in ("labels.tsv", "manifest.jsonl"):
        if (folder / name).exists():
            raise UsageError(
                f"{folder / name} exists", "Name another folder with -o, or remove this one first."
            )


def contact_sheet(samples: Iterable[LabelledImage]) -> Image.Image:
    """The images in rows, each above its text."""
    font = ImageFont.load_default(11)
    placed, x, y = [], 0, 0
    for picture, text in samples:
        thumbnail = picture.resize((max(1, picture.width * ROW // picture.height), ROW))
        room = max(thumbnail.width, int(font.getlength(text))) + 6
        if x and x + room > SHEET_WIDTH:
            x, y = 0, y + ROW + CAPTION
        placed.append((thumbnail, text, x, y))
        x += room
    sheet = Image.new("RGB", (SHEET_WIDTH, y + ROW + CAPTION), (96, 96, 96))
    pen = ImageDraw.Draw(sheet)
    for thumbnail, text, left, top in placed:
        sheet.paste(thumbnail, (left, top))
        pen.text((left, top + ROW), text, "white", font)
    return sheet


def save_picture(picture: Image.Image, path: Path) -> None:
    """Writes a PNG file, whole or not at all."""
    with written_whole(path) as temporary:
        picture.save(temporary, "PNG")
