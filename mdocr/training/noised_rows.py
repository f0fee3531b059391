"""Block-diffusion training rows: ``[prompt | clean text | noised text]`` (arXiv 2603.22458, 3).

The noised text takes the places of the clean one. A clean block sees the prompt and the clean
blocks up to itself; a noised block sees the prompt, the clean blocks *before* it, and itself. So
one pass trains every block of a text, each from a different degree of noise.

Shapes: B rows, P tokens of the prompt, L places of the text, N = P + 2·L tokens of a row.
"""

import torch
from torch import Tensor

from mdocr.models.attention import block_mask

FULL_SHARE = 0.3
"""Share of the blocks that are masked whole, as every block is when its decoding begins."""


def structured_mask(prompt: int, length: int, block_length: int) -> Tensor:
    """Which token of a row sees which, [N, N].

    Args:
        prompt: tokens of the prompt.
        length: places of the text, whole blocks.
        block_length: places of a block.
    """
    causal = block_mask(prompt, prompt + length, block_length)
    block = torch.arange(length) // block_length
    earlier = block[:, None] > block[None]
    same = block[:, None] == block[None]
    mask = torch.zeros(prompt + 2 * length, prompt + 2 * length, dtype=torch.bool)
    clean = prompt + length
    mask[:clean, :clean] = causal
    mask[clean:, :prompt] = True
    mask[clean:, prompt:clean] = earlier
    mask[clean:, clean:] = same
    return mask


def hidden_positions(
    rows: int, length: int, block_length: int, generator: torch.Generator
) -> Tensor:
    """Which places of the noised text are masked [B, L]: a share of each block, drawn uniformly.

    Every block has at least one masked place.
    """
    blocks = length // block_length
    share = torch.rand(rows, blocks, 1, generator=generator)
    full = torch.rand(rows, blocks, 1, generator=generator) < FULL_SHARE
    each = torch.rand(rows, blocks, block_length, generator=generator)
    least = each == each.amin(-1, keepdim=True)
    return ((each < share) | full | least).flatten(1)
