"""Training rows of the large page model: ``[prompt | clean answer | noised answer]``, and batches.

The mask and the noise are those of ``line_noising``; here rows have prompts and answers of any
lengths, and stand in a batch padded to the longest.

Shapes: B rows, P tokens of a prompt, L places of an answer (whole blocks), N = longest P + 2·L.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from mdocr.preprocessing.mineru_diffusion import PatchedImage
from mdocr.training.noised_rows import hidden_positions, structured_mask

UNCOUNTED = -100
"""Label of a place that is not to be predicted."""


@dataclass(frozen=True)
class TrainingRow:
    """One sample.

    Attributes:
        tokens: of prompt, clean and noised answer [P + 2·L].
        labels: the true token where the noised answer is masked, ``UNCOUNTED`` elsewhere.
        prompt: P.
        length: L.
        picture: what the prompt's picture tokens stand for.
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
        places: rotary places [B, N]; clean and noised answer have the same.
        prompts: P of each row.
        lengths: L of each row.
        block_length: places that are denoised together.
        patches: of all pictures, one after another [patches, pixels].
        grids: rows and columns of patches of each picture.
        weights: [B].
    """

    tokens: Tensor
    labels: Tensor
    places: Tensor
    prompts: tuple[int, ...]
    lengths: tuple[int, ...]
    block_length: int
    patches: Tensor
    grids: tuple[tuple[int, int], ...]
    weights: Tensor

    def mask(self) -> Tensor:
        """Which token of a row sees which [B, N, N]; padding sees itself only."""
        rows, longest = self.tokens.shape
        seen = torch.eye(longest, dtype=torch.bool).repeat(rows, 1, 1)
        for row, (prompt, length) in enumerate(zip(self.prompts, self.lengths, strict=True)):
            size = prompt + 2 * length
            seen[row, :size, :size] = structured_mask(prompt, length, self.block_length)
        return seen


def make_training_row(
    prompt: Sequence[int],
    answer: Tensor,
    noise: tuple[int, int, torch.Generator],
    picture: PatchedImage,
    weight: float = 1.0,
) -> TrainingRow:
    """A row with noise.

    Args:
        prompt: token ids.
        answer: token ids [L], whole blocks.
        noise: block length, mask id, and what the noise is drawn from.
        picture: of the prompt.
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
    places = torch.zeros(len(rows), longest, dtype=torch.long)
    for number, row in enumerate(rows):
        size = len(row.tokens)
        tokens[number, :size], labels[number, :size] = row.tokens, row.labels
        answer = torch.arange(row.prompt, row.prompt + row.length)
        places[number, :size] = torch.cat([torch.arange(row.prompt), answer, answer])
    return MinerUDiffusionBatch(
        tokens,
        labels,
        places,
        tuple(row.prompt for row in rows),
        tuple(row.length for row in rows),
        block_length,
        torch.cat([torch.from_numpy(row.picture.patches) for row in rows]),
        tuple(row.picture.grid for row in rows),
        torch.tensor([row.weight for row in rows]),
    )
