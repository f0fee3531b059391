"""Graphs in eight bits: their products as one operator, their weights in the checkpoint."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file

from mdocr.engines.onnx_sessions import open_session
from mdocr.export.apart import take_out_weights
from mdocr.export.fusion import RUNTIME, fuse_products
from mdocr.weights.onnx_files import WeightsApart, quantised

INPUTS, OUTPUTS = 16, 24
NAME = "graph-int8.onnx"

RNG = np.random.default_rng(3)
WEIGHT = RNG.normal(size=(OUTPUTS, INPUTS)).astype(np.float16)
BIAS = RNG.normal(size=OUTPUTS).astype(np.float32)
PICTURE = RNG.uniform(-1, 1, (2, 5, INPUTS)).astype(np.float32)


def graph(twice: bool = False) -> onnx.ModelProto:
    """A quantised linear layer with a GELU behind it; its product is read ``twice``, or once."""
    scales = np.abs(WEIGHT.astype(np.float32)).max(1) / 127
    values = {
        "x_scale": np.float32(1 / 127),
        "x_zero": np.uint8(128),
        "weight": np.ascontiguousarray(quantised(WEIGHT).T),
        "weight_scale": scales.astype(np.float32),
        "weight_zero": np.zeros(OUTPUTS, np.int8),
        "bias": BIAS,
    }
    nodes = [
        helper.make_node("QuantizeLinear", ["x", "x_scale", "x_zero"], ["small"]),
        helper.make_node("DequantizeLinear", ["small", "x_scale", "x_zero"], ["rounded"]),
        helper.make_node(
            "DequantizeLinear", ["weight", "weight_scale", "weight_zero"], ["matrix"], axis=1
        ),
        helper.make_node("MatMul", ["rounded", "matrix"], ["product"]),
        helper.make_node("Add", ["bias", "product"], ["sum"]),
        helper.make_node("Gelu", ["sum"], ["activated"]),
        helper.make_node("Add", ["activated", "product" if twice else "activated"], ["y"]),
    ]
    made = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", "T", INPUTS])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["B", "T", OUTPUTS])],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in values.items()],
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid(RUNTIME, 1)]
    return helper.make_model(made, opset_imports=opsets, ir_version=10)


@pytest.mark.parametrize("twice", [False, True])
def test_a_fused_product_computes_the_same(tmp_path: Path, twice: bool) -> None:
    found = []
    for fused in (False, True):
        model = graph(twice)
        if fused:
            fuse_products(model.graph)
            kinds = [node.op_type for node in model.graph.node]
            assert kinds.count("MatMulIntegerToFloat") == 1
            assert kinds.count("Add") == 1 + twice  # the bias is inside if nothing else reads it
            assert "DequantizeLinear" not in kinds
        onnx.save(model, tmp_path / "graph.onnx")
        session = open_session(tmp_path / "graph.onnx", "cpu")
        found.append(session.run(["y"], {"x": PICTURE})[0])
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)


def test_rounded_weights_come_from_the_checkpoint(tmp_path: Path) -> None:
    checkpoint = tmp_path / "model.safetensors"
    save_file({"layer.weight": WEIGHT, "other": BIAS}, checkpoint)
    model, whole = graph(), tmp_path / "whole.onnx"
    onnx.save(model, whole)
    taken = take_out_weights(model, checkpoint)
    assert taken == {"weight": ("layer.weight", True, True)}
    (tmp_path / NAME).write_bytes(model.SerializeToString())
    weights = WeightsApart(checkpoint, {NAME: taken}).read(NAME)
    opened = open_session(tmp_path / NAME, "cpu", weights)
    expected = open_session(whole, "cpu").run(["y"], {"x": PICTURE})[0]
    np.testing.assert_array_equal(opened.run(["y"], {"x": PICTURE})[0], expected)
