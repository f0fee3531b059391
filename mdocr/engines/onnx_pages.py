"""Block diffusion over ONNX Runtime, from the files that ``mdocr export`` makes of a page model.

Shapes: S sequences of a pass, T tokens of the longest, C cached tokens, M query positions, D width,
K heads, E width of a head, V vocabulary.
"""

import logging
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from mdocr.decoding.requests import Feed
from mdocr.engines.onnx_sessions import first_that_works, open_session, run, takes_eight_bits
from mdocr.engines.protocols import CPU_BATCH_SIZE
from mdocr.models.line_reader_config import LineReaderConfig
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
from mdocr.models.sdar_config import CacheShape, SDARConfig, cache_capacity
from mdocr.weights.onnx_files import ENCODER, STEP, OnnxModel

logger = logging.getLogger(__name__)

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]


class OnnxPageEngine(ABC):
    """An exported page model; see ``mdocr.engines.protocols.PageEngine``.

    Args:
        files: the exported model.
        device: ``cpu``, ``cuda``, ``cuda:N``, or ``auto``: CUDA where it works.
        dtype: ``float32``; or ``auto``: in eight bits where that is faster.

    Attributes:
        text: sizes of the language model.

    Raises:
        WeightsError: a file is missing or damaged.
        DeviceError: the device that was asked for is absent, or does not work.
    """

    device_batch_size: ClassVar[int]
    verifies_drafts = False  # in an exported graph all tokens stand one behind the other
    config: LineReaderConfig | MinerUDiffusionConfig
    text: SDARConfig

    def __init__(self, files: OnnxModel, device: str = "auto", dtype: str = "float32") -> None:
        self.files, self._dtype = files, dtype
        self._configure(files.model)
        self.device = first_that_works(device, self._start)
        logger.info("running on %s, by ONNX Runtime", self.device)

    @property
    def folder(self) -> Path:
        """Where its tokenizer and preprocessor configuration are."""
        return self.files.folder

    def blocks(self, batch_size: int) -> "OnnxBlocks":
        """The ``predict`` of ``mdocr.decoding.blocks`` for this many concurrent sequences."""
        return OnnxBlocks(self, batch_size)

    def batch_size(self, longest: int) -> int:
        """Maximum number of concurrent sequences; of any length, as the cache is in main memory."""
        return CPU_BATCH_SIZE if self.device == "cpu" else self.device_batch_size

    def groups(self, feeds: Sequence[Feed]) -> list[list[int]]:
        """Numbers of the feeds that share a pass of the graph: all, for each reads all weights."""
        return [list(range(len(feeds)))]

    @abstractmethod
    def encode(self, feeds: Sequence[Feed], tokens: Integers) -> tuple[Floats, Floats]:
        """Features [S, T, D] of image tokens, and rotary positions [S, T] of all."""

    @abstractmethod
    def _configure(self, record: Mapping[str, Any]) -> None:
        """Sets ``config`` and ``text``."""

    @abstractmethod
    def _try_encoder(self) -> None:
        """Runs the encoder on a small image."""

    def _start(self, device: str) -> None:
        eight_bits = takes_eight_bits(device, self._dtype)
        files = [self.files.graph(name, eight_bits=eight_bits) for name in (ENCODER, STEP)]
        self.encoder, self.step = (
            open_session(self.files.folder / name, device, self.files.weights(name))
            for name in files
        )
        if device != "cpu":
            self._try_encoder()


class OnnxBlocks:
    """The ``predict`` of ``mdocr.decoding.blocks`` over an exported model.

    Args:
        engine: the model.
        batch_size: maximum number of concurrent sequences; each has a row of the cache.
    """

    def __init__(self, engine: OnnxPageEngine, batch_size: int) -> None:
        self.engine = engine
        # [layers, 2, batch_size, K, C, E]
        self.cache = _empty_cache(engine.text.cache_shape, batch_size, 0)

    def __call__(self, feeds: Sequence[Feed]) -> Floats:
        """Logits [M, V] at the query positions of all feeds."""
        self._reserve(max(feed.capacity for feed in feeds))
        made: dict[int, Floats] = {}
        for rows in self.engine.groups(feeds):
            some = [feeds[row] for row in rows]
            ends = np.cumsum([len(feed.queries) for feed in some])[:-1]
            made |= zip(rows, np.split(self._pass(some), ends), strict=True)
        return np.concatenate([made[row] for row in range(len(feeds))])

    def _pass(self, feeds: Sequence[Feed]) -> Floats:
        """The same of feeds that are padded to one length."""
        length = max(1, *(feed.start for feed in feeds))
        inputs = _padded(feeds)
        inputs["features"], inputs["positions"] = self.engine.encode(feeds, inputs["tokens"])
        rows = [feed.sequence for feed in feeds]
        past = (part[rows, :, :length] for layer in self.cache for part in layer)
        inputs |= {f"past.{number}": part for number, part in enumerate(past)}
        logits, new = run_on_arrays(self.engine.step, inputs, ("logits", "new"))
        for row, feed in enumerate(feeds):
            end = feed.start + len(feed.tokens)
            held = self.cache[:, :, feed.sequence]
            held[:, :, :, feed.start : end] = new[:, :, row, :, : len(feed.tokens)]
        found: Floats = logits
        return found

    def _reserve(self, capacity: int) -> None:
        """Grows every row to at least ``capacity`` tokens, keeping its contents."""
        held = self.cache.shape[4]
        if capacity > held:
            shape = self.engine.text.cache_shape
            cache = _empty_cache(shape, self.cache.shape[2], cache_capacity(capacity))
            cache[:, :, :, :, :held] = self.cache
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


def sequence_positions(feeds: Sequence[Feed], tokens: Integers) -> Integers:
    """Position [S, T] of each token in its sequence."""
    starts = np.array([feed.start for feed in feeds])
    return starts[:, None] + np.arange(tokens.shape[1])


def _padded(feeds: Sequence[Feed]) -> dict[str, Any]:
    """The graph's inputs that come from the feeds; a padding token sees only the first one."""
    shape = len(feeds), max(len(feed.tokens) for feed in feeds)
    starts = np.array([feed.start for feed in feeds])
    tokens = np.zeros(shape, np.int64)
    visible = np.broadcast_to(starts[:, None] + 1, shape).copy()
    queries: list[int] = []
    for row, feed in enumerate(feeds):
        width = len(feed.tokens)
        tokens[row, :width], visible[row, :width] = feed.tokens, feed.visible
        queries += [row * shape[1] + index for index in feed.queries]
    return {"tokens": tokens, "starts": starts, "visible": visible, "queries": np.array(queries)}


def _empty_cache(shape: CacheShape, batch_size: int, capacity: int) -> Floats:
    """Zeros, since masked positions are read too, and a weight of 0 does not cancel a NaN."""
    return np.zeros(
        (shape.layers, 2, batch_size, shape.heads, capacity, shape.head_dim), np.float32
    )
