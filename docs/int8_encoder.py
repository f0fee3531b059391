"""Puts the encoder of an exported line reader into eight bits (static quantisation).

    mdocr export MODEL -o FOLDER
    python docs/int8_encoder.py FOLDER
    mdocr parse FILE --engine onnx --model FOLDER

Replaces ``encoder.onnx``: matrices and convolutions in eight bits, one scale for each output of a
weight; one for each activation, the range that it takes on synthetic lines. Products of two
activations (attention), norms and GELU stay in single precision. Needs the extra ``export``.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

from mdocr.preprocessing.formula_notation import of_text
from mdocr.preprocessing.line_images import prepare_line
from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.corpora.sentences import load_sentences
from mdocr.synthesis.lines.pictures import LineSynthesizer
from mdocr.synthesis.lines.texts import draw_text
from mdocr.weights.onnx_files import ENCODER, LINE_READER_FORMAT, read_onnx

LINES, DIFFICULTY = 96, 0.5
WIDTHS = (128, 256, 384, 512)
KINDS = ["MatMul", "Gemm", "Conv"]


class SyntheticLines(CalibrationDataReader):
    """Lines that the activations are measured on."""

    def __init__(self, symbols: str) -> None:
        self._lines = self._made(symbols)

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The inputs of the next run."""
        return next(self._lines, None)

    def _made(self, symbols: str) -> Iterator[dict[str, np.ndarray]]:
        made = LineSynthesizer(load_fonts(None), load_sentences(), of_text(symbols), draw_text)
        for number in range(LINES):
            chance = np.random.default_rng((77, number))
            pixels, _ = made.draw(chance, WIDTHS[number % len(WIDTHS)], DIFFICULTY)
            yield {"images": prepare_line(Image.fromarray(pixels)).pixels[None]}


def main() -> None:
    """Quantises the encoder of the folder on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="an exported line reader")
    model = read_onnx(parser.parse_args().folder, LINE_READER_FORMAT)
    path = model.folder / ENCODER
    graph = onnx.load(path)
    del graph.graph.value_info[:]  # shapes are inferred anew
    onnx.save(graph, path)
    quant_pre_process(path, path, skip_symbolic_shape=True)
    quantize_static(
        path,
        path,
        SyntheticLines(model.model["symbols"]),
        op_types_to_quantize=KINDS,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=mixing(onnx.load(path).graph),
        extra_options={"OpTypesToExcludeOutputQuantization": ["MatMul", "Gemm"]},
    )


def mixing(graph: onnx.GraphProto) -> list[str]:
    """Names of the products of two activations."""
    known = {one.name for one in graph.initializer}
    products = (node for node in graph.node if node.op_type == "MatMul")
    return [node.name for node in products if known.isdisjoint(node.input)]


if __name__ == "__main__":
    main()
