"""A model as ONNX files: where they lie, and of which weights they are.

    <folder>/encoder.onnx    a picture → what all passes over it share
    <folder>/step.onnx       tokens and that → logits: one denoising pass
    <folder>/formulas.onnx   the encoder again, for the formulas of a line reader that knows them
    <folder>/config.json     characters, sizes, and the sha256 of the weights; written last

The large page model has its weights beside the graphs, in ``encoder.onnx.data`` and
``step.onnx.data``, and its ``tokenizer.json`` and ``preprocessor_config.json``.

Those of a checkpoint lie beside it, in ``<name>-onnx``, or in the cache, in ``onnx/<sha256>``.
Files made from other weights, or by another version of the export, are passed over. The weights
may stay in the checkpoint: then ``config.json`` says where it lies and which of
its tensors a graph needs. Knows nothing of torch and of ONNX Runtime.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mdocr.errors import WeightsError
from mdocr.weights import cache

logger = logging.getLogger(__name__)

WORDS, LINES, PAGES = "mdocr.onnx-words/2", "mdocr.onnx-lines/1", "mdocr.onnx-pages/1"
"""What the files take and give; with a higher number, those of before are exported anew."""

HINT = "Write it again with: mdocr export MODEL -o FOLDER"

ENCODER, STEP, CONFIG = "encoder.onnx", "step.onnx", "config.json"
FORMULAS = "formulas.onnx"
DATA = ".data"
"""What a graph's name is followed by in the name of the file that holds its weights."""
TOKENIZER, PICTURES = "tokenizer.json", "preprocessor_config.json"

EXACT = ("fp32", "fp16")
"""Precisions that compute in single precision."""

NEEDED = {WORDS: (), LINES: (), PAGES: (f"{ENCODER}{DATA}", f"{STEP}{DATA}", TOKENIZER)}
"""Files of each format beside graphs and ``config.json``."""

SIZES = {
    WORDS: ("symbols", "encoder", "decoder"),
    LINES: ("symbols", "encoder", "text", "tasks"),
    PAGES: ("text_config", "vision_config"),
}
"""What ``model`` in the ``config.json`` of each format must hold."""


@dataclass(frozen=True)
class WeightsApart:
    """Weights that are not in the graphs.

    Attributes:
        file: the checkpoint, in safetensors.
        tensors: file of a graph → its initializers → name of a tensor of the checkpoint, and
            whether it is transposed.
    """

    file: Path
    tensors: Mapping[str, Mapping[str, tuple[str, bool]]]

    def read(self, graph: str) -> dict[str, NDArray[np.float32]]:
        """The initializers of a graph, by name.

        Raises:
            WeightsError: the checkpoint is missing, damaged, or another one.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(self.file, "np") as opened:
                found = {
                    name: opened.get_tensor(tensor).astype(np.float32)
                    for name, (tensor, _) in self.tensors[graph].items()
                }
        except (OSError, SafetensorError, KeyError) as error:
            raise WeightsError(f"{self.file} does not hold the weights: {error}", HINT) from error
        flipped = {name for name, (_, transposed) in self.tensors[graph].items() if transposed}
        return {
            name: np.ascontiguousarray(value.T if name in flipped else value)
            for name, value in found.items()
        }


@dataclass(frozen=True)
class OnnxModel:
    """ONNX files, and what the ``config.json`` beside them says.

    Attributes:
        folder: where the files lie.
        precision: of the weights, as ``mdocr export`` names it.
        source: sha256 of the weights that they were made from.
        model: characters and sizes, as plain values: the configuration of the model of that form.
        apart: the weights, if they are not in the files.
    """

    folder: Path
    precision: str
    source: str
    model: Mapping[str, Any]
    apart: WeightsApart | None = None

    def weights(self, graph: str) -> dict[str, NDArray[np.float32]]:
        """What must be handed to the graph of that file: nothing, if it holds its weights.

        Raises:
            WeightsError: the checkpoint beside is missing or damaged.
        """
        return self.apart.read(graph) if self.apart else {}


def is_onnx(path: Path) -> bool:
    """Whether a path means ONNX files: one of them, or the folder that holds them."""
    return path.suffix == ".onnx" or (path / ENCODER).is_file()


def read_onnx(path: Path, form: str) -> OnnxModel:
    """The exported model that lies in a folder, or in the folder of a file.

    Args:
        path: the folder, or a file in it.
        form: ``WORDS``, ``LINES`` or ``PAGES``.

    Raises:
        WeightsError: a file is missing, damaged, or of another model or version.
    """
    folder = path.parent if path.suffix == ".onnx" else path
    _require(folder, (ENCODER, STEP, CONFIG))
    record = _read_config(folder)
    found = record.get("format")
    if found != form:
        raise WeightsError(f"{folder} has the format {found!r}, not {form!r}", HINT)
    _require(folder, NEEDED[form])
    try:
        model = _described(folder, record, form)
    except (KeyError, TypeError) as error:
        raise WeightsError(f"{folder / CONFIG} is damaged: {error}", HINT) from error
    if model.model.get("formula_height"):
        _require(folder, (FORMULAS,))
    return model


def is_page_model(folder: Path) -> bool:
    """Whether a folder of exported files says that it holds the large page model.

    Raises:
        WeightsError: its ``config.json`` is damaged.
    """
    return (folder / CONFIG).is_file() and _read_config(folder).get("format") == PAGES


def _require(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        if not (folder / name).is_file():
            raise WeightsError(f"{folder} lacks the file {name} of an exported model", HINT)


def _read_config(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / CONFIG).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(f"{folder / CONFIG} is damaged: {error}", HINT) from error
    if not isinstance(record, dict):
        raise WeightsError(f"{folder / CONFIG} is damaged: it is not a JSON object", HINT)
    return record


def onnx_folder(source: str) -> Path:
    """Where the cache keeps what is made of weights of this sha256."""
    return cache.cache_dir() / "onnx" / source


def source_of(weights: Path) -> str:
    """The sha256 of all that an export is made of: a checkpoint, or a page model's folder."""
    if not weights.is_dir():
        return cache.file_sha256(weights)
    names = sorted(file.name for file in weights.glob("*.safetensors"))
    named = [*names, CONFIG, TOKENIZER, PICTURES]
    present = [name for name in named if (weights / name).exists()]
    sums = [f"{name} {cache.file_sha256(weights / name)}" for name in present]
    return hashlib.sha256("\n".join(sums).encode()).hexdigest()


