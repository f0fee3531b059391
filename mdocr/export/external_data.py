"""Graphs of models too large to be in memory twice, or in one message of protobuf (2 GB).

    outline: trace without weights → quantize and write the weights one by one

A graph's weights are in a file beside it (ONNX's external data), which ONNX Runtime maps.
"""

import copy
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from mdocr.errors import UsageError
from mdocr.export.precision import (
    SMALL,
    Precision,
    half_name,
    halved,
    insert_casts,
    quantize_products,
)
from mdocr.export.tracing import Inputs, capture, forget_sources, quiet
from mdocr.models.linear import HEADS
from mdocr.weights.onnx_files import DATA

ALIGNMENT = 4096
"""Bytes; weights begin at multiples of it, so that they can be mapped into memory."""

RUNTIME = "com.microsoft"
"""Domain of the operators that only ONNX Runtime has."""

GROUP = 32
"""Elements of a matrix in four bits that share a scale."""

COMPUTED_IN_INT8 = 4
"""Accuracy level of products with matrices in four bits; the fastest on CPUs."""


def check_quantizer(precision: Precision) -> None:
    """Checks that ONNX Runtime can quantize matrices to that precision.

    Raises:
        UsageError: it is too old.
    """
    if precision != "int4":
        return
    try:
        with quiet():
            from onnxruntime.quantization import matmul_nbits_quantizer  # noqa: F401
    except ImportError as error:
        raise UsageError(
            f"this ONNX Runtime cannot write int4: {error}", "Install onnxruntime 1.22 or newer."
        ) from error


def outline(module: nn.Module, inputs: Inputs, outputs: tuple[str, ...]) -> Any:
    """The ONNX graph (``onnx.ModelProto``) of a module whose weights are fakes without memory.

    The weights are inputs of the graph, by their names in the module: the optimizer would read
    constants.
    """
    program = capture(module, inputs, list(outputs), optimize=False)
    graph = program.model.graph
    for name in dict(module.named_parameters()):
        if name in graph.initializers:
            weight = graph.initializers.pop(name)
            weight.const_value = None
            graph.inputs.append(weight)
    with quiet():
        program.optimize()
    made = program.model_proto
    forget_sources(made)
    return made


def write_graph(
    graph: Any, weights: Mapping[str, Tensor], path: Path, precision: Precision
) -> None:
    """Writes an outline and its weights in a precision, one weight after another.

    In ``int8`` and ``int4``, weights other than matrices of products are stored in half precision,
    and the output head keeps more bits: there every rounding may change a token.

    Args:
        graph: an ``outline``; changed in place.
        weights: by the names of the graph's inputs; others are ignored.
        path: the file of the graph; the weights go to the same name with ``.data``.
        precision: see ``mdocr.export.mineru_diffusion.export_mineru_diffusion``.
    """
    with path.with_name(f"{path.name}{DATA}").open("wb") as file:
        writer = _Writer(graph, file, in_half=precision != "fp32")
        if precision in ("int8", "int4"):
            _quantize_products(writer, weights, precision)
        used = {name for node in graph.graph.node for name in node.input}
        for port in [port for port in graph.graph.input if port.name in weights]:
            graph.graph.input.remove(port)
            if port.name in used:
                writer.add(port.name, weights[port.name].detach().float().numpy())
    insert_casts(graph, writer.halves)
    path.write_bytes(graph.SerializeToString())


