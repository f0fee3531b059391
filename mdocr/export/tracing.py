"""A torch module as an ONNX graph. Knows nothing of models and files."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

OPSET = 20

FREE = torch.export.Dim.AUTO
"""A size that is not fixed. The example's must not be 0 or 1, which would be taken for fixed."""

Inputs = Mapping[str, tuple[Any, Any]]
"""Name of each input → an example, and which of its sizes are ``FREE``. Or lists of both, of the
inputs ``<name>.0``, ``<name>.1`` …"""


def trace(module: nn.Module, inputs: Inputs, outputs: list[str]) -> Any:
    """The ONNX graph (``onnx.ModelProto``) of a module."""
    graph = capture(module, inputs, outputs).model_proto
    forget_sources(graph)
    divide_by_roots(graph.graph)
    return graph


def capture(module: nn.Module, inputs: Inputs, outputs: list[str], optimize: bool = True) -> Any:
    """The program that torch makes of a module (``torch.onnx.ONNXProgram``)."""
    with torch.no_grad(), quiet():
        return torch.onnx.export(
            module.eval(),
            tuple(example for example, _ in inputs.values()),
            input_names=[name for item in inputs.items() for name in _names(*item)],
            output_names=outputs,
            dynamic_shapes=tuple(free for _, free in inputs.values()),
            opset_version=OPSET,
            dynamo=True,
            verbose=False,
            optimize=optimize,
        )


def _names(name: str, given: tuple[Any, Any]) -> list[str]:
    example, _ = given
    return [name] if isinstance(example, Tensor) else [f"{name}.{n}" for n in range(len(example))]


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silences the exporters' messages about their own internals."""
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


def divide_by_roots(graph: Any) -> None:
    """Writes x · (1 / √y) as x / √y, by which ONNX Runtime knows a norm and computes it at once."""
    inverse = {node.output[0]: node for node in graph.node if node.op_type == "Reciprocal"}
    for node in graph.node:
        if node.op_type == "Mul" and node.input[1] in inverse:
            node.op_type, node.input[1] = "Div", inverse[node.input[1]].input[0]
    read = {name for node in graph.node for name in node.input}
    for name in inverse.keys() - read:
        graph.node.remove(inverse[name])
