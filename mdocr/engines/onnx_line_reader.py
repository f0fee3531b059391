"""Block diffusion over ONNX Runtime, from the files that ``mdocr export`` makes of a page model.

Shapes: S sequences of a pass, T tokens of the longest, C cached tokens, M wanted tokens, D width,
K heads, E width of a head, V vocabulary.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from mdocr.decoding.requests import Feed
from mdocr.engines.onnx_sessions import first_that_works, open_session, run
from mdocr.engines.protocols import CPU_SLOTS, DEVICE_SLOTS
from mdocr.models.line_reader_config import LINE_HEIGHT, LineReaderConfig
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
from mdocr.models.sdar_config import CacheShape, SDARConfig, cache_capacity
from mdocr.weights.configuration import line_reader_config
from mdocr.weights.onnx_files import CONFIG, ENCODER, FORMULAS, STEP, OnnxModel

log = logging.getLogger(__name__)

TRIAL = (1, 3, 32, 32)
"""Pictures of a trial run."""

Floats = NDArray[np.float32]
Whole = NDArray[np.int64]


class OnnxBlockEngine(ABC):
    """An exported page model, see ``mdocr.engines.protocols.PageEngine``; kinds differ in what a picture is.

    Args:
        files: the exported model.
        device: ``cpu``, ``cuda``, ``cuda:N``, or ``auto``: CUDA where it works.

    Attributes:
        text: sizes of the language model.

    Raises:
        WeightsError: a file is missing or damaged.
        DeviceError: the device that was asked for is absent, or does not work.
    """

    most_slots: ClassVar[int]
    config: LineReaderConfig | MinerUDiffusionConfig
    text: SDARConfig

    def __init__(self, files: OnnxModel, device: str = "auto") -> None:
        self.files = files
        self._read(files.model)
        self.device = first_that_works(device, self._start)
        log.info("running on %s, by ONNX Runtime", self.device)

    @property
    def folder(self) -> Path:
        """Where its tokenizer and the settings of its preprocessing lie."""
        return self.files.folder

    def blocks(self, slots: int) -> "OnnxBlocks":
        """The ``predict`` of ``mdocr.decoding.blocks`` for so many sequences at a time."""
        return OnnxBlocks(self, slots)

    def slots(self, longest: int) -> int:
        """Sequences that may be in work; the cache is not on the device, so any length will do."""
        return CPU_SLOTS if self.device == "cpu" else self.most_slots

    @abstractmethod
    def see(self, feeds: Sequence[Feed], tokens: Whole) -> tuple[Floats, Floats]:
        """Features [S, T, D] of picture tokens, and places [S, T] of all."""

    @abstractmethod
    def _read(self, record: Mapping[str, Any]) -> None:
        """Sets ``config`` and ``text``."""

    @abstractmethod
    def _try(self) -> None:
        """Lets the encoder see something."""

    def _start(self, device: str) -> None:
        self.encoder, self.step = (
            open_session(self.files.folder / name, device, self.files.weights(name))
            for name in (ENCODER, STEP)
        )
        if device != "cpu":
            self._try()


class OnnxLineEngine(OnnxBlockEngine):
    """An exported line reader."""

    most_slots = DEVICE_SLOTS
    config: LineReaderConfig

    def see(self, feeds: Sequence[Feed], tokens: Whole) -> tuple[Floats, Floats]:
        """See ``OnnxBlockEngine``; text counts from 1 behind its prompt, the task stands at 0."""
        prompts = np.array([feed.prompt_length for feed in feeds])
        places = np.maximum(own_places(feeds, tokens) - prompts[:, None] + 1, 0, dtype=np.float32)
        features = np.zeros((*tokens.shape, self.text.hidden_size), np.float32)
        pixels = {r: f.picture.pixels for r, f in enumerate(feeds) if f.picture is not None}
        for shape in {picture.shape for picture in pixels.values()}:
            rows = [row for row, picture in pixels.items() if picture.shape == shape]
            images = {"images": np.stack([pixels[row] for row in rows])}
            encoder = self.encoder if shape[-2] == LINE_HEIGHT else self.formula_encoder
            found = run_on_arrays(encoder, images, ("features", "places"))
            for row, *seen in zip(rows, *found, strict=True):
                pictured = tokens[row] == self.config.image_token_id
                features[row, pictured], places[row, pictured] = seen
        return features, places

    @cached_property
    def formula_encoder(self) -> InferenceSession:
        """The encoder for formulas, opened when the first is met."""
        path = self.files.folder / FORMULAS
        return open_session(path, self.device, self.files.weights(FORMULAS))

    def _read(self, record: Mapping[str, Any]) -> None:
        self.config = line_reader_config(record, self.files.folder / CONFIG)
        self.text = self.config.text

    def _try(self) -> None:
        run_on_arrays(self.encoder, {"images": np.zeros(TRIAL, np.float32)}, ("places",))


class OnnxBlocks:
    """The ``predict`` of ``mdocr.decoding.blocks`` over an exported model.

    Args:
        model: the model.
        slots: sequences in work at the same time.
    """

    def __init__(self, model: OnnxBlockEngine, slots: int) -> None:
        self.model = model
        self.cache = _room(model.text.cache_shape, slots, 0)  # [layers, 2, slots, C, K, E]

    def __call__(self, feeds: Sequence[Feed]) -> Floats:
        """Logits [M, V] of the wanted tokens of all feeds."""
        self._reserve(max(feed.capacity for feed in feeds))
        length = max(1, *(feed.start for feed in feeds))
        inputs = _laid_out(feeds)
        inputs["features"], inputs["places"] = self.model.see(feeds, inputs["tokens"])
        inputs["past"] = np.stack([self.cache[:, :, feed.slot, :length] for feed in feeds], 2)
        logits, new = run_on_arrays(self.model.step, inputs, ("logits", "new"))
        for row, feed in enumerate(feeds):
            end = feed.start + len(feed.tokens)
            self.cache[:, :, feed.slot, feed.start : end] = new[:, :, row, : len(feed.tokens)]
        found: Floats = logits
        return found

    def _reserve(self, capacity: int) -> None:
        """Makes every slot hold at least ``capacity`` tokens; what is stored stays."""
        held = self.cache.shape[3]
        if capacity > held:
            shape = self.model.text.cache_shape
            cache = _room(shape, self.cache.shape[2], cache_capacity(capacity))
            cache[:, :, :, :held] = self.cache
            self.cache = cache


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


def own_places(feeds: Sequence[Feed], tokens: Whole) -> Whole:
    """Place [S, T] of each token in its sequence."""
    starts = np.array([feed.start for feed in feeds])
    return starts[:, None] + np.arange(tokens.shape[1])


def _laid_out(feeds: Sequence[Feed]) -> dict[str, Any]:
    """The inputs of the graph that the feeds tell; a padding token sees the first one alone."""
    shape = len(feeds), max(len(feed.tokens) for feed in feeds)
    starts = np.array([feed.start for feed in feeds])
    tokens = np.zeros(shape, np.int64)
    visible = np.broadcast_to(starts[:, None] + 1, shape).copy()
    wanted: list[int] = []
    for row, feed in enumerate(feeds):
        width = len(feed.tokens)
        tokens[row, :width], visible[row, :width] = feed.tokens, feed.visible
        wanted += [row * shape[1] + index for index in feed.wanted]
    return {
        "tokens": tokens,
        "starts": starts,
        "visible": visible,
        "wanted": np.array(wanted),
    }


def _room(shape: CacheShape, slots: int, capacity: int) -> Floats:
    """Zeros, since unseen places are read too, and a weight of 0 does not cancel a NaN."""
    return np.zeros((shape.layers, 2, slots, capacity, shape.heads, shape.head_dim), np.float32)
