"""Line readers, the lite page models, as ONNX files: the same story as ``mdocr.export.words``.

The step's graph takes the keys and values of earlier passes and gives those of its own tokens; the
engine keeps them. Rows of different lengths are padded, and padding is never seen.

Shapes: B lines, P picture tokens of a line, S sequences of a pass, T tokens of the longest, C
cached tokens of the longest, M wanted tokens, D width, K heads, E width of a head, V vocabulary.
"""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

import mdocr
from mdocr.decoding.blocks import denoise
from mdocr.decoding.requests import BlockOptions, Feed, Request
from mdocr.export.graphs import (
    FREE,
    Export,
    Precision,
    check_request,
    relative_difference,
    require_likeness,
    trace,
    write_files,
    written_folder,
)
from mdocr.models.attention import Mask, grouped_attention
from mdocr.models.line_pictures import COLUMN, LINE_HEIGHT, LinePicture
from mdocr.models.line_reader import LineReader, LineReaderConfig, config_record
from mdocr.weights import cache
from mdocr.weights.line_reader import load_line_reader
from mdocr.weights.onnx_files import ENCODER, LINES, STEP

log = logging.getLogger(__name__)


class LookGraph(nn.Module):
    """Lines [B, 3, 32, 4·P] of one width → features [B, P, D] and places [B, P]."""

    def __init__(self, model: LineReader) -> None:
        super().__init__()
        self.model = model

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        seen = self.model.look(images)
        return seen.features, seen.places


class PastAttention:
    """Over the keys and values of earlier passes and of this one.

    Args:
        past: [layers, 2, S, C, K, E].
        starts: how many of the cached tokens of each sequence count [S].
        visible: how many tokens of its sequence each token sees, from the first [S, T].

    Attributes:
        new: keys and values [2, S, T, K, E] of this pass, layer by layer.
    """

    def __init__(self, past: Tensor, starts: Tensor, visible: Tensor) -> None:
        cached = torch.arange(past.shape[3]) < starts[:, None, None]  # [S, 1, C]
        fresh = torch.arange(visible.shape[1]) + starts[:, None, None] < visible[..., None]
        self.mask = Mask(torch.cat([cached.expand(-1, visible.shape[1], -1), fresh], -1))
        self.rows = visible.shape
        self.past = past
        self.new: list[Tensor] = []

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See ``mdocr.models.attention.Attention``; tokens [S·T, ...]."""
        parts = (query, key, value)
        query, key, value = (
            part.unflatten(0, self.rows)  # type: ignore[no-untyped-call]
            for part in parts
        )
        self.new.append(torch.stack([key, value]))
        keys, values = torch.cat([self.past[layer], self.new[-1]], 2)
        return grouped_attention(query, keys, values, self.mask).flatten(0, 1)


class BlockGraph(nn.Module):
    """One pass of block diffusion → logits [M, V], and keys and values of the pass's tokens.

    Inputs: ``tokens`` [S, T], ``features`` [S, T, D] of those that are picture tokens, ``places``
    [S, T], ``starts``, ``visible`` and ``past`` as in ``PastAttention``, ``wanted`` [M] of S·T.
    """

    def __init__(self, model: LineReader) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        tokens: Tensor,
        features: Tensor,
        places: Tensor,
        starts: Tensor,
        visible: Tensor,
        wanted: Tensor,
        past: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """See the class."""
        # A model may write the token of pictures; only a prompt, at the start, has some.
        pictured = (tokens == self.model.config.image_token_id) & (starts == 0)[:, None]
        x = torch.where(pictured[..., None], features, self.model.embed(tokens)).flatten(0, 1)
        attend = PastAttention(past, starts, visible)
        logits = self.model.language_model(x, places.flatten(), attend, wanted)
        return logits, torch.stack(attend.new)


def export_line_reader(weights: Path, folder: Path, precision: Precision = "fp32") -> Export:
    """Writes the ONNX files of a line reader, after comparing them with torch.

    Args:
        weights: the model's folder.
        folder: where to write; made if need be. Files of an earlier export are replaced.
        precision: as for ``mdocr.export.words.export_recognizer``.

    Raises:
        UsageError: no such precision.
        MissingExtraError: the packages of the extra ``export`` are not installed.
        WeightsError: the weights cannot be read, or the files cannot be written.
        ExportError: the files compute something else than torch.
    """
    check_request(precision)
    model = load_line_reader(weights)
    source = cache.file_sha256(weights / "model.safetensors")
    with written_folder(folder) as made:
        config = {
            "format": LINES,
            "mdocr": mdocr.__version__,
            "source": source,
            "precision": precision,
            "model": config_record(model.config),
        }
        write_files(graphs(model), config, made, precision)
        difference = compare(model, made)
        require_likeness(difference, precision)
        size = sum(file.stat().st_size for file in made.iterdir())
    return Export(folder, difference, size)


def compare(model: LineReader, folder: Path) -> float:
    """Lets torch write texts for random lines, three in two slots, and ONNX Runtime look on.

    Returns:
        The largest difference of a logit in any pass, as a share of the pass's largest logit.
    """
    from mdocr.engines.onnx_blocks import OnnxLineReader
    from mdocr.engines.torch_blocks import TorchBlocks

    ours, theirs = TorchBlocks(model, 2), OnnxLineReader(folder, "cpu").blocks(2)
    differences = []

    def both(feeds: Sequence[Feed]) -> Tensor:
        expected = ours(feeds)
        differences.append(relative_difference(theirs(feeds), expected))
        return expected

    for _ in denoise(both, _random_lines(model.config), model.config.mask_token_id, slots=2):
        pass
    log.info("largest difference from torch: %.1e of the largest logit", max(differences))
    return max(differences)


def _random_lines(config: LineReaderConfig) -> Iterator[Request]:
    chance = np.random.default_rng(0)
    options = BlockOptions(block_length=8, steps=2, max_tokens=24)
    for columns in (8, 16, 8):
        pixels = chance.uniform(-1, 1, (3, LINE_HEIGHT, COLUMN * columns)).astype(np.float32)
        prompt = (*(config.image_token_id,) * columns, config.task_id(config.tasks[0]))
        yield Request(prompt, options, picture=LinePicture(pixels, columns))


def graphs(model: LineReader) -> dict[str, Any]:
    """The ONNX graphs (``onnx.ModelProto``) of a model by the names of their files."""
    shape, dim = model.config.text.cache_shape, model.config.text.hidden_size
    whole, part = torch.int64, (2, 7)
    look = {"images": (torch.zeros(3, 3, 32, 96), {0: FREE, 3: FREE})}
    step = {
        "tokens": (torch.zeros(part, dtype=whole), {0: FREE, 1: FREE}),
        "features": (torch.zeros(*part, dim), {0: FREE, 1: FREE}),
        "places": (torch.zeros(part), {0: FREE, 1: FREE}),
        "starts": (torch.tensor([2, 4]), {0: FREE}),
        "visible": (torch.full(part, 9), {0: FREE, 1: FREE}),
        "wanted": (torch.arange(5), {0: FREE}),
        "past": (
            torch.zeros(shape.layers, 2, part[0], 11, shape.heads, shape.head_dim),
            {2: FREE, 3: FREE},
        ),
    }
    return {
        ENCODER: trace(LookGraph(model), look, ["features", "places"]),
        STEP: trace(BlockGraph(model), step, ["logits", "new"]),
    }
