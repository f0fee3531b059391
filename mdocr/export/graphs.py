"""A torch module as an ONNX file: tracing, precision, and what may differ.

Knows nothing of models.
"""

import contextlib
import json
import logging
import math
import os
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

import mdocr
from mdocr.errors import MdocrError, MissingExtraError, UsageError, WeightsError
from mdocr.weights.onnx_files import CONFIG, DATA, ENCODER, STEP, OnnxModel, read_onnx

Precision = Literal["fp32", "fp16", "int8", "int4"]

TOLERANCES: dict[Precision, float] = {"fp32": 1e-4, "fp16": 1e-2, "int8": 0.25, "int4": 0.5}
"""How far the logits of an exported model may be from torch's: a share of the largest logit."""

OPSET = 20

LARGE = 1 << 15
"""Numbers of a tensor that is worth a rounding."""
SMALL = 1 << 8
"""Numbers of a tensor below which it stays in the graph in any case."""

FREE = torch.export.Dim.AUTO
"""A size that is not fixed. The example's must not be 0 or 1, which would be taken for fixed."""

Inputs = Mapping[str, tuple[Tensor, dict[int, Any]]]
"""Name of each input → an example, and which of its sizes are ``FREE``."""


class ExportError(MdocrError):
    """The exported model does not compute what torch does."""


@dataclass(frozen=True)
class Export:
    """What became of an export.

    Attributes:
        folder: where the files lie.
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
            __import__(package)
        except ImportError as error:
            raise MissingExtraError(package, "export", "writing ONNX files") from error


@contextlib.contextmanager
def put_in_place(folder: Path) -> Iterator[Path]:
    """Gives an empty folder; at the end its files replace those of that name in ``folder``.

    Between two exports there is no ``config.json``, and so no model to be read.

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
                (folder / f"{graph}{DATA}").unlink(missing_ok=True)  # what an earlier one had apart
            for file in made:
                file.replace(folder / file.name)
    except OSError as error:
        raise WeightsError(f"cannot write to {folder}: {error.strerror or error}") from error


def export_graphs(
    graphs: Mapping[str, Any],
    config: dict[str, Any],
    folder: Path,
    precision: Precision,
    apart: Path | None,
    compare: Callable[[OnnxModel], float],
) -> Export:
    """Writes graphs and what describes them, compares what was written with torch, puts it.

    Args:
        graphs: ``onnx.ModelProto`` by the names of their files; changed in place.
        config: as ``describe`` gives it.
        folder: where to write; made if need be.
        precision: of the files.
        apart: the checkpoint that keeps the weights, if they are to stay in it.
        compare: gives the largest difference of a logit, as a share of the largest logit.

    Raises:
        WeightsError: the disk refuses.
        ExportError: the files compute something else than torch.
    """
    with put_in_place(folder) as made:
        if apart:
            config = config | _leave_weights(graphs, apart, folder)
        for name, graph in graphs.items():
            save_graph(graph, made / name, precision)
        write_config(config, made)
        exported = read_onnx(made, config["format"])
        if apart and exported.apart:  # elsewhere, as seen from where the files are not yet
            exported = replace(exported, apart=replace(exported.apart, file=apart))
        return accepted(folder, made, compare(exported), precision)


def trace(module: nn.Module, inputs: Inputs, outputs: list[str]) -> Any:
    """The ONNX graph (``onnx.ModelProto``) of a module."""
    graph = capture(module, inputs, outputs).model_proto
    forget_sources(graph)
    return graph


def capture(module: nn.Module, inputs: Inputs, outputs: list[str], optimize: bool = True) -> Any:
    """What torch makes of a module (``torch.onnx.ONNXProgram``)."""
    with torch.no_grad(), quiet():
        return torch.onnx.export(
            module.eval(),
            tuple(example for example, _ in inputs.values()),
            input_names=list(inputs),
            output_names=outputs,
            dynamic_shapes=tuple(free for _, free in inputs.values()),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
            optimize=optimize,
        )


def describe(
    form: str, source: str, precision: Precision, model: Mapping[str, Any]
) -> dict[str, Any]:
    """What ``config.json`` says of an export (``mdocr.weights.onnx_files.OnnxModel``)."""
    return {
        "format": form,
        "mdocr": mdocr.__version__,
        "source": source,
        "precision": precision,
        "model": model,
    }


def check_apart(precision: Precision, checkpoint: Path) -> None:
    """Checks that weights can stay in a checkpoint.

    Raises:
        UsageError: they cannot.
    """
    if precision != "fp32" or checkpoint.suffix != ".safetensors":
        raise UsageError(
            "only fp32 weights of a .safetensors file can stay apart", "Leave out --weights-apart."
        )


def _leave_weights(graphs: Mapping[str, Any], checkpoint: Path, folder: Path) -> dict[str, Any]:
    """Takes weights out of ``graphs``, in place; returns what ``config.json`` says of them."""
    tensors = {name: _take_out_weights(graph, checkpoint) for name, graph in graphs.items()}
    place = os.path.relpath(checkpoint.resolve(), folder.resolve())
    return {"weights_apart": {"file": Path(place).as_posix(), "tensors": tensors}}


def write_config(config: Mapping[str, Any], folder: Path) -> None:
    """Writes what describes the graphs of a folder."""
    text = json.dumps(config, ensure_ascii=False, indent=2) + "\n"
    (folder / CONFIG).write_text(text, "utf-8")


