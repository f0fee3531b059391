"""MinerU-Diffusion as ONNX files, for the engine onnx.

    trace without weights → write in a precision → compare with torch → put

The weights are never in memory twice: they are read from the mapped checkpoint one by one, and
torch has finished its part of the comparison before ONNX Runtime begins.

Shapes: N patches of one image, P pixels of a patch, D width, H heads of the vision tower.
"""

import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines.onnx_mineru_diffusion import OnnxMinerUDiffusionEngine
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.export.blocks import BlockGraph, Pass, largest_difference, record
from mdocr.export.external_data import check_quantizer, outline, write_graph
from mdocr.export.folder import (
    Export,
    accepted,
    check_request,
    describe,
    put_in_place,
    write_config,
)
from mdocr.export.precision import Precision
from mdocr.export.tracing import FREE, Inputs
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
from mdocr.preprocessing.mineru_diffusion import MinerUDiffusionProcessor, PatchedImage
from mdocr.preprocessing.tokenizers import MinerUDiffusionTokenizer
from mdocr.weights.keys import SkipInitialisation
from mdocr.weights.mineru_diffusion import load_mineru_diffusion
from mdocr.weights.onnx_files import (
    ENCODER,
    MINERU_DIFFUSION_FORMAT,
    PREPROCESSOR,
    STEP,
    TOKENIZER,
    read_onnx,
    source_of,
)


class VisionGraph(nn.Module):
    """Patches [N, P] of one image at rows and columns ``positions`` [N, 2] → features [N / 4, D].

    Attention is ONNX Runtime's own, which never holds the N · N weights of all heads.
    """

    outputs = ("features",)

    def __init__(self, model: MinerUDiffusion) -> None:
        super().__init__()
        self.model = model

    def forward(self, patches: Tensor, positions: Tensor) -> Tensor:
        """See the class."""
        encoded = self.model.vision_model.encode(patches, positions, _attend_by_runtime)
        features: Tensor = self.model.vision_abstractor(encoded)
        return features

    def inputs(self) -> Inputs:
        """Examples, and which of their sizes are free."""
        pixels = self.model.config.vision_config.patch_pixels
        return {
            "patches": (torch.zeros(24, pixels), {0: FREE}),
            "positions": (torch.zeros(24, 2, dtype=torch.int64), {0: FREE}),
        }


def export_mineru_diffusion(weights: Path, folder: Path, precision: Precision = "fp32") -> Export:
    """Writes the ONNX files of MinerU-Diffusion, after comparing them with torch.

    Args:
        weights: the checkpoint folder.
        folder: where to write; made if need be. Files of an earlier export are replaced.
        precision: ``fp32`` and ``fp16`` as for ``mdocr.export.mdiff4str.export_mdiff4str``;
            ``int8``: matrix products in eight bits; ``int4``: the language model's matrices in four
            bits.

    Raises:
        UsageError: no such precision.
        MissingExtraError: the packages of the extra ``export`` are not installed.
        WeightsError: the weights cannot be read, or the files cannot be written.
        ExportError: the files compute something else than torch.
    """
    check_request(precision)
    check_quantizer(precision)
    model = load_mineru_diffusion(weights)
    # A long export should not fail at its end:
    MinerUDiffusionTokenizer(weights / TOKENIZER, model.config.image_token_id)
    MinerUDiffusionProcessor.read(weights / PREPROCESSOR)
    with put_in_place(folder) as made:
        _write_graphs(model, made, precision)
        for name in (TOKENIZER, PREPROCESSOR):
            if (weights / name).exists():
                shutil.copyfile(weights / name, made / name)
        sizes = asdict(model.config)
        del model
        source = source_of(weights)
        write_config(describe(MINERU_DIFFUSION_FORMAT, source, precision, sizes), made)
        return accepted(folder, made, compare(weights, made), precision)


def compare(weights: Path, folder: Path) -> float:
    """Generates texts for random images by torch, and runs the same passes by ONNX Runtime.

    There are three texts, of which two run concurrently.

    Returns:
        The largest difference of a logit in any pass, as a share of the pass's largest logit.
    """
    passes = _passes_of_torch(weights)
    engine = OnnxMinerUDiffusionEngine(read_onnx(folder, MINERU_DIFFUSION_FORMAT), "cpu")
    return largest_difference(engine.blocks(2), passes)


def _passes_of_torch(weights: Path) -> list[Pass]:
    model = load_mineru_diffusion(weights, dtype=torch.float32)
    requests, mask_id = _random_requests(model.config), model.config.mask_token_id
    return record(TorchBlocks(model, 2), requests, mask_id)


def _random_requests(config: MinerUDiffusionConfig) -> Iterator[Request]:
    rng = np.random.default_rng(0)
    options = BlockOptions(block_length=8, steps=2, max_tokens=16)
    vision, image_id = config.vision_config, config.image_token_id
    merge, pixels = vision.spatial_merge_size, vision.patch_pixels
    words = min(config.text_config.vocab_size, image_id, config.mask_token_id)
    for rows, columns in ((2, 4), (3, 5), (1, 1)):
        patches = rng.normal(size=(rows * columns * merge**2, pixels)).astype(np.float32)
        image = PatchedImage(patches, (rows * merge, columns * merge), rows * columns)
        before, after = rng.integers(words, size=(2, 5)).tolist()
        yield Request((*before, *(image_id,) * image.tokens, *after), options, picture=image)


def _attend_by_runtime(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """``mdocr.models.qwen2_vision.Attend`` for one image."""
    patches, heads, dim = query.shape
    mixed: Tensor = torch.onnx.ops.symbolic(
        "com.microsoft::MultiHeadAttention",
        [part.flatten(1)[None] for part in (query, key, value)],
        {"num_heads": heads},
        dtype=query.dtype,
        shape=(1, patches, heads * dim),
        version=1,
    )
    return mixed[0]


def _write_graphs(model: MinerUDiffusion, folder: Path, precision: Precision) -> None:
    weights = {f"model.{name}": value for name, value in model.state_dict().items()}
    encoder: Precision = "fp16" if precision == "int4" else precision
    for name, kind, stored in ((ENCODER, VisionGraph, encoder), (STEP, BlockGraph, precision)):
        with FakeTensorMode(), SkipInitialisation():
            module = kind(MinerUDiffusion(model.config).requires_grad_(False))
            graph = outline(module, module.inputs(), module.outputs)
        write_graph(graph, weights, folder / name, stored)
