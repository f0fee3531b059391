"""Sources of training words: synthesis, labelled folders, LMDBs."""

import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mdocr.errors import InputError, UsageError
from mdocr.inputs.labelled import Collection, open_collection
from mdocr.models.charset import Charset
from mdocr.preprocessing.mdiff4str import BUCKETS, ratio_bucket
from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.corpora.vocabulary import load_vocabulary
from mdocr.synthesis.words.pictures import RATIO_SHARES, WordSynthesizer, draw_difficulty
from mdocr.training.batches import LabelledImage, WordSource, rise
from mdocr.training.config import DataConfig, SourceConfig
from mdocr.training.corrections.words import CorrectedWords
from mdocr.training.recognizer.augmentation import rand_augment

logger = logging.getLogger(__name__)

MAX_DRAWS = 1000
"""Most samples in a row that the model cannot write before a run is refused."""

Augment = Callable[[Image.Image, np.random.Generator], Image.Image]


class Labels:
    """What a model can learn to write.

    Args:
        charset: the model's characters.
        max_length: its longest word.
    """

    def __init__(self, charset: Charset, max_length: int) -> None:
        self.charset, self.max_length = charset, max_length

    def learnable(self, text: str) -> bool:
        """Whether the model can write ``text`` as far as it has its characters."""
        return 0 < len(self.charset.encode(text)) <= self.max_length

    def is_whole(self, text: str) -> bool:
        """Whether the model has all characters of ``text``, spaces aside."""
        return all(symbol in self.charset or symbol.isspace() for symbol in text)


class SynthesisSource:
    """Synthetic words; difficulty rises during the run.

    Args:
        data: fonts, and how difficulty rises.
        labels: what the model can write.
        seed: of all randomness.
    """

    def __init__(self, data: DataConfig, labels: Labels, seed: int) -> None:
        self.data, self.labels, self.seed = data, labels, seed

    def samples(self, index: int, rows: range, progress: float) -> Sequence[LabelledImage]:
        """See ``WordSource``."""
        ratios, shares = list(RATIO_SHARES), list(RATIO_SHARES.values())
        ratio = int(np.random.default_rng((self.seed, 2, index)).choice(ratios, p=shares))
        difficulty = self.difficulty(progress)
        made = []
        for row in rows:
            rng = np.random.default_rng((self.seed, 3, index, row))
            made.append(self._draw(rng, ratio, draw_difficulty(rng, difficulty)))
        return made

    def difficulty(self, progress: float) -> float:
        """Difficulty of the hardest words at ``progress`` of the run, both 0 to 1."""
        start = self.data.start_difficulty
        return start + (1 - start) * rise(progress, self.data.easy_share)

    def prepare(self) -> None:
        """Loads fonts and words now, so that forked workers share them."""
        _ = self._synthesizer

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_synthesizer"}

    def _draw(self, rng: np.random.Generator, ratio: int, difficulty: float) -> LabelledImage:
        for _ in range(MAX_DRAWS):
            picture, text = self._synthesizer.draw(rng, ratio, difficulty)
            if self.labels.learnable(text) and self.labels.is_whole(text):
                return Image.fromarray(picture), text
        raise UsageError(
            f"no synthetic word fits a model of {self.labels.max_length} characters",
            "Use a larger model.sizes.decoder.max_length.",
        )

    @cached_property
    def _synthesizer(self) -> WordSynthesizer:
        folders = [Path(folder) for folder in self.data.fonts] or None
        symbols = "".join(self.labels.charset.symbols)
        return WordSynthesizer(load_fonts(folders), load_vocabulary(), symbols)


