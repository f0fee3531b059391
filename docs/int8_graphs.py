"""Writes the graphs of a lite model in eight bits beside its ONNX graphs (static quantisation).

    python docs/int8_graphs.py mdocr/assets/mdiff4str-lite.safetensors
    python docs/int8_graphs.py mdocr/assets/mineru-diffusion-lite

Matrices and convolutions are in eight bits, with one scale for each output of a weight, and one for
each activation: the range that it takes on synthetic pictures. Products of two activations
(attention), norms and GELU stay in single precision, and so do the passes of a line reader. The
weights stay in the checkpoint, and are rounded when a graph is opened; which they are is added to
``config.json``. Needs the extra ``export``.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from PIL import Image

from mdocr.export import line_reader, mdiff4str
from mdocr.export.apart import take_out_weights
from mdocr.export.folder import write_config
from mdocr.export.fusion import fuse_products
from mdocr.models.line_reader_config import LineReaderConfig
from mdocr.models.mdiff4str_config import MDiff4STRConfig
from mdocr.preprocessing.formula_notation import of_text
from mdocr.preprocessing.line_images import prepare_line
from mdocr.preprocessing.mdiff4str import BUCKETS, preprocess
from mdocr.synthesis.common.fonts import load_fonts
from mdocr.synthesis.corpora.sentences import load_sentences
from mdocr.synthesis.corpora.vocabulary import load_vocabulary
from mdocr.synthesis.lines.pictures import LineSynthesizer
from mdocr.synthesis.lines.texts import draw_text
from mdocr.synthesis.words.pictures import WordSynthesizer
from mdocr.weights.line_reader import load_line_reader
from mdocr.weights.mdiff4str import load_mdiff4str
from mdocr.weights.onnx_files import CONFIG, ENCODER, STEP, beside, in_eight_bits

PICTURES, DIFFICULTY = 192, 0.7
WIDTHS = (128, 256, 384, 512)
KINDS = ["MatMul", "Gemm", "Conv"]

Inputs = Iterator[dict[str, NDArray[Any]]]
"""Inputs of a graph, by name, of one run after another."""


class Calibration(CalibrationDataReader):
    """Runs on which the activations are measured."""

    def __init__(self, runs: Inputs) -> None:
        self._runs = runs

    def get_next(self) -> dict[str, NDArray[Any]] | None:
        """The inputs of the next run."""
        return next(self._runs, None)


def main() -> None:
    """Writes the graphs of the checkpoint on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path, help="a word model's file, a line reader's folder")
    checkpoint = parser.parse_args().checkpoint
    if checkpoint.is_dir():
        reader = load_line_reader(checkpoint)
        quantise(line_reader.graphs(reader)[ENCODER], lines(reader.config), checkpoint)
        return
    model = load_mdiff4str(checkpoint)
    graphs = mdiff4str.graphs(model)
    passes = steps(graphs[ENCODER].SerializeToString(), model.config)
    quantise(graphs[ENCODER], ({"images": image} for image, _ in words(model.config)), checkpoint)
    quantise(graphs[STEP], passes, checkpoint, STEP)


def words(config: MDiff4STRConfig) -> Iterator[tuple[NDArray[np.float32], str]]:
    """Synthetic words of all shapes, [1, 3, H, W], and their texts."""
    made = WordSynthesizer(load_fonts(), load_vocabulary(), config.symbols)
    for number in range(PICTURES):
        chance = np.random.default_rng((77, number))
        pixels, text = made.draw(chance, 1 + number % len(BUCKETS), DIFFICULTY)
        yield preprocess(Image.fromarray(pixels))[None], text


def steps(encoder: bytes, config: MDiff4STRConfig) -> Inputs:
    """Passes over these words, of whose characters some are masked: all, or half, or few."""
    session, charset = InferenceSession(encoder, providers=["CPUExecutionProvider"]), config.charset
    length = config.decoder.max_length + 1
    for number, (image, text) in enumerate(words(config)):
        (projected,) = session.run(["projected"], {"images": image})
        ids = (charset.encode(text) + [charset.eos_id] * length)[:length]
        masked = np.random.default_rng(number).random(length) < (1.0, 0.5, 0.2)[number % 3]
        tokens = np.where(masked, charset.mask_id, ids)[None]
        yield {"tokens": tokens, "rows": np.zeros(1, np.int64), "projected": projected}


def lines(config: LineReaderConfig) -> Inputs:
    """Synthetic lines of several widths."""
    made = LineSynthesizer(load_fonts(), load_sentences(), of_text(config.symbols), draw_text)
    for number in range(PICTURES):
        chance = np.random.default_rng((77, number))
        pixels, _ = made.draw(chance, WIDTHS[number % len(WIDTHS)], DIFFICULTY)
        yield {"images": prepare_line(Image.fromarray(pixels)).pixels[None]}


def quantise(graph: Any, runs: Inputs, checkpoint: Path, name: str = ENCODER) -> None:
    """Writes a graph (``onnx.ModelProto``) in eight bits beside its checkpoint; changes it."""
    del graph.graph.value_info[:]  # shapes are inferred anew
    with tempfile.TemporaryDirectory() as temporary:
        path = Path(temporary) / name
        onnx.save(graph, path)
        quant_pre_process(path, path, skip_symbolic_shape=True)
        quantize_static(
            path,
            path,
            Calibration(runs),
            op_types_to_quantize=KINDS,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=mixing(onnx.load(path).graph),
            extra_options={"OpTypesToExcludeOutputQuantization": ["MatMul", "Gemm"]},
        )
        put(onnx.load(path), checkpoint, in_eight_bits(name))


def put(graph: onnx.ModelProto, checkpoint: Path, name: str) -> None:
    """Writes a quantised graph without the weights that its checkpoint holds."""
    folder = beside(checkpoint)
    fuse_products(graph.graph)
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    apart = config["weights_apart"]
    apart["tensors"][name] = take_out_weights(graph, folder / apart["file"])
    onnx.save(graph, folder / name)
    write_config(config, folder)
    print(f"{folder / name}: {(folder / name).stat().st_size / 1e6:.1f} MB")


def mixing(graph: onnx.GraphProto) -> list[str]:
    """Names of the products of two activations."""
    known = {one.name for one in graph.initializer}
    products = (node for node in graph.node if node.op_type == "MatMul")
    return [node.name for node in products if known.isdisjoint(node.input)]


if __name__ == "__main__":
    main()
