"""Runs as TOML: one file, one frozen dataclass, unknown keys refused.

``--set optimizer.learning_rate=1e-3`` changes one value; the right side is TOML.
"""

import dataclasses
import sys
import types
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mdocr.errors import InputError, UsageError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Config = TypeVar("Config")


@dataclass(frozen=True)
class SourceConfig:
    """One source of training samples.

    Attributes:
        kind: ``synthesis``, ``folder`` (with ``labels.tsv``) or ``lmdb``.
        path: where a folder or LMDB lies.
        weight: share of the batches drawn from it, relative to the other sources.
    """

    kind: str = "synthesis"
    path: str = ""
    weight: float = 1.0


@dataclass(frozen=True)
class DataConfig:
    """What a run learns from.

    Attributes:
        sources: where samples come from.
        fonts: folders of fonts for synthesis; empty: the system's.
        augment: RandAugment on real pictures (made ones carry their own damage).
        workers: processes that prepare batches.
        easy_share: share of the run over which the difficulty of made data rises from 0 to 1.
        start_difficulty: difficulty of made data at the start, 0 to 1.
        validation: labelled folders that are read as the run goes on.
    """

    sources: tuple[SourceConfig, ...] = (SourceConfig(),)
    fonts: tuple[str, ...] = ()
    augment: bool = True
    workers: int = 1
    easy_share: float = 0.5
    start_difficulty: float = 0.0
    validation: tuple[str, ...] = ()


@dataclass(frozen=True)
class OptimizerConfig:
    """AdamW with a one-cycle learning rate.

    Attributes:
        learning_rate: the highest.
        weight_decay: on matrices, not on vectors, embeddings of position, stem and downsampling.
        warmup: share of the steps until the highest rate.
        clip: largest norm of the gradient.
        average: decay of the averaged weights per step, 0 to switch off.
    """

    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    warmup: float = 0.0375
    clip: float = 20.0
    average: float = 0.999


@dataclass(frozen=True)
class RunConfig:
    """How long a run goes on and what it leaves.

    Attributes:
        output: folder of checkpoints, logs and the exported model.
        steps: optimizer steps.
        batch_size: samples of one process in one step.
        seed: of weights, data and noise.
        precision: ``bf16`` (autocast) or ``fp32``.
        log_every: steps between two lines of the log.
        evaluate_every: steps between two evaluations; 0: only at the end.
        checkpoint_minutes: minutes between two checkpoints.
    """

    output: str = "runs/recognizer"
    steps: int = 1000
    batch_size: int = 64
    seed: int = 0
    precision: str = "bf16"
    log_every: int = 50
    evaluate_every: int = 1000
    checkpoint_minutes: float = 5.0

    def __post_init__(self) -> None:
        if self.precision not in ("bf16", "fp32"):
            raise UsageError(f"run.precision must be bf16 or fp32, not {self.precision!r}")
        if self.steps < 1 or self.batch_size < 1:
            raise UsageError("run.steps and run.batch_size must be at least 1")


@dataclass(frozen=True)
class RecognizerModelConfig:
    """What is trained.

    Attributes:
        size: ``lite``, ``small`` or ``base``.
        start: a model to start from, by name or path; empty: random weights.
        charset: a file with one character a line; empty: the 94 English symbols.
        copies: noised copies of each word in a step (paper: sample_k = 3).
        ctc_weight: weight of an auxiliary CTC loss on the encoder, which starts reading early.
        freeze_batch_norm: keep the statistics of the stem's batch norms (small batches).
    """

    size: str = "lite"
    start: str = ""
    charset: str = ""
    copies: int = 3
    ctc_weight: float = 0.0
    freeze_batch_norm: bool = False


@dataclass(frozen=True)
class RecognizerConfig:
    """A training run of the recognizer."""

    model: RecognizerModelConfig = field(default_factory=RecognizerModelConfig)
    data: DataConfig = field(default_factory=DataConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    run: RunConfig = field(default_factory=RunConfig)


def load_config(path: Path, overrides: list[str], kind: type[Config]) -> Config:
    """Reads a run from TOML.

    Args:
        path: the TOML file.
        overrides: ``table.key=value`` strings that win over the file.
        kind: the dataclass to fill.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is no TOML, or a key or value does not fit.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot read the run {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}") from error
    for override in overrides:
        _apply(values, override)
    filled: Config = _fill(kind, values, "")
    return filled


def _apply(values: dict[str, Any], override: str) -> None:
    name, separator, text = override.partition("=")
    *tables, key = name.strip().split(".")
    if not separator or not tables:
        raise UsageError(f"--set {override!r} is not of the form table.key=value")
    for table in tables:
        values = values.setdefault(table, {})
    try:
        values[key] = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        values[key] = text.strip()  # a bare word is a string


def _fill(kind: Any, value: Any, place: str) -> Any:
    """Makes ``value`` from TOML an instance of the type ``kind``, or says where it does not fit."""
    origin = typing.get_origin(kind)
    if origin is tuple:
        if not isinstance(value, list):
            raise UsageError(f"{place} must be a list")
        inner = typing.get_args(kind)[0]
        return tuple(_fill(inner, item, f"{place}[{n}]") for n, item in enumerate(value))
    if dataclasses.is_dataclass(kind):
        return _fill_dataclass(kind, value, place)
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(kind, (type, types.UnionType)) and type(value) is not kind:
        raise UsageError(f"{place} must be a {kind.__name__}, not {value!r}")
    return value


def _fill_dataclass(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise UsageError(f"{place or 'the run'} must be a table")
    types_by_name = typing.get_type_hints(kind)
    prefix = f"{place}." if place else ""
    for key in value:
        if key not in types_by_name:
            known = ", ".join(types_by_name)
            raise UsageError(f"unknown key {prefix}{key}", f"Keys there: {known}")
    return kind(**{key: _fill(types_by_name[key], v, prefix + key) for key, v in value.items()})
