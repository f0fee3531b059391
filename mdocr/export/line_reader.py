"""The line reader as ONNX files: the same steps as in ``mdocr.export.mdiff4str``.

Shapes: B lines, P image tokens of a line, D width.
"""

from collections.abc import Iterator
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines.onnx_line_reader import OnnxLineReaderEngine
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.export.blocks import BlockGraph, largest_difference, record
from mdocr.export.folder import Export, check_request, describe, export_graphs
from mdocr.export.precision import Precision
from mdocr.export.tracing import FREE, trace
from mdocr.models.line_reader import LineReader
from mdocr.models.line_reader_config import (
    COLUMN,
    LINE_HEIGHT,
    LineReaderConfig,
    line_reader_record,
)
from mdocr.preprocessing.line_images import LineImage
from mdocr.weights.line_reader import load_line_reader
from mdocr.weights.onnx_files import (
    ENCODER,
    FORMULAS,
    LINE_READER_FORMAT,
    STEP,
    read_onnx,
    source_of,
)


class LineEncoderGraph(nn.Module):
    """Images [B, 3, H, 4·P] of one size → features [B, P, D], positions [B, P], CTC logits."""

    def __init__(self, model: LineReader) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        encoded = self.model.encode(images)
        return encoded.features, encoded.positions, encoded.ctc_logits


def export_line_reader(weights: Path, folder: Path, precision: Precision = "fp32") -> Export:
    """Writes the ONNX files of a line reader, after comparing them with torch.

    Args:
        weights: the checkpoint folder.
        folder: where to write; made if need be. Files of an earlier export are replaced.
        precision: as for ``mdocr.export.mdiff4str.export_mdiff4str``.

    Raises:
        UsageError: no such precision.
        MissingExtraError: the packages of the extra ``export`` are not installed.
        WeightsError: the weights cannot be read, or the files cannot be written.
        ExportError: the files compute something else than torch.
    """
    check_request(precision)
    model = load_line_reader(weights)
    sizes = line_reader_record(model.config)
    config = describe(LINE_READER_FORMAT, source_of(weights), precision, sizes)
    return export_graphs(graphs(model), config, folder, partial(compare, model))


def compare(model: LineReader, folder: Path) -> float:
    """Generates texts for random images by torch, and runs the same passes by ONNX Runtime.

    There are three texts, of which two run concurrently.

    Returns:
        The largest difference of a logit in any pass, as a share of the pass's largest logit.
    """
    requests, mask_id = _random_requests(model.config), model.config.mask_token_id
    passes = record(TorchBlocks(model, 2), requests, mask_id)
    engine = OnnxLineReaderEngine(read_onnx(folder, LINE_READER_FORMAT), "cpu")
    return largest_difference(engine.blocks(2), passes)


def graphs(model: LineReader) -> dict[str, Any]:
    """The ONNX graphs (``onnx.ModelProto``) of a model by the names of their files."""
    step = BlockGraph(model)
    made = {STEP: trace(step, step.inputs(), list(step.outputs))}
    for name, height in zip((ENCODER, FORMULAS), _heights(model.config), strict=False):
        images = {"images": (torch.zeros(3, 3, height, 96), {0: FREE, 3: FREE})}
        made[name] = trace(LineEncoderGraph(model), images, ["features", "positions", "ctc_logits"])
    return made


def _random_requests(config: LineReaderConfig) -> Iterator[Request]:
    rng = np.random.default_rng(0)
    options = BlockOptions(block_length=8, steps=2, max_tokens=24)
    for tokens, height in zip((8, 16, 8), cycle(_heights(config)), strict=False):
        pixels = rng.uniform(-1, 1, (3, height, COLUMN * tokens)).astype(np.float32)
        prompt = (*(config.image_token_id,) * tokens, config.task_id(config.tasks[0]))
        yield Request(prompt, options, picture=LineImage(pixels, tokens))


def _heights(config: LineReaderConfig) -> tuple[int, ...]:
    """Of lines, and of formulas if the model reads them."""
    return (LINE_HEIGHT, config.formula_height) if config.formula_height else (LINE_HEIGHT,)
