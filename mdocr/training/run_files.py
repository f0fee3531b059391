"""Run files: TOML that fills a frozen dataclass; unknown keys and wrong types are refused.

``--set optimizer.learning_rate=1e-3`` overrides one value; the right side is TOML.
"""

import dataclasses
import difflib
import json
import sys
import types
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from mdocr.errors import InputError, MissingExtraError, UsageError

Config = TypeVar("Config")

SHIPPED = Path(__file__).parent / "runs"


def load_config(path: Path, overrides: Sequence[str], kind: type[Config]) -> Config:
    """Reads a run from TOML.

    Args:
        path: the TOML file, or the name of a shipped run.
        overrides: ``table.key=value`` strings that override the file.
        kind: the dataclass to fill.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is not TOML, or a key or value is invalid.
    """
    return fill(read_values(path, overrides), kind)


def read_values(path: Path, overrides: Sequence[str]) -> dict[str, Any]:
    """The unchecked tables of a run; arguments and errors as of ``load_config``."""
    file = _find(path)
    try:
        values = _parse(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(
            f"cannot read the run {str(path)!r}: {error.strerror}",
            f"Write one, or name a shipped run: {', '.join(shipped_runs())}",
        ) from error
    except ValueError as error:  # not TOML, or not text
        raise UsageError(
            f"{str(path)!r} is not valid TOML: {error}",
            "Strings are quoted, and a table begins with [its name]: see docs/training.md.",
        ) from error
    for override in overrides:
        _override(values, override)
    return values


def fill(values: dict[str, Any], kind: type[Config]) -> Config:
    """The dataclass with these values.

    Raises:
        UsageError: a key or value is invalid.
    """
    filled: Config = _fill(kind, values, "")
    return filled


def shipped_runs() -> list[str]:
    """Names of the runs in the package."""
    return sorted(file.stem for file in SHIPPED.glob("*.toml"))


def _find(path: Path) -> Path:
    return SHIPPED / f"{path}.toml" if str(path) in shipped_runs() and not path.is_file() else path


def _parse(text: str) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        try:
            import tomli as tomllib  # type: ignore[import-not-found, unused-ignore]
        except ImportError as error:
            raise MissingExtraError("tomli", "train", "Reading a run file") from error
    values: dict[str, Any] = tomllib.loads(text)
    return values


def _override(values: dict[str, Any], override: str) -> None:
    name, separator, text = override.partition("=")
    *tables, key = name.strip().split(".")
    if not separator or not tables or not all((*tables, key)):
        raise UsageError(
            f"--set {override!r} is not of the form table.key=value",
            "Write it like: --set run.steps=1000",
        )
    for table in tables:
        values = values.setdefault(table, {})
        if not isinstance(values, dict):
            raise UsageError(f"--set {override!r}: {table} is not a table", "Set it as a whole.")
    try:
        values[key] = _parse(f"value = {text}")["value"]
    except ValueError:
        values[key] = text.strip()  # a bare word is a string


def _fill(kind: Any, value: Any, place: str) -> Any:
    """Converts a TOML ``value`` to the type ``kind``; errors name its ``place``."""
    if isinstance(kind, types.UnionType):  # X | None, where TOML leaves the key out for None
        kind = next(part for part in typing.get_args(kind) if part is not types.NoneType)
    if typing.get_origin(kind) is tuple:
        return _fill_tuple(typing.get_args(kind), value, place)
    if dataclasses.is_dataclass(kind):
        return _fill_dataclass(kind, value, place)
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise UsageError(f"{place} must be of type {kind.__name__}, not {value!r}")
    return value


def _fill_tuple(kinds: tuple[Any, ...], value: Any, place: str) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise UsageError(
            f"{place} must be a list, not {value!r}",
            f"Write it like: --set '{place}=[{json.dumps(value)}]'",
        )
    if kinds[-1] is Ellipsis:
        kinds = kinds[:1] * len(value)
    if len(kinds) != len(value):
        raise UsageError(f"{place} must be a list of {len(kinds)} values, not {value!r}")
    pairs = zip(kinds, value, strict=True)
    return tuple(_fill(kind, item, f"{place}[{n}]") for n, (kind, item) in enumerate(pairs))


def _fill_dataclass(kind: Any, value: Any, place: str) -> Any:
    if not isinstance(value, dict):
        raise UsageError(
            f"{place} must be a table, not {value!r}", f"Begin it with a line [{place}]."
        )
    kinds = typing.get_type_hints(kind)
    prefix = f"{place}." if place else ""
    for key in value:
        if key not in kinds:
            close = difflib.get_close_matches(key, kinds, 1)
            guess = f"Did you mean {prefix}{close[0]}? " if close else ""
            raise UsageError(f"unknown key {prefix}{key}", f"{guess}Keys there: {', '.join(kinds)}")
    return kind(**{key: _fill(kinds[key], item, prefix + key) for key, item in value.items()})