class _Writer:
    """Adds initializers to a graph, with their data in a file; small ones stay in the graph."""

    def __init__(self, graph: Any, file: BinaryIO, in_half: bool) -> None:
        self.graph = graph
        self.file = file
        self.in_half = in_half
        self.halves: list[str] = []

    def add(self, name: str, values: NDArray[Any]) -> None:
        """Appends an initializer."""
        from onnx import TensorProto, helper, numpy_helper

        if self.in_half and values.dtype == np.float32 and (half := halved(values)) is not None:
            self.halves.append(name)
            name, values = half_name(name), half
        if values.size < SMALL:
            self.graph.graph.initializer.append(numpy_helper.from_array(values, name))
            return
        self.file.seek(-(-self.file.tell() // ALIGNMENT) * ALIGNMENT)
        initializer = self.graph.graph.initializer.add(
            name=name,
            dims=values.shape,
            data_type=helper.np_dtype_to_tensor_dtype(values.dtype),
            data_location=TensorProto.EXTERNAL,
        )
        start, file = self.file.tell(), Path(self.file.name).name
        for key, value in (("location", file), ("offset", start), ("length", values.nbytes)):
            initializer.external_data.add(key=key, value=str(value))
        self.file.write(np.ascontiguousarray(values).data)


def _quantize_products(
    writer: _Writer, weights: Mapping[str, Tensor], precision: Precision
) -> None:
    """Quantizes products with a weight; ONNX Runtime's quantizers are given one at a time."""
    from onnx import numpy_helper

    nodes: dict[str, Any] = {}  # by first output: products of one input quantize it only once
    for node in writer.graph.graph.node:
        made = _quantized(writer.graph, node, weights, precision)
        for part in [node] if made is None else made.graph.node:
            nodes.setdefault(part.output[0], copy.deepcopy(part))  # else it holds the whole model
        for tensor in [] if made is None else made.graph.initializer:
            writer.add(tensor.name, numpy_helper.to_array(tensor))
    kept = list(nodes.values())
    del writer.graph.graph.node[:]
    writer.graph.graph.node.extend(kept)
    if all(domain.domain != RUNTIME for domain in writer.graph.opset_import):
        writer.graph.opset_import.add(domain=RUNTIME, version=1)


def _quantized(
    graph: Any, node: Any, weights: Mapping[str, Tensor], precision: Precision
) -> Any | None:
    """The model (``onnx.ModelProto``) that replaces a node; None if it stays."""
    if node.op_type not in ("Gemm", "MatMul") or node.input[1] not in weights:
        return None
    is_head = node.input[1].endswith(tuple(f".{head}.weight" for head in HEADS))
    if is_head and precision == "int8":
        return None
    product = _as_model(graph, node, weights)
    with quiet():
        if precision == "int8":
            return _in_eight_bits(product)
        return _in_blocks(product, bits=8 if is_head else 4)


def _as_model(graph: Any, node: Any, weights: Mapping[str, Tensor]) -> Any:
    """A model (``onnx.ModelProto``) of one product [M, K] → [M, N] with a weight."""
    from onnx import TensorProto, helper, numpy_helper

    values = weights[node.input[1]].detach().float().numpy()
    given, bias, made = node.input[0], list(node.input[2:]), node.output[0]
    ports = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name, shape in ((given, ["M", "K"]), *((name, ["N"]) for name in bias))
    ]
    out = helper.make_tensor_value_info(made, TensorProto.FLOAT, ["M", "N"])
    weight = numpy_helper.from_array(values, node.input[1])
    single = helper.make_graph([node], "product", ports, [out], [weight])
    return helper.make_model(single, opset_imports=graph.opset_import, ir_version=graph.ir_version)


def _in_eight_bits(model: Any) -> Any:
    """A model with matrices in eight bits, one scale per column."""
    import onnx

    with tempfile.TemporaryDirectory() as name:
        made = Path(name) / "model.onnx"
        quantize_products(model, made, per_channel=True)
        return onnx.load(made)


def _in_blocks(model: Any, bits: int) -> Any:
    """A model with matrices in few bits, one scale per ``GROUP`` elements."""
    from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
    from onnxruntime.quantization.onnx_model import ONNXModel

    product = ONNXModel(model)
    product.replace_gemm_with_matmul()
    quantizer = MatMulNBitsQuantizer(
        product.model, bits=bits, block_size=GROUP, accuracy_level=COMPUTED_IN_INT8
    )
    quantizer.process()
    return quantizer.model.model
