"""A model as ONNX files: where they are, and which weights they were made from.

    <folder>/encoder.onnx    an image → what all passes over it share
    <folder>/step.onnx       tokens and that → logits: one denoising pass
    <folder>/formulas.onnx   the encoder for formulas, of a line reader that reads them
    <folder>/config.json     characters, sizes, and the sha256 of the weights; written last
    <folder>/…-int8.onnx     a graph in eight bits, of the lite models

MinerU-Diffusion has its weights beside the graphs, in ``encoder.onnx.data`` and
``step.onnx.data``, with its ``tokenizer.json`` and ``preprocessor_config.json``.

The files of a checkpoint are in a folder that is named on the command line, or beside it, in
``<name>-onnx``. There, files that were made from other weights or by another version of the export
are skipped. The weights may be in the checkpoint alone: then ``config.json`` says where it is and
which of its tensors a graph needs. This module knows nothing of torch and of ONNX Runtime.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from mdocr.errors import WeightsError
from mdocr.weights import cache

logger = logging.getLogger(__name__)

HINT = "Write it again with: mdocr export MODEL -o FOLDER"

ENCODER, STEP, CONFIG = "encoder.onnx", "step.onnx", "config.json"
FORMULAS = "formulas.onnx"
EIGHT_BITS = "-int8.onnx"
"""Ending of the file of a graph in eight bits."""
DATA = ".data"
"""Suffix, after a graph's name, of the file that holds its weights."""
TOKENIZER, PREPROCESSOR = "tokenizer.json", "preprocessor_config.json"

EXACT = ("fp32", "fp16")
"""Precisions that compute in single precision."""


@dataclass(frozen=True)
class OnnxFormat:
    """What the exported files of one kind of model are.

    Attributes:
        name: in ``config.json``; a higher number makes files of before invalid.
        sizes: what ``model`` in ``config.json`` must hold.
        files: required files beside the graphs and ``config.json``.
    """

    name: str
    sizes: tuple[str, ...]
    files: tuple[str, ...] = ()


MDIFF4STR_FORMAT = OnnxFormat("mdocr.onnx-words/3", ("symbols", "encoder", "decoder"))
LINE_READER_FORMAT = OnnxFormat("mdocr.onnx-lines/4", ("symbols", "encoder", "text", "tasks"))
MINERU_DIFFUSION_FORMAT = OnnxFormat(
    "mdocr.onnx-pages/3",
    ("text_config", "vision_config"),
    (f"{ENCODER}{DATA}", f"{STEP}{DATA}", TOKENIZER),
)


@dataclass(frozen=True)
class WeightsApart:
    """Weights that are not in the graphs.

    Attributes:
        file: the checkpoint, in safetensors.
        tensors: file of a graph → its initializers → name of a tensor of the checkpoint, whether it
            is transposed, and whether it is in eight bits.
    """

    file: Path
    tensors: Mapping[str, Mapping[str, tuple[str, bool, bool]]]

    def read(self, graph: str) -> dict[str, NDArray[Any]]:
        """The initializers of a graph, by name.

        Raises:
            WeightsError: the checkpoint is missing, damaged, or another one.
        """
        try:
            with safe_open(self.file, "np") as opened:
                return {
                    name: _stored(opened.get_tensor(tensor), transposed, eight_bits)
                    for name, (tensor, transposed, eight_bits) in self.tensors[graph].items()
                }
        except (OSError, SafetensorError, KeyError) as error:
            raise WeightsError(f"{self.file} does not hold the weights: {error}", HINT) from error


@dataclass(frozen=True)
class OnnxModel:
    """ONNX files, and what the ``config.json`` beside them says.

    Attributes:
        folder: where the files are.
        precision: of the weights, as ``mdocr export`` names it.
        source: sha256 of the weights that they were made from.
        model: characters and sizes, as plain values: the model's configuration.
        apart: the weights, if they are not in the files.
    """

    folder: Path
    precision: str
    source: str
    model: Mapping[str, Any]
    apart: WeightsApart | None = None

    def weights(self, graph: str) -> dict[str, NDArray[Any]]:
        """The initializers that a graph's file does not hold, by name.

        Raises:
            WeightsError: the checkpoint that holds them is missing or damaged.
        """
        return self.apart.read(graph) if self.apart else {}

    def graph(self, name: str, *, eight_bits: bool) -> str:
        """The file of a graph: that in eight bits if it is wanted and there is one."""
        other = in_eight_bits(name)
        return other if eight_bits and (self.folder / other).is_file() else name


