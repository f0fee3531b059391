"""Batches of words as a pure function of their index.

Batch ``n`` of a run does not depend on the process that prepares it, so resuming is exact, and
worker processes and machines share the work without communication.

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
    """Images of one shape and their labels.

    Attributes:
        images: [B, 3, H, W] in -1..1.
        words: labels and lengths.
    """

    images: Tensor
    words: Words


class WordSource(Protocol):
    """A source of labelled word images."""

    def samples(self, index: int, rows: range, progress: float) -> Sequence[LabelledImage]:
        """The given rows of batch ``index``; all samples of a batch share a ratio bucket.

        Args:
            index: number of the batch in the run.
            rows: samples of the batch to prepare.
            progress: completed share of the run, 0 to 1.
        """
        ...


class WordBatches(Dataset[WordBatch]):
    """The batches of a run for one process of ``world``.

    Args:
        sources: (source, weight) pairs; each batch comes from one of them.
        charset: characters and ids.
        max_length: most characters of a word; sources return no longer ones.
        batch_size: words of one process in a batch.
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
    """Rises from 0 to 1 over the easy share of a run, then stays 1."""
    return min(progress / easy_share, 1.0) if easy_share else 1.0


def prefetched(batches: Dataset[Batch], start: int, stop: int, workers: int) -> Iterator[Batch]:
    """The batches from ``start`` to ``stop``, prefetched by ``workers`` processes.

    Raises:
        MdocrError: raised in a worker.
    """
    loader = DataLoader(
        _ErrorsReturned(batches),
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


class _ErrorsReturned(Dataset[Any]):
    """Returns our errors as items: raised, the loader would bury them in a traceback."""

    def __init__(self, batches: Dataset[Any]) -> None:
        self.batches = batches

    def __getitem__(self, index: int) -> Any:
        try:
            return self.batches[index]
        except MdocrError as error:
            return error


def collate(samples: Sequence[LabelledImage], charset: Charset, max_length: int) -> WordBatch:
    """Resizes images to their bucket and encodes their labels."""
    images = torch.from_numpy(np.stack([preprocess(picture) for picture, _ in samples]))
    return WordBatch(images, encode_words([text for _, text in samples], charset, max_length))


def encode_words(texts: Sequence[str], charset: Charset, max_length: int) -> Words:
    """Encodes texts of at most ``max_length`` characters of the charset."""
    ids = [charset.encode(text) for text in texts]
    labels = torch.full((len(ids), max_length + 1), charset.pad_id)
    for row, word in enumerate(ids):
        labels[row, : len(word)] = torch.tensor(word, dtype=torch.long)
        labels[row, len(word)] = charset.eos_id
    return Words(labels, torch.tensor([len(word) + 1 for word in ids]))


def begin_worker(_: int) -> None:
    """Sets one thread, and ignores signals to the process group, which the main process handles.

    That process saves the run before it ends its workers.
    """
    torch.set_num_threads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
