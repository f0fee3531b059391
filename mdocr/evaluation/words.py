"""How well words are read, scored as the field does."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from PIL import Image

from mdocr.engines.torch_words import TorchWordEngine
from mdocr.errors import InputError
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.options import RecognizeOptions
from mdocr.recognizer import Recognizer

logger = logging.getLogger(__name__)


class LabelledPictures(Protocol):
    """Pictures and labels by number, from 0."""

    def __len__(self) -> int: ...

    def picture(self, number: int) -> Image.Image:
        """The picture, RGB."""
        ...

    def text(self, number: int) -> str:
        """Its label."""
        ...


@dataclass(frozen=True)
class WordScores:
    """How much of a set was read.

    Attributes:
        words: size of the set.
        accuracy: share of the words read right, 0 to 1: letters and digits of ASCII, case folded,
            as the field counts; of other scripts, all characters.
        exact: share read right in every character and its case.
    """

    words: int
    accuracy: float
    exact: float


def normalise(text: str) -> str:
    """Only letters and digits of ASCII, in lower case."""
    return "".join(symbol for symbol in text if symbol.isascii() and symbol.isalnum()).lower()


def score(pairs: Iterable[tuple[str, str]], alphanumeric: bool = True) -> WordScores:
    """Compares (read, true) pairs.

    Args:
        pairs: what was read, and what stands there.
        alphanumeric: compare by ``normalise``; else ``accuracy`` is ``exact``.
    """
    known = list(pairs)
    words = max(len(known), 1)
    exact = sum(read == true for read, true in known) / words
    folded = sum(normalise(read) == normalise(true) for read, true in known) / words
    return WordScores(len(known), folded if alphanumeric else exact, exact)


def make_reader(model: MDiff4STR, device: torch.device) -> Recognizer:
    """A reader with a model that is still in training."""
    return Recognizer(TorchWordEngine(model, device), "in training")


def score_collection(
    reader: Recognizer, collection: LabelledPictures, options: RecognizeOptions | None = None
) -> WordScores:
    """Reads labelled pictures and compares; letters and digits only if the model's are ASCII.

    A picture that cannot be opened counts as one in which nothing was read.
    """
    opened: list[int] = []
    words = reader.recognize(_pictures(collection, opened), options)
    read = {number: word.text for number, word in zip(opened, words, strict=True)}
    pairs = [(read.get(n, ""), collection.text(n)) for n in range(len(collection))]
    return score(pairs, alphanumeric=all(map(str.isascii, reader.engine.charset.symbols)))


def _pictures(collection: LabelledPictures, opened: list[int]) -> Iterator[Image.Image]:
    """The pictures that can be opened; their numbers are added to ``opened``."""
    for number in range(len(collection)):
        try:
            picture = collection.picture(number)
        except InputError as error:
            logger.warning("counted as not read: %s", error.message)
            continue
        opened.append(number)
        yield picture
