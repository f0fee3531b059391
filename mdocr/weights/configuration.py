"""Configurations of word models as plain values, and whether a model can be built from them.

Sizes have upper bounds, far above those of any model: a damaged or hostile file must not take all
memory, or hours, before its tensors are compared with it.
"""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mdocr.errors import UsageError, WeightsError
from mdocr.models.charset import Charset
from mdocr.models.mdiff4str_config import DecoderConfig, EncoderConfig, MDiff4STRConfig

AGAIN = "Copy or download it again, or write it again with this version of mdocr."
"""What to do with a file whose configuration is not sound."""

MOST_LAYERS, WIDEST, MOST_HEADS, LONGEST_STRIDE = 512, 1 << 15, 1024, 16
MOST_STAGES, LONGEST_WORD, MOST_SYMBOLS = 16, 4096, 1 << 18
"""Upper bounds of sizes."""


def to_dict(config: MDiff4STRConfig) -> dict[str, Any]:
    """The configuration as plain values that JSON can hold."""
    return dataclasses.asdict(config)


def from_dict(values: Mapping[str, Any], path: Path) -> MDiff4STRConfig:
    """The configuration from plain values; a missing field has its default.

    Args:
        values: those of ``to_dict``, perhaps by way of JSON.
        path: named in errors.

    Raises:
        WeightsError: a field is unknown, of a wrong type, or makes no sense.
    """
    _require_fields(MDiff4STRConfig, values, "config", path)
    parts = dict(values)
    for name, kind in (("encoder", EncoderConfig), ("decoder", DecoderConfig)):
        part = parts.get(name, {})
        _require_fields(kind, part, name, path)
        parts[name] = kind(**{key: frozen(value) for key, value in part.items()})
    return checked(MDiff4STRConfig(**parts), path)


def checked(config: MDiff4STRConfig, path: Path) -> MDiff4STRConfig:
    """Returns ``config`` if a model can be built from it.

    Raises:
        WeightsError: it names the field that makes no sense.
    """
    problem = encoder_problem(config.encoder) or _decoder_problem(config)
    if problem:
        raise WeightsError(f"{path}: the model's configuration makes no sense: {problem}", AGAIN)
    return config


def encoder_problem(encoder: EncoderConfig) -> str:
    """What makes no sense in the sizes of an encoder; empty if all do."""
    stages = len(encoder.dims) if isinstance(encoder.dims, tuple) else 0
    bounds = {
        "dims": (1, WIDEST),
        "depths": (1, MOST_LAYERS),
        "heads": (1, MOST_HEADS),
        "convolutions": (0, MOST_LAYERS),
    }
    if stages > MOST_STAGES:
        return f"encoder.dims has more than {MOST_STAGES} stages"
    for name, (least, most) in bounds.items():
        if not stages or not are_integers(getattr(encoder, name), stages, least, most):
            return f"encoder.{name} must hold a number of {least} to {most} for each stage"
    if any(n > depth for n, depth in zip(encoder.convolutions, encoder.depths, strict=True)):
        return "encoder.convolutions must not be more than encoder.depths"
    if any(dim % heads for dim, heads in zip(encoder.dims, encoder.heads, strict=True)):
        return "encoder.heads must divide encoder.dims"
    if not isinstance(encoder.strides, tuple) or len(encoder.strides) != stages - 1:
        return "encoder.strides must hold a pair between each stage and the next"
    if not all(are_integers(stride, 2, 1, LONGEST_STRIDE) for stride in encoder.strides):
        return f"encoder.strides must be pairs of numbers of 1 to {LONGEST_STRIDE}"
    return "" if _is_rate(encoder.drop_path) else "encoder.drop_path must be between 0 and 1"


def symbols_problem(symbols: object) -> str:
    """What makes no sense in the characters of a model; empty if all do."""
    if not isinstance(symbols, str) or not 0 < len(symbols) <= MOST_SYMBOLS:
        return f"symbols must be a text of 1 to {MOST_SYMBOLS} characters"
    try:
        Charset(symbols)
    except UsageError as error:
        return error.message
    return ""


def frozen(value: Any) -> Any:
    """Lists as tuples, at any depth."""
    return tuple(frozen(item) for item in value) if isinstance(value, list | tuple) else value


def are_integers(values: Any, length: int, least: int, most: int) -> bool:
    """Whether it is a tuple of ``length`` integers within the bounds."""
    return (
        isinstance(values, tuple)
        and len(values) == length
        and all(type(value) is int and least <= value <= most for value in values)
    )


def _decoder_problem(config: MDiff4STRConfig) -> str:
    decoder, dim = config.decoder, config.encoder.dims[-1]
    bounds = {"layers": MOST_LAYERS, "heads": MOST_HEADS, "max_length": LONGEST_WORD}
    for name, most in bounds.items():
        if not are_integers((getattr(decoder, name),), 1, 1, most):
            return f"decoder.{name} must be a number of 1 to {most}"
    if dim % decoder.heads or dim % 2:
        return f"decoder.heads must divide the width {dim}, which must be even"
    if not _is_rate(decoder.dropout):
        return "decoder.dropout must be between 0 and 1"
    if not isinstance(decoder.aligned, bool):
        return "decoder.aligned must be true or false"
    return symbols_problem(config.symbols)


def _require_fields(kind: type[Any], values: Any, name: str, path: Path) -> None:
    if not isinstance(values, Mapping):
        raise WeightsError(f"{path}: {name} is not a table of settings", AGAIN)
    unknown = sorted(set(values) - {field.name for field in dataclasses.fields(kind)})
    if unknown:
        raise WeightsError(
            f"{path}: the model's configuration has the unknown setting {name}.{unknown[0]}",
            "It may have been written by a newer version of mdocr: update mdocr.",
        )


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value < 1
