"""Noised copies of words for masked-diffusion training (MDiff4STR, sections 3.2 and 3.3).

Every rule is a function from random numbers to a mask, so that a step is reproducible by seed.

Shapes: B words, K noised copies of each, L positions (characters, EOS, padding).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from mdocr.models.charset import Charset

BLOCK_STEPS = 6
"""The block rule splits a word into 2 to this many blocks."""

Confidence = Callable[[Tensor], Tensor]
"""Maps indices of words [R] to the model's confidence [R, L] after a parallel pass."""


@dataclass(frozen=True)
class Words:
    """Labels of a batch.

    Attributes:
        labels: ids [B, L]: characters, EOS, then padding.
        lengths: characters and EOS [B].
    """

    labels: Tensor
    lengths: Tensor

    def to(self, device: torch.device) -> "Words":
        """The same on another device."""
        return Words(self.labels.to(device), self.lengths.to(device))

    @property
    def valid(self) -> Tensor:
        """[B, L] true at the characters and at EOS."""
        positions = torch.arange(self.labels.shape[1], device=self.labels.device)
        return positions < self.lengths[:, None]


@dataclass(frozen=True)
class Draws:
    """Random numbers that determine the noise.

    Attributes:
        kind: index into ``RULES`` [B, K].
        level: uniform in 0..1 [B, K, 1]: share, split or position.
        block: uniform in 0..1 [B, K, 1]: number of blocks.
        each: uniform in 0..1 [B, K, L].
    """

    kind: Tensor
    level: Tensor
    block: Tensor
    each: Tensor

    def rows(self, start: int, stop: int) -> "Draws":
        """The random numbers of some words of the batch."""
        return Draws(
            self.kind[start:stop],
            self.level[start:stop],
            self.block[start:stop],
            self.each[start:stop],
        )


def draw(batch: int, copies: int, length: int, generator: torch.Generator) -> Draws:
    """Samples random numbers for ``copies`` noised copies of words of ``length`` positions."""
    return Draws(
        torch.randint(len(RULES), (batch, copies), generator=generator),
        torch.rand(batch, copies, 1, generator=generator),
        torch.rand(batch, copies, 1, generator=generator),
        torch.rand(batch, copies, length, generator=generator),
    )


def mask(words: Words, draws: Draws, confidence: Confidence) -> Tensor:
    """Samples the masked positions.

    Args:
        words: labels.
        draws: rule of each copy, and its random numbers.
        confidence: called only for words with a confidence rule.

    Returns:
        [B, K, L]; at least one position of every copy is true, none after EOS.
    """
    device = words.labels.device
    kinds = draws.kind.to(device)
    scores = torch.zeros(words.labels.shape, device=device)
    (rows,) = (kinds >= FIRST_CONFIDENCE_RULE).any(-1).nonzero(as_tuple=True)
    if len(rows):
        scores[rows] = confidence(rows)
    context = _Context(words, draws, scores)
    hidden = torch.zeros_like(context.each, dtype=torch.bool)
    for index, rule in enumerate(RULES.values()):
        chosen = kinds == index  # [B, K]
        if bool(chosen.any()):
            hidden = torch.where(chosen[..., None], rule(context), hidden)
    hidden = hidden & context.valid
    return torch.where(hidden.any(-1, keepdim=True), hidden, _closest(context))


def draw_characters(
    batch: int, copies: int, length: int, charset: Charset, generator: torch.Generator
) -> Tensor:
    """Random replacement characters [B, K, L]; never EOS, MASK or PAD."""
    return torch.randint(1, charset.outputs, (batch, copies, length), generator=generator)


def replace(words: Words, characters: Tensor, draws: Draws, charset: Charset) -> Tensor:
    """Token replacement: a random share of the positions holds another character (section 3.3).

    This includes EOS, so that a word may be followed by a character that the image does not show.

    Args:
        words: labels.
        characters: replacements [B, K, L]; one equal to the true character becomes the next one.
        draws: select the positions.
        charset: ids.

    Returns:
        Ids [B, K, L] of full words with wrong characters; MASK after EOS.
    """
    device = words.labels.device
    wrong = (draws.each < draws.level).to(device)
    labels = words.labels[:, None].expand_as(wrong)
    drawn = characters.to(device)
    others = torch.where(drawn == labels, drawn % len(charset) + 1, drawn)
    replaced = torch.where(wrong, others, labels)
    return replaced.masked_fill(~words.valid[:, None], charset.mask_id)


def hide(words: Words, hidden: Tensor, charset: Charset) -> Tensor:
    """Ids [B, K, L] with MASK where ``hidden`` [B, K, L] and after EOS."""
    labels = words.labels[:, None].expand_as(hidden)
    return labels.masked_fill(hidden | ~words.valid[:, None], charset.mask_id)


class _Context:
    """Inputs of the rules, on the device."""

    def __init__(self, words: Words, draws: Draws, scores: Tensor) -> None:
        device = words.labels.device
        self.level = draws.level.to(device)
        self.block = draws.block.to(device)
        self.each = draws.each.to(device)
        self.valid = words.valid[:, None].expand_as(self.each)  # [B, K, L]
        self.lengths = words.lengths[:, None, None]  # [B, 1, 1]
        self.positions = torch.arange(words.labels.shape[1], device=device)
        self.scores = scores[:, None].expand_as(self.each)


def _random(context: _Context) -> Tensor:
    return context.each < context.level


def _full(context: _Context) -> Tensor:
    return context.valid


def _part(context: _Context) -> Tensor:
    """Number of positions to mask [B, K, 1]: at least one, and not all if there are several."""
    most = (context.lengths - 1).clamp(min=1)
    return 1 + (context.level * most).long().clamp(max=most - 1)


def _right(context: _Context) -> Tensor:
    return context.positions >= context.lengths - _part(context)


def _left(context: _Context) -> Tensor:
    return context.positions < _part(context)


def _cloze(context: _Context) -> Tensor:
    position = (context.level * context.lengths).long().clamp(max=context.lengths - 1)
    return context.positions == position


def _low_confidence(context: _Context) -> Tensor:
    return _below_mean(context.scores, context.valid)


def _block_low_confidence(context: _Context) -> Tensor:
    """Low confidence inside a window from the start; all positions after it."""
    blocks = 2 + (context.block * (BLOCK_STEPS - 1)).long()  # 2 to BLOCK_STEPS
    window = (context.level * blocks).long() + 1  # 1 to blocks
    border = torch.ceil(context.lengths * window / blocks)
    inside = context.valid & (context.positions < border)
    return _below_mean(context.scores, inside) | (context.positions >= border)


def _below_mean(scores: Tensor, inside: Tensor) -> Tensor:
    count = inside.sum(-1, keepdim=True).clamp(min=1)
    mean = (scores * inside).sum(-1, keepdim=True) / count
    return inside & (scores < mean)


def _closest(context: _Context) -> Tensor:
    """One random valid position per copy, for copies without a masked one."""
    order = context.each.masked_fill(~context.valid, 2.0)
    return context.positions == order.argmin(-1, keepdim=True)


RULES: dict[str, Callable[[_Context], Tensor]] = {
    "random": _random,
    "full": _full,
    "right": _right,
    "left": _left,
    "cloze": _cloze,
    "low-confidence": _low_confidence,
    "block-low-confidence": _block_low_confidence,
}
FIRST_CONFIDENCE_RULE = 5
