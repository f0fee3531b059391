"""Synthetic samples on disk: images, labels and a contact sheet."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from mdocr.errors import UsageError
from mdocr.files import check_folder, write_text, written_whole
from mdocr.synthesis.words.pictures import RATIO_SHARES, WordSynthesizer, draw_difficulty

SHOWN = 160
ROW, CAPTION, SHEET_WIDTH = 48, 16, 1400

LISTS = ("labels.tsv", "manifest.jsonl")
"""Files that list the samples of a folder."""

DIGITS = 6
"""Digits of the name of a sample."""

LabelledImage = tuple[Image.Image, str]


def draw_words(
    synthesizer: WordSynthesizer, count: int, difficulty: float, seed: int
) -> Iterator[LabelledImage]:
    """Yields ``count`` images with their texts, as in training; reproducible by seed."""
    rng = np.random.default_rng(seed)
    for ratio in rng.choice(list(RATIO_SHARES), count, p=list(RATIO_SHARES.values())):
        picture, text = synthesizer.draw(rng, int(ratio), draw_difficulty(rng, difficulty))
        yield Image.fromarray(picture), text


def write_words(samples: Iterable[LabelledImage], folder: Path, *, force: bool = False) -> int:
    """Writes ``images/*.png``, ``labels.tsv`` and ``sheet.png``; returns the number of samples.

    Args:
        samples: images with their texts.
        folder: where to.
        force: replace the samples that it holds.

    Raises:
        UsageError: the folder already holds samples.
    """
    clear_samples(folder, force)
    labels: list[str] = []
    shown: list[LabelledImage] = []
    for number, (picture, text) in enumerate(samples, start=1):
        name = f"images/{number:0{DIGITS}d}.png"
        save_picture(picture, folder / name)
        labels.append(f"{name}\t{text}\n")
        if len(shown) < SHOWN:
            shown.append((picture, text))
    write_text(folder / "labels.tsv", "".join(labels))
    save_picture(contact_sheet(shown), folder / "sheet.png")
    return len(labels)


def refuse_samples(folder: Path) -> None:
    """Refuses a folder that holds samples.

    Raises:
        UsageError: it does.
    """
    for path in _lists(folder):
        raise UsageError(
            f"{path} exists", "Name another folder with -o, or replace the samples with --force."
        )


def check_samples_folder(folder: Path, force: bool) -> None:
    """Finds out before any work whether samples can be written to a folder.

    Raises:
        MdocrError: it cannot be written to, or holds samples that are not to be replaced.
    """
    check_folder(folder)
    if not force:
        refuse_samples(folder)


def clear_samples(folder: Path, force: bool) -> None:
    """Removes the samples that a folder holds, so that none is left among others.

    Raises:
        UsageError: it holds samples, and they are not to be replaced.
    """
    if not force:
        refuse_samples(folder)
    if lists := _lists(folder):
        for inner in ("images", "pages"):
            for path in (folder / inner).glob(f"{'[0-9]' * DIGITS}.*"):
                path.unlink()
        for path in lists:
            path.unlink()


def _lists(folder: Path) -> list[Path]:
    return [folder / name for name in LISTS if (folder / name).exists()]


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
