"""Rotary position embeddings (arXiv 2104.09864): queries and keys rotate with their position."""

import torch
from torch import Tensor


def angles(positions: Tensor, dim: int, theta: float) -> Tensor:
    """Angles [..., dim / 2] in radians of ``positions`` [...], whole or fractional.

    Args:
        positions: along one axis.
        dim: width that is rotated.
        theta: base of the geometric series of wavelengths.
    """
    exponents = torch.arange(0, dim, 2, dtype=torch.float32, device=positions.device) / dim
    rates = 1.0 / (theta**exponents)
    return positions[..., None].to(torch.float32) * rates


def turns(angles: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine [..., dim] of angles [..., dim / 2], for the two halves of a head."""
    both = torch.cat([angles, angles], dim=-1)
    return both.cos(), both.sin()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotates x [..., dim]; computed in the wider of the two dtypes, returned in that of ``x``."""
    first, second = x.chunk(2, dim=-1)
    turned = torch.cat([-second, first], dim=-1)
    return (x * cosine + turned * sine).to(x.dtype)
