"""A stand-in for the engine of a word model, and pictures that it reads."""

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from mdocr.engines.protocols import EncodedWords
from mdocr.models.charset import ENGLISH, Charset

LENGTH = 26


class FakeEngine:
    """Reads how bright a picture is, as a number; has memory for so many pictures at a time."""

    def __init__(self, device: str = "cpu", room: int = 1000) -> None:
        self.charset = Charset(ENGLISH)
        self.device = torch.device(device)
        self.room = room
        self.batches: list[tuple[int, ...]] = []

    def encode(self, images: NDArray[np.float32]) -> EncodedWords:
        if self.device.type != "cpu" and len(images) > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        self.batches.append(tuple(images.shape))
        texts = [str(round((mean + 1) * 127.5)) for mean in images.mean((1, 2, 3)).tolist()]
        ids = torch.zeros(len(images), LENGTH, dtype=torch.int64)
        for row, text in enumerate(texts):
            ids[row, : len(text)] = torch.tensor(self.charset.encode(text))
        logits = torch.nn.functional.one_hot(ids, self.charset.outputs) * 10.0
        return EncodedWords(lambda tokens, rows: logits if rows is None else logits[rows])

    def blank(self, words: int) -> Tensor:
        return torch.full((words, LENGTH), self.charset.mask_id)

    def move(self, device: str) -> None:
        self.device = torch.device(device)


def pictures(count: int) -> list[Image.Image]:
    """Gray pictures of changing shape; each one's level is its number."""
    return [Image.new("L", (32 * (1 + index % 5), 32), index) for index in range(count)]
