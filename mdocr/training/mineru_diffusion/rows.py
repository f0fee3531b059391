"""Training rows of MinerU-Diffusion: ``[prompt | clean answer | noised answer]``, and batches.

Mask and noise are those of ``noised_rows``; here prompts and answers have any lengths, and rows are
padded to the longest of a batch.

Shapes: B rows, P tokens of a prompt, L positions of an answer (whole blocks), N = longest P + 2·L.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mdocr.preprocessing.mineru_diffusion import PatchedImage
from mdocr.training.noised_rows import hidden_positions

UNCOUNTED = -100
"""Label of positions without loss."""


@dataclass(frozen=True)
class TrainingRow:
    """A sample with noise.

    Attributes:
        tokens: of prompt, clean and noised answer [P + 2·L].
        labels: true tokens where the noised answer is masked, else ``UNCOUNTED``.
        prompt: P.
        length: L.
        picture: the image of the prompt's image tokens.
        weight: of its loss.
    """

    tokens: Tensor
    labels: Tensor
    prompt: int
    length: int
    picture: PatchedImage
    weight: float


@dataclass(frozen=True)
class MinerUDiffusionBatch:
    """Rows padded to the longest.

    Attributes:
        tokens: [B, N].
        labels: [B, N].
        positions: rotary positions [B, N]; clean and noised answer share them.
        prompts: P of each row.
        lengths: L of each row.
        block_length: positions of a block.
        patches: of all images, concatenated [patches, pixels].
        grids: rows and columns of patches of each image.
        weights: [B].
    """

    tokens: Tensor
    labels: Tensor
    positions: Tensor
    prompts: tuple[int, ...]
    lengths: tuple[int, ...]
    block_length: int
    patches: Tensor
    grids: tuple[tuple[int, int], ...]
    weights: Tensor

    def mask(self, device: torch.device) -> Tensor:
        """Attention mask [B, N, N], computed on a device; padding attends to itself only.

        Each row's part is ``noised_rows.structured_mask``, as two comparisons of codes: a key of
        prompt or clean answer is visible from its own block on, or, to the noised answer, from the
        next block on; a key of the noised answer only in its block.
        """
        prompts, lengths = (
            torch.tensor(numbers, device=device, dtype=torch.int32)[:, None]
            for numbers in (self.prompts, self.lengths)
        )
        position = torch.arange(self.tokens.shape[1], device=device, dtype=torch.int32)
        padded = position >= prompts + 2 * lengths  # [B, N]
        noised = (position >= prompts + lengths) & ~padded
        answer = position - prompts - lengths * noised  # negative in the prompt
        block = answer.div(self.block_length, rounding_mode="floor")
        last = torch.iinfo(torch.int32).max
        since = (2 * block).masked_fill(noised | padded, last)
        until = (2 * block - noised.int()).masked_fill(padded, -last)
        own = torch.where(noised, block, -2)  # a block is at least 0
        own = torch.where(padded, -3 - position, own)
        seeking = torch.where(noised | padded, own, -1)
        earlier = since[:, None] <= until[:, :, None]
        return earlier.logical_or_(own[:, None] == seeking[:, :, None])


def make_training_row(
    prompt: Sequence[int],
    answer: Tensor,
    noise: tuple[int, int, torch.Generator],
    picture: PatchedImage,
    weight: float = 1.0,
) -> TrainingRow:
    """A training row.

    Args:
        prompt: token ids.
        answer: token ids [L], whole blocks.
        noise: block length, mask id, and source of noise.
        picture: image of the prompt.
        weight: of the loss.
    """
    block_length, mask_id, generator = noise
    length = len(answer)
    hidden = hidden_positions(1, length, block_length, generator)[0]
    start = torch.tensor(list(prompt))
    tokens = torch.cat([start, answer, answer.masked_fill(hidden, mask_id)])
    labels = torch.full_like(tokens, UNCOUNTED)
    labels[-length:] = answer.masked_fill(~hidden, UNCOUNTED)
    return TrainingRow(tokens, labels, len(prompt), length, picture, weight)


def collate(rows: Sequence[TrainingRow], block_length: int, fill_id: int) -> MinerUDiffusionBatch:
    """A batch of rows, padded with ``fill_id``."""
    longest = max(len(row.tokens) for row in rows)
    tokens = torch.full((len(rows), longest), fill_id)
    labels = torch.full((len(rows), longest), UNCOUNTED)
    positions = torch.zeros(len(rows), longest, dtype=torch.long)
    for number, row in enumerate(rows):
        size = len(row.tokens)
        tokens[number, :size], labels[number, :size] = row.tokens, row.labels
        answer = torch.arange(row.prompt, row.prompt + row.length)
        positions[number, :size] = torch.cat([torch.arange(row.prompt), answer, answer])
    return MinerUDiffusionBatch(
        tokens,
        labels,
        positions,
        tuple(row.prompt for row in rows),
        tuple(row.length for row in rows),
        block_length,
        torch.cat([torch.from_numpy(row.picture.patches) for row in rows]),
        tuple(row.picture.grid for row in rows),
        torch.tensor([row.weight for row in rows]),
    )
