"""A batch of words while they are written: tokens, and what the model thinks of each position.

Knows nothing of strategies: ``mdocr.decoding.words`` says which positions to commit.

Shapes: B words, L positions, V classes (EOS is 0, then the characters; MASK has no class).
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Predict = Callable[[Tensor, Tensor | None], Tensor]
"""``predict(tokens, rows)`` gives logits [B', L, V] of ids [B', L]; ``rows`` [B'] tells which
words of the batch these are, None for all of them."""

EOS = 0


@dataclass(frozen=True)
class Decoding:
    """What a strategy made of a batch of words.

    Attributes:
        probabilities: [B, L, V]; of a committed position, those of the pass that committed it.
        tokens: most probable ids [B, L]; the word ends at its first EOS.
        steps: pass [B, L] that decided each position, from 1.
        passes: passes [B] taken for each word.
        trace: ids [B, L] after each pass, empty unless asked for; still masked positions hold MASK.
    """

    probabilities: Tensor
    tokens: Tensor
    steps: Tensor
    passes: Tensor
    trace: tuple[Tensor, ...] = ()


def after_eos(tokens: Tensor) -> Tensor:
    """Marks the positions behind the first EOS [B, L]; all of them in a word without EOS."""
    ended = (tokens == EOS).cumsum(-1)
    return (ended - (tokens == EOS).long() > 0) | (ended[:, -1:] == 0)


def fill(tokens: Tensor, values: Tensor, chosen: Tensor) -> Tensor:
    """``tokens`` [B, L] with ``values`` at the chosen positions."""
    return torch.where(chosen, values, tokens)


class Draft:
    """The state of a batch of words between passes.

    A word whose tokens did not change since its last prediction is not predicted again: the same
    input gives the same output.

    Args:
        predict: the model, with the pictures bound to it.
        blank: fully masked words [B, L], int64.
        keep_trace: remember the tokens after each pass.

    Attributes:
        tokens: what is written so far [B, L].
        predicted: most probable id of each position [B, L] in the word's last prediction.
        confidence: probability of ``predicted`` [B, L].
        probabilities: [B, L, V] as in ``Decoding``.
    """

    predicted: Tensor
    confidence: Tensor
    probabilities: Tensor

    def __init__(self, predict: Predict, blank: Tensor, keep_trace: bool = False) -> None:
        self.blank = blank
        self.tokens = blank.clone()
        self._predict = predict
        self._steps = torch.zeros_like(blank)
        self._passes = torch.zeros_like(blank[:, 0])
        self._changed = torch.ones_like(self._passes, dtype=torch.bool)
        self._keep_trace = keep_trace
        self._trace: list[Tensor] = []

    @property
    def masked(self) -> Tensor:
        """Positions [B, L] that are not yet written."""
        return self.tokens == self.blank

    def look(self, active: Tensor | None = None, revise: bool = False) -> None:
        """Predicts the words of ``active`` [B]: one denoising pass.

        Args:
            active: the words to predict; all by default, and always all the first time.
            revise: take the new probabilities of written positions too.
        """
        if active is None:
            active = torch.ones_like(self._changed)
        self._passes += active
        rows = (active & self._changed).nonzero()[:, 0]
        if len(rows) == len(self.tokens):
            self._look_at(slice(None), None, revise)
        elif len(rows):
            self._look_at(rows, rows, revise)

    def _look_at(self, part: Tensor | slice, rows: Tensor | None, revise: bool) -> None:
        fresh = self._predict(self.tokens[part], rows).float().softmax(-1)  # [B', L, V]
        confidence, predicted = fresh.max(-1)
        if hasattr(self, "probabilities"):
            kept = ~(self.masked[part] | revise)[..., None]
            fresh = torch.where(kept, self.probabilities[part], fresh)
        if rows is None:
            self.probabilities, self.confidence, self.predicted = fresh, confidence, predicted
        else:
            self.probabilities[rows] = fresh
            self.confidence[rows] = confidence
            self.predicted[rows] = predicted
        self._changed[part] = False

    def commit(self, chosen: Tensor) -> None:
        """Writes the predicted ids at the chosen positions [B, L]."""
        written = fill(self.tokens, self.predicted, chosen)
        self._steps = fill(self._steps, self._passes[:, None], written != self.tokens)
        self._replace(written)
        if self._keep_trace:
            self._trace.append(written)

    def mask(self, chosen: Tensor) -> None:
        """Takes back what stands at the chosen positions [B, L]."""
        self._replace(fill(self.tokens, self.blank, chosen))

    def _replace(self, tokens: Tensor) -> None:
        self._changed |= (tokens != self.tokens).any(-1)
        self.tokens = tokens

    def finish(self) -> Decoding:
        """The most probable word of each row, whatever is still masked filled in."""
        tokens = self.probabilities.argmax(-1)
        steps = fill(self._steps, self._passes[:, None], tokens != self.tokens)
        return Decoding(self.probabilities, tokens, steps, self._passes, tuple(self._trace))
