"""The precision in which the weights of an ONNX graph are stored."""

from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from mdocr.export.tracing import quiet

Precision = Literal["fp32", "fp16", "int8", "int4"]

LARGE = 1 << 15
"""Elements of a tensor that is worth rounding."""
SMALL = 1 << 8
"""Elements of a tensor below which it always stays in the graph."""


def save_graph(graph: Any, path: Path, precision: Precision) -> None:
    """Writes a graph (``onnx.ModelProto``) in a precision; changes it."""
    import onnx

    if precision == "fp16":
        store_in_half_precision(graph)
    if precision == "int8":
        del graph.graph.value_info[:]  # the quantizer infers shapes itself, and trips over these
    onnx.save(graph, path)
    if precision == "int8":
        quantize_products(path, path)


def quantize_products(model: Any, path: Path, per_channel: bool = False) -> None:
    """Writes a model with the matrices of its products in eight bits.

    They are unsigned: with signed ones, CPUs without VNNI add two products in sixteen bits, which
    overflows (logits then differ by 0.3 of the largest instead of 0.05).

    Args:
        model: an ``onnx.ModelProto``, or the file of one.
        path: where to write.
        per_channel: one scale per column instead of one per matrix.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with quiet():
        quantize_dynamic(
            model,
            path,
            op_types_to_quantize=["MatMul", "Gemm"],
            weight_type=QuantType.QUInt8,
            per_channel=per_channel,
        )


def store_in_half_precision(graph: Any) -> None:
    """Stores weights in half precision where that loses nothing or saves much; casts when loaded.

    ONNX Runtime casts them once, when it opens the file; nothing is computed in half precision,
    which few CPUs support.

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
    """Casts initializers that are stored in half precision, each under its ``half_name``.

    Of a table only the rows that are looked up are cast, so that it stays as small as it is stored.

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


def half_name(name: str) -> str:
    """The name of a value in half precision."""
    return f"{name}.half"


def halved(full: NDArray[np.float32]) -> NDArray[np.float16] | None:
    """Numbers in half precision; None if that loses something and saves little."""
    with np.errstate(over="ignore"):  # what overflows differs, and stays
        half = full.astype(np.float16)
    return None if full.size < LARGE and (half != full).any() else half


def _cast(name: str) -> Any:
    from onnx import TensorProto, helper

    return helper.make_node("Cast", [half_name(name)], [name], to=TensorProto.FLOAT)
