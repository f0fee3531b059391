"""How a language model's layers attend: over whole rows with a mask, or into a cache of keys.

Layers hand their queries, keys and values to such an object and know nothing of masks and caches.

Shapes: B rows, L tokens of a row, T tokens of a pass one after another, H query heads,
K key-value heads, E width of a head, S tokens that can be seen.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from mdocr.models.kv_cache import KVCache


class Attention(Protocol):
    """Mixes the values that each query may see."""

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Query [..., H, E], key and value [..., K, E] → [..., H, E]."""
        ...


class Mask:
    """What each token sees, laid out for query heads that share a key-value head.

    Args:
        seen: true where a token (row) sees another (column), [L, S] or [B, L, S].
    """

    def __init__(self, seen: Tensor) -> None:
        self.seen = seen[None] if seen.ndim == 2 else seen
        self._shared: Tensor | None = None

    def shared(self, groups: int) -> Tensor:
        """[B or 1, 1, groups · L, S]; made once for all layers of a pass."""
        if self._shared is None:
            self._shared = self.seen[:, None].repeat(1, 1, groups, 1)
        return self._shared


class DenseAttention:
    """Over whole rows [B, L, heads, E].

    Args:
        mask: which token (row) sees which (column), [L, L] or [B, L, L]; all see all if None.
    """

    def __init__(self, mask: Tensor | None = None) -> None:
        self.mask = None if mask is None else Mask(mask)

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See ``Attention``."""
        return grouped_attention(query, key, value, self.mask)


@dataclass(frozen=True)
class Packing:
    """Where the tokens of a pass belong; sequences of different lengths lie one after another.

    Attributes:
        slots: cache slot of each token [T].
        places: place of each token in its sequence [T].
        rows: cache slots of the sequences, in their order: a slice if they follow one another.
        length: tokens that must be read from the cache.
        mask: what each token sees, over [sequences, longest, length]; None if all see all.
        padded: token [sequences, longest] of each sequence; None if all are equally long.
        packed: place [T] of each token in the flattened ``padded``.
    """

    slots: Tensor
    places: Tensor
    rows: slice | Tensor
    length: int
    mask: Mask | None
    padded: Tensor | None
    packed: Tensor | None


class CachedAttention:
    """Of the tokens of a pass [T, heads, E] over everything their sequences hold so far."""

    def __init__(self, cache: KVCache, packing: Packing, sequences: int) -> None:
        self.cache = cache
        self.packing = packing
        self.sequences = sequences

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Stores the keys and values, then attends. See ``Attention``."""
        packing = self.packing
        self.cache.write(layer, packing.slots, packing.places, (key, value))
        key, value = self.cache.read(layer, packing.rows, packing.length)
        if packing.padded is None:
            rows = query.view(self.sequences, -1, *query.shape[1:])
            return grouped_attention(rows, key, value, packing.mask).flatten(0, 1)
        mixed = grouped_attention(query[packing.padded], key, value, packing.mask)
        return mixed.flatten(0, 1)[packing.packed]


def attend(query: Tensor, key: Tensor, value: Tensor, seen: Tensor | None = None) -> Tensor:
    """Attention of every query over every key, all [..., tokens, E] → [..., tokens, E].

    On a CPU the fused kernel's backward pass takes several times as long as two matrix products, so
    training there goes without it.

    Args:
        query: what is asked.
        key: what answers.
        value: what is mixed.
        seen: true where a query (row) may look at a key (column); all if None.
    """
    if query.device.type != "cpu" or not torch.is_grad_enabled():
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=seen)
    scores = query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2)
    if seen is not None:
        scores = scores.masked_fill(~seen, -torch.inf)
    mixed: Tensor = scores.softmax(-1).to(value.dtype) @ value
    return mixed


def grouped_attention(query: Tensor, key: Tensor, value: Tensor, mask: Mask | None) -> Tensor:
    """Attention in which H / K query heads share a key-value head.

    The queries that share a head stand as further rows of one matrix, so no key is copied.

    Args:
        query: [B, L, H, E].
        key: [B, S, K, E].
        value: [B, S, K, E].
        mask: what each token sees; None if all see all.

    Returns:
        [B, L, H, E].
    """
    batch, length, heads, dim = query.shape
    shared = key.shape[2]
    groups = heads // shared
    query = query.view(batch, length, shared, groups, dim).permute(0, 2, 3, 1, 4)
    mixed = attend(
        query.reshape(batch, shared, groups * length, dim),
        key.transpose(1, 2),
        value.transpose(1, 2),
        None if mask is None else mask.shared(groups),
    )
    mixed = mixed.view(batch, shared, groups, length, dim).permute(0, 3, 1, 2, 4)
    return mixed.reshape(batch, length, heads, dim)


def block_mask(prompt_length: int, length: int, block_length: int) -> Tensor:
    """Which token sees which [length, length]: its own block and those before it.

    Blocks are aligned to the end of the prompt, so the first block of the prompt may be shorter.
    """
    place = torch.arange(length, device="cpu")
    block = torch.div(place - prompt_length, block_length, rounding_mode="floor")
    return block[:, None] >= block[None]