class CollectionSource:
    """Batches of a collection: reshuffled each epoch, images of one ratio together.

    Scans the whole collection at once, so that forked workers share the result.

    Args:
        collection: images and labels.
        labels: what the model can write; other images are skipped.
        batch_rows: samples of a batch over all processes.
        seed: of order and augmentation.
        augment: augments an image; None: no augmentation.

    Raises:
        InputError: no image is left.
    """

    def __init__(
        self,
        collection: Collection,
        labels: Labels,
        batch_rows: int,
        seed: int,
        augment: Augment | None = None,
    ) -> None:
        self.collection, self.batch_rows = collection, batch_rows
        self.seed, self.augment = seed, augment
        self._buckets = find_buckets(collection, labels)
        self._epoch = -1
        self._order: list[tuple[int, NDArray[np.int64]]] = []

    @property
    def batches_per_epoch(self) -> int:
        """Batches per epoch; the last of each ratio is filled up."""
        return sum(-(-len(numbers) // self.batch_rows) for numbers in self._buckets.values())

    def samples(self, index: int, rows: range, progress: float) -> Sequence[LabelledImage]:
        """See ``WordSource``."""
        epoch, position = divmod(index, self.batches_per_epoch)
        if epoch != self._epoch:
            self._order, self._epoch = self._shuffle(epoch), epoch
        bucket, numbers = self._order[position]
        return [self._sample(index, row, np.roll(numbers, -row), bucket) for row in rows]

    def _sample(
        self, index: int, row: int, numbers: NDArray[np.int64], bucket: int
    ) -> LabelledImage:
        """The first readable image of ``numbers``, augmented, with its text."""
        for number in numbers.tolist():
            try:
                picture = self._read(number, bucket)
            except InputError as error:
                logger.warning("replaced by another image: %s", error.message)
                continue
            if self.augment is not None:
                picture = self.augment(picture, np.random.default_rng((self.seed, 4, index, row)))
                # rotation changes the ratio, but all images of a batch are of one bucket
                picture = picture.resize(BUCKETS[bucket], Image.Resampling.BICUBIC)
            return picture, self.collection.text(number)
        raise InputError(
            f"none of the {len(numbers)} images of batch {index} can be read",
            "The warnings above name them; was the collection moved or changed?",
        )

    def _read(self, number: int, bucket: int) -> Image.Image:
        picture = self.collection.picture(number)
        if ratio_bucket(*picture.size) != bucket:
            raise InputError(f"image {number + 1} is not of the size that its collection records")
        return picture

    def _shuffle(self, epoch: int) -> list[tuple[int, NDArray[np.int64]]]:
        rng = np.random.default_rng((self.seed, 5, epoch))
        batches = []
        for bucket, numbers in sorted(self._buckets.items()):
            count = -(-len(numbers) // self.batch_rows)
            order = np.resize(rng.permutation(numbers), count * self.batch_rows)
            batches += [(bucket, part) for part in np.split(order, count)]
        return [batches[i] for i in rng.permutation(len(batches))]


def find_buckets(collection: Collection, labels: Labels) -> dict[int, NDArray[np.int64]]:
    """Numbers of the usable images of each ratio.

    Raises:
        InputError: no image is left.
    """
    logger.info("scanning %d images", len(collection))
    buckets: dict[int, list[int]] = {}
    unlearnable: list[str] = []
    shortened: list[str] = []
    unreadable: list[str] = []
    for number in range(len(collection)):
        try:
            text = collection.text(number)
            if labels.learnable(text):
                bucket = ratio_bucket(*collection.size(number))
                buckets.setdefault(bucket, []).append(number)
                if not labels.is_whole(text):
                    shortened.append(repr(text))
            else:
                unlearnable.append(repr(text))
        except InputError as error:
            unreadable.append(error.message)
    _warn("images are skipped: the model cannot write their labels", unlearnable)
    _warn("images are skipped: they cannot be read", unreadable)
    _warn("labels lose characters that are not in the charset", shortened)
    if not buckets:
        raise InputError(
            "a source has no image that the model can learn from",
            "The warnings above say why they were skipped.",
        )
    return {bucket: np.array(numbers) for bucket, numbers in buckets.items()}


def _warn(message: str, found: list[str]) -> None:
    if found:
        logger.warning("%d %s, first %s", len(found), message, found[0])


def open_source(
    source: SourceConfig, data: DataConfig, labels: Labels, batch_rows: int, seed: int
) -> WordSource:
    """Opens a source of a run.

    Raises:
        UsageError: its kind is unknown.
        InputError: it is empty or cannot be read.
    """
    if source.kind == "synthesis":
        made = SynthesisSource(data, labels, seed)
        made.prepare()
        return made
    path = Path(source.path)
    is_corrected = source.kind == "corrections"
    collection = CorrectedWords(path) if is_corrected else open_collection(source.kind, path)
    augment = rand_augment if data.augment else None
    return CollectionSource(collection, labels, batch_rows, seed, augment)
