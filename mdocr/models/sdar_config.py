"""Sizes of SDAR, the language model of both page models. Imports no torch."""

from dataclasses import dataclass

ROUNDING = 256
"""Caches grow in steps of this many tokens, so that slightly longer sequences fit."""


@dataclass(frozen=True)
class CacheShape:
    """What a cache needs to know about a model.

    Attributes:
        layers: attention layers.
        heads: key-value heads.
        head_dim: width of a head.
    """

    layers: int
    heads: int
    head_dim: int

    def token_bytes(self, itemsize: int) -> int:
        """Memory per token in bytes, at ``itemsize`` bytes per value."""
        return 2 * self.layers * self.heads * self.head_dim * itemsize


def cache_capacity(tokens: int) -> int:
    """Capacity of a cache for ``tokens``: rounded up to a multiple of ``ROUNDING``."""
    return -(-tokens // ROUNDING) * ROUNDING


@dataclass(frozen=True)
class SDARConfig:
    """Sizes of the language model; names as in the released ``config.json``.

    Attributes:
        vocab_size: number of tokens, including special ones.
        hidden_size: width.
        intermediate_size: hidden width of the MLP.
        num_hidden_layers: layers.
        num_attention_heads: query heads.
        num_key_value_heads: key-value heads.
        head_dim: width of a head.
        rope_theta: base of the rotary wavelengths.
        rms_norm_eps: added to the variance in norms.
        attention_bias: whether the linear layers of attention have biases.
    """

    vocab_size: int = 151936
    hidden_size: int = 2048
    intermediate_size: int = 6144
    num_hidden_layers: int = 28
    num_attention_heads: int = 16
    num_key_value_heads: int = 8
    head_dim: int = 128
    rope_theta: float = 1000000.0
    rms_norm_eps: float = 1e-6
    attention_bias: bool = False

    @property
    def cache_shape(self) -> CacheShape:
        """What a KV cache needs to know."""
        return CacheShape(self.num_hidden_layers, self.num_key_value_heads, self.head_dim)
