"""Scores of word models by the field's protocol."""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import torch
from PIL import Image

from mdocr.engines.torch_words import TorchWordEngine
from mdocr.errors import InputError
from mdocr.evaluation.metrics import edit_similarity
from mdocr.models.charset import Charset
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.options import RecognizeOptions
from mdocr.recognizer import Recognizer

logger = logging.getLogger(__name__)


class LabelledPictures(Protocol):
    """Images and labels by number, from 0."""

    def __len__(self) -> int: ...

    def picture(self, number: int) -> Image.Image:
        """The image, RGB."""
        ...

    def text(self, number: int) -> str:
        """Its label."""
        ...


@dataclass(frozen=True)
class ReadWord:
    """A word of a set: its number, the prediction, and the ground truth."""

    number: int
    read: str
    true: str


@dataclass(frozen=True)
class WordScores:
    """Scores of a set.

    Attributes:
        words: size of the set.
        accuracy: share of correct words, 0 to 1, by the field's protocol: ASCII letters and digits,
            case folded; of other scripts all characters without spaces.
        exact: share of words correct in every character and its case.
        case_sensitive: share of words with correct letters and digits, including case.
        punctuation_sensitive: share of words correct in every character, case folded.
        edit_similarity: mean over the words, of the texts that ``accuracy`` compares.
    """

    words: int
    accuracy: float
    exact: float
    case_sensitive: float = 0.0
    punctuation_sensitive: float = 0.0
    edit_similarity: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """The scores as a record of JSON or CSV."""
        return {
            "words": self.words,
            "accuracy": round(self.accuracy, 5),
            "case_sensitive": round(self.case_sensitive, 5),
            "punctuation_sensitive": round(self.punctuation_sensitive, 5),
            "exact": round(self.exact, 5),
            "edit_similarity": round(self.edit_similarity, 5),
        }


def letters(text: str) -> str:
    """Only letters and digits of ASCII."""
    return "".join(symbol for symbol in text if symbol.isascii() and symbol.isalnum())


def normalise(text: str) -> str:
    """Only letters and digits of ASCII, in lower case."""
    return letters(text).lower()


def folded(text: str) -> str:
    """Without spaces and in lower case, as words of the Chinese sets are compared."""
    return text.replace(" ", "").lower()


def writable(text: str, charset: Charset) -> str:
    """A label without the characters that a model cannot write, as upstream scores labels."""
    return charset.decode(charset.encode(text))


def as_scored(word: ReadWord, charset: Charset) -> ReadWord:
    """The word with its label as a model with this charset could write it."""
    return replace(word, true=writable(word.true, charset))


def is_right(read: str, true: str, is_latin: bool = True) -> bool:
    """Whether a word counts as correct: compared by ``normalise`` if latin, else by ``folded``."""
    shown = normalise if is_latin else folded
    return shown(read) == shown(true)


def score(pairs: Iterable[tuple[str, str]], is_latin: bool = True) -> WordScores:
    """Compares (read, true) pairs.

    Args:
        pairs: prediction and ground truth.
        is_latin: compare ``accuracy`` by ``normalise``; else by ``folded``.
    """
    known = list(pairs)
    words = max(len(known), 1)
    shown = normalise if is_latin else folded

    def share(right: Iterable[bool]) -> float:
        return sum(right) / words

    return WordScores(
        words=len(known),
        accuracy=share(is_right(read, true, is_latin) for read, true in known),
        exact=share(read == true for read, true in known),
        case_sensitive=share(letters(read) == letters(true) for read, true in known),
        punctuation_sensitive=share(read.lower() == true.lower() for read, true in known),
        edit_similarity=sum(edit_similarity(shown(a), shown(b)) for a, b in known) / words,
    )


def average(scores: Sequence[WordScores], weighted: bool = False) -> WordScores:
    """The mean over sets: arithmetic, as in published tables, or weighted by words."""
    weights = [score.words if weighted else 1 for score in scores]

    def mean(values: Iterable[float]) -> float:
        pairs = zip(weights, values, strict=True)
        return sum(weight * value for weight, value in pairs) / max(sum(weights), 1)

    return WordScores(
        sum(score.words for score in scores),
        mean(score.accuracy for score in scores),
        mean(score.exact for score in scores),
        mean(score.case_sensitive for score in scores),
        mean(score.punctuation_sensitive for score in scores),
        mean(score.edit_similarity for score in scores),
    )


def make_reader(model: MDiff4STR, device: torch.device) -> Recognizer:
    """A recognizer of a model in training."""
    return Recognizer(TorchWordEngine(model, device), "in training")


def is_latin(reader: Recognizer) -> bool:
    """Whether all characters of the model are ASCII, so that the field's filter applies."""
    return all(map(str.isascii, reader.engine.charset.symbols))


def score_collection(
    reader: Recognizer, collection: LabelledPictures, options: RecognizeOptions | None = None
) -> WordScores:
    """Reads labelled images and scores them; letters and digits only if the model's are ASCII.

    An unreadable image counts as an empty prediction.
    """
    words = read_collection(reader, collection, options)
    return score([(word.read, word.true) for word in words], is_latin(reader))


def read_collection(
    reader: Recognizer,
    collection: LabelledPictures,
    options: RecognizeOptions | None = None,
    numbers: Sequence[int] | None = None,
) -> list[ReadWord]:
    """Reads labelled images.

    Args:
        reader: the recognizer.
        collection: images and labels.
        options: of decoding.
        numbers: which images; None: all.

    Returns:
        One word per image; empty if it is unreadable.
    """
    chosen = range(len(collection)) if numbers is None else numbers
    opened: list[int] = []
    words = reader.recognize(_pictures(collection, chosen, opened), options)
    read = {number: word.text for number, word in zip(opened, words, strict=True)}
    return [ReadWord(number, read.get(number, ""), collection.text(number)) for number in chosen]


def _pictures(
    collection: LabelledPictures, numbers: Sequence[int], opened: list[int]
) -> Iterator[Image.Image]:
    """The readable images; their numbers are appended to ``opened``."""
    for number in numbers:
        try:
            picture = collection.picture(number)
        except InputError as error:
            logger.warning("counted as misread: %s", error.message)
            continue
        opened.append(number)
        yield picture