def accepted(folder: Path, made: Path, difference: float, precision: Precision) -> Export:
    """What became of an export to ``folder`` whose files are in ``made``.

    Raises:
        ExportError: they differ too much from torch.
    """
    require_likeness(difference, precision)
    return Export(folder, difference, sum(file.stat().st_size for file in made.iterdir()))


def save_graph(graph: Any, path: Path, precision: Precision) -> None:
    """Writes a graph (``onnx.ModelProto``) in a precision; changes it."""
    import onnx

    if precision == "fp16":
        store_in_half_precision(graph)
    if precision == "int8":
        del graph.graph.value_info[:]  # the quantizer infers shapes anew, and trips over these
    onnx.save(graph, path)
    if precision == "int8":
        from onnxruntime.quantization import QuantType, quantize_dynamic

        with quiet():
            quantize_dynamic(
                path, path, op_types_to_quantize=["MatMul", "Gemm"], weight_type=QuantType.QInt8
            )


def _take_out_weights(graph: Any, checkpoint: Path) -> dict[str, tuple[str, bool]]:
    """Removes the weights that a checkpoint holds from a graph.

    What the export has changed (folded batch norms) or added, and what is small, stays.

    Args:
        graph: an ``onnx.ModelProto``; changed in place.
        checkpoint: in safetensors.

    Returns:
        For each initializer taken out the tensor of the checkpoint, and whether it is transposed.
    """
    from onnx import TensorProto, numpy_helper
    from safetensors.numpy import load_file

    known: dict[tuple[tuple[int, ...], bytes], tuple[str, bool]] = {}
    for name, stored in load_file(checkpoint).items():
        value = stored.astype(np.float32)
        known[value.T.shape, value.T.tobytes()] = (name, True)
        known[value.shape, value.tobytes()] = (name, False)
    taken = {}
    for initializer in graph.graph.initializer:
        if initializer.data_type != TensorProto.FLOAT or math.prod(initializer.dims) < SMALL:
            continue
        value = numpy_helper.to_array(initializer)
        if tensor := known.get((value.shape, value.tobytes())):
            taken[initializer.name] = tensor
            initializer.ClearField("raw_data")
            initializer.data_location = TensorProto.EXTERNAL
            place = initializer.external_data.add()
            place.key, place.value = "location", checkpoint.name
    return taken


def store_in_half_precision(graph: Any) -> None:
    """Stores weights in half precision where that loses nothing or spares much; casts when loaded.

    ONNX Runtime casts them once, when it opens the file; nothing is computed in half precision,
    which few CPUs can do.

    Args:
        graph: an ``onnx.ModelProto``; changed in place.
    """
    from onnx import TensorProto, numpy_helper

    names = []
    for stored in graph.graph.initializer:
        if stored.data_type != TensorProto.FLOAT:
            continue
        half = halved(numpy_helper.to_array(stored))
        if half is None:
            continue
        names.append(stored.name)
        stored.CopyFrom(numpy_helper.from_array(half, half_name(stored.name)))
    insert_casts(graph, names)


def insert_casts(graph: Any, names: Collection[str]) -> None:
    """Casts initializers that are stored in half precision, each as ``half_name`` calls it.

    Of a table only what is looked up is cast, so that it stays as small as it is stored.

    Args:
        graph: an ``onnx.ModelProto``; changed in place.
        names: of the initializers, as the graph's nodes call them.
    """
    nodes = []
    for node in graph.graph.node:
        nodes.append(node)
        if node.op_type == "Gather" and node.input[0] in names:
            found = node.output[0]
            node.input[0], node.output[0] = half_name(node.input[0]), half_name(found)
            nodes.append(_cast(found))
    used = {name for node in nodes for name in node.input}
    nodes = [*(_cast(name) for name in names if name in used), *nodes]
    del graph.graph.node[:]
    graph.graph.node.extend(nodes)


def _cast(name: str) -> Any:
    from onnx import TensorProto, helper

    return helper.make_node("Cast", [half_name(name)], [name], to=TensorProto.FLOAT)


def half_name(name: str) -> str:
    """What a value is called in half precision."""
    return f"{name}.half"


def halved(full: NDArray[np.float32]) -> NDArray[np.float16] | None:
    """Numbers in half precision; None if that loses something and spares little."""
    with np.errstate(over="ignore"):  # what overflows differs, and stays
        half = full.astype(np.float16)
    return None if full.size < LARGE and (half != full).any() else half


def relative_difference(found: Tensor, expected: Tensor) -> float:
    """Largest difference, as a share of the largest of ``expected``; infinite if not a number."""
    difference = (found - expected).abs().max() / expected.abs().max()
    return float(difference.nan_to_num(torch.inf))


def require_likeness(difference: float, precision: Precision) -> None:
    """Checks a difference against the tolerance of the precision.

    Raises:
        ExportError: it is larger.
    """
    if difference > TOLERANCES[precision]:
        raise ExportError(
            f"the exported model differs from torch by {difference:.1e} of the largest logit; "
            f"{precision} allows {TOLERANCES[precision]:.0e}",
            "Choose another --precision." if precision != "fp32" else "",
        )


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without what the exporters tell of their own insides."""
    disabled, handlers = logging.root.manager.disable, list(logging.root.handlers)
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        logging.root.handlers[:] = handlers  # logging.warning() adds one where there is none


def forget_sources(graph: Any) -> None:
    """Removes the stack traces of the export: longer than the graph, and paths of this machine."""
    parts = graph.graph
    for part in (graph, parts, *parts.node, *parts.initializer, *parts.value_info):
        del part.metadata_props[:]
    for port in (*parts.input, *parts.output):
        del port.metadata_props[:]
