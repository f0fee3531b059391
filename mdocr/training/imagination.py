"""Words imagined as the encoder would show them, which teach the decoder spelling without pictures.

Where a picture is unclear, only knowledge of words tells "Suites" from "Suiles", and it takes more
words than can be drawn and encoded on a small machine. The decoder by itself is cheap. So the mean
and the spread of the encoder's columns are kept for each class of the CTC head, and words are put
together from them: a noisy column for each character, blanks between, characters missed or seen
twice now and then. A decoder trained on pictures reads them nearly as well as pictures.

Shapes: B words, W columns, D width, V classes of the CTC head (0 is the blank), L positions.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mdocr.models.alignment import expected_places, position_codes
from mdocr.training.noising import Words

DECAY = 0.999
"""Of the statistics, per batch: they follow the encoder as it learns."""
LEAST = 1e-6
"""Stands for the count of a class without examples; counts that fade come below 1 too."""
SURE = 0.5
"""Least probability of a class for a column to be counted as its example."""
WORST = 2.0
"""Noise on the least clear words, in standard deviations of a class."""
UNEVEN = 0.4
"""How much noise differs from column to column: standard deviation of its logarithm."""
MISSED = DOUBLED = 0.02
"""Chance of a character to be missed, or seen twice."""


class Imagination(nn.Module):
    """Statistics of the encoder's columns, and features made from them.

    Args:
        classes: of the CTC head.
        dim: width of the encoder's columns.
    """

    count: Tensor
    total: Tensor
    squares: Tensor

    def __init__(self, classes: int, dim: int) -> None:
        super().__init__()
        self.register_buffer("count", torch.zeros(classes, 1))
        self.register_buffer("total", torch.zeros(classes, dim))
        self.register_buffer("squares", torch.zeros(classes, dim))

    @torch.no_grad()
    def observe(self, grid: Tensor, letters: Tensor) -> None:
        """Counts the columns of a batch.

        Args:
            grid: features with the codes of their places [B, H, W, D], as ``MDiff4STR.look`` gives
                them.
            letters: logits of the CTC head [B, W, V].
        """
        codes = position_codes(expected_places(letters) - 1, grid.shape[-1])
        columns = grid.float().mean(1) - codes
        likely, classes = functional.softmax(letters.float(), -1).max(-1)
        clear = likely > SURE
        found, examples = classes[clear], columns[clear]
        for kept, values in (
            (self.count, torch.ones_like(examples[:, :1])),
            (self.total, examples),
            (self.squares, examples.square()),
        ):
            kept.mul_(DECAY).index_add_(0, found, values)

    @torch.no_grad()
    def features(self, words: Words, generator: torch.Generator) -> Tensor:
        """Features [B, 3·L + 1, D] of words, L the length of the longest with EOS.

        A class without examples yet shows nothing, and the decoder has to guess.
        """
        classes = misread(words, generator)
        count = self.count.clamp(min=LEAST)
        mean = self.total / count
        spread = (self.squares / count - mean.square()).clamp(min=0).sqrt()
        size = (*classes.shape, mean.shape[-1])
        worst = WORST * torch.rand(len(classes), 1, 1, generator=generator)
        uneven = torch.randn(*classes.shape, 1, generator=generator).mul(UNEVEN).exp()
        noise = (worst * uneven * torch.randn(size, generator=generator)).to(mean.device)
        classes = classes.to(mean.device)
        places = (classes > 0).cumsum(1) - 1
        codes = position_codes(places, mean.shape[-1])
        return mean[classes] + noise * spread[classes] + codes


def misread(words: Words, generator: torch.Generator) -> Tensor:
    """Classes that a CTC head might find in the columns of words.

    Returns:
        [B, 3·L + 1], L the length of the longest word with EOS: a blank, then for each character
        itself, a blank, and another blank or the character once more.
    """
    length = int(words.lengths.max())
    places = torch.arange(length, device=words.labels.device)
    inside = places < words.lengths[:, None] - 1  # EOS is the blank's number too
    letters = words.labels[:, :length].masked_fill(~inside, 0).cpu()
    chance = torch.rand(letters.shape, generator=generator)
    blank = torch.zeros_like(letters)
    seen = torch.where(chance < MISSED, blank, letters)
    again = torch.where(chance > 1 - DOUBLED, letters, blank)
    return functional.pad(torch.stack([seen, blank, again], -1).flatten(1), (1, 0))