def quantised(weight: NDArray[Any]) -> NDArray[np.int8]:
    """A weight [outputs, ...] in eight bits, the largest of each output as 127."""
    values = weight.astype(np.float32)
    rest = tuple(range(1, values.ndim))
    most = np.maximum(values.max(rest, keepdims=True), -values.min(rest, keepdims=True))
    values /= most / np.float32(127)
    return np.rint(values, out=values).astype(np.int8)


def _stored(weight: NDArray[Any], transposed: bool, eight_bits: bool) -> NDArray[Any]:
    value = quantised(weight) if eight_bits else weight.astype(np.float32)
    return np.ascontiguousarray(value.T if transposed else value)


def in_eight_bits(name: str) -> str:
    """The name of the file of a graph in eight bits: ``encoder.onnx`` → ``encoder-int8.onnx``."""
    return f"{name.removesuffix('.onnx')}{EIGHT_BITS}"


def is_onnx(path: Path) -> bool:
    """Whether a path means ONNX files: one of them, or the folder that holds them."""
    return path.suffix == ".onnx" or (path / ENCODER).is_file()


def is_mineru_diffusion(folder: Path) -> bool:
    """Whether a folder of exported files says that it holds MinerU-Diffusion.

    Raises:
        WeightsError: its ``config.json`` is damaged.
    """
    if not (folder / CONFIG).is_file():
        return False
    return _read_config(folder).get("format") == MINERU_DIFFUSION_FORMAT.name


def read_onnx(path: Path, expected: OnnxFormat) -> OnnxModel:
    """The exported model in a folder, or in the folder of a file.

    Args:
        path: the folder, or a file in it.
        expected: the format that it must have.

    Raises:
        WeightsError: a file is missing, damaged, or of another model or version.
    """
    folder = path.parent if path.suffix == ".onnx" else path
    _require(folder, (ENCODER, STEP, CONFIG))
    record = _read_config(folder)
    found = record.get("format")
    if found != expected.name:
        raise WeightsError(f"{folder} has the format {found!r}, not {expected.name!r}", HINT)
    _require(folder, expected.files)
    try:
        model = _described(folder, record, expected)
    except (KeyError, TypeError) as error:
        raise WeightsError(f"{folder / CONFIG} is damaged: {error}", HINT) from error
    if model.model.get("formula_height"):
        _require(folder, (FORMULAS,))
    return model


def source_of(weights: Path) -> str:
    """The sha256 of everything an export is made from: of a checkpoint file or folder."""
    if not weights.is_dir():
        return cache.file_sha256(weights)
    names = sorted(file.name for file in weights.glob("*.safetensors"))
    named = [*names, CONFIG, TOKENIZER, PREPROCESSOR]
    present = [name for name in named if (weights / name).exists()]
    sums = [f"{name} {cache.file_sha256(weights / name)}" for name in present]
    return hashlib.sha256("\n".join(sums).encode()).hexdigest()


def beside(weights: Path) -> Path:
    """The folder beside a checkpoint, a file or folder, where its exported files are looked for."""
    weights = weights.resolve()
    return weights.with_name(f"{weights.name if weights.is_dir() else weights.stem}-onnx")


def find_onnx(weights: Path, expected: OnnxFormat) -> OnnxModel | None:
    """The exported model beside a checkpoint, if it was made from it.

    Those in ``int8`` and ``int4`` may read differently, so they must be named.

    Args:
        weights: the checkpoint, a file or folder.
        expected: the format that it must have.

    Returns:
        The model, sound as far as its ``config.json`` shows; else None.
    """
    folder = beside(weights)
    if not folder.is_dir():
        return None
    try:
        model = read_onnx(folder, expected)
    except WeightsError as error:
        logger.info("skipped: %s", error.message)
        return None
    if model.precision not in EXACT:
        logger.info("skipped: %s is in %s", folder, model.precision)
        return None
    if model.source != source_of(weights):
        logger.info("skipped: %s was made from other weights", folder)
        return None
    return model


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


def _described(folder: Path, record: dict[str, Any], expected: OnnxFormat) -> OnnxModel:
    kinds = {"precision": str, "source": str, "model": dict}
    for name, kind in kinds.items():
        if not isinstance(record[name], kind):
            raise TypeError(f"{name} is not {kind.__name__}")
    for name in expected.sizes:
        if name not in record["model"]:
            raise KeyError(f"model.{name}")
    apart = record.get("weights_apart")
    weights = WeightsApart(folder / apart["file"], apart["tensors"]) if apart else None
    return OnnxModel(folder, apart=weights, **{name: record[name] for name in kinds})
