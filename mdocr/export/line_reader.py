"""Line readers, the lite page models, as ONNX files: the same story as ``mdocr.export.mdiff4str``.

Shapes: B lines, P picture tokens of a line, D width.
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
from mdocr.export.blocks import BlockGraph, largest_difference, record
from mdocr.export.graphs import (
    FREE,
    Export,
    Precision,
    check_apart,
    check_request,
    describe,
    export_graphs,
    trace,
)
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
    OnnxModel,
    source_of,
)


class LookGraph(nn.Module):
    """Lines, or formulas, [B, 3, H, 4·P] of one width → features [B, P, D] and places [B, P]."""

    def __init__(self, model: LineReader) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        seen = self.model.encode(images)
        return seen.features, seen.positions


def export_line_reader(
    weights: Path, folder: Path, precision: Precision = "fp32", apart: bool = False
) -> Export:
    """Writes the ONNX files of a line reader, after comparing them with torch.

    Args:
        weights: the model's folder.
        folder: where to write; made if need be. Files of an earlier export are replaced.
        precision: as for ``mdocr.export.mdiff4str.export_recognizer``.
        apart: as there.

    Raises:
        UsageError: no such precision, or not for weights apart.
        MissingExtraError: the packages of the extra ``export`` are not installed.
        WeightsError: the weights cannot be read, or the files cannot be written.
        ExportError: the files compute something else than torch.
    """
    check_request(precision)
    checkpoint = weights / "model.safetensors"
    if apart:
        check_apart(precision, checkpoint)
    model = load_line_reader(weights)
    config = describe(LINE_READER_FORMAT, source_of(weights), precision, line_reader_record(model.config))
    kept = checkpoint if apart else None
    return export_graphs(graphs(model), config, folder, precision, kept, partial(compare, model))


def compare(model: LineReader, exported: OnnxModel) -> float:
    """Lets torch write texts for random lines, three in two slots, and ONNX Runtime look on.

    Returns:
        The largest difference of a logit in any pass, as a share of the pass's largest logit.
    """
    from mdocr.engines.onnx_line_reader import OnnxLineEngine
    from mdocr.engines.torch_blocks import TorchBlocks

    requests, mask_id = _random_lines(model.config), model.config.mask_token_id
    passes = record(TorchBlocks(model, 2), requests, mask_id)
    return largest_difference(OnnxLineEngine(exported, "cpu").blocks(2), passes)


def _random_lines(config: LineReaderConfig) -> Iterator[Request]:
    chance = np.random.default_rng(0)
    options = BlockOptions(block_length=8, steps=2, max_tokens=24)
    for columns, height in zip((8, 16, 8), cycle(_heights(config)), strict=False):
        pixels = chance.uniform(-1, 1, (3, height, COLUMN * columns)).astype(np.float32)
        prompt = (*(config.image_token_id,) * columns, config.task_id(config.tasks[0]))
        yield Request(prompt, options, picture=LineImage(pixels, columns))


def graphs(model: LineReader) -> dict[str, Any]:
    """The ONNX graphs (``onnx.ModelProto``) of a model by the names of their files."""
    step = BlockGraph(model)
    made = {STEP: trace(step, step.inputs(), list(step.outputs))}
    for name, height in zip((ENCODER, FORMULAS), _heights(model.config), strict=False):
        look = {"images": (torch.zeros(3, 3, height, 96), {0: FREE, 3: FREE})}
        made[name] = trace(LookGraph(model), look, ["features", "places"])
    return made


def _heights(config: LineReaderConfig) -> tuple[int, ...]:
    """Of lines, and of formulas if the model reads them."""
    return (LINE_HEIGHT, config.formula_height) if config.formula_height else (LINE_HEIGHT,)
