"""Training of the line reader: block diffusion over synthetic lines, and a CTC loss."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mdocr.errors import UsageError
from mdocr.evaluation.lines import SyntheticLine, score_lines, synthetic_lines
from mdocr.evaluation.metrics import rapidfuzz
from mdocr.models.attention import DenseAttention
from mdocr.models.line_reader import EncodedLines, LineReader
from mdocr.models.line_reader_config import LineReaderConfig, lite_line_reader
from mdocr.models.mdiff4str_config import EncoderConfig
from mdocr.preprocessing.formula_notation import of_text
from mdocr.preprocessing.line_charset import PAGE_SYMBOLS
from mdocr.training.batches import prefetched
from mdocr.training.checkpoint import model_weights
from mdocr.training.config import OptimizerConfig, ParserRunConfig, require
from mdocr.training.corrections.lines import CorrectedLines, fit_of
from mdocr.training.imitation import Imitation
from mdocr.training.line_reader.samples import (
    LineReaderBatch,
    LineReaderBatches,
    LineReaderDataConfig,
)
from mdocr.training.line_reader.widening import with_characters, with_formulas
from mdocr.training.loop import train
from mdocr.training.losses import ctc_loss
from mdocr.training.noised_rows import hidden_positions, structured_mask
from mdocr.training.processes import Processes
from mdocr.training.shrinking import with_encoder
from mdocr.weights.line_reader import load_line_reader, save_line_reader
from mdocr.weights.mdiff4str import load_mdiff4str
from mdocr.weights.resolve import resolve


@dataclass(frozen=True)
class LineReaderModelConfig:
    """The trained model.

    Attributes:
        start: line reader to start from, by name or folder; empty: random weights.
        encoder: recognizer whose encoder to start from; empty: random weights.
        encoder_sizes: a table of sizes of the encoder, if they are not those of ``start``: the
            weights that fit are kept.
        characters: to be learned besides those of the model.
        teacher: line reader whose image tokens are imitated, by name or folder; empty: none.
        ctc_weight: weight of the CTC loss; its head also positions the vision tokens.
        teacher_weight: weight of the imitation.
    """

    start: str = ""
    encoder: str = ""
    encoder_sizes: EncoderConfig | None = None
    characters: str = ""
    teacher: str = ""
    ctc_weight: float = 0.5
    teacher_weight: float = 1.0

    def __post_init__(self) -> None:
        require(self.teacher_weight >= 0, "model.teacher_weight must not be negative")
        sizes = self.encoder_sizes is None or self.start
        require(bool(sizes), "model.encoder_sizes needs model.start, whose weights are kept")
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
        model = with_characters(_make_model(config.model), config.model.characters)
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
            corrected=self._corrected(),
        )
        return prefetched(dataset, start, run.batches, self.config.data.workers)

    def _corrected(self) -> CorrectedLines | None:
        """The corrected lines of the run, if it has any."""
        tables = [Path(table) for table in self.config.data.corrections]
        config, fit = self.model.config, fit_of(self.model)
        return CorrectedLines(tables, of_text(config.symbols), fit) if tables else None

    def _make_validation(self) -> list[SyntheticLine]:
        """Lines of held-out fonts; raises early if something that scores them is missing."""
        if not self.config.data.validation or not self.processes.first:
            return []
        rapidfuzz()
        data = self.config.data
        folders = [Path(folder) for folder in data.fonts] or None
        return synthetic_lines(self.model.config, data.validation, folders=folders)

    def evaluate(self, weights: dict[str, Tensor]) -> dict[str, float]:
        """Character error rates on synthetic lines of held-out fonts."""
        if not self._validation:
            return {}
        model = LineReader(self.model.config)
        model.load_state_dict(model_weights(weights))
        model.to(self.processes.device).eval()
        return score_lines(model, self._validation)

    def quality(self, scores: dict[str, float]) -> float:
        """Negative character error rate of block diffusion."""
        return -scores["diffusion"]

    def export(self, weights: dict[str, Tensor], folder: Path, record: dict[str, Any]) -> Path:
        """Writes the folder ``model``: weights in half precision and the configuration."""
        target = folder / "model"
        if self.processes.first:
            save_line_reader(model_weights(weights), self.model.config, target, record)
        return target


class LineReaderLoss(nn.Module):
    """The model with its losses; ``forward`` returns them by name."""

    def __init__(
        self,
        model: LineReader,
        config: LineReaderRun,
        processes: Processes,
    ) -> None:
        super().__init__()
        self.model = model
        self.imitation = imitation_of(config.model, model.config.symbols)
        self.ctc_weight = config.model.ctc_weight
        self.seed = config.run.seed
        self.processes = processes

    def forward(self, batch: LineReaderBatch, step: int) -> dict[str, Tensor]:
        """Losses of a batch; noise is a function of the run's seed and ``step``."""
        device = self.processes.device
        images = batch.images.to(device, non_blocking=True)
        encoded = self.model.encode(images)
        labels, lengths = batch.labels.to(device), batch.lengths.to(device)
        ctc_labels = batch.ctc_labels.to(device)
        logits, hidden = self._denoise(encoded, batch.task, labels, batch.block_length, step)
        counted = hidden & _counted_positions(labels, lengths, batch.block_length)
        denoise = functional.cross_entropy(logits[counted].float(), labels[counted])
        ctc = ctc_loss(encoded.ctc_logits, ctc_labels, lengths + 1)
        found = {"denoise": denoise + self._zero(), "ctc": self.ctc_weight * ctc}
        if self.imitation is not None:
            found |= self.imitation.losses(
                encoded.features, encoded.ctc_logits, images, ctc_labels, lengths + 1
            )
        return found

    def _zero(self) -> Tensor:
        """A zero that depends on all projections: DDP waits for the gradients of each."""
        parts = (self.model.projection, self.model.formula_projection)
        sums = [p.sum() for part in parts if part is not None for p in part.parameters()]
        return 0 * torch.stack(sums).sum()

    def _denoise(
        self, encoded: EncodedLines, task: str, labels: Tensor, block_length: int, step: int
    ) -> tuple[Tensor, Tensor]:
        """Logits [B, L, V] of the noised text, and its masked positions [B, L]."""
        config = self.model.config
        rows, length = labels.shape
        generator = torch.Generator().manual_seed(
            (self.seed * 1_000_003 + step) * self.processes.world + self.processes.rank
        )
        hidden = hidden_positions(rows, length, block_length, generator).to(labels.device)
        noised = labels.masked_fill(hidden, config.mask_token_id)
        prompt, positions = prompt_rows(config, encoded, task)
        text_positions = torch.arange(1, length + 1, device=labels.device).expand(rows, -1)
        tokens = torch.cat([prompt, labels, noised], dim=1)
        positions = torch.cat([positions, text_positions, text_positions], dim=1)
        mask = structured_mask(prompt.shape[1], length, block_length).to(labels.device)
        logits = self.model(tokens, positions, DenseAttention(mask), encoded)
        return logits[:, -length:], hidden


