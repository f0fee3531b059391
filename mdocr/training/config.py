"""The settings of a run as frozen dataclasses; ``load_config`` fills them from TOML."""

import math
from dataclasses import dataclass, field, replace
from pathlib import Path

from mdocr.errors import UsageError, WeightsError
from mdocr.models.charset import ENGLISH
from mdocr.models.mdiff4str_config import (
    SIZES,
    DecoderConfig,
    EncoderConfig,
    MDiff4STRConfig,
)
from mdocr.training.run_files import load_config as load_config
from mdocr.weights.configuration import checked

SOURCE_KINDS = ("synthesis", "folder", "lmdb", "corrections")
PRECISIONS = ("bf16", "fp32")


def require(holds: bool, message: str) -> None:
    """Checks a setting of a run.

    Raises:
        UsageError: with the message, unless it ``holds``.
    """
    if not holds:
        raise UsageError(message)


def _choose(key: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"{key} is {value!r}", f"Choose one of: {', '.join(choices)}")


@dataclass(frozen=True)
class SourceConfig:
    """One source of training samples.

    Attributes:
        kind: ``synthesis``, ``folder`` (with ``labels.tsv``), ``lmdb`` or ``corrections`` (a CSV).
        path: of the folder, LMDB or CSV; a folder of several LMDBs is read as one.
        weight: share of the batches sampled from it, relative to the other sources.
    """

    kind: str = "synthesis"
    path: str = ""
    weight: float = 1.0

    def __post_init__(self) -> None:
        _choose("data.sources.kind", self.kind, SOURCE_KINDS)
        require(self.weight > 0, "data.sources.weight must be above 0")
        needs_path = self.kind != "synthesis"
        require(bool(self.path) == needs_path, f"data.sources.path: {_PATHS[needs_path]}")


_PATHS = {True: "name the folder, LMDB or CSV", False: "synthesis has no path"}


