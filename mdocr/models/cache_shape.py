"""What a cache of keys and values must know of a model. Free of torch."""

from dataclasses import dataclass

ROUNDING = 256
"""Caches grow in steps of so many tokens, so that a slightly longer sequence finds room."""


@dataclass(frozen=True)
class CacheShape:
    """What the cache must know of a model.

    Attributes:
        layers: layers that attend.
        heads: key-value heads.
        head_dim: width of a head.
    """

    layers: int
    heads: int
    head_dim: int

    def token_bytes(self, itemsize: int) -> int:
        """Memory of one token in bytes, for numbers of so many bytes."""
        return 2 * self.layers * self.heads * self.head_dim * itemsize


def cache_capacity(tokens: int) -> int:
    """Tokens that a cache has room for which must hold ``tokens``: a multiple of ``ROUNDING``."""
    return -(-tokens // ROUNDING) * ROUNDING
