"""Training of MinerU-Diffusion from any checkpoint folder.

A row holds prompt, clean and noised answer; one pass trains every block of the answer (arXiv
2603.22458, section 3). The loss is the cross-entropy of the masked tokens, weighted by sample and
divided by their number.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from mdocr.errors import UsageError
from mdocr.evaluation.metrics import rapidfuzz
from mdocr.evaluation.table_trees import apted
from mdocr.models.attention import DenseAttention
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
from mdocr.parsing.loading import find_parser
from mdocr.training.batches import prefetched
from mdocr.training.checkpoint import model_weights
from mdocr.training.config import MinerUDiffusionRunConfig, OptimizerConfig
from mdocr.training.loop import train
from mdocr.training.mineru_diffusion.adapters import add_adapters, merged, save_adapter
from mdocr.training.mineru_diffusion.answers import score_samples
from mdocr.training.mineru_diffusion.assembly import assemble
from mdocr.training.mineru_diffusion.export import save_folder
from mdocr.training.mineru_diffusion.rows import MinerUDiffusionBatch
from mdocr.training.mineru_diffusion.samples import (
    MinerUDiffusionBatches,
    MinerUDiffusionDataConfig,
    Preparer,
    describe,
    open_mixture,
    read_manifests,
)
from mdocr.training.processes import Processes, mean_over_processes
from mdocr.weights.checkpoint_folder import is_mineru_diffusion, read_json
from mdocr.weights.keys import SkipInitialisation
from mdocr.weights.mineru_diffusion import load_mineru_diffusion

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class MinerUDiffusionModelConfig:
    """The trained model.

    Attributes:
        start: model to start from, by name or checkpoint folder.
        vision: folder of a Qwen2-VL model whose vision tower to start from, instead of ``start``.
        language: folder of an SDAR model to start from, with ``vision``.
        fresh: take only sizes and tokenizer of ``start``; weights are initialised.
        lora_rank: train adapters of this rank only; 0: all weights.
        freeze_vision: freeze the vision tower.
        checkpointing: recompute activations in the backward pass to save memory.
    """

    start: str = "mineru-diffusion"
    vision: str = ""
    language: str = ""
    fresh: bool = False
    lora_rank: int = 0
    freeze_vision: bool = False
    checkpointing: bool = False

    def __post_init__(self) -> None:
        if self.lora_rank < 0:
            raise UsageError("model.lora_rank must not be negative")
        if bool(self.vision) != bool(self.language):
            raise UsageError("model.vision and model.language belong together", "Name both.")
        if self.fresh and self.lora_rank:
            raise UsageError("model.fresh has no use for model.lora_rank", "Leave one of them out.")


@dataclass(frozen=True)
class MinerUDiffusionRun:
    """A training run of the large page model."""

    data: MinerUDiffusionDataConfig
    model: MinerUDiffusionModelConfig = field(default_factory=MinerUDiffusionModelConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    run: MinerUDiffusionRunConfig = field(default_factory=MinerUDiffusionRunConfig)


def train_mineru_diffusion(config: MinerUDiffusionRun, processes: Processes, resume: bool) -> Path:
    """Trains MinerU-Diffusion; returns the exported folder. Errors: see ``loop.train``."""
    torch.manual_seed(config.run.seed)
    task = MinerUDiffusionTask(config, processes)
    return train(task, task.config.run, config.optimizer, processes, resume)


class MinerUDiffusionTask:
    """Batches, loss, scores and export of a run."""

    def __init__(self, config: MinerUDiffusionRun, processes: Processes) -> None:
        self.config, self.processes = config, processes
        self.folder = starting_folder(config, processes)
        self.model = make_model(config.model, self.folder, frozen_dtype(config, processes))
        self.module = MinerUDiffusionLoss(self.model, processes)
        self.preparer = Preparer(self.folder, self.model.config, config.data)
        self.mixture = open_mixture(config.data, config.run.seed)
        run = config.run.over(self.mixture.epoch, processes.world)
        self.config = replace(config, run=run)
        self._validation = read_manifests(config.data.validation)[: config.data.validation_samples]
        if self._validation:  # raises now rather than at the first evaluation
            rapidfuzz()
            apted()
        for kind, samples in zip(("samples", "replayed"), self.mixture.kinds, strict=True):
            logger.info("%s: %s", kind, describe(samples) or "none")

    def batches(self, start: int) -> Iterator[MinerUDiffusionBatch]:
        """See ``loop.TrainingTask``."""
        run = self.config.run
        dataset = MinerUDiffusionBatches(
            self.mixture,
            self.preparer,
            batch_size=run.batch_size,
            batches=run.batches,
            seed=run.seed,
            rank=(self.processes.rank, self.processes.world),
        )
        return prefetched(dataset, start, run.batches, self.config.data.workers)

    def evaluate(self, weights: dict[str, Tensor]) -> dict[str, float]:
        """Mean similarity (``agreement.similarity``) of answers and ground truth by task."""
        if not self._validation:
            return {}
        with torch.device("meta"), SkipInitialisation():
            model = MinerUDiffusion(self.model.config)
        model.load_state_dict(merged(model_weights(weights)), assign=True)
        model.to(self.processes.device).eval().requires_grad_(False)
        return score_samples(model, self.preparer, self._validation)

    def quality(self, scores: dict[str, float]) -> float:
        """Mean similarity over the tasks."""
        return mean(scores.values())

    def export(self, weights: dict[str, Tensor], folder: Path, record: dict[str, Any]) -> Path:
        """Writes the checkpoint folder ``model``; with LoRA also the folder ``adapter`` of peft."""
        target = folder / "model"
        if self.processes.first:
            own = model_weights(weights)
            save_folder(merged(own), self.folder, target, record)
            if self.config.model.lora_rank:
                rank = self.config.model.lora_rank
                save_adapter(own, rank, str(self.folder), folder / "adapter")
        return target


class MinerUDiffusionLoss(nn.Module):
    """The model with its loss; ``forward`` returns it by name."""

    def __init__(self, model: MinerUDiffusion, processes: Processes) -> None:
        super().__init__()
        self.model = model
        self.processes = processes

    def forward(self, batch: MinerUDiffusionBatch, number: int) -> dict[str, Tensor]:
        """The loss of a batch, which was noised when it was prepared."""
        device = self.processes.device
        labels = batch.labels.to(device, non_blocking=True)
        counted = labels >= 0
        logits = self.predict(batch, counted)
        each = functional.cross_entropy(logits.float(), labels[counted], reduction="none")
        weights = batch.weights.to(device)[:, None].expand_as(labels)[counted]
        count = mean_over_processes(counted.sum())
        return {"denoise": (weights * each).sum() / count.clamp(min=1)}

    def predict(self, batch: MinerUDiffusionBatch, counted: Tensor) -> Tensor:
        """Logits [M, V] at the counted positions of a batch."""
        model, device = self.model, self.processes.device
        features = model.encode(batch.patches.to(device, non_blocking=True), batch.grids)
        x = model.embed(batch.tokens.to(device), features)
        attend = DenseAttention(batch.mask(device))
        logits: Tensor = model.language_model(x, batch.positions.to(device), attend, counted)
        return logits


def starting_folder(config: MinerUDiffusionRun, processes: Processes) -> Path:
    """The checkpoint folder that a run starts from, assembled in ``run.output`` if need be.

    Raises:
        MdocrError: see ``find_folder`` and ``assemble``.
    """
    model = config.model
    if not model.vision:
        return find_folder(model.start)
    folder = Path(config.run.output) / "start"
    if processes.first and not (folder / "config.json").is_file():
        assemble(Path(model.vision), Path(model.language), folder)
        logger.info("assembled %s from %s and %s", folder, model.vision, model.language)
    processes.wait()
    return folder


def find_folder(start: str) -> Path:
    """The checkpoint folder of a model; a named one is downloaded.

    Raises:
        WeightsError: there is no such model.
        UsageError: it is a line reader, which trains on synthetic lines only.
    """
    found = find_parser(start).path
    folder = found if found.is_dir() else found.parent
    if not is_mineru_diffusion(folder):
        kind = read_json(folder / "config.json").get("model_type")
        raise UsageError(
            f"model.start: {start} is of the type {kind!r}, not mineru_diffusion",
            "Train the line reader by the run parser-lite, which has no data.manifest.",
        )
    return folder


def frozen_dtype(config: MinerUDiffusionRun, processes: Processes) -> torch.dtype:
    """The dtype of frozen weights: bfloat16 with LoRA under autocast, so that 24 GB suffice.

    FSDP shards weights of one dtype only.
    """
    sharded = config.run.shard and processes.world > 1
    lean = config.model.lora_rank and config.run.precision == "bf16" and not sharded
    return torch.bfloat16 if lean else torch.float32


def make_model(
    config: MinerUDiffusionModelConfig, folder: Path, frozen: torch.dtype = torch.float32
) -> MinerUDiffusion:
    """The model to train, on the CPU; trained weights are in float32.

    Args:
        config: what is trained.
        folder: checkpoint folder to start from.
        frozen: dtype of frozen weights.

    Raises:
        WeightsError: see ``load_mineru_diffusion``.
    """
    if config.fresh:
        record = read_json(folder / "config.json")
        model = MinerUDiffusion(MinerUDiffusionConfig.from_record(record))
        draw_weights(model)
    else:
        model = load_mineru_diffusion(folder, "cpu")
    if model.config.tie_word_embeddings:
        model.language_model.lm_head.weight = model.language_model.model.embed_tokens.weight
    model.requires_grad_(True)
    if config.lora_rank:
        add_adapters(model, config.lora_rank)
    if config.freeze_vision:
        model.vision_model.requires_grad_(False)
    for parameter in model.parameters():
        dtype = torch.float32 if parameter.requires_grad else frozen
        parameter.data = parameter.data.to(dtype, copy=True)  # it may be mapped from the file
    if config.checkpointing:
        checkpoint_layers(model)
    return model


def draw_weights(model: MinerUDiffusion) -> None:
    """Initialises matrices and embeddings as usual for both towers."""
    for module in model.modules():
        if isinstance(module, nn.Linear | nn.Embedding | nn.Conv3d):
            nn.init.normal_(module.weight, std=0.02)
        if isinstance(module, nn.Linear) and module.bias is not None:
            nn.init.zeros_(module.bias)


def checkpoint_layers(model: MinerUDiffusion) -> None:
    """Makes every layer recompute its activations in the backward pass."""
    for layer in (*model.vision_model.blocks, *model.language_model.model.layers):
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
