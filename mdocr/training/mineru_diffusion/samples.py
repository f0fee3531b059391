"""Training data of MinerU-Diffusion: manifests, mixed and shuffled as a function of row numbers.

Stage I trains on manifests; stage II on the hard samples of ``mdocr train mine``, with a replayed
share of stage I (arXiv 2603.22458, section 3).
"""

import logging
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils.data import Dataset

from mdocr.errors import InputError, UsageError
from mdocr.inputs.pictures import open_picture
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
from mdocr.parsing import crops
from mdocr.preprocessing.mineru_diffusion import MinerUDiffusionProcessor
from mdocr.preprocessing.prompts import STOPS
from mdocr.preprocessing.tokenizers import MinerUDiffusionTokenizer
from mdocr.synthesis.pages.manifests import ManifestSample, read_manifest
from mdocr.training.mineru_diffusion.augmentation import augment_document
from mdocr.training.mineru_diffusion.rows import (
    MinerUDiffusionBatch,
    TrainingRow,
    collate,
    make_training_row,
)

logger = logging.getLogger(__name__)

Augment = Callable[[Image.Image], Image.Image]

TRIES = 20
"""Consecutive unusable samples that end a run."""


@dataclass(frozen=True)
class MinerUDiffusionDataConfig:
    """Training data of MinerU-Diffusion.

    Attributes:
        manifest: manifests of samples, concatenated; in stage II those of mining.
        replay: manifests to mix in; in stage II those of stage I.
        replay_share: share of the samples from ``replay``.
        validation: manifests that are evaluated during the run.
        validation_samples: how many of their samples, from the first.
        block_length: positions of a block.
        max_tokens: longest answer; longer ones are truncated.
        max_length: longest row, prompt and twice the answer, in tokens; 0: no limit.
        augment: share of the samples whose images are augmented, 0 to 1.
        max_pixels: largest image; 0: that of the model.
        workers: processes that prepare batches.
    """

    manifest: tuple[str, ...] = ()
    replay: tuple[str, ...] = ()
    replay_share: float = 0.3
    validation: tuple[str, ...] = ()
    validation_samples: int = 32
    block_length: int = 32
    max_tokens: int = 2048
    max_length: int = 0
    augment: float = 0.0
    max_pixels: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        if not self.manifest:
            raise UsageError(
                "data.manifest is empty", "Name a manifest, such as that of: mdocr synth pages"
            )
        if not 0 <= self.replay_share < 1:
            raise UsageError("data.replay_share must be at least 0 and below 1")
        if self.block_length < 1 or self.max_tokens < self.block_length:
            raise UsageError("data.max_tokens must be at least data.block_length, which is above 0")
        if not 0 <= self.augment <= 1:
            raise UsageError("data.augment must be between 0 and 1")
        limits = (self.workers, self.max_length, self.max_pixels, self.validation_samples)
        if min(limits) < 0:
            raise UsageError("workers, max_length, max_pixels, validation_samples of data are >= 0")


class Preparer:
    """Turns samples into inputs of the model: prompts, answers, images.

    Args:
        folder: checkpoint folder of the model.
        config: its configuration.
        data: limits.

    Raises:
        WeightsError: the tokenizer cannot be read.
    """

    def __init__(
        self, folder: Path, config: MinerUDiffusionConfig, data: MinerUDiffusionDataConfig
    ) -> None:
        self.config, self.data = config, data
        path = folder / "tokenizer.json"
        self.prompts = MinerUDiffusionTokenizer(path, config.image_token_id)
        self.answers = Tokenizer.from_file(str(path))
        ids = [self.answers.token_to_id(stop) for stop in STOPS]
        known = [index for index in ids if index is not None]
        self.stop_id, self.fill_id = known[0], known[-1]
        self.pictures = MinerUDiffusionProcessor.read(folder / "preprocessor_config.json")
        if data.max_pixels:
            self.pictures = replace(self.pictures, max_pixels=data.max_pixels)

    def row(self, sample: ManifestSample, generator: torch.Generator) -> TrainingRow:
        """A training row with noise of ``generator``.

        Raises:
            InputError: image or text are unusable.
        """
        picture = self.pictures.prepare(open_region(sample, self._augment(sample, generator)))
        prompt = self.prompts.encode(sample.task, picture.tokens)
        noise = (self.data.block_length, self.config.mask_token_id, generator)
        answer = self.answer(sample.text, self._room(len(prompt)))
        return make_training_row(prompt, answer, noise, picture, sample.weight)

    def _augment(self, sample: ManifestSample, generator: torch.Generator) -> Augment | None:
        """The augmentation of a share of the samples; None for the others."""
        if not self.data.augment or torch.rand((), generator=generator) >= self.data.augment:
            return None
        seed = int(torch.randint(2**62, (), generator=generator))
        return lambda picture: augment_document(picture, sample.task, np.random.default_rng(seed))

    def _room(self, prompt: int) -> int:
        """Most tokens of an answer to a prompt of that length.

        Raises:
            InputError: not even a block fits ``data.max_length``.
        """
        if not self.data.max_length:
            return self.data.max_tokens
        room = (self.data.max_length - prompt) // 2
        if room < self.data.block_length:
            raise InputError(
                f"a prompt of {prompt} tokens leaves no room for an answer in data.max_length",
                "Increase data.max_length, or lower data.max_pixels.",
            )
        return min(room, self.data.max_tokens)

    def answer(self, text: str, most: int | None = None) -> Tensor:
        """Token ids of a text, its stop token, and padding of the last block [L].

        Args:
            text: ground truth.
            most: tokens at most, by default ``data.max_tokens``; longer answers are truncated.

        Raises:
            InputError: the text contains an image or mask token.
        """
        ids: list[int] = self.answers.encode(text, add_special_tokens=False).ids
        forbidden = {self.config.image_token_id, self.config.mask_token_id}
        if not forbidden.isdisjoint(ids):
            raise InputError(
                f"a text of the manifest contains an image or mask token: {text[:60]!r}",
                "Remove the token from the text, or the sample from the manifest.",
            )
        block = self.data.block_length
        most = (most or self.data.max_tokens) // block * block
        if len(ids) >= most:
            return torch.tensor(ids[:most])
        ids = [*ids, self.stop_id]
        return torch.tensor(ids + [self.fill_id] * (-len(ids) % block))


