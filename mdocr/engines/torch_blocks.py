"""Block diffusion over torch: packs the sequences of a pass, keeps their cache, calls the model.

Shapes: T packed tokens of a pass, M query positions, D width, V vocabulary.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate, chain, pairwise
from typing import TypeVar

import torch
from torch import Tensor

from mdocr.decoding.requests import Feed
from mdocr.engines.protocols import EncodedLine, all_encoded
from mdocr.models.attention import CachedAttention, Mask, Packing
from mdocr.models.kv_cache import KVCache
from mdocr.models.line_reader import LineReader
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.preprocessing.line_images import LineImage
from mdocr.preprocessing.mineru_diffusion import PatchedImage

Item = TypeVar("Item")


@dataclass(frozen=True)
class Batch:
    """The tokens of a pass on their device.

    Attributes:
        tokens: ids [T].
        queries: indices of the tokens to predict [M].
        positions: in their sequences [T].
        text_positions: positions [T] counted from 1 behind the prompt, 0 in it.
        packing: where the tokens belong.
    """

    tokens: Tensor
    queries: Tensor
    positions: Tensor
    text_positions: Tensor
    packing: Packing


class TorchBlocks:
    """The ``predict`` of ``mdocr.decoding.blocks`` over a torch model.

    A pass never waits for the device: one transfer sends all that the host knows. Only new images,
    and the caller, who reads the tokens, make it wait.

    Args:
        model: the model; its device and type are those of the passes.
        batch_size: maximum number of concurrent sequences.
    """

    def __init__(self, model: MinerUDiffusion | LineReader, batch_size: int) -> None:
        self.model = model
        shape = model.language_model.config.cache_shape
        self.cache = KVCache(shape, batch_size, model.device, model.dtype)

    @torch.inference_mode()
    def __call__(self, feeds: Sequence[Feed]) -> Tensor:
        """Logits [M, V] at the query positions of all feeds."""
        self.cache.reserve(max(feed.capacity for feed in feeds))
        batch = pack(feeds, self.model.device)
        x, positions = self.embed(feeds, batch)
        attend = CachedAttention(self.cache, batch.packing, len(feeds))
        logits: Tensor = self.model.language_model(x, positions, attend, batch.queries)
        return logits

    def embed(self, feeds: Sequence[Feed], batch: Batch) -> tuple[Tensor, Tensor]:
        """Embeddings [T, D] of the tokens and of new images, and rotary positions [T]."""
        pictures = [feed.picture for feed in feeds if feed.picture is not None]
        if isinstance(self.model, LineReader):
            return self._embed_lines(self.model, pictures, batch)
        features = self._encode(self.model, pictures)
        return self.model.embed(batch.tokens, features), batch.positions

    def _encode(self, model: MinerUDiffusion, pictures: list[PatchedImage]) -> Tensor | None:
        """Features of the images of new sequences, packed."""
        if not pictures:
            return None
        patches = torch.cat([torch.from_numpy(picture.patches) for picture in pictures])
        sent = to_device(patches, model.device).to(model.dtype)
        return model.encode(sent, [picture.grid for picture in pictures])

    def _embed_lines(
        self, model: LineReader, pictures: list[LineImage | EncodedLine], batch: Batch
    ) -> tuple[Tensor, Tensor]:
        """Embeddings and CTC-aligned positions."""
        positions = batch.text_positions.float()
        if not pictures:
            return model.embed(batch.tokens), positions
        lines = all_encoded(pictures, partial(encode_lines, model))
        is_image = batch.tokens == model.config.image_token_id
        positions[is_image] = torch.cat([line.positions for line in lines])
        return model.embed(batch.tokens, torch.cat([line.features for line in lines])), positions


@torch.inference_mode()
def encode_lines(model: LineReader, images: Sequence[LineImage]) -> list[EncodedLine]:
    """Lines and formulas after the encoder; those of one size are encoded together."""
    pixels = [to_device(torch.from_numpy(image.pixels), model.device) for image in images]
    encoded = model.encode_packed([one.to(model.dtype) for one in pixels])
    parts = (encoded.features, encoded.positions, encoded.ctc_logits.float())
    widths = [image.tokens for image in images]
    return list(map(EncodedLine, *(torch.split(part, widths) for part in parts)))


def pack(feeds: Sequence[Feed], device: torch.device, length: int | None = None) -> Batch:
    """Packs the tokens of several sequences one after another.

    Args:
        feeds: the sequences.
        device: where the tokens go.
        length: number of cached positions to read, with a mask; as many as are visible if None.
    """
    widths = [len(feed.tokens) for feed in feeds]
    offsets = [0, *accumulate(widths)]
    even = len(set(widths)) == 1
    longest = max(max(feed.visible) for feed in feeds)
    has_own = any(feed.own for feed in feeds)
    own = _joined(feed.own or [(0, 0)] * len(feed.tokens) for feed in feeds if has_own)
    all_see_all = even and not length and all(min(feed.visible) == longest for feed in feeds)
    length = length or max([longest, *(last for _, last in own)])
    lists: dict[str, list[int]] = {
        "tokens": _joined(feed.tokens for feed in feeds),
        "visible": _joined(feed.visible for feed in feeds),
        "own": _joined(own),
        "sequences": _joined([feed.sequence] * len(feed.tokens) for feed in feeds),
        "positions": _joined(_positions(feed) for feed in feeds),
        "slots": _joined(feed.slots or _positions(feed) for feed in feeds),
        "text": _joined([max(p - f.prompt_length + 1, 0) for p in _positions(f)] for f in feeds),
        "queries": _joined(
            [o + i for i in f.queries] for f, o in zip(feeds, offsets, strict=False)
        ),
        "rows": [feed.sequence for feed in feeds],
        **({} if even else _padding(widths, offsets)),
    }
    sent = dict(zip(lists, _sent(list(lists.values()), device), strict=True))
    padded = None if even else sent["padded"].view(len(feeds), -1)
    seen = sent["visible"], sent["own"].view(-1, 2) if has_own else None
    packing = Packing(
        sequences=sent["sequences"],
        slots=sent["slots"],
        rows=_slice(lists["rows"]) or sent["rows"],
        length=length,
        mask=None if all_see_all and not has_own else _mask(*seen, padded, len(feeds), length),
        padded=padded,
        packed=sent.get("packed"),
    )
    return Batch(sent["tokens"], sent["queries"], sent["positions"], sent["text"], packing)


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """A copy on the device, without waiting for it: from pinned memory, for CUDA."""
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def _mask(
    visible: Tensor, own: Tensor | None, padded: Tensor | None, sequences: int, length: int
) -> Mask:
    """Visibility over [sequences, longest, length]; padding sees what the first token sees.

    Args:
        visible: number of slots that each token sees from the first on [T].
        own: the first and the one behind the last that it sees besides [T, 2]; None for none.
        padded: see ``Packing``.
        sequences: of the pass.
        length: cached slots.
    """

    def rows(values: Tensor) -> Tensor:
        by_sequence = values.view(sequences, -1) if padded is None else values[padded]
        return by_sequence[..., None]

    slots = torch.arange(length, device=visible.device)
    mask = slots < rows(visible)
    if own is not None:
        mask |= (rows(own[:, 0]) <= slots) & (slots < rows(own[:, 1]))
    return Mask(mask)


def _padding(widths: Sequence[int], offsets: Sequence[int]) -> dict[str, list[int]]:
    """Indices from packed tokens to padded rows, and back."""
    longest, starts = max(widths), offsets[: len(widths)]
    padded = [
        [*range(start, start + width), *[start] * (longest - width)]
        for start, width in zip(starts, widths, strict=True)
    ]
    packed = [range(row * longest, row * longest + width) for row, width in enumerate(widths)]
    return {"padded": _joined(padded), "packed": _joined(packed)}


def _positions(feed: Feed) -> Sequence[int]:
    return feed.positions or range(feed.start, feed.start + len(feed.tokens))


def _slice(rows: list[int]) -> slice | None:
    """The rows of the cache as a slice if they are consecutive: then they are read in place."""
    if all(after - before == 1 for before, after in pairwise(rows)):
        return slice(rows[0], rows[-1] + 1)
    return None


def _joined(parts: Iterable[Sequence[Item]]) -> list[Item]:
    return list(chain.from_iterable(parts))


def _sent(lists: Sequence[list[int]], device: torch.device) -> Sequence[Tensor]:
    """Lists of numbers as tensors on the device, by one transfer."""
    numbers = torch.tensor(_joined(lists), dtype=torch.int64)
    return torch.split(to_device(numbers, device), [len(numbers) for numbers in lists])