def prompt_rows(
    config: LineReaderConfig, encoded: EncodedLines, task: str = "text"
) -> tuple[Tensor, Tensor]:
    """Tokens and positions [B, P + 1] of prompts: vision tokens, then the task at position 0."""
    prompt = torch.full_like(encoded.positions, config.image_token_id, dtype=torch.long)
    prompt = functional.pad(prompt, (0, 1), value=config.task_id(task))
    return prompt, functional.pad(encoded.positions, (0, 1))


def _counted_positions(labels: Tensor, lengths: Tensor, block_length: int) -> Tensor:
    """[B, L]: true up to the end of the block that holds EOS."""
    end = (lengths // block_length + 1) * block_length
    return torch.arange(labels.shape[1], device=labels.device) < end[:, None]


def imitation_of(config: LineReaderModelConfig, symbols: str) -> Imitation | None:
    """The losses of a model with these symbols against ``config.teacher``, if it names one.

    Raises:
        UsageError: the teacher's characters are not the first ones of the model.
    """
    if not config.teacher:
        return None
    teacher = _load(config.teacher)
    if not symbols.startswith(teacher.config.symbols):
        raise UsageError(
            "model.teacher has other characters than the model that is trained",
            "Start from the teacher, or from a model made from it; model.characters may add some.",
        )

    def encode(images: Tensor) -> tuple[Tensor, Tensor]:
        encoded = teacher.encode(images)
        return encoded.features, encoded.ctc_logits

    return Imitation(teacher, encode, config.teacher_weight)


def _load(name: str) -> LineReader:
    return load_line_reader(resolve(name, "parser").path)


def _make_model(config: LineReaderModelConfig) -> LineReader:
    if config.start:
        model = _load(config.start).requires_grad_(True)
        return with_encoder(model, config.encoder_sizes) if config.encoder_sizes else model
    model = LineReader(lite_line_reader(PAGE_SYMBOLS))
    if config.encoder:
        recognizer = load_mdiff4str(resolve(config.encoder, "recognizer").path)
        model.encoder.load_state_dict(recognizer.encoder.state_dict())
    return model
