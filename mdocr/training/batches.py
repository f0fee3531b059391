"""Batches of words as a pure function of their index.

Batch ``n`` of a run is the same whoever makes it, when, and in how many processes: that is what
makes resuming exact and lets worker processes and machines share the work without talking.

Shapes: B words, H W height and width of a bucket, L positions.
"""

import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from mdocr.errors import MdocrError
from mdocr.models.charset import Charset
from mdocr.preprocessing.mdiff4str import preprocess
from mdocr.training.recognizer.noising import Words

Batch = TypeVar("Batch")
LabelledImage = tuple[Image.Image, str]


@dataclass(frozen=True)
class WordBatch:
    """Pictures of one shape and their labels.

    Attributes:
        images: [B, 3, H, W], scaled to -1..1.
        words: labels and lengths.
    """

    images: Tensor
    words: Words


class WordSource(Protocol):
    """Where samples come from."""

    def samples(self, index: int, rows: range, progress: float) -> Sequence[LabelledImage]:
        """The given rows of batch ``index``; all of a batch share a ratio bucket.

        Args:
            index: number of the batch in the run.
            rows: which samples of the batch to make.
            progress: share of the run that is done, 0 to 1.
        """
        ...


class WordBatches(Dataset[WordBatch]):
    """The batches of a run for one process of ``world``.

    Args:
        sources: (source, weight) pairs; each batch comes from one of them.
        charset: characters and ids.
        max_length: longest word; sources give no longer ones.
        batch_size: words of one process in one batch.
        steps: length of the run.
        seed: of the choice of sources.
        rank: number of this process among ``world`` processes.
        world: number of processes.
    """

    def __init__(
        self,
        sources: Sequence[tuple[WordSource, float]],
        charset: Charset,
        *,
        max_length: int,
        batch_size: int,
        steps: int,
        seed: int,
        rank: int = 0,
        world: int = 1,
    ) -> None:
        self.sources = [source for source, _ in sources]
        weights = np.array([weight for _, weight in sources], dtype=np.float64)
        self.shares = weights / weights.sum()
        self.charset = charset
        self.max_length = max_length
        self.steps = steps
        self.seed = seed
        self.rows = range(rank * batch_size, (rank + 1) * batch_size)

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> WordBatch:
        """Batch ``index``, from 0."""
        choice = np.random.default_rng((self.seed, 1, index)).choice(
            len(self.sources), p=self.shares
        )
        samples = self.sources[choice].samples(index, self.rows, index / self.steps)
        return collate(samples, self.charset, self.max_length)


def rise(progress: float, easy_share: float) -> float:
    """From 0 at the start of a run to 1 behind its easy share, and 1 throughout without one."""
    return min(progress / easy_share, 1.0) if easy_share else 1.0


def prefetched(batches: Dataset[Batch], start: int, stop: int, workers: int) -> Iterator[Batch]:
    """The batches from ``start`` to ``stop``, prepared ahead by ``workers`` processes.

    Raises:
        MdocrError: what a worker raised.
    """
    loader = DataLoader(
        _Told(batches),
        batch_size=None,
        sampler=range(start, stop),
        num_workers=workers,
        prefetch_factor=4 if workers else None,
        worker_init_fn=begin_worker,
    )
    for batch in loader:
        if isinstance(batch, MdocrError):
            raise batch
        yield batch


class _Told(Dataset[Any]):
    """Gives our errors back instead of raising them: the loader would hide them in a traceback."""

    def __init__(self, batches: Dataset[Any]) -> None:
        self.batches = batches

    def __getitem__(self, index: int) -> Any:
        try:
            return self.batches[index]
        except MdocrError as error:
            return error


def collate(samples: Sequence[LabelledImage], charset: Charset, max_length: int) -> WordBatch:
    """Resizes pictures to their bucket and encodes their labels."""
    images = torch.from_numpy(np.stack([preprocess(picture) for picture, _ in samples]))
    return WordBatch(images, encode_words([text for _, text in samples], charset, max_length))


def encode_words(texts: Sequence[str], charset: Charset, max_length: int) -> Words:
    """Labels of texts of at most ``max_length`` characters of the charset."""
    ids = [charset.encode(text) for text in texts]
    labels = torch.full((len(ids), max_length + 1), charset.pad_id)
    for row, word in enumerate(ids):
        labels[row, : len(word)] = torch.tensor(word, dtype=torch.long)
        labels[row, len(word)] = charset.eos_id
    return Words(labels, torch.tensor([len(word) + 1 for word in ids]))


def begin_worker(_: int) -> None:
    """One thread each; a signal to the whole process group is left to the main process.

    It saves the run and then ends its workers, which it could not do if they were gone before it.
    """
    torch.set_num_threads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
