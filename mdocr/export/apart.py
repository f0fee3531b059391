"""Graphs of which the checkpoint holds the weights.

ONNX Runtime is given them when a graph is opened (``mdocr.weights.onnx_files.WeightsApart``).
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from mdocr.export.precision import SMALL
from mdocr.weights.onnx_files import quantised

Tensors = dict[str, tuple[str, bool, bool]]
"""See ``mdocr.weights.onnx_files.WeightsApart.tensors``."""


def take_out_weights(graph: Any, checkpoint: Path) -> Tensors:
    """Removes the weights that a checkpoint holds from a graph.

    Weights that the export has changed (folded batch norms) or added stay, and small ones.

    Args:
        graph: an ``onnx.ModelProto``; changed in place.
        checkpoint: in safetensors.

    Returns:
        For each initializer taken out, what it is.
    """
    from onnx import TensorProto, numpy_helper

    known = _known(checkpoint)
    taken: Tensors = {}
    for initializer in graph.graph.initializer:
        kinds = (TensorProto.FLOAT, TensorProto.INT8)
        if initializer.data_type not in kinds or math.prod(initializer.dims) < SMALL:
            continue
        value = numpy_helper.to_array(initializer)
        if tensor := known.get((value.dtype.name, value.shape, value.tobytes())):
            taken[initializer.name] = tensor
            initializer.ClearField("raw_data")
            initializer.data_location = TensorProto.EXTERNAL
            place = initializer.external_data.add()
            place.key, place.value = "location", checkpoint.name
    return taken


def _known(checkpoint: Path) -> dict[tuple[str, tuple[int, ...], bytes], tuple[str, bool, bool]]:
    """What an initializer may be, by its type, shape and bytes."""
    found = {}
    for name, stored in load_file(checkpoint).items():
        forms: list[tuple[NDArray[Any], bool]] = [(stored.astype(np.float32), False)]
        if stored.ndim > 1:
            forms.append((quantised(stored), True))
        for value, eight_bits in forms:
            for form, transposed in ((value.T, True), (value, False)):
                key = form.dtype.name, form.shape, form.tobytes()
                found[key] = (name, transposed, eight_bits)
    return found
