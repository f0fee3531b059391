"""Block diffusion over torch: packs the sequences of a pass, keeps their cache, calls the model.

Shapes: T tokens of a pass one after another, M wanted ones, V vocabulary.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, pairwise

import torch
from torch import Tensor

from mdocr.decoding.requests import Feed
from mdocr.models.attention import CachedAttention, Mask, Packing
from mdocr.models.kv_cache import KVCache
from mdocr.models.line_reader import LineReader
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.preprocessing.line_pictures import LinePicture
from mdocr.preprocessing.mineru_diffusion import PagePicture


@dataclass(frozen=True)
class Batch:
    """The tokens of a pass on their device.

    Attributes:
        tokens: ids [T].
        wanted: which of them to predict [M].
        text_places: places [T] counted from 1 behind the prompt, 0 in it.
        packing: where they belong.
    """

    tokens: Tensor
    wanted: Tensor
    text_places: Tensor
    packing: Packing


class TorchBlocks:
    """The ``predict`` of ``mdocr.decoding.blocks`` over a torch model.

    Nothing in a pass waits for the device: one transfer takes there what the host knows. Only new
    pictures and the caller, who reads the tokens, make it wait.

    Args:
        model: the model; its device and type are those of the passes.
        slots: sequences in work at the same time.
    """

    def __init__(self, model: MinerUDiffusion | LineReader, slots: int) -> None:
        self.model = model
        shape = model.language_model.config.cache_shape
        self.cache = KVCache(shape, slots, model.device, model.dtype)

    @torch.inference_mode()
    def __call__(self, feeds: Sequence[Feed]) -> Tensor:
        """Logits [M, V] of the wanted tokens of all feeds."""
        self.cache.reserve(max(feed.capacity for feed in feeds))
        batch = lay_out(feeds, self.model.device)
        x, places = self.embed(feeds, batch)
        attend = CachedAttention(self.cache, batch.packing, len(feeds))
        logits: Tensor = self.model.language_model(x, places, attend, batch.wanted)
        return logits

    def embed(self, feeds: Sequence[Feed], batch: Batch) -> tuple[Tensor, Tensor]:
        """Embeddings [T, D] of the tokens and of new pictures, and rotary places [T]."""
        pictures = [feed.picture for feed in feeds if feed.picture is not None]
        if isinstance(self.model, LineReader):
            return self._embed_lines(self.model, pictures, batch)
        features = self._see(self.model, pictures)
        return self.model.embed(batch.tokens, features), batch.packing.places

    def _see(self, model: MinerUDiffusion, pictures: list[PagePicture]) -> Tensor | None:
        """Features of the pictures of newcomers, one after another."""
        if not pictures:
            return None
        patches = torch.cat([torch.from_numpy(picture.patches) for picture in pictures])
        sent = to_device(patches, model.device).to(model.dtype)
        return model.see(sent, [picture.grid for picture in pictures])

    def _embed_lines(
        self, model: LineReader, pictures: list[LinePicture], batch: Batch
    ) -> tuple[Tensor, Tensor]:
        """Embeddings and aligned places."""
        places = batch.text_places.float()
        if not pictures:
            return model.embed(batch.tokens), places
        images = [to_device(torch.from_numpy(p.pixels), model.device) for p in pictures]
        seen = model.see([image.to(model.dtype) for image in images])
        places[batch.tokens == model.config.image_token_id] = seen.places
        return model.embed(batch.tokens, seen.features), places


def lay_out(feeds: Sequence[Feed], device: torch.device, length: int | None = None) -> Batch:
    """Lays the tokens of several sequences one after another.

    Args:
        feeds: the sequences.
        device: where the tokens go.
        length: places of the cache that are read, masked; as many as are seen if None.
    """
    widths = [len(feed.tokens) for feed in feeds]
    offsets = [0, *accumulate(widths)]
    even = len(set(widths)) == 1
    longest = max(max(feed.visible) for feed in feeds)
    all_see_all = even and not length and all(min(feed.visible) == longest for feed in feeds)
    length = length or longest
    tokens, visible, slots, places, behind, wanted, rows, *padding = _sent(
        [
            _joined(feed.tokens for feed in feeds),
            _joined(feed.visible for feed in feeds),
            _joined([feed.slot] * len(feed.tokens) for feed in feeds),
            _joined(_places(feed) for feed in feeds),
            _joined([max(p - f.prompt_length + 1, 0) for p in _places(f)] for f in feeds),
            _joined([o + i for i in f.wanted] for f, o in zip(feeds, offsets, strict=False)),
            [feed.slot for feed in feeds],
            *([] if even else _padding(widths, offsets)),
        ],
        device,
    )
    padded, packed = (padding[0].view(len(feeds), -1), padding[1]) if padding else (None, None)
    packing = Packing(
        slots=slots,
        places=places,
        rows=_slice([feed.slot for feed in feeds]) or rows,
        length=length,
        mask=None if all_see_all else _mask(visible, padded, len(feeds), length),
        padded=padded,
        packed=packed,
    )
    return Batch(tokens, wanted, behind, packing)


def to_device(values: Tensor, device: torch.device) -> Tensor:
    """A copy on the device for which nobody waits: from pinned memory, where there is such."""
    if device.type != "cuda":
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def _mask(visible: Tensor, padded: Tensor | None, sequences: int, length: int) -> Mask:
    """What each token sees, over [sequences, longest, length]; padding sees as the first token."""
    visible = visible.view(sequences, -1) if padded is None else visible[padded]
    return Mask(torch.arange(length, device=visible.device) < visible[..., None])


def _padding(widths: Sequence[int], offsets: Sequence[int]) -> tuple[list[int], list[int]]:
    """Indices from tokens to padded rows, and back."""
    longest, starts = max(widths), offsets[: len(widths)]
    padded = [
        [*range(start, start + width), *[start] * (longest - width)]
        for start, width in zip(starts, widths, strict=True)
    ]
    packed = [range(row * longest, row * longest + width) for row, width in enumerate(widths)]
    return _joined(padded), _joined(packed)


def _places(feed: Feed) -> range:
    return range(feed.start, feed.start + len(feed.tokens))


def _slice(slots: list[int]) -> slice | None:
    """The slots as a slice if they follow one another: then the cache is read without a copy."""
    if all(after - before == 1 for before, after in pairwise(slots)):
        return slice(slots[0], slots[-1] + 1)
    return None


def _joined(parts: Iterable[Sequence[int]]) -> list[int]:
    return list(chain.from_iterable(parts))


def _sent(lists: Sequence[list[int]], device: torch.device) -> Sequence[Tensor]:
    """Lists of numbers as tensors on the device, by one transfer."""
    numbers = torch.tensor(_joined(lists), dtype=torch.int64)
    return torch.split(to_device(numbers, device), [len(numbers) for numbers in lists])
