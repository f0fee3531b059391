"""Block steps as CUDA graphs: recorded once for each shape, then replayed by a single call.

A GPU is done with a step of a few texts sooner than Python can hand it the step's many small parts.
A graph is bound to its shapes and its memory, so here a pass has all slots of the cache, the same
number of tokens in each, and reads a rounded number of places. Padding stands behind a sequence's
tokens, in places that nothing sees before they are written anew, and at the end of other slots.

Shapes: S slots, W tokens of a slot, T = S · W, L places that are read, D width, V vocabulary.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from mdocr.decoding.requests import Feed
from mdocr.engines.memory import is_memory_error
from mdocr.engines.torch_blocks import TorchBlocks, lay_out, to_device
from mdocr.models.attention import CachedAttention, Mask, Packing
from mdocr.models.line_reader import LineReader
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.models.sdar_config import cache_capacity

log = logging.getLogger(__name__)

WARM_UPS = 2
"""Runs before a recording, in which libraries choose kernels and take their memory."""

Inputs = tuple[Tensor, ...]
"""Embeddings [T, D], rotary places [T], cache slots [T] and places [T], what is seen [S, W, L]."""


@dataclass(frozen=True)
class Recording:
    """A graph, the memory it takes its inputs from, and where it leaves its result."""

    graph: torch.cuda.CUDAGraph
    inputs: Inputs
    result: Tensor

    def replay(self, inputs: Inputs) -> Tensor:
        """The result for other inputs; it stays until the next replay."""
        for held, new in zip(self.inputs, inputs, strict=True):
            held.copy_(new)
        self.graph.replay()
        return self.result


class GraphedBlocks(TorchBlocks):
    """``TorchBlocks`` with block steps in fixed shapes, which CUDA replays.

    Prompts come in all lengths and go the usual way. Where a device refuses to record, a warning
    says so, and everything goes the usual way from then on. Other devices than CUDA take the fixed
    shapes step by step.

    Args:
        model: the model; its device and type are those of the passes.
        slots: sequences in work at the same time.
    """

    def __init__(self, model: MinerUDiffusion | LineReader, slots: int) -> None:
        super().__init__(model, slots)
        self.recordings: dict[torch.Size, Recording] = {}
        self.usual = False

    @torch.inference_mode()
    def __call__(self, feeds: Sequence[Feed]) -> Tensor:
        """Logits [M, V] of the wanted tokens of all feeds."""
        if self.usual or any(feed.start == 0 for feed in feeds):
            return super().__call__(feeds)
        try:
            return self._fixed(feeds)
        except RuntimeError as error:
            if is_memory_error(error):
                raise
            reason = str(error).partition("\n")[0]
            log.warning("block steps cannot be recorded on %s: %s", self.model.device, reason)
            self.usual = True
            self.recordings.clear()
        return super().__call__(feeds)

    def _fixed(self, feeds: Sequence[Feed]) -> Tensor:
        width = max(len(feed.tokens) for feed in feeds)
        self._reserve(max(feed.capacity for feed in feeds) + width)
        rows = fill_up(feeds, width, self.cache.slots, self.cache.capacity)
        seen = max(max(feed.visible) for feed in feeds)
        batch = lay_out(rows, self.model.device, cache_capacity(seen))
        x, places = self.embed(rows, batch)
        packing = batch.packing
        assert packing.mask is not None  # a length was given
        features = self._run((x, places, packing.slots, packing.places, packing.mask.seen))
        wanted = [feed.slot * width + index for feed in feeds for index in feed.wanted]
        asked = to_device(torch.tensor(wanted), self.model.device)  # in the order of the feeds
        logits: Tensor = self.model.language_model.predict(features, asked)
        return logits

    @property
    def _records(self) -> bool:
        return self.model.device.type == "cuda"

    def _reserve(self, capacity: int) -> None:
        held = self.cache.capacity
        self.cache.reserve(capacity)
        if self.cache.capacity != held:
            self.recordings.clear()  # they write to the cache that was

    def _run(self, inputs: Inputs) -> Tensor:
        if not self._records:
            return self._step(*inputs)
        shape = inputs[-1].shape
        if shape not in self.recordings:
            self.recordings[shape] = record(self._step, inputs, list(self.recordings.values()))
        return self.recordings[shape].replay(inputs)

    def _step(self, x: Tensor, places: Tensor, slots: Tensor, held: Tensor, seen: Tensor) -> Tensor:
        """Features [T, D] of all layers."""
        sequences, _, length = seen.shape
        rows = slice(0, sequences)
        packing = Packing(slots, held, rows, length, Mask(seen), padded=None, packed=None)
        attend = CachedAttention(self.cache, packing, sequences)
        features: Tensor = self.model.language_model.model(x, places, attend)
        return features


def record(
    step: Callable[..., Tensor], inputs: Inputs, others: Sequence[Recording] = ()
) -> Recording:
    """Records a step on CUDA.

    Args:
        step: gives the same for the same inputs however often it runs, and never waits.
        inputs: of the shapes to come.
        others: recordings to share memory with; of all of them only the last result stays.

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


def fill_up(feeds: Sequence[Feed], width: int, slots: int, capacity: int) -> list[Feed]:
    """A feed of ``width`` tokens for each slot; padding is not wanted.

    A slot without a feed gets padding at the end of its ``capacity``.
    """
    given = {feed.slot: feed for feed in feeds}
    idle = Feed(0, capacity - width, (0,) * width, (1,) * width, (), capacity)
    return [
        _padded(given[slot], width) if slot in given else replace(idle, slot=slot)
        for slot in range(slots)
    ]


def _padded(feed: Feed, width: int) -> Feed:
    missing = width - len(feed.tokens)
    tokens, visible = feed.tokens + (0,) * missing, feed.visible + feed.visible[:1] * missing
    return replace(feed, tokens=tokens, visible=visible)
