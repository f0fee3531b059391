"""Attention backends of a language model: over whole rows with a mask, or over a KV cache.

Layers pass their queries, keys and values to a backend and know nothing of masks and caches.

Shapes: B rows, L tokens of a row, T packed tokens of a pass, H query heads, K key-value heads,
E width of a head, S visible tokens.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

from mdocr.models.kv_cache import KVCache


class Attention(Protocol):
    """Mixes the values visible to each query."""

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Query [..., H, E], key and value [..., K, E] → [..., H, E]."""
        ...


class Mask:
    """A visibility mask, laid out for query heads that share a key-value head.

    Args:
        visible: true where a token (row) sees another (column), [L, S] or [B, L, S].
    """

    def __init__(self, visible: Tensor) -> None:
        self.visible = visible[None] if visible.ndim == 2 else visible
        self._shared: Tensor | None = None

    def shared(self, groups: int) -> Tensor:
        """[B or 1, 1, groups · L, S]; computed once for all layers of a pass."""
        if self._shared is None:
            self._shared = self.visible[:, None].repeat(1, 1, groups, 1)
        return self._shared


class DenseAttention:
    """Attention over whole rows [B, L, heads, E].

    Args:
        mask: true where a token (row) sees another (column), [L, L] or [B, L, L]; all if None.
    """

    def __init__(self, mask: Tensor | None = None) -> None:
        self.mask = None if mask is None else Mask(mask)

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See ``Attention``."""
        return grouped_attention(query, key, value, self.mask)


@dataclass(frozen=True)
class Packing:
    """Where the tokens of a pass belong; sequences of different lengths are packed.

    Attributes:
        sequences: cache row of each token [T].
        slots: place of each token's keys and values in its cache row [T].
        rows: cache rows of the sequences in the pass; a slice if they are consecutive.
        length: number of tokens to read from the cache.
        mask: over [sequences, longest, length]; None if every token sees all.
        padded: index of each token, [sequences, longest]; None if all are equally long.
        packed: index [T] of each token in the flattened ``padded``.
    """

    sequences: Tensor
    slots: Tensor
    rows: slice | Tensor
    length: int
    mask: Mask | None
    padded: Tensor | None
    packed: Tensor | None


class CachedAttention:
    """Attention of packed tokens [T, heads, E] over everything cached of their sequences.

    Args:
        cache: keys and values; written to.
        packing: where the tokens belong.
        sequences: number of sequences in the pass.
    """

    def __init__(self, cache: KVCache, packing: Packing, sequences: int) -> None:
        self.cache = cache
        self.packing = packing
        self.sequences = sequences

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """Stores the keys and values, then attends. See ``Attention``."""
        packing = self.packing
        self.cache.write(layer, packing.sequences, packing.slots, (key, value))
        key, value = self.cache.read(layer, packing.rows, packing.length)
        if packing.padded is None:
            rows = query.view(self.sequences, -1, *query.shape[1:])
            return grouped_attention(rows, key, value, packing.mask).flatten(0, 1)
        mixed = grouped_attention(query[packing.padded], key, value, packing.mask)
        return mixed.flatten(0, 1)[packing.packed]


Mix = Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]
"""Queries, keys, values, mask → mixed values; see ``attend``."""


def attend(query: Tensor, key: Tensor, value: Tensor, visible: Tensor | None = None) -> Tensor:
    """Scaled dot-product attention, all [..., tokens, E] → [..., tokens, E].

    On a CPU the backward pass of the fused kernel takes several times as long as two matrix
    products, so training there does not use it.

    Args:
        query: queries.
        key: keys.
        value: values.
        visible: true where a query (row) sees a key (column); all if None.
    """
    if query.device.type != "cpu" or not torch.is_grad_enabled():
        return functional.scaled_dot_product_attention(query, key, value, attn_mask=visible)
    scores = query * query.shape[-1] ** -0.5 @ key.transpose(-1, -2)
    if visible is not None:
        scores = scores.masked_fill(~visible, -torch.inf)
    mixed: Tensor = scores.softmax(-1).to(value.dtype) @ value
    return mixed


def grouped_attention(
    query: Tensor, key: Tensor, value: Tensor, mask: Mask | None, mix: Mix = attend
) -> Tensor:
    """Grouped-query attention: H / K query heads share a key-value head.

    Queries that share a head are stacked as rows of one matrix, so no key is copied.

    Args:
        query: [B, L, H, E].
        key: [B, S, K, E].
        value: [B, S, K, E].
        mask: None if every token sees all.
        mix: mixes the values of each head.

    Returns:
        [B, L, H, E].
    """
    batch, length, heads, dim = query.shape
    shared = key.shape[2]
    groups = heads // shared
    query = query.view(batch, length, shared, groups, dim).permute(0, 2, 3, 1, 4)
    mixed = mix(
        query.reshape(batch, shared, groups * length, dim),
        key.transpose(1, 2),
        value.transpose(1, 2),
        None if mask is None else mask.shared(groups),
    )
    mixed = mixed.view(batch, shared, groups, length, dim).permute(0, 3, 1, 2, 4)
    return mixed.reshape(batch, length, heads, dim)


def block_mask(prompt_length: int, length: int, block_length: int) -> Tensor:
    """Block-causal mask [length, length]: a token sees its own block and all earlier ones.

    Blocks are aligned to the end of the prompt, so the first block of the prompt may be shorter.
    """
    position = torch.arange(length, device="cpu")
    block = torch.div(position - prompt_length, block_length, rounding_mode="floor")
    return block[:, None] >= block[None]
