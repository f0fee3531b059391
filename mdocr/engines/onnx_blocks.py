"""Block diffusion over ONNX Runtime, from the files that ``mdocr export`` makes of a line reader.

Shapes: S sequences of a pass, T tokens of the longest, C cached tokens, M wanted tokens, P picture
tokens, D width, K heads, E width of a head, V vocabulary.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from onnxruntime import InferenceSession
from torch import Tensor

from mdocr.decoding.cache import ROUNDING, CacheShape
from mdocr.decoding.requests import Feed
from mdocr.engines import Export
from mdocr.engines.onnx_sessions import first_that_works, open_session, run
from mdocr.errors import WeightsError
from mdocr.weights import cache, onnx_files
from mdocr.weights.line_reader import read_config
from mdocr.weights.onnx_files import ENCODER, LINES, STEP

log = logging.getLogger(__name__)

TRIAL = (1, 3, 32, 32)
"""Pictures of a trial run."""

Floats = NDArray[np.float32]
Whole = NDArray[np.int64]


class OnnxLineReader:
    """An exported line reader on a device, in the place of ``mdocr.models.line_reader``'s.

    Args:
        folder: with the exported files.
        device: ``cpu``, ``cuda``, ``cuda:N``, or ``auto``: CUDA where it works.

    Raises:
        WeightsError: a file is missing or damaged.
        DeviceError: the device that was asked for is absent, or does not work.
    """

    dtype = torch.float32

    def __init__(self, folder: Path, device: str = "auto") -> None:
        self.folder, record = onnx_files.read_files(folder, LINES)
        self.config = read_config(record.get("model", {}))
        self.device = torch.device(first_that_works(device, self._start))
        log.info("running on %s, by ONNX Runtime", self.device)

    def blocks(self, slots: int) -> "OnnxBlocks":
        """The ``predict`` of ``mdocr.decoding.blocks`` for so many sequences at a time."""
        return OnnxBlocks(self, slots)

    def _start(self, device: str) -> None:
        self.encoder = open_session(self.folder / ENCODER, device)
        self.step = open_session(self.folder / STEP, device)
        if device != "cpu":
            run_on_arrays(self.encoder, {"images": np.zeros(TRIAL, np.float32)}, ("places",))


def open_line_reader(folder: Path, device: str, export: Export) -> OnnxLineReader:
    """The line reader of a folder: exported files, or a checkpoint, which is exported once.

    Args:
        folder: what holds the model.
        device: see ``OnnxLineReader``.
        export: writes the ONNX files of a checkpoint's folder to another folder.
    """
    if onnx_files.is_onnx(folder):
        return OnnxLineReader(folder, device)
    made = onnx_files.onnx_folder(cache.file_sha256(folder / "model.safetensors"))
    try:
        return OnnxLineReader(made, device)
    except WeightsError:
        log.warning("exporting %s to ONNX, once; the files are kept in %s", folder.name, made)
    export(folder, made)
    return OnnxLineReader(made, device)


class OnnxBlocks:
    """The ``predict`` of ``mdocr.decoding.blocks`` over an exported model.

    Args:
        model: the model.
        slots: sequences in work at the same time.
    """

    def __init__(self, model: OnnxLineReader, slots: int) -> None:
        self.model = model
        shape = model.config.text.cache_shape
        self.cache = _room(shape, slots, 0)  # [layers, 2, slots, C, K, E]

    def __call__(self, feeds: Sequence[Feed]) -> Tensor:
        """Logits [M, V] of the wanted tokens of all feeds."""
        self._reserve(max(feed.capacity for feed in feeds))
        slots = [feed.slot for feed in feeds]
        length = max(1, *(feed.start for feed in feeds))
        inputs = {**_laid_out(feeds), "past": self.cache[:, :, slots, :length]}
        inputs |= self._seen(feeds, inputs["tokens"], inputs["places"])
        logits, new = run_on_arrays(self.model.step, inputs, ("logits", "new"))
        for row, feed in enumerate(feeds):
            end = feed.start + len(feed.tokens)
            self.cache[:, :, feed.slot, feed.start : end] = new[:, :, row, : len(feed.tokens)]
        return torch.from_numpy(logits)

    def _reserve(self, capacity: int) -> None:
        """Makes every slot hold at least ``capacity`` tokens; what is stored stays."""
        held = self.cache.shape[3]
        if capacity > held:
            rounded = -(-capacity // ROUNDING) * ROUNDING
            shape = self.model.config.text.cache_shape
            cache = _room(shape, self.cache.shape[2], rounded)
            cache[:, :, :, :held] = self.cache
            self.cache = cache

    def _seen(self, feeds: Sequence[Feed], tokens: Whole, places: Floats) -> dict[str, Floats]:
        """Features [S, T, D] and places [S, T]; those of picture tokens from the encoder."""
        features = np.zeros((*tokens.shape, self.model.config.text.hidden_size), np.float32)
        pixels = {r: f.picture.pixels for r, f in enumerate(feeds) if f.picture is not None}
        for width in {picture.shape[-1] for picture in pixels.values()}:
            rows = [row for row, picture in pixels.items() if picture.shape[-1] == width]
            images = {"images": np.stack([pixels[row] for row in rows])}
            found = run_on_arrays(self.model.encoder, images, ("features", "places"))
            for row, *seen in zip(rows, *found, strict=True):
                pictured = tokens[row] == self.model.config.image_token_id
                features[row, pictured], places[row, pictured] = seen
        return {"features": features, "places": places}


def run_on_arrays(
    session: InferenceSession, inputs: dict[str, Any], outputs: Sequence[str]
) -> list[Any]:
    """Named outputs of a model for named inputs."""
    binding = session.io_binding()
    for name, values in inputs.items():
        binding.bind_cpu_input(name, np.ascontiguousarray(values))
    for name in outputs:
        binding.bind_output(name, "cpu")
    run(session, binding)
    found: list[Any] = binding.copy_outputs_to_cpu()
    return found


def _laid_out(feeds: Sequence[Feed]) -> dict[str, Any]:
    """The inputs of the graph that the feeds tell; a padding token sees the first one alone."""
    shape = len(feeds), max(len(feed.tokens) for feed in feeds)
    starts = np.array([feed.start for feed in feeds])
    tokens, places = np.zeros(shape, np.int64), np.zeros(shape, np.float32)
    visible = np.broadcast_to(starts[:, None] + 1, shape).copy()
    wanted: list[int] = []
    for row, feed in enumerate(feeds):
        width = len(feed.tokens)
        tokens[row, :width], visible[row, :width] = feed.tokens, feed.visible
        # Text counts from 1 behind its prompt, whose task token stands at 0.
        places[row, :width] = np.maximum(np.arange(width) + feed.start - feed.prompt_length + 1, 0)
        wanted += [row * shape[1] + index for index in feed.wanted]
    return {
        "tokens": tokens,
        "places": places,
        "starts": starts,
        "visible": visible,
        "wanted": np.array(wanted),
    }


def _room(shape: CacheShape, slots: int, capacity: int) -> Floats:
    """Zeros, since unseen places are read too, and a weight of 0 does not cancel a NaN."""
    return np.zeros((shape.layers, 2, slots, capacity, shape.heads, shape.head_dim), np.float32)
