"""Options with one value for all types of regions, and others for single ones: 0.9, table=0.98."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from mdocr.errors import UsageError
from mdocr.options import PARSE_TARGETS, ParseOptions

Number = TypeVar("Number", int, float)


def thresholds(values: Sequence[str]) -> tuple[float, dict[str, float]]:
    """The threshold of all types, and those of single ones, from ``0.9`` and ``table=0.98``.

    Raises:
        UsageError: one is not a number.
    """
    common, single = _per_type("threshold", values, float, "0.95, or table=0.98")
    return ParseOptions.threshold if common is None else common, single


def token_limits(values: Sequence[str]) -> dict[str, int]:
    """Maximum numbers of tokens by type, from ``2048`` and ``table=4096``.

    Raises:
        UsageError: one is not a whole number.
    """
    common, single = _per_type("max tokens", values, int, "2048, or table=4096")
    return single if common is None else {**dict.fromkeys(PARSE_TARGETS, common), **single}


def _per_type(
    name: str, values: Sequence[str], number: Callable[[str], Number], example: str
) -> tuple[Number | None, dict[str, Number]]:
    common: Number | None = None
    single: dict[str, Number] = {}
    for value in values:
        kind, _, text = value.rpartition("=")
        try:
            parsed = number(text)
        except ValueError:
            raise UsageError(
                f"{name}: {value!r} is not a number", f"Write it like {example}."
            ) from None
        if kind:
            single[kind.strip()] = parsed
        else:
            common = parsed
    return common, single
