"""Training of the lite page model: block diffusion over made text lines, and a CTC loss."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mdocr.models.attention import DenseAttention
from mdocr.models.line_reader import EncodedLines, LineReader
from mdocr.models.line_reader_config import LineReaderConfig, lite_line_reader
from mdocr.preprocessing.line_charset import PAGE_SYMBOLS
from mdocr.training.batches import prefetched
from mdocr.training.checkpoint import model_weights
from mdocr.training.config import OptimizerConfig, ParserRunConfig, require
from mdocr.training.line_reader.samples import (
    LineReaderBatch,
    LineReaderBatches,
    LineReaderDataConfig,
)
from mdocr.training.line_reader.widening import with_formulas
from mdocr.training.loop import train
from mdocr.training.losses import ctc_loss
from mdocr.training.noised_rows import hidden_positions, structured_mask
from mdocr.training.processes import Processes
from mdocr.weights.resolve import resolve

if TYPE_CHECKING:
    from mdocr.evaluation.lines import SyntheticLine


@dataclass(frozen=True)
class LineReaderModelConfig:
    """What is trained.

    Attributes:
        start: a line reader to start from, by name or folder; empty: random weights.
        encoder: a recognizer whose encoder to start from; empty: random weights.
        ctc_weight: weight of the CTC loss, which also gives the picture tokens their places.
    """

    start: str = ""
    encoder: str = ""
    ctc_weight: float = 0.5

    def __post_init__(self) -> None:
        require(self.ctc_weight >= 0, "model.ctc_weight must not be negative")
        both = self.start and self.encoder
        require(not both, "model.start has its own encoder: leave model.encoder out")


@dataclass(frozen=True)
class LineReaderRun:
    """A training run of the line reader."""

    model: LineReaderModelConfig = field(default_factory=LineReaderModelConfig)
    data: LineReaderDataConfig = field(default_factory=LineReaderDataConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    run: ParserRunConfig = field(default_factory=ParserRunConfig)


def train_line_reader(config: LineReaderRun, processes: Processes, resume: bool) -> Path:
    """Trains a line reader; returns the exported folder. Errors: see ``loop.train``."""
    torch.manual_seed(config.run.seed)
    task = LineReaderTask(config, processes)
    return train(task, config.run, config.optimizer, processes, resume)


class LineReaderTask:
    """Batches, loss, scores and export of a run."""

    def __init__(self, config: LineReaderRun, processes: Processes) -> None:
        self.config, self.processes = config, processes
        model = _make_model(config.model)
        self.model = with_formulas(model) if config.data.formula_share else model
        self.module = LineReaderLoss(self.model, config, processes)
        self._validation = self._make_validation()

    def batches(self, start: int) -> Iterator[LineReaderBatch]:
        """See ``loop.TrainingTask``."""
        run = self.config.run
        dataset = LineReaderBatches(
            self.config.data,
            self.model.config.charset,
            batch_size=run.batch_size,
            steps=run.batches,
            seed=run.seed,
            rank=self.processes.rank,
        )
        return prefetched(dataset, start, run.batches, self.config.data.workers)

    def _make_validation(self) -> "list[SyntheticLine]":
        """Lines of fonts that are never trained on; what is missing is not found only later."""
        if not self.config.data.validation or not self.processes.first:
            return []
        from mdocr.evaluation.lines import synthetic_lines
        from mdocr.evaluation.metrics import rapidfuzz

        rapidfuzz()
        data = self.config.data
        folders = [Path(folder) for folder in data.fonts] or None
        return synthetic_lines(self.model.config, data.validation, folders=folders)

    def evaluate(self, weights: dict[str, Tensor]) -> dict[str, float]:
        """Character error rates on made lines of fonts that are never trained on."""
        if not self._validation:
            return {}
        from mdocr.evaluation.lines import score_lines

        model = LineReader(self.model.config)
        model.load_state_dict(model_weights(weights))
        model.to(self.processes.device).eval()
        return score_lines(model, self._validation)

    def export(self, weights: dict[str, Tensor], folder: Path, record: dict[str, Any]) -> Path:
        """Writes the folder ``model``: weights in half precision and the configuration."""
        from mdocr.weights.line_reader import save_line_reader

        target = folder / "model"
        if self.processes.first:
            save_line_reader(model_weights(weights), self.model.config, target, record)
        return target


class LineReaderLoss(nn.Module):
    """The model with its losses; ``forward`` returns them by name."""

    def __init__(self, model: LineReader, config: LineReaderRun, processes: Processes) -> None:
        super().__init__()
        self.model = model
        self.ctc_weight = config.model.ctc_weight
        self.seed = config.run.seed
        self.processes = processes

    def forward(self, batch: LineReaderBatch, step: int) -> dict[str, Tensor]:
        """Losses of one batch; noise is drawn from the run's seed and ``step``."""
        device = self.processes.device
        seen = self.model.encode(batch.images.to(device, non_blocking=True))
        labels, lengths = batch.labels.to(device), batch.lengths.to(device)
        columns = batch.columns.to(device)
        logits, hidden = self._denoise(seen, batch.task, labels, batch.block_length, step)
        counted = hidden & _counted_positions(labels, lengths, batch.block_length)
        denoise = functional.cross_entropy(logits[counted].float(), labels[counted])
        ctc = ctc_loss(seen.ctc_logits, columns, lengths + 1)
        return {"denoise": denoise + self._nothing(), "ctc": self.ctc_weight * ctc}

    def _nothing(self) -> Tensor:
        """A zero that all projections take part in: processes wait for the gradients of each."""
        parts = (self.model.projection, self.model.formula_projection)
        sums = [p.sum() for part in parts if part is not None for p in part.parameters()]
        return 0 * torch.stack(sums).sum()

    def _denoise(
        self, seen: EncodedLines, task: str, labels: Tensor, block_length: int, step: int
    ) -> tuple[Tensor, Tensor]:
        """Logits [B, L, V] of the noised text, and which of its places are masked [B, L]."""
        config = self.model.config
        rows, length = labels.shape
        generator = torch.Generator().manual_seed(
            (self.seed * 1_000_003 + step) * self.processes.world + self.processes.rank
        )
        hidden = hidden_positions(rows, length, block_length, generator).to(labels.device)
        noised = labels.masked_fill(hidden, config.mask_token_id)
        prompt, places = prompt_rows(config, seen, task)
        text_places = torch.arange(1, length + 1, device=labels.device).expand(rows, -1)
        tokens = torch.cat([prompt, labels, noised], dim=1)
        places = torch.cat([places, text_places, text_places], dim=1)
        mask = structured_mask(prompt.shape[1], length, block_length).to(labels.device)
        logits = self.model(tokens, places, DenseAttention(mask), seen)
        return logits[:, -length:], hidden


