"""Models built without memory, and whether a file's tensors are the ones that they need."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from mdocr.errors import WeightsError
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.models.mdiff4str_config import MDiff4STRConfig

SHOWN = 3
"""Keys that an error names before it says how many more there are."""


class SkipInitialisation(TorchFunctionMode):
    """Skips the random initialisation of modules that are loaded from a file.

    On the meta device it has no effect, and it imports torch's compiler: seconds.
    """

    def __torch_function__(
        self, function: Any, types: Any, arguments: Any = (), named: Any = None
    ) -> Any:
        """Passes on every call except random initialisation."""
        if getattr(function, "__name__", "") in ("normal_", "uniform_"):
            return arguments[0] if arguments else (named or {})["tensor"]
        return function(*arguments, **(named or {}))


def build(config: MDiff4STRConfig) -> MDiff4STR:
    """The model on the meta device: shapes without storage, to be filled by assignment."""
    with torch.device("meta"), SkipInitialisation():
        return MDiff4STR(config)


def require_same(
    expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]], path: Path
) -> None:
    """Compares the names and shapes of tensors.

    Raises:
        WeightsError: it names keys that are missing, unknown or of another shape.
    """
    problems = []
    if missing := [key for key in expected if key not in found]:
        problems.append(f"keys are missing: {_listed(missing)}")
    if extra := [key for key in found if key not in expected]:
        problems.append(f"unknown keys: {_listed(extra)}")
    misshapen = [
        f"{key} is {list(found[key])}, not {list(shape)}"
        for key, shape in expected.items()
        if key in found and found[key] != shape
    ]
    if misshapen:
        problems.append(f"wrong shapes: {_listed(misshapen)}")
    if problems:
        raise WeightsError(
            f"{path} does not fit the model that it describes; {'; '.join(problems)}",
            "It is damaged, or was saved by other software: download or convert it again.",
        )


def _listed(items: Sequence[str]) -> str:
    more = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {more} more" if more > 0 else "")
