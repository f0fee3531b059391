"""The folder of an export: written whole or not at all, described, and compared with torch."""

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import mdocr
from mdocr.errors import MdocrError, MissingExtraError, UsageError, WeightsError
from mdocr.export.precision import Precision, save_graph
from mdocr.weights.onnx_files import CONFIG, DATA, ENCODER, STEP, OnnxFormat

TOLERANCES: dict[Precision, float] = {"fp32": 1e-4, "fp16": 1e-2, "int8": 0.25, "int4": 0.5}
"""Largest permitted difference of a logit from torch's, as a share of the largest logit."""


class ExportError(MdocrError):
    """The exported model does not compute what torch does."""


@dataclass(frozen=True)
class Export:
    """A finished export.

    Attributes:
        folder: where the files are.
        difference: largest difference of a logit from torch's, as a share of the largest logit.
        size: bytes of the files.
    """

    folder: Path
    difference: float
    size: int


def check_request(precision: str) -> None:
    """Checks that an export can be made at all.

    Raises:
        UsageError: no such precision.
        MissingExtraError: the packages of the extra ``export`` are not installed.
    """
    if precision not in TOLERANCES:
        known = ", ".join(TOLERANCES)
        raise UsageError(f"unknown precision {precision!r}", f"Choose one of: {known}")
    for package in ("onnx", "onnxscript"):
        try:
            import_module(package)
        except ImportError as error:
            raise MissingExtraError(package, "export", "writing ONNX files") from error


def refuse_foreign(folder: Path) -> None:
    """Refuses a folder whose model is no export, such as a checkpoint: its files would go.

    Raises:
        UsageError: one of its files would be written over, and its ``config.json`` is not there, or
            was not written by ``describe``.
    """
    if _is_ours(folder / CONFIG):
        return
    for path in (folder / name for name in (CONFIG, ENCODER, STEP)):
        if path.exists():
            raise UsageError(
                f"{str(path)!r} would be written over, but no export wrote it",
                "Give another place with -o, or write over it with: --force",
            )


def _is_ours(description: Path) -> bool:
    try:
        known = json.loads(description.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(known, dict) and "mdocr" in known and "precision" in known


def describe(
    form: OnnxFormat, source: str, precision: Precision, model: Mapping[str, Any]
) -> dict[str, Any]:
    """The content of ``config.json`` (``mdocr.weights.onnx_files.OnnxModel``)."""
    return {
        "format": form.name,
        "mdocr": mdocr.__version__,
        "source": source,
        "precision": precision,
        "model": model,
    }


def export_graphs(
    graphs: Mapping[str, Any],
    config: Mapping[str, Any],
    folder: Path,
    compare: Callable[[Path], float],
) -> Export:
    """Writes graphs and their description, compares them with torch, and puts them in place.

    Args:
        graphs: ``onnx.ModelProto`` by the names of their files; changed in place.
        config: their description, see ``describe``.
        folder: where to write; made if need be.
        compare: gives the largest difference of a logit that the files in a folder compute, as a
            share of the largest logit.

    Raises:
        WeightsError: the disk refuses.
        ExportError: the files compute something else than torch.
    """
    with put_in_place(folder) as made:
        for name, graph in graphs.items():
            save_graph(graph, made / name, config["precision"])
        write_config(config, made)
        return accepted(folder, made, compare(made), config["precision"])


@contextlib.contextmanager
def put_in_place(folder: Path) -> Iterator[Path]:
    """Yields an empty folder; at the end its files replace those of the same names in ``folder``.

    While files are replaced there is no ``config.json``, and so no model to be read.

    Raises:
        WeightsError: the disk refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".export-", dir=folder) as name:
            yield Path(name)
            made = sorted(Path(name).iterdir(), key=lambda file: file.name == CONFIG)
            (folder / CONFIG).unlink(missing_ok=True)
            for graph in (ENCODER, STEP):
                (folder / f"{graph}{DATA}").unlink(missing_ok=True)  # of an earlier export
            for file in made:
                file.replace(folder / file.name)
    except OSError as error:
        raise WeightsError(
            f"cannot write to {folder}: {error.strerror or error}",
            "Make room, or give another folder with: -o FOLDER",
        ) from error


def write_config(config: Mapping[str, Any], folder: Path) -> None:
    """Writes the description of the graphs in a folder."""
    text = json.dumps(config, ensure_ascii=False, indent=2) + "\n"
    (folder / CONFIG).write_text(text, "utf-8")


def accepted(folder: Path, made: Path, difference: float, precision: Precision) -> Export:
    """The export to ``folder`` of the files in ``made``.

    Raises:
        ExportError: they differ too much from torch.
    """
    if difference > TOLERANCES[precision]:
        raise ExportError(
            f"the exported model differs from torch by {difference:.1e} of the largest logit; "
            f"{precision} allows {TOLERANCES[precision]:.0e}",
            "Choose another --precision." if precision != "fp32" else "",
        )
    return Export(folder, difference, sum(file.stat().st_size for file in made.iterdir()))


def relative_difference(found: Tensor, expected: Tensor) -> float:
    """Largest difference, as a share of the largest of ``expected``; infinite if not a number."""
    difference = (found - expected).abs().max() / expected.abs().max()
    return float(difference.nan_to_num(torch.inf))
