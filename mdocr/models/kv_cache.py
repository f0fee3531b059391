"""Keys and values of all tokens fed so far, preallocated and passed around explicitly.

Each sequence owns one row, indexed by token position. Writing a position again overwrites it, so
the tokens of an unfinished block leave no trace. The cache knows nothing of models.

Shapes: S sequences, C capacity in tokens, K key-value heads, E width of a head, T tokens of a pass.
"""

import torch
from torch import Tensor

from mdocr.models.sdar_config import CacheShape, cache_capacity


class KVCache:
    """Keys and values [S, C, K, E] of every layer; empty until ``reserve`` is called.

    Args:
        shape: layers and heads.
        sequences: maximum number of concurrent sequences.
        device: where to allocate.
        dtype: type of the keys and values.
    """

    def __init__(
        self, shape: CacheShape, sequences: int, device: torch.device, dtype: torch.dtype
    ) -> None:
        self.shape = shape
        self.sequences = sequences
        self.capacity = 0
        self._store = torch.empty(0, device=device, dtype=dtype)

    def reserve(self, capacity: int) -> None:
        """Grows every row to at least ``capacity`` tokens, keeping its contents."""
        if capacity <= self.capacity:
            return
        capacity = cache_capacity(capacity)
        shape = self.shape
        # Zeros: masked positions are read too, and a weight of 0 does not cancel a NaN.
        store = self._store.new_zeros(
            shape.layers, 2, self.sequences, capacity, shape.heads, shape.head_dim
        )
        if self.capacity:
            store[:, :, :, : self.capacity] = self._store
        self._store, self.capacity = store, capacity

    def write(
        self, layer: int, sequences: Tensor, positions: Tensor, new: tuple[Tensor, Tensor]
    ) -> None:
        """Stores keys and values [T, K, E] at ``positions`` [T] of ``sequences`` [T]."""
        for part, values in enumerate(new):
            self._store[layer, part][sequences, positions] = values

    def read(self, layer: int, sequences: slice | Tensor, length: int) -> tuple[Tensor, Tensor]:
        """Keys and values [rows, length, K, E] of some sequences; a view if given a slice."""
        keys, values = self._store[layer]
        return keys[sequences, :length], values[sequences, :length]