def prompt_rows(
    config: LineReaderConfig, seen: EncodedLines, task: str = "text"
) -> tuple[Tensor, Tensor]:
    """Tokens and places [B, P + 1] of the prompts of a batch: the picture, then the task at 0."""
    prompt = torch.full_like(seen.positions, config.image_token_id, dtype=torch.long)
    prompt = functional.pad(prompt, (0, 1), value=config.task_id(task))
    return prompt, functional.pad(seen.positions, (0, 1))


def _counted_positions(labels: Tensor, lengths: Tensor, block_length: int) -> Tensor:
    """[B, L]: all places up to the end of the block that holds EOS."""
    end = (lengths // block_length + 1) * block_length
    return torch.arange(labels.shape[1], device=labels.device) < end[:, None]


def _make_model(config: LineReaderModelConfig) -> LineReader:
    if config.start:
        from mdocr.weights.line_reader import load_line_reader

        return load_line_reader(resolve(config.start, "parser").path).requires_grad_(True)
    model = LineReader(lite_line_reader(PAGE_SYMBOLS))
    if config.encoder:
        from mdocr.weights.mdiff4str import load_mdiff4str

        recognizer = load_mdiff4str(resolve(config.encoder, "recognizer").path)
        model.encoder.load_state_dict(recognizer.encoder.state_dict())
    return model
