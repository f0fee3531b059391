"""Configurations as plain values: word models', there and back and checked; line readers', back."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mdocr.errors import UsageError, WeightsError
from mdocr.models.mdiff4str_config import DecoderConfig, EncoderConfig, MDiff4STRConfig

if TYPE_CHECKING:
    from mdocr.models.line_reader_config import LineReaderConfig

AGAIN = "Copy or download it again, or make it anew with this version of mdocr."
"""What to do with a file whose configuration is not sound."""


def to_dict(config: MDiff4STRConfig) -> dict[str, Any]:
    """The configuration as plain values that JSON can hold."""
    return dataclasses.asdict(config)


def from_dict(values: Mapping[str, Any], path: Path) -> MDiff4STRConfig:
    """The configuration from plain values; a missing field has its default.

    Args:
        values: what ``to_dict`` gave, perhaps by way of JSON.
        path: named in errors.

    Raises:
        WeightsError: a field is unknown, of a wrong type, or makes no sense.
    """
    _require_fields(MDiff4STRConfig, values, "config", path)
    parts = dict(values)
    for name, kind in (("encoder", EncoderConfig), ("decoder", DecoderConfig)):
        part = parts.get(name, {})
        _require_fields(kind, part, name, path)
        parts[name] = kind(**{key: _frozen(value) for key, value in part.items()})
    return checked(MDiff4STRConfig(**parts), path)


def checked(config: MDiff4STRConfig, path: Path) -> MDiff4STRConfig:
    """Returns ``config`` if a model can be built from it.

    Raises:
        WeightsError: it names the field that makes no sense.
    """
    problem = _encoder_problem(config.encoder) or _decoder_problem(config)
    if problem:
        raise WeightsError(f"{path}: the model's configuration makes no sense: {problem}", AGAIN)
    return config


def line_reader_config(record: Mapping[str, Any], path: Path) -> "LineReaderConfig":
    """The configuration of a line reader from plain values (``line_reader_record``).

    Args:
        record: the content of ``config.json``, or what an export keeps of it.
        path: named in errors.

    Raises:
        WeightsError: keys are missing or unknown.
    """
    from mdocr.models.line_reader_config import FORMULA_HEIGHT, LineReaderConfig
    from mdocr.models.sdar_config import SDARConfig

    try:
        encoder = {key: _frozen(value) for key, value in record["encoder"].items()}
        text = {field.name: record["text"][field.name] for field in dataclasses.fields(SDARConfig)}
        height = record.get("formula_height", 0)  # line readers of old knew none
        if height not in (0, FORMULA_HEIGHT):
            raise TypeError(f"formula_height is {height!r}, not {FORMULA_HEIGHT} or 0")
        return LineReaderConfig(
            record["symbols"],
            EncoderConfig(**encoder),
            SDARConfig(**text),
            tuple(record["tasks"]),
            height,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path} is not that of a line reader: {error}", AGAIN) from error


def _encoder_problem(encoder: EncoderConfig) -> str:
    stages = len(encoder.dims) if isinstance(encoder.dims, tuple) else 0
    for name, least in (("dims", 1), ("depths", 1), ("heads", 1), ("convolutions", 0)):
        if not stages or not _are_integers(getattr(encoder, name), stages, least):
            return f"encoder.{name} must hold a number for each stage"
    if any(n > depth for n, depth in zip(encoder.convolutions, encoder.depths, strict=True)):
        return "encoder.convolutions must not be more than encoder.depths"
    if any(dim % heads for dim, heads in zip(encoder.dims, encoder.heads, strict=True)):
        return "encoder.heads must divide encoder.dims"
    if not isinstance(encoder.strides, tuple) or len(encoder.strides) != stages - 1:
        return "encoder.strides must hold a pair between each stage and the next"
    if not all(_are_integers(stride, 2, 1) for stride in encoder.strides):
        return "encoder.strides must be pairs of positive numbers"
    return "" if _is_rate(encoder.drop_path) else "encoder.drop_path must be between 0 and 1"


def _decoder_problem(config: MDiff4STRConfig) -> str:
    decoder, dim = config.decoder, config.encoder.dims[-1]
    for name in ("layers", "heads", "max_length"):
        if not _are_integers((getattr(decoder, name),), 1, 1):
            return f"decoder.{name} must be a positive number"
    if dim % decoder.heads or dim % 2:
        return f"decoder.heads must divide the width {dim}, which must be even"
    if not _is_rate(decoder.dropout):
        return "decoder.dropout must be between 0 and 1"
    if not isinstance(config.symbols, str) or not config.symbols:
        return "symbols must be a text"
    try:
        return "" if config.charset else "symbols must be a text"
    except UsageError as error:
        return error.message


def _require_fields(kind: type[Any], values: Any, name: str, path: Path) -> None:
    if not isinstance(values, Mapping):
        raise WeightsError(f"{path}: {name} is not a table of settings", AGAIN)
    unknown = sorted(set(values) - {field.name for field in dataclasses.fields(kind)})
    if unknown:
        raise WeightsError(
            f"{path}: the model's configuration has the unknown setting {name}.{unknown[0]}",
            "It may have been written by a newer version of mdocr: update mdocr.",
        )


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list | tuple) else value


def _are_integers(values: Any, length: int, least: int) -> bool:
    return (
        isinstance(values, tuple)
        and len(values) == length
        and all(type(value) is int and value >= least for value in values)
    )


def _is_rate(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value < 1
