"""Where the characters of a text stand in its picture, told by a CTC head.

A decoder that writes a whole text at once has to find each character's place in the picture, which
small models learn long after the letters. A column's place is the number of characters that a CTC
head has read up to it; with it the decoder need not count.

Shapes: B pictures, W columns, D width.
"""

import torch
from torch import Tensor
from torch.nn import functional


def expected_places(letters: Tensor) -> Tensor:
    """Expected number of characters that the CTC head has emitted up to each column.

    A column begins a character unless it is blank or repeats the column before:
    Σ over characters of p(column) · (1 − p(column before)).

    Args:
        letters: logits [..., W, characters + 1]; class 0 is the blank.

    Returns:
        [..., W], not decreasing.
    """
    likely = functional.softmax(letters.float(), -1)[..., 1:]
    before = functional.pad(likely, (0, 0, 1, 0))[..., :-1, :]
    return (likely * (1 - before)).sum(-1).cumsum(-1)


def position_codes(places: Tensor, dim: int) -> Tensor:
    """Sine and cosine codes [..., D] of places [...], whole or not (arXiv 1706.03762, 3.5)."""
    even = torch.arange(0, dim, 2, dtype=torch.float32, device=places.device)
    angles = places[..., None].float() * 10000.0 ** (-even / dim)
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=-1).flatten(-2)
