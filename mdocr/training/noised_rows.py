"""Block-diffusion training rows: ``[prompt | clean text | noised text]`` (arXiv 2603.22458, 3).

The noised text shares the positions of the clean one. A clean block attends to the prompt and the
clean blocks up to itself; a noised block to the prompt, the clean blocks *before* it, and itself.
One pass trains every block of a text, each at its own noise level.

Shapes: B rows, P tokens of the prompt, L positions of the text, N = P + 2·L tokens of a row.
"""

import torch
from torch import Tensor

from mdocr.models.attention import block_mask

FULL_SHARE = 0.3
"""Share of fully masked blocks: the state in which decoding of a block begins."""


def structured_mask(prompt: int, length: int, block_length: int) -> Tensor:
    """The attention mask of a row [N, N]: true where a query (row) attends to a key (column).

    Args:
        prompt: tokens of the prompt.
        length: positions of the text, a multiple of the block length.
        block_length: positions of a block.
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
    """Samples the masked positions of noised texts [B, L].

    The masked share of each block is uniform in 0..1; at least one position is masked.
    """
    blocks = length // block_length
    share = torch.rand(rows, blocks, 1, generator=generator)
    full = torch.rand(rows, blocks, 1, generator=generator) < FULL_SHARE
    each = torch.rand(rows, blocks, block_length, generator=generator)
    least = each == each.amin(-1, keepdim=True)
    return ((each < share) | full | least).flatten(1)