@dataclass(frozen=True)
class DataConfig:
    """Training data of a run.

    Attributes:
        sources: sources of samples; a list of tables.
        fonts: folders of fonts for synthesis; empty: those of the system.
        augment: RandAugment on real images (synthetic ones are degraded already).
        workers: processes that prepare batches.
        easy_share: share of the run over which the difficulty of synthetic data rises to 1.
        start_difficulty: difficulty of synthetic data at the start, 0 to 1.
        validation: labelled folders or LMDBs that are evaluated during the run.
    """

    sources: tuple[SourceConfig, ...] = (SourceConfig(),)
    fonts: tuple[str, ...] = ()
    augment: bool = True
    workers: int = 1
    easy_share: float = 0.5
    start_difficulty: float = 0.0
    validation: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require(len(self.sources) > 0, "data.sources must name at least one source")
        require(self.workers >= 0, "data.workers must not be negative")
        require(0 <= self.easy_share <= 1, "data.easy_share must be between 0 and 1")
        require(0 <= self.start_difficulty <= 1, "data.start_difficulty must be between 0 and 1")


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW with a one-cycle learning rate.

    Attributes:
        learning_rate: peak learning rate.
        weight_decay: of matrices; not of vectors, position embeddings, stem and downsampling.
        warmup: share of the steps until the peak learning rate.
        clip: largest norm of the gradient.
        average: decay of the averaged weights per step; 0: no averaging.
    """

    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    warmup: float = 0.0375
    clip: float = 20.0
    average: float = 0.999

    def __post_init__(self) -> None:
        require(self.learning_rate > 0, "optimizer.learning_rate must be above 0")
        require(self.weight_decay >= 0, "optimizer.weight_decay must not be negative")
        require(0 <= self.warmup <= 1, "optimizer.warmup must be between 0 and 1")
        require(self.clip > 0, "optimizer.clip must be above 0")
        require(0 <= self.average < 1, "optimizer.average must be at least 0 and below 1")


@dataclass(frozen=True)
class RunConfig:
    """Length and output of a run.

    Attributes:
        output: folder of checkpoint, log and exported model.
        steps: optimizer steps.
        batch_size: samples of one process in a batch.
        accumulate: batches of one process in a step.
        shard: shard the weights over the processes (FSDP2) instead of replicating them.
        seed: of weights, data and noise.
        precision: ``bf16`` (autocast) or ``fp32``.
        log_every: steps between log lines.
        evaluate_every: steps between evaluations; 0: only at the end.
        checkpoint_minutes: minutes between checkpoints.
        tensorboard: also log to TensorBoard, in ``output`` (``pip install '.[tensorboard]'``).
    """

    output: str = "runs/recognizer"
    steps: int = 1000
    batch_size: int = 64
    accumulate: int = 1
    shard: bool = False
    seed: int = 0
    precision: str = "bf16"
    log_every: int = 50
    evaluate_every: int = 1000
    checkpoint_minutes: float = 5.0
    tensorboard: bool = False

    def __post_init__(self) -> None:
        _choose("run.precision", self.precision, PRECISIONS)
        require(bool(self.output), "run.output must name a folder")
        for name in ("steps", "batch_size", "accumulate", "log_every"):
            require(getattr(self, name) >= 1, f"run.{name} must be at least 1")
        for name in ("seed", "evaluate_every", "checkpoint_minutes"):
            require(getattr(self, name) >= 0, f"run.{name} must not be negative")

    @property
    def batches(self) -> int:
        """Batches of one process in the run."""
        return self.steps * self.accumulate


@dataclass(frozen=True)
class ParserRunConfig(RunConfig):
    """Length and output of a run of a page model."""

    output: str = "runs/parser"


@dataclass(frozen=True)
class MinerUDiffusionRunConfig(ParserRunConfig):
    """Length and output of a run of MinerU-Diffusion.

    Attributes:
        epochs: passes over the samples, instead of ``steps``; 0: ``steps`` counts.
    """

    epochs: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        require(self.epochs >= 0, "run.epochs must not be negative")

    def over(self, samples: int, world: int) -> "MinerUDiffusionRunConfig":
        """The same with the steps that ``epochs`` passes over the samples take."""
        if not self.epochs:
            return self
        steps = math.ceil(self.epochs * samples / (self.batch_size * self.accumulate * world))
        return replace(self, steps=steps)


@dataclass(frozen=True)
class SizesConfig:
    """Sizes of a custom model, instead of ``model.size``.

    Attributes:
        encoder: a table, see below.
        decoder: a table, see below.
    """

    encoder: EncoderConfig = field(default_factory=EncoderConfig)
    decoder: DecoderConfig = field(default_factory=DecoderConfig)

    def __post_init__(self) -> None:
        try:
            checked(MDiff4STRConfig(self.encoder, self.decoder), Path("model.sizes"))
        except WeightsError as error:
            raise UsageError(error.message, "docs/training.md lists its keys.") from error


@dataclass(frozen=True)
class RecognizerModelConfig:
    """The trained model.

    Attributes:
        size: ``lite``, ``small`` or ``base``.
        sizes: a table of custom sizes, instead of ``size``; see below.
        start: model to start from, by name or path; empty: random weights.
        encoder_sizes: a table of sizes of the encoder, if they are not those of ``start``: the
            weights that fit are kept.
        teacher: aligned model whose image features are imitated, by name or path; empty: none.
        teacher_weight: weight of the imitation.
        charset: file with one character per line; empty: the 94 English symbols.
        use_space_char: append the space to the charset; else labels lose their spaces.
        copies: noised copies of each word in a step (paper: sample_k = 3).
        ctc_weight: weight of an auxiliary CTC loss on the encoder, which speeds up the start.
        freeze_batch_norm: keep the statistics of the stem's batch norms (for small batches).
    """

    size: str = "lite"
    sizes: SizesConfig | None = None
    start: str = ""
    encoder_sizes: EncoderConfig | None = None
    teacher: str = ""
    teacher_weight: float = 1.0
    charset: str = ""
    use_space_char: bool = False
    copies: int = 3
    ctc_weight: float = 0.0
    freeze_batch_norm: bool = False

    def __post_init__(self) -> None:
        _choose("model.size", self.size, tuple(SIZES))
        require(self.copies >= 1, "model.copies must be at least 1")
        require(self.ctc_weight >= 0, "model.ctc_weight must not be negative")
        require(self.teacher_weight >= 0, "model.teacher_weight must not be negative")
        sizes = self.encoder_sizes is None or self.start
        require(bool(sizes), "model.encoder_sizes needs model.start, whose weights are kept")
        for name in ("sizes", "charset", "use_space_char"):
            both = self.start and getattr(self, name)
            require(not both, f"model.start has its own {name}: leave model.{name} out")

    def architecture(self, symbols: str = ENGLISH) -> MDiff4STRConfig:
        """The configuration of a model that starts from random weights."""
        if self.sizes is None:
            return SIZES[self.size](symbols)
        return MDiff4STRConfig(self.sizes.encoder, self.sizes.decoder, symbols)


@dataclass(frozen=True)
class RecognizerConfig:
    """A training run of the recognizer."""

    model: RecognizerModelConfig = field(default_factory=RecognizerModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    run: RunConfig = field(default_factory=RunConfig)