def open_region(sample: ManifestSample, augment: Augment | None = None) -> Image.Image:
    """The image of a sample, prepared as by ``mdocr parse``.

    Args:
        sample: its image, task and region.
        augment: changes the page or region before it is resized for the model.

    Raises:
        InputError: it cannot be read.
    """
    picture = open_picture(sample.image)
    if sample.task != "layout" and sample.box is not None:
        picture = crops.cut_region(picture, sample.box)
    if augment is not None:
        picture = augment(picture)
    return crops.whole_page(picture) if sample.task == "layout" else crops.fit(picture)


class Mixture:
    """Samples by number: a fixed share is replayed; both kinds are reshuffled each epoch.

    Args:
        samples: of the current stage.
        replay: of the previous stage; may be empty.
        share: of replayed samples, 0 to 1.
        seed: of the order.
    """

    def __init__(
        self,
        samples: Sequence[ManifestSample],
        replay: Sequence[ManifestSample],
        share: float,
        seed: int,
    ) -> None:
        self.kinds = (samples, replay)
        self.share = share if replay else 0.0
        self.seed = seed
        self._orders: dict[int, tuple[int, NDArray[np.int64]]] = {}

    @property
    def epoch(self) -> int:
        """Samples, replayed ones included, in which every sample of the stage comes once."""
        return math.ceil(len(self.kinds[0]) / (1 - self.share))

    def __getitem__(self, number: int) -> ManifestSample:
        before = int(number * self.share)
        replayed = int((number + 1) * self.share) > before
        return self._at(1, before) if replayed else self._at(0, number - before)

    def _at(self, kind: int, number: int) -> ManifestSample:
        samples = self.kinds[kind]
        epoch, position = divmod(number, len(samples))
        if self._orders.get(kind, (-1,))[0] != epoch:
            order = np.random.default_rng((self.seed, 6, kind, epoch)).permutation(len(samples))
            self._orders[kind] = (epoch, order)
        return samples[int(self._orders[kind][1][position])]


class MinerUDiffusionBatches(Dataset[MinerUDiffusionBatch]):
    """The batches of a run for one process; batch ``n`` is a pure function of ``n``.

    Args:
        mixture: samples by number.
        preparer: turns them into rows.
        batch_size: rows of one process in a batch.
        batches: of the run.
        seed: of the noise.
        rank: number of this process, and the world size.
    """

    def __init__(
        self,
        mixture: Mixture,
        preparer: Preparer,
        *,
        batch_size: int,
        batches: int,
        seed: int,
        rank: tuple[int, int] = (0, 1),
    ) -> None:
        self.mixture, self.preparer = mixture, preparer
        self.batch_size, self.batches, self.seed = batch_size, batches, seed
        self.rank, self.world = rank

    def __len__(self) -> int:
        return self.batches

    def __getitem__(self, index: int) -> MinerUDiffusionBatch:
        """Batch ``index``, from 0."""
        first = (index * self.world + self.rank) * self.batch_size
        rows = [self._row(number) for number in range(first, first + self.batch_size)]
        return collate(rows, self.preparer.data.block_length, self.preparer.fill_id)

    def _row(self, number: int) -> TrainingRow:
        """Row ``number`` of the run; an unusable sample is replaced by the next one."""
        generator = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        for candidate in range(number, number + TRIES):
            try:
                return self.preparer.row(self.mixture[candidate], generator)
            except InputError as error:
                logger.warning("replaced by another sample: %s", error.message)
        raise InputError(
            f"{TRIES} consecutive samples are unusable, the last: {self.mixture[candidate].image}",
            "Check the paths in data.manifest: they are relative to its folder.",
        )


def read_manifests(paths: Iterable[str]) -> list[ManifestSample]:
    """Reads the samples of several manifests.

    Raises:
        InputError: one cannot be read.
    """
    return [sample for path in paths for sample in read_manifest(Path(path))]


def open_mixture(data: MinerUDiffusionDataConfig, seed: int) -> Mixture:
    """Reads the samples of a run. Errors: see ``read_manifests``."""
    samples, replay = read_manifests(data.manifest), read_manifests(data.replay)
    return Mixture(samples, replay, data.replay_share, seed)


def describe(samples: Sequence[ManifestSample]) -> dict[str, Any]:
    """Number of samples of each task."""
    tasks = [sample.task for sample in samples]
    return {task: tasks.count(task) for task in sorted(set(tasks))}
