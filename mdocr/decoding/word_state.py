"""The state of a batch of words during denoising: tokens, and the model's latest prediction.

Knows nothing of strategies: ``mdocr.decoding.words`` decides which positions to commit.

Shapes: B words, L positions, V classes (EOS is 0, then the characters; MASK has no class), T CTC
frames.
"""

from collections.abc import Callable
from dataclasses import dataclass

from mdocr.decoding.arrays import Array, fill, namespace, softmax

Predict = Callable[[Array, Array | None], Array]
"""``predict(tokens, rows)`` returns float32 logits [B', L, V] of ids [B', L]; ``rows`` [B'] are the
indices of these words in the batch, None for all."""

EOS = 0


def all_words(blank: Array) -> Array:
    """True for every word [B] of a batch [B, L]."""
    return namespace(blank).ones_like(blank[:, 0], dtype=bool)


@dataclass(frozen=True)
class Decoding:
    """The result of a strategy for a batch of words.

    Attributes:
        probabilities: [B, L, V]; at a committed position, those of the pass that committed it.
        tokens: most probable ids [B, L]; a word ends at its first EOS.
        steps: the pass [B, L] that decided each position, from 1.
        passes: number of passes [B] taken by each word.
        trace: ids [B, L] after each pass, with MASK where still masked; empty unless requested.
        proposals: likeliest ids [B, L] of each pass, before anything is committed; as ``trace``.
        ctc: probabilities [B, T, V] of the CTC head, where class 0 is the blank; None if the model
            has none.
    """

    probabilities: Array
    tokens: Array
    steps: Array
    passes: Array
    trace: tuple[Array, ...] = ()
    proposals: tuple[Array, ...] = ()
    ctc: Array | None = None

    @property
    def confidences(self) -> Array:
        """Probability of each of ``tokens`` [B, L]."""
        return namespace(self.probabilities).amax(self.probabilities, -1)


def after_eos(tokens: Array) -> Array:
    """True at the positions after the first EOS [B, L]; everywhere in a word without EOS."""
    ended = (tokens == EOS).cumsum(-1)
    return (ended > (tokens == EOS)) | (ended[:, -1:] == 0)


class WordState:
    """The state of a batch of words between passes.

    A word whose tokens have not changed since its last prediction is not predicted again: the same
    input gives the same output.

    Args:
        predict: the model, with the images bound to it.
        blank: fully masked words [B, L], int64.
        keep_trace: record the tokens after each pass.

    Attributes:
        tokens: current ids [B, L], MASK where not committed.
        predicted: most probable id at each position [B, L] in the word's latest prediction.
        confidence: probability of ``predicted`` [B, L].
        probabilities: [B, L, V] as in ``Decoding``.
    """

    predicted: Array
    confidence: Array
    probabilities: Array

    def __init__(self, predict: Predict, blank: Array, keep_trace: bool = False) -> None:
        self.blank = blank
        self.tokens = blank
        self._model = predict
        self._package = namespace(blank)
        self._steps = self._package.zeros_like(blank)
        self._passes = self._package.zeros_like(blank[:, 0])
        self._changed = all_words(blank)
        self._keep_trace = keep_trace
        self._trace: list[Array] = []
        self._proposals: list[Array] = []

    @property
    def masked(self) -> Array:
        """True at masked positions [B, L]."""
        return self.tokens == self.blank

    def predict(self, active: Array | None = None, revise: bool = False) -> None:
        """One denoising pass: predicts the ``active`` words [B].

        Args:
            active: words to predict; all if None. The first pass predicts all in any case.
            revise: update the probabilities of committed positions too.
        """
        if active is None:
            active = all_words(self.blank)
        self._passes += active
        (rows,) = self._package.where(active & self._changed)
        if len(rows) == len(self.tokens):
            self._predict_part(slice(None), None, revise)
        elif len(rows):
            self._predict_part(rows, rows, revise)

    def _predict_part(self, part: Array | slice, rows: Array | None, revise: bool) -> None:
        fresh = softmax(self._model(self.tokens[part], rows))  # [B', L, V]
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
        """Commits the predicted ids at the chosen positions [B, L]."""
        written = fill(self.tokens, self.predicted, chosen)
        self._steps = fill(self._steps, self._passes[:, None], written != self.tokens)
        self._replace(written)
        if self._keep_trace:
            self._trace.append(written)
            self._proposals.append(self._package.zeros_like(written) + self.predicted)

    def mask(self, chosen: Array) -> None:
        """Masks the chosen positions [B, L] again."""
        self._replace(fill(self.tokens, self.blank, chosen))

    def _replace(self, tokens: Array) -> None:
        self._changed |= (tokens != self.tokens).any(-1)
        self.tokens = tokens

    def finish(self) -> Decoding:
        """The most probable word of each row; positions that are still masked are filled in."""
        tokens = self.probabilities.argmax(-1)
        steps = fill(self._steps, self._passes[:, None], tokens != self.tokens)
        traces = tuple(self._trace), tuple(self._proposals)
        return Decoding(self.probabilities, tokens, steps, self._passes, *traces)
