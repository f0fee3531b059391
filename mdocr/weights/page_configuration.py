"""Configurations of page models from plain values, and whether a model can be built from them.

As in ``mdocr.weights.configuration``, sizes have upper bounds far above those of any model.
"""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mdocr.errors import WeightsError
from mdocr.models.line_reader_config import COLUMN, FORMULA_HEIGHT, LineReaderConfig
from mdocr.models.mdiff4str_config import EncoderConfig
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig, VisionConfig
from mdocr.models.sdar_config import SDARConfig
from mdocr.weights.configuration import (
    AGAIN,
    MOST_HEADS,
    MOST_LAYERS,
    WIDEST,
    are_integers,
    encoder_problem,
    frozen,
    symbols_problem,
)

MOST_TASKS, MOST_TOKENS, LONGEST_BLOCK = 64, 1 << 21, 2048

TEXT_BOUNDS = {
    "vocab_size": MOST_TOKENS,
    "hidden_size": WIDEST,
    "intermediate_size": 8 * WIDEST,
    "num_hidden_layers": MOST_LAYERS,
    "num_attention_heads": MOST_HEADS,
    "num_key_value_heads": MOST_HEADS,
    "head_dim": MOST_HEADS,
}
VISION_BOUNDS = {
    "depth": MOST_LAYERS,
    "embed_dim": WIDEST,
    "num_heads": MOST_HEADS,
    "patch_size": 128,
    "temporal_patch_size": 16,
    "spatial_merge_size": 16,
    "in_channels": 16,
}
"""Largest sizes of a language model and of a vision tower; the least is 1."""

ROW = 16
"""Pixels of height for each feature of a line reader."""

WIDTHS = tuple(COLUMN * tokens for tokens in (1, 2, 4))
"""Pixels of width for each feature: whole image tokens; images are multiples of the last wide."""


def mineru_diffusion_config(record: Mapping[str, Any], path: Path) -> MinerUDiffusionConfig:
    """The configuration of MinerU-Diffusion from the content of its ``config.json``.

    Args:
        record: the content.
        path: named in errors.

    Raises:
        WeightsError: it is of another architecture, or a size makes no sense.
    """
    try:
        config = MinerUDiffusionConfig.from_record(record)
    except (TypeError, AttributeError) as error:
        raise WeightsError(f"{path} is not that of MinerU-Diffusion: {error}", AGAIN) from error
    problem = (
        _text_problem(config.text_config)
        or _vision_problem(config.vision_config)
        or _token_problem(config)
    )
    _require_sense(problem, path)
    return config


def line_reader_config(record: Mapping[str, Any], path: Path) -> LineReaderConfig:
    """The configuration of a line reader from plain values (``line_reader_record``).

    Args:
        record: the content of ``config.json``, or what an export keeps of it.
        path: named in errors.

    Raises:
        WeightsError: keys are missing or unknown, or a size makes no sense.
    """
    try:
        encoder = {key: frozen(value) for key, value in record["encoder"].items()}
        text = {field.name: record["text"][field.name] for field in dataclasses.fields(SDARConfig)}
        config = LineReaderConfig(
            record["symbols"],
            EncoderConfig(**encoder),
            SDARConfig(**text),
            tuple(record["tasks"]),
            record.get("formula_height", 0),  # the first line readers had none
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path} is not that of a line reader: {error}", AGAIN) from error
    problem = (
        symbols_problem(config.symbols)
        or encoder_problem(config.encoder)
        or _text_problem(config.text)
        or _line_problem(config)
    )
    _require_sense(problem, path)
    return config


def _require_sense(problem: str, path: Path) -> None:
    if problem:
        raise WeightsError(f"{path}: the model's configuration makes no sense: {problem}", AGAIN)


def _text_problem(text: SDARConfig) -> str:
    if problem := _out_of_bounds(text, TEXT_BOUNDS):
        return problem
    if text.num_attention_heads % text.num_key_value_heads:
        return "num_key_value_heads must divide num_attention_heads"
    if text.head_dim % 2:
        return "head_dim must be even"
    if not _is_between(text.rope_theta, 1, 1e12):
        return "rope_theta must be between 1 and 1e12"
    if not _is_between(text.rms_norm_eps, 0, 1):
        return "rms_norm_eps must be between 0 and 1"
    return "" if isinstance(text.attention_bias, bool) else "attention_bias must be true or false"


def _vision_problem(vision: VisionConfig) -> str:
    if problem := _out_of_bounds(vision, VISION_BOUNDS):
        return problem
    if vision.embed_dim % (4 * vision.num_heads):
        return "embed_dim must be a multiple of 4 for each of num_heads"
    if not _is_between(vision.mlp_ratio, 1 / 16, 64):
        return "mlp_ratio must be between 1/16 and 64"
    return ""


def _token_problem(config: MinerUDiffusionConfig) -> str:
    tokens, size = (config.image_token_id, config.mask_token_id), config.text_config.vocab_size
    if not are_integers(tokens, 2, 0, size - 1):
        return f"image_token_id and mask_token_id must be below vocab_size, {size}"
    if tokens[0] == tokens[1]:
        return "image_token_id and mask_token_id are the same"
    if not are_integers((config.block_size,), 1, 1, LONGEST_BLOCK):
        return f"block_size must be between 1 and {LONGEST_BLOCK}"
    tied = isinstance(config.tie_word_embeddings, bool)
    return "" if tied else "tie_word_embeddings must be true or false"


def _line_problem(config: LineReaderConfig) -> str:
    tasks, strides = config.tasks, config.encoder.strides
    tall, wide = (math.prod(stride[axis] for stride in strides) for axis in (0, 1))
    if not 0 < len(tasks) <= MOST_TASKS or not all(isinstance(task, str) for task in tasks):
        return f"tasks must be 1 to {MOST_TASKS} names"
    if len(set(tasks)) < len(tasks):
        return "tasks holds a name twice"
    if config.formula_height not in (0, FORMULA_HEIGHT):
        return f"formula_height is {config.formula_height!r}, not {FORMULA_HEIGHT} or 0"
    if 4 * tall != ROW or 4 * wide not in WIDTHS:
        return f"encoder.strides must leave a feature for each {ROW} × {COLUMN}, 8 or 16 pixels"
    if config.text.vocab_size != config.vocabulary:
        return f"vocab_size is {config.text.vocab_size}, not the {config.vocabulary} of its symbols"
    return ""


def _out_of_bounds(sizes: Any, bounds: Mapping[str, int]) -> str:
    for name, most in bounds.items():
        if not are_integers((getattr(sizes, name),), 1, 1, most):
            return f"{name} must be a number of 1 to {most}, not {getattr(sizes, name)!r}"
    return ""


def _is_between(value: object, least: float, most: float) -> bool:
    return type(value) in (int, float) and least <= value <= most  # type: ignore[operator]
