"""Keys and values of everything a sequence has already said, allocated once and passed around.

A sequence owns a slot; a token's place in the sequence is its place in the slot. Writing a place
again replaces it, so the tokens of an unfinished block leave no trace. It knows nothing of models.

Shapes: S slots, C capacity in tokens, K key-value heads, E width of a head, T tokens of one pass.
"""

import torch
from torch import Tensor

from mdocr.models.sdar_config import CacheShape, cache_capacity


class KVCache:
    """Keys and values [S, C, K, E] of every layer; without room until ``reserve`` is called.

    Args:
        shape: layers and heads.
        slots: sequences that are decoded at the same time.
        device: where the cache lies.
        dtype: type of its numbers.
    """

    def __init__(
        self, shape: CacheShape, slots: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.shape = shape
        self.slots = slots
        self.capacity = 0
        self._store = torch.empty(0, device=device, dtype=dtype)

    def reserve(self, capacity: int) -> None:
        """Makes every slot hold at least ``capacity`` tokens; what is stored stays."""
        if capacity <= self.capacity:
            return
        capacity = cache_capacity(capacity)
        shape = self.shape
        # Zeros, since unseen places are read too, and a weight of 0 does not cancel a NaN.
        store = self._store.new_zeros(
            shape.layers, 2, self.slots, capacity, shape.heads, shape.head_dim
        )
        if self.capacity:
            store[:, :, :, : self.capacity] = self._store
        self._store, self.capacity = store, capacity

    def write(self, layer: int, slots: Tensor, places: Tensor, new: tuple[Tensor, Tensor]) -> None:
        """Stores keys and values [T, K, E] of tokens at their ``places`` [T] in ``slots`` [T]."""
        for part, values in enumerate(new):
            self._store[layer, part][slots, places] = values

    def read(self, layer: int, slots: slice | Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Keys and values [rows, length, K, E] of some slots: a view if ``slots`` is a slice."""
        keys, values = self._store[layer]
        return keys[slots, :length], values[slots, :length]
