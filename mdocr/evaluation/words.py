"""How well words are read, scored as the field does."""

from collections.abc import Iterator
from pathlib import Path

import torch
from PIL import Image

from mdocr.models.mdiff4str import MDiff4STR
from mdocr.models.word_pictures import preprocess
from mdocr.training.sources import FolderCollection


def normalise(text: str) -> str:
    """Only letters and digits of ASCII, in lower case."""
    return "".join(symbol for symbol in text if symbol.isascii() and symbol.isalnum()).lower()


def accuracy(pairs: list[tuple[str, str]]) -> float:
    """Share of (read, true) pairs that are equal after ``normalise``, 0 to 1."""
    return sum(normalise(read) == normalise(true) for read, true in pairs) / max(len(pairs), 1)


def score_folder(model: MDiff4STR, folder: Path) -> float:
    """Accuracy of a model on a folder with ``labels.tsv``."""
    collection = FolderCollection(folder)
    pictures = [preprocess(collection.picture(n)) for n in range(len(collection))]
    device = next(model.parameters()).device
    texts = [""] * len(pictures)
    for rows in _groups(pictures):
        images = torch.stack([torch.from_numpy(pictures[row]) for row in rows]).to(device)
        tokens = torch.full((len(rows), model.config.decoder.max_length + 1), model.charset.mask_id)
        with torch.inference_mode():
            ids = model(images, tokens.to(device)).argmax(-1).tolist()
        for row, word in zip(rows, ids, strict=True):
            texts[row] = model.charset.decode(word)
    return accuracy([(text, collection.text(row)) for row, text in enumerate(texts)])


def _groups(pictures, size: int = 64) -> Iterator[list[int]]:
    by_shape: dict = {}
    for row, picture in enumerate(pictures):
        by_shape.setdefault(picture.shape, []).append(row)
    for rows in by_shape.values():
        for start in range(0, len(rows), size):
            yield rows[start : start + size]
