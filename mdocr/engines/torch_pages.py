"""Page models on torch."""

from collections.abc import Sequence
from pathlib import Path
from typing import cast

import torch

from mdocr.decoding.requests import Predict
from mdocr.engines.cuda_graphs import GraphedBlocks
from mdocr.engines.protocols import CPU_BATCH_SIZE, DEVICE_BATCH_SIZE, EncodedLine
from mdocr.engines.torch_blocks import TorchBlocks, encode_lines
from mdocr.models.line_reader import LineReader
from mdocr.models.line_reader_config import LineReaderConfig
from mdocr.models.linear import pack, quantize
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
from mdocr.options import INT8
from mdocr.preprocessing.line_images import LineImage
from mdocr.weights.checkpoint_folder import is_line_reader
from mdocr.weights.line_reader import load_line_reader
from mdocr.weights.mineru_diffusion import load_mineru_diffusion

CACHE_SHARE = 0.6
"""Share of the free memory of a device that the cache may take."""


class TorchPageEngine:
    """See ``mdocr.engines.protocols.PageEngine``.

    Args:
        model: the model, on its device.
        folder: where its tokenizer and preprocessor configuration are.
        cuda_graphs: record block steps and replay them.
    """

    verifies_drafts = True

    def __init__(
        self, model: MinerUDiffusion | LineReader, folder: Path, cuda_graphs: bool = False
    ) -> None:
        self.model = model
        self.folder = folder
        self.cuda_graphs = cuda_graphs

    @property
    def config(self) -> LineReaderConfig | MinerUDiffusionConfig:
        """Sizes and special tokens."""
        return self.model.config

    @property
    def device(self) -> torch.device:
        """Where the model runs."""
        return self.model.device

    def blocks(self, batch_size: int) -> Predict:
        """The ``predict`` of ``mdocr.decoding.blocks`` for this many concurrent sequences."""
        kind = GraphedBlocks if self.cuda_graphs else TorchBlocks
        return kind(self.model, batch_size)

    def encode_lines(self, images: Sequence[LineImage]) -> list[EncodedLine]:
        """See ``mdocr.engines.protocols.LineEngine``; of a line reader only."""
        return encode_lines(cast(LineReader, self.model), images)

    def batch_size(self, longest: int) -> int:
        """Maximum number of concurrent sequences of ``longest`` tokens."""
        if self.device.type == "cpu":
            return CPU_BATCH_SIZE
        if self.device.type != "cuda":
            return DEVICE_BATCH_SIZE
        shape = self.model.language_model.config.cache_shape
        available = torch.cuda.mem_get_info(self.device)[0] * CACHE_SHARE
        fitting = int(available // (longest * shape.token_bytes(self.model.dtype.itemsize)))
        return max(1, min(DEVICE_BATCH_SIZE, fitting))


def load_torch_engine(
    folder: Path, device: torch.device, dtype: str, cuda_graphs: bool = False
) -> TorchPageEngine:
    """The page model of a folder on torch.

    Args:
        folder: a checkpoint folder of a line reader or of MinerU-Diffusion.
        device: where it goes.
        dtype: ``float32``, ``bfloat16``, ``float16``; ``int8`` for matrices in eight bits; ``auto``
            for the type of the weights (single precision for line readers).
        cuda_graphs: see ``TorchPageEngine``.

    Raises:
        WeightsError: a file is missing or damaged, or of another model.
    """
    number = None if dtype in ("auto", INT8) else getattr(torch, dtype)
    model: MinerUDiffusion | LineReader
    if is_line_reader(folder):
        model = load_line_reader(folder, device).to(number or torch.float32)
    else:
        model = load_mineru_diffusion(folder, device, number)
    if dtype == INT8:
        quantize(model)
    pack(model)
    return TorchPageEngine(model, folder, cuda_graphs)
