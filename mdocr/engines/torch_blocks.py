"""Block diffusion over torch: packs the sequences of a pass, keeps their cache, calls the model.

Shapes: T tokens of a pass one after another, M wanted ones, V vocabulary.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from mdocr.decoding.cache import KVCache
from mdocr.decoding.requests import Feed
from mdocr.models.attention import CachedAttention, Mask, Packing
from mdocr.models.line_reader import LineReader
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.models.page_pictures import PagePicture


class TorchBlocks:
    """The ``predict`` of ``mdocr.decoding.blocks`` over a torch model.

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
        model = self.model
        self.cache.reserve(max(feed.capacity for feed in feeds))
        packing = pack(feeds, model.device)
        tokens = _flat([feed.tokens for feed in feeds], model.device)
        pictures = [feed.picture for feed in feeds if feed.picture is not None]
        if isinstance(model, LineReader):
            x, places = self._embed_lines(model, feeds, tokens, packing.places)
        else:
            x, places = model.embed(tokens, self._see(model, pictures)), packing.places
        attend = CachedAttention(self.cache, packing, len(feeds))
        wanted = [
            tuple(offset + index for index in feed.wanted)
            for feed, offset in zip(feeds, _offsets(feeds), strict=True)
        ]
        logits: Tensor = model.language_model(x, places, attend, _flat(wanted, model.device))
        return logits

    def _see(self, model: MinerUDiffusion, pictures: list[PagePicture]) -> Tensor | None:
        """Features of the pictures of newcomers, one after another."""
        if not pictures:
            return None
        patches = torch.cat([torch.from_numpy(picture.patches) for picture in pictures])
        return model.see(patches.to(model.device, model.dtype), [p.grid for p in pictures])

    def _embed_lines(
        self, model: LineReader, feeds: Sequence[Feed], tokens: Tensor, places: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Embeddings and aligned places: text counts from 1 behind its prompt."""
        prompts = _flat([(feed.prompt_length,) * len(feed.tokens) for feed in feeds], model.device)
        aligned = (places - prompts + 1).clamp(min=0).float()
        images = [torch.from_numpy(f.picture.pixels) for f in feeds if f.picture is not None]
        if not images:
            return model.embed(tokens), aligned
        seen = model.see([image.to(model.device, model.dtype) for image in images])
        aligned[tokens == model.config.image_token_id] = seen.places
        return model.embed(tokens, seen.features), aligned


def pack(feeds: Sequence[Feed], device: torch.device) -> Packing:
    """Lays the tokens of several sequences one after another."""
    widths = [len(feed.tokens) for feed in feeds]
    length = max(max(feed.visible) for feed in feeds)
    even = len(set(widths)) == 1
    padded, packed = (None, None) if even else _padding(feeds, device)
    visible = _flat([feed.visible for feed in feeds], device)
    all_see_all = even and all(min(feed.visible) == length for feed in feeds)
    return Packing(
        slots=_flat([(feed.slot,) * len(feed.tokens) for feed in feeds], device),
        places=_flat([range(f.start, f.start + len(f.tokens)) for f in feeds], device),
        rows=_rows([feed.slot for feed in feeds], device),
        length=length,
        mask=None if all_see_all else _mask(visible, padded, len(feeds), length),
        padded=padded,
        packed=packed,
    )


def _mask(visible: Tensor, padded: Tensor | None, sequences: int, length: int) -> Mask:
    """What each token sees, over [sequences, longest, length]; padding sees as the first token."""
    visible = visible.view(sequences, -1) if padded is None else visible[padded]
    return Mask(torch.arange(length, device=visible.device) < visible[..., None])


def _padding(feeds: Sequence[Feed], device: torch.device) -> tuple[Tensor, Tensor]:
    """Indices from tokens to padded rows, and back."""
    widths = [len(feed.tokens) for feed in feeds]
    longest = max(widths)
    offsets = _offsets(feeds)
    padded = [
        (*range(offset, offset + width), *(offset,) * (longest - width))
        for offset, width in zip(offsets, widths, strict=True)
    ]
    packed = [range(row * longest, row * longest + width) for row, width in enumerate(widths)]
    return torch.tensor(padded, device=device), _flat(packed, device)


def _rows(slots: list[int], device: torch.device) -> slice | Tensor:
    """A slice if the slots follow one another, so that the cache can be read without a copy."""
    if all(after - before == 1 for before, after in pairwise(slots)):
        return slice(slots[0], slots[-1] + 1)
    return torch.tensor(slots, device=device)


def _offsets(feeds: Sequence[Feed]) -> list[int]:
    offsets = [0]
    for feed in feeds[:-1]:
        offsets.append(offsets[-1] + len(feed.tokens))
    return offsets


def _flat(parts: Sequence[Sequence[int]], device: torch.device) -> Tensor:
    return torch.tensor([index for part in parts for index in part], device=device)
