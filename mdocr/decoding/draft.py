"""A batch of words while they are written: tokens, and what the model thinks of each position.

Knows nothing of strategies: ``mdocr.decoding.words`` says which positions to commit. Nor does it
know the engine: arrays are tensors or NumPy arrays, whichever the model gives, and only what both
have under one name is used. So one strategy serves every engine, on its device, and NumPy alone is
enough to read without torch.

Shapes: B words, L positions, V classes (EOS is 0, then the characters; MASK has no class).
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

Array: TypeAlias = Any
"""A ``torch.Tensor`` or a ``numpy.ndarray``; the arrays of a batch are all of one kind."""

Predict = Callable[[Array, Array | None], Array]
"""``predict(tokens, rows)`` gives logits [B', L, V], in float32, of ids [B', L]; ``rows`` [B']
tells which words of the batch these are, None for all of them."""

EOS = 0


def namespace(array: Array) -> Any:
    """The package that an array comes from: ``torch`` or ``numpy``."""
    return sys.modules[type(array).__module__.partition(".")[0]]


def all_words(blank: Array) -> Array:
    """Marks every word [B] of a batch [B, L]."""
    return namespace(blank).ones_like(blank[:, 0], dtype=bool)


@dataclass(frozen=True)
class Decoding:
    """What a strategy made of a batch of words.

    Attributes:
        probabilities: [B, L, V]; of a committed position, those of the pass that committed it.
        tokens: most probable ids [B, L]; the word ends at its first EOS.
        steps: pass [B, L] that decided each position, from 1.
        passes: passes [B] taken for each word.
        trace: ids [B, L] after each pass, empty unless asked for; still masked positions hold MASK.
        columns: probabilities [B, T, V] of the model's CTC head at each column of the pictures,
            where class 0 is the blank; None if it has none.
    """

    probabilities: Array
    tokens: Array
    steps: Array
    passes: Array
    trace: tuple[Array, ...] = ()
    columns: Array | None = None

    @property
    def confidences(self) -> Array:
        """Probability of each of ``tokens`` [B, L]."""
        return namespace(self.probabilities).amax(self.probabilities, -1)


def after_eos(tokens: Array) -> Array:
    """Marks the positions behind the first EOS [B, L]; all of them in a word without EOS."""
    ended = (tokens == EOS).cumsum(-1)
    return (ended > (tokens == EOS)) | (ended[:, -1:] == 0)


def fill(tokens: Array, values: Array, chosen: Array) -> Array:
    """``tokens`` [B, L] with ``values`` at the chosen positions."""
    return namespace(tokens).where(chosen, values, tokens)


def softmax(logits: Array) -> Array:
    """Probabilities over the last axis."""
    package = namespace(logits)
    powers = package.exp(logits - package.amax(logits, -1, keepdims=True))
    return powers / powers.sum(-1, keepdims=True)


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

    predicted: Array
    confidence: Array
    probabilities: Array

    def __init__(self, predict: Predict, blank: Array, keep_trace: bool = False) -> None:
        self.blank = blank
        self.tokens = blank
        self._predict = predict
        self._package = namespace(blank)
        self._steps = self._package.zeros_like(blank)
        self._passes = self._package.zeros_like(blank[:, 0])
        self._changed = all_words(blank)
        self._keep_trace = keep_trace
        self._trace: list[Array] = []

    @property
    def masked(self) -> Array:
        """Positions [B, L] that are not yet written."""
        return self.tokens == self.blank

    def look(self, active: Array | None = None, revise: bool = False) -> None:
        """Predicts the words of ``active`` [B]: one denoising pass.

        Args:
            active: the words to predict; all by default, and always all the first time.
            revise: take the new probabilities of written positions too.
        """
        if active is None:
            active = all_words(self.blank)
        self._passes += active
        (rows,) = self._package.where(active & self._changed)
        if len(rows) == len(self.tokens):
            self._look_at(slice(None), None, revise)
        elif len(rows):
            self._look_at(rows, rows, revise)

    def _look_at(self, part: Array | slice, rows: Array | None, revise: bool) -> None:
        fresh = softmax(self._predict(self.tokens[part], rows))  # [B', L, V]
        confidence, predicted = self._package.amax(fresh, -1), fresh.argmax(-1)
        if hasattr(self, "probabilities"):
            kept = ~(self.masked[part] | revise)[..., None]
            fresh = self._package.where(kept, self.probabilities[part], fresh)
        if rows is None:
            self.probabilities, self.confidence, self.predicted = fresh, confidence, predicted
        else:
            self.probabilities[rows] = fresh
            self.confidence[rows] = confidence
            self.predicted[rows] = predicted
        self._changed[part] = False

    def commit(self, chosen: Array) -> None:
        """Writes the predicted ids at the chosen positions [B, L]."""
        written = fill(self.tokens, self.predicted, chosen)
        self._steps = fill(self._steps, self._passes[:, None], written != self.tokens)
        self._replace(written)
        if self._keep_trace:
            self._trace.append(written)

    def mask(self, chosen: Array) -> None:
        """Takes back what stands at the chosen positions [B, L]."""
        self._replace(fill(self.tokens, self.blank, chosen))

    def _replace(self, tokens: Array) -> None:
        self._changed |= (tokens != self.tokens).any(-1)
        self.tokens = tokens

    def finish(self) -> Decoding:
        """The most probable word of each row, whatever is still masked filled in."""
        tokens = self.probabilities.argmax(-1)
        steps = fill(self._steps, self._passes[:, None], tokens != self.tokens)
        return Decoding(self.probabilities, tokens, steps, self._passes, tuple(self._trace))
