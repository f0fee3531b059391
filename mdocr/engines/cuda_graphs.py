"""Block steps as CUDA graphs: recorded once for each shape, then replayed by a single call.

With few sequences a GPU finishes a step sooner than Python can launch its many small kernels. A
graph is bound to its shapes and its memory, so here every pass covers all rows of the cache, with
the same number of tokens in each, and reads a rounded number of positions. Padding comes after a
sequence's tokens, at positions that are not visible until they are overwritten, and at the end of
idle rows.

Shapes: S sequences, W tokens of each, T = S · W, L cached positions, D width, V vocabulary.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mdocr.decoding.requests import Feed
from mdocr.engines.memory import is_memory_error
from mdocr.engines.torch_blocks import TorchBlocks, pack, to_device
from mdocr.models.attention import CachedAttention, Mask, Packing
from mdocr.models.line_reader import LineReader
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.models.sdar_config import cache_capacity

logger = logging.getLogger(__name__)

WARM_UPS = 2
"""Runs before a recording, in which libraries choose kernels and take their memory."""

Inputs = tuple[Tensor, ...]
"""Embeddings [T, D], rotary positions [T], cache rows [T] and slots [T], mask [S, W, L]."""


@dataclass(frozen=True)
class Recording:
    """A graph, the memory it takes its inputs from, and where it leaves its result."""

    graph: torch.cuda.CUDAGraph
    inputs: Inputs
    result: Tensor

    def replay(self, inputs: Inputs) -> Tensor:
        """The result for other inputs; valid until the next replay."""
        for held, new in zip(self.inputs, inputs, strict=True):
            held.copy_(new)
        self.graph.replay()
        return self.result


class GraphedBlocks(TorchBlocks):
    """``TorchBlocks`` with block steps in fixed shapes, which CUDA replays.

    Prompts, and drafts that are verified, have all lengths and are fed without graphs. Where a
    device refuses to record, a warning says so, and every pass goes without graphs from then on. On
    other devices than CUDA the fixed shapes are used without recording.

    Args:
        model: the model; its device and type are those of the passes.
        batch_size: maximum number of concurrent sequences.
    """

    def __init__(self, model: MinerUDiffusion | LineReader, batch_size: int) -> None:
        super().__init__(model, batch_size)
        self.recordings: dict[torch.Size, Recording] = {}
        self.refused = False

    @torch.inference_mode()
    def __call__(self, feeds: Sequence[Feed]) -> Tensor:
        """Logits [M, V] at the query positions of all feeds."""
        if self.refused or any(feed.start == 0 or feed.slots for feed in feeds):
            return super().__call__(feeds)
        try:
            return self._with_fixed_shapes(feeds)
        except RuntimeError as error:
            if is_memory_error(error):
                raise
            reason = str(error).partition("\n")[0]
            logger.warning("block steps cannot be recorded on %s: %s", self.model.device, reason)
            self.refused = True
            self.recordings.clear()
        return super().__call__(feeds)

    def _with_fixed_shapes(self, feeds: Sequence[Feed]) -> Tensor:
        width = max(len(feed.tokens) for feed in feeds)
        self._reserve(max(feed.capacity for feed in feeds) + width)
        rows = pad_feeds(feeds, width, self.cache.sequences, self.cache.capacity)
        visible = max(max(feed.visible) for feed in feeds)
        batch = pack(rows, self.model.device, cache_capacity(visible))
        x, positions = self.embed(rows, batch)
        packing = batch.packing
        assert packing.mask is not None  # a length was given
        features = self._run((x, positions, packing.sequences, packing.slots, packing.mask.visible))
        queries = [feed.sequence * width + index for feed in feeds for index in feed.queries]
        sent = to_device(torch.tensor(queries), self.model.device)  # in the order of the feeds
        logits: Tensor = self.model.language_model.predict(features, sent)
        return logits

    @property
    def _records(self) -> bool:
        return self.model.device.type == "cuda"

    def _reserve(self, capacity: int) -> None:
        held = self.cache.capacity
        self.cache.reserve(capacity)
        if self.cache.capacity != held:
            self.recordings.clear()  # they write to the memory of the smaller cache

    def _run(self, inputs: Inputs) -> Tensor:
        if not self._records:
            return self._step(*inputs)
        shape = inputs[-1].shape
        if shape not in self.recordings:
            self.recordings[shape] = record(self._step, inputs, list(self.recordings.values()))
        return self.recordings[shape].replay(inputs)

    def _step(
        self, x: Tensor, rotary: Tensor, sequences: Tensor, slots: Tensor, visible: Tensor
    ) -> Tensor:
        """Features [T, D] of all layers."""
        count, _, length = visible.shape
        rows, mask = slice(0, count), Mask(visible)
        packing = Packing(sequences, slots, rows, length, mask, padded=None, packed=None)
        attend = CachedAttention(self.cache, packing, count)
        features: Tensor = self.model.language_model.model(x, rotary, attend)
        return features


def record(
    step: Callable[..., Tensor], inputs: Inputs, others: Sequence[Recording] = ()
) -> Recording:
    """Records a step on CUDA.

    Args:
        step: gives the same for the same inputs however often it runs, and never waits.
        inputs: of the shapes to replay.
        others: recordings to share memory with; only the latest result of them all is kept.

    Raises:
        RuntimeError: the device refuses.
    """
    held = tuple(value.clone() for value in inputs)
    with torch.cuda.device(held[0].device):
        now, aside = torch.cuda.current_stream(), torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(now)
        with torch.cuda.stream(aside):
            for _ in range(WARM_UPS):
                step(*held)
        now.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=others[0].graph.pool() if others else None):
            result = step(*held)
    return Recording(graph, held, result)


def pad_feeds(feeds: Sequence[Feed], width: int, sequences: int, capacity: int) -> list[Feed]:
    """A feed of ``width`` tokens for every sequence; padding has no query positions.

    A sequence without a feed gets padding at the end of its ``capacity``.
    """
    given = {feed.sequence: feed for feed in feeds}
    idle = Feed(0, capacity - width, (0,) * width, (1,) * width, (), capacity)
    return [
        _padded(given[row], width) if row in given else replace(idle, sequence=row)
        for row in range(sequences)
    ]


def _padded(feed: Feed, width: int) -> Feed:
    missing = width - len(feed.tokens)
    tokens, visible = feed.tokens + (0,) * missing, feed.visible + feed.visible[:1] * missing
    return replace(feed, tokens=tokens, visible=visible)
