"""Aligns CTC frames with the characters of a text.

A decoder that predicts a whole text at once has to locate each character in the image, which small
models learn long after the letter shapes. The position of a CTC frame is the expected number of
characters emitted up to it; given that, the decoder need not count.

Shapes: B images, W CTC frames, D width.
"""

import torch
from torch import Tensor
from torch.nn import functional


def expected_positions(ctc_logits: Tensor) -> Tensor:
    """Expected number of characters emitted up to and including each CTC frame.

    A frame begins a character unless it is blank or repeats the previous frame:
    Σ over characters of p(frame) · (1 − p(previous frame)).

    Args:
        ctc_logits: [..., W, characters + 1]; class 0 is the blank.

    Returns:
        [..., W], non-decreasing.
    """
    likely = functional.softmax(ctc_logits.float(), -1)[..., 1:]
    before = functional.pad(likely, (0, 0, 1, 0))[..., :-1, :]
    return (likely * (1 - before)).sum(-1).cumsum(-1)


def position_codes(positions: Tensor, dim: int) -> Tensor:
    """Sinusoidal codes [..., D] of positions [...], whole or fractional (arXiv 1706.03762, 3.5)."""
    even = torch.arange(0, dim, 2, dtype=torch.float32, device=positions.device)
    angles = positions[..., None].float() * 10000.0 ** (-even / dim)
    return torch.stack([torch.sin(angles), torch.cos(angles)], dim=-1).flatten(-2)