def remove_exported(weights: Path) -> int:
    """Removes what the cache keeps of a checkpoint that was exported; bytes set free.

    Args:
        weights: the checkpoint's file, or the folder of a large page model.

    Raises:
        WeightsError: a file cannot be removed.
    """
    if not (cache.cache_dir() / "onnx").is_dir():
        return 0  # the sum of a large file takes seconds
    return cache.remove_folder(onnx_folder(source_of(weights)))


def find_onnx(weights: Path, form: str) -> Iterator[OnnxModel]:
    """The exported models at hand that were made from a checkpoint, the nearest first.

    Those in ``int8`` and ``int4`` read something else now and then, so they must be named.

    Args:
        weights: the checkpoint's file, or the folder of a page model.
        form: ``WORDS``, ``LINES`` or ``PAGES``.

    Yields:
        What is sound as far as its ``config.json`` tells.
    """
    weights = weights.resolve()
    beside = weights.with_name(f"{weights.name if weights.is_dir() else weights.stem}-onnx")
    if not beside.is_dir() and not (cache.cache_dir() / "onnx").is_dir():
        return
    source = source_of(weights)
    for folder in (beside, onnx_folder(source)):
        yield from onnx_of(folder, form, source)


def onnx_of(folder: Path, form: str, source: str) -> Iterator[OnnxModel]:
    """The exported model in a folder, if it is one of weights of this sha256; see ``find_onnx``."""
    if not folder.is_dir():
        return
    try:
        model = read_onnx(folder, form)
    except WeightsError as error:
        logger.info("passed over: %s", error.message)
        return
    if model.source != source:
        logger.info("passed over: %s was made from other weights", folder)
    elif model.precision not in EXACT:
        logger.info("passed over: %s is in %s", folder, model.precision)
    else:
        yield model


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps other processes from exporting to the cache at the same time.

    Raises:
        WeightsError: the cache cannot be written to.
    """
    from filelock import FileLock

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.parent.with_name(".onnx.lock"))
        lock.acquire()
    except OSError as error:
        raise WeightsError(
            f"cannot write to {folder.parent}: {error.strerror or error}",
            "Name another cache with MDOCR_CACHE.",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _described(folder: Path, record: dict[str, Any], form: str) -> OnnxModel:
    kinds = {"precision": str, "source": str, "model": dict}
    for name, kind in kinds.items():
        if not isinstance(record[name], kind):
            raise TypeError(f"{name} is not {kind.__name__}")
    for name in SIZES[form]:
        if name not in record["model"]:
            raise KeyError(f"model.{name}")
    apart = record.get("weights_apart")
    weights = WeightsApart(folder / apart["file"], apart["tensors"]) if apart else None
    return OnnxModel(folder, apart=weights, **{name: record[name] for name in kinds})
