"""Batches of text lines and formulas as a pure function of their index.

Shapes: B lines, W width in pixels, L positions of a text (characters, then EOS up to whole blocks).
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from mdocr.models.charset import Charset
from mdocr.preprocessing.formula_notation import of_text
from mdocr.preprocessing.line_images import normalise, pad_line
from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.common.typefaces import training_fonts
from mdocr.synthesis.corpora.sentences import load_sentences
from mdocr.synthesis.formulas.strips import FormulaSynthesizer
from mdocr.synthesis.lines.pictures import LineSynthesizer
from mdocr.training.batches import rise
from mdocr.training.config import require
from mdocr.training.corrections.lines import CorrectedLines
from mdocr.training.line_reader.formula_order import in_reading_order

Pixels = NDArray[np.uint8]
Draw = Callable[[np.random.Generator, int, float], tuple[Pixels, str]]

REFERENCE_WIDTH = 256
"""A batch holds ``batch_size`` lines of this width; fewer wider and more narrower ones, and half as
many formulas, which are twice as high."""


@dataclass(frozen=True)
class LineReaderDataConfig:
    """Training data of a line reader.

    Attributes:
        fonts: folders of fonts; empty: those of the system.
        workers: processes that prepare batches.
        easy_share: share of the run over which widths and difficulty rise.
        start_difficulty: difficulty of synthetic lines at the start, 0 to 1.
        start_width: widest lines at the start, in pixels.
        widest: widest lines at the end, in pixels.
        block_lengths: positions of a block; half of the batches have the first.
        formula_share: share of the batches that hold formulas instead of lines.
        widest_formula: widest formulas, in pixels.
        corrections: CSVs of corrected lines, as ``--review`` and the report write them; or folders
            of lines with ``labels.tsv``.
        corrections_share: share of the batches that hold corrected lines, if there are any.
        validation: synthetic lines of held-out fonts read at each evaluation; 0: none.
    """

    fonts: tuple[str, ...] = ()
    workers: int = 1
    easy_share: float = 0.4
    start_difficulty: float = 0.0
    start_width: int = 128
    widest: int = 640
    block_lengths: tuple[int, ...] = (16, 32, 8, 4, 1)
    formula_share: float = 0.0
    widest_formula: int = 416
    corrections: tuple[str, ...] = ()
    corrections_share: float = 0.5
    validation: int = 128

    def __post_init__(self) -> None:
        require(self.workers >= 0, "data.workers must not be negative")
        require(0 <= self.easy_share <= 1, "data.easy_share must be between 0 and 1")
        require(0 <= self.start_difficulty <= 1, "data.start_difficulty must be between 0 and 1")
        require(
            64 <= self.start_width <= self.widest,
            "data.start_width must be at least 64, and at most data.widest",
        )
        require(
            min(self.block_lengths, default=0) >= 1,
            "data.block_lengths must name at least one length, each at least 1",
        )
        require(0 <= self.formula_share <= 1, "data.formula_share must be between 0 and 1")
        require(
            0 < self.corrections_share <= 1, "data.corrections_share must be above 0, and at most 1"
        )
        require(self.widest_formula >= 64, "data.widest_formula must be at least 64")
        require(self.validation >= 0, "data.validation must not be negative")


@dataclass(frozen=True)
class LineReaderBatch:
    """Lines or formulas of one size and their texts.

    Attributes:
        task: ``text`` or ``formula``.
        images: [B, 3, H, W] in -1..1.
        labels: character ids, then EOS to the end [B, L].
        ctc_labels: the same in left-to-right order [B, L].
        lengths: characters, without EOS [B].
        block_length: positions of a block.
    """

    task: str
    images: Tensor
    labels: Tensor
    ctc_labels: Tensor
    lengths: Tensor
    block_length: int


class LineReaderBatches(Dataset[LineReaderBatch]):
    """The batches of a run for one process.

    Args:
        data: fonts, widths, how difficulty rises.
        charset: characters and ids.
        batch_size: lines of ``REFERENCE_WIDTH`` in a batch.
        steps: length of the run.
        seed: of all randomness.
        rank: number of this process.
        corrected: the lines of ``data.corrections``.
    """

    def __init__(
        self,
        data: LineReaderDataConfig,
        charset: Charset,
        *,
        batch_size: int,
        steps: int,
        seed: int,
        rank: int = 0,
        corrected: CorrectedLines | None = None,
    ) -> None:
        self.data, self.charset, self.corrected = data, charset, corrected
        self.batch_size, self.steps, self.seed, self.rank = batch_size, steps, seed, rank

    def __len__(self) -> int:
        return self.steps

    def __getitem__(self, index: int) -> LineReaderBatch:
        """Batch ``index``, from 0."""
        rng = np.random.default_rng((self.seed, 1, index))
        progress = index / self.steps
        width = self._width(rng, progress)
        block_length = int(rng.choice(self.data.block_lengths, p=self._block_shares))
        if self.corrected and rng.random() < self.data.corrections_share:
            own = np.random.default_rng((self.seed, 3, index, self.rank))
            lines, width = self.corrected.draw(own, self.batch_size * REFERENCE_WIDTH)
            return collate(lines, self.charset, width, block_length)
        if rng.random() < self.data.formula_share:
            width = 32 * int(rng.integers(3, self.data.widest_formula // 32 + 1))
            task, draw, area = "formula", self._draw_formula(progress), 2 * width
        else:
            task, draw, area = "text", self._synthesizer.draw, width
        count = max(1, round(self.batch_size * REFERENCE_WIDTH / area))
        difficulty = self._difficulty(progress)
        lines = []
        for row in range(self.rank * count, (self.rank + 1) * count):
            line_rng = np.random.default_rng((self.seed, 2, index, row))
            hardness = difficulty * line_rng.random() ** 0.7
            lines.append(draw(line_rng, width, hardness))
        return collate(lines, self.charset, width, block_length, task)

    def _draw_formula(self, progress: float) -> Draw:
        return partial(FormulaSynthesizer().draw, progress=progress)

    @cached_property
    def _block_shares(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Probabilities of the block lengths: one half for the first."""
        count = len(self.data.block_lengths)
        if count == 1:
            return np.ones(1)
        return np.array([0.5] + [0.5 / (count - 1)] * (count - 1))

    def _width(self, rng: np.random.Generator, progress: float) -> int:
        """Samples a width; the widest grows during the run."""
        wider = self.data.widest - self.data.start_width
        widest = self.data.start_width + wider * rise(progress, self.data.easy_share)
        steps = max(int(widest) // 64, 1)
        return int(64 * rng.integers(min(2, steps), steps + 1))

    def _difficulty(self, progress: float) -> float:
        start = self.data.start_difficulty
        return start + (1 - start) * rise(progress, self.data.easy_share)

    @cached_property
    def _synthesizer(self) -> LineSynthesizer:
        folders = [Path(folder) for folder in self.data.fonts] or None
        symbols = of_text(self.charset.symbols)
        return LineSynthesizer(training_fonts(load_fonts(folders)), load_sentences(), symbols)


def collate(
    lines: list[tuple[Pixels, str]],
    charset: Charset,
    width: int,
    block_length: int,
    task: str = "text",
) -> LineReaderBatch:
    """Pads images to ``width``, and texts with EOS to whole blocks."""
    images = np.stack([normalise(pad_line(picture, width)) for picture, _ in lines])
    texts = [text for _, text in lines]
    ordered = [in_reading_order(text) for text in texts] if task == "formula" else texts
    lengths = torch.tensor([len(charset.encode(text)) for text in texts])
    positions = -(-(int(lengths.max()) + 1) // block_length) * block_length
    labels, ctc_labels = (_ids(charset, each, positions) for each in (texts, ordered))
    return LineReaderBatch(
        task, torch.from_numpy(images), labels, ctc_labels, lengths, block_length
    )


def _ids(charset: Charset, texts: list[str], positions: int) -> Tensor:
    """Character ids, then EOS to the end [B, positions]."""
    ids = torch.full((len(texts), positions), charset.eos_id)
    for row, text in enumerate(texts):
        known = charset.encode(text)
        ids[row, : len(known)] = torch.tensor(known, dtype=torch.long)
    return ids
