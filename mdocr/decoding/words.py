"""The word strategies of MDiff4STR (arXiv 2512.01422, section 3.2, figures 3 and 5).

Each is a function of the model and of a batch of fully masked words; ``DECODERS`` names them as the
command line does. A word is written until its end mark is found; positions behind it stay masked.

Shapes: B words, L positions, V classes.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from mdocr.decoding.draft import EOS, Decoding, Draft, Predict, after_eos, fill
from mdocr.options import RecognizeOptions

Choose = Callable[[int, Tensor, Tensor], Tensor]
"""``choose(step, confidence, candidates)`` says which of the candidates [B, L] to commit."""


def decode(predict: Predict, blank: Tensor, options: RecognizeOptions) -> Decoding:
    """Writes a batch of words with the strategy that ``options`` name.

    Args:
        predict: logits [B', L, V] of ids [B', L], for all words or for the given rows of the batch.
        blank: fully masked words [B, L], int64; tells the length, the MASK id and the device.
        options: strategy, steps, and what to keep.

    Returns:
        Probabilities, ids, and the pass that decided each position.
    """
    return DECODERS[options.decoder](predict, blank, options)


def select(confidence: Tensor, candidates: Tensor, bar: Tensor | float) -> Tensor:
    """The candidates [B, L] that are surer than the ``bar`` [B, 1] of their row."""
    return candidates & (confidence > bar)


def mean_confidence(confidence: Tensor, candidates: Tensor) -> Tensor:
    """Mean [B, 1] over the candidates of each row; 0 in a row that has none."""
    total = (confidence * candidates).sum(-1, keepdim=True)
    return total / candidates.sum(-1, keepdim=True).clamp(min=1)


def parallel(predict: Predict, blank: Tensor, options: RecognizeOptions) -> Decoding:
    """One pass: every position at once."""
    draft = Draft(predict, blank, options.trace)
    draft.look()
    draft.commit(torch.ones_like(draft.masked))
    return draft.finish()


def low_confidence(predict: Predict, blank: Tensor, options: RecognizeOptions) -> Decoding:
    """In each step commits what is surer than the mean of the word, and leaves the rest masked."""

    def choose(step: int, confidence: Tensor, candidates: Tensor) -> Tensor:
        return select(confidence, candidates, mean_confidence(confidence, candidates))

    return _denoise(predict, blank, options, choose)


def block_low_confidence(predict: Predict, blank: Tensor, options: RecognizeOptions) -> Decoding:
    """Low confidence inside a window that moves from left to right (paper: BLC)."""
    length = blank.shape[1]

    def choose(step: int, confidence: Tensor, candidates: Tensor) -> Tensor:
        start, stop = window(step, options.steps, length)
        start = 0 if options.revise else start
        inside = torch.zeros_like(candidates)
        inside[:, start:stop] = candidates[:, start:stop]
        return select(confidence, inside, mean_confidence(confidence, inside))

    return _denoise(predict, blank, options, choose)


def random(predict: Predict, blank: Tensor, options: RecognizeOptions) -> Decoding:
    """In each step commits about half of the positions, drawn by chance.

    All words share the draws, so that a word reads the same in any batch.
    """
    generator = torch.Generator().manual_seed(options.seed)

    def choose(step: int, confidence: Tensor, candidates: Tensor) -> Tensor:
        draws = torch.rand(candidates.shape[1], generator=generator).to(candidates.device)
        return select(draws, candidates, 0.5)

    return _denoise(predict, blank, options, choose)


def autoregressive(predict: Predict, blank: Tensor, options: RecognizeOptions) -> Decoding:
    """One position a pass, from left to right, until the end mark."""
    draft = Draft(predict, blank, options.trace)
    active = torch.ones_like(blank[:, 0], dtype=torch.bool)
    for column in _columns(blank):
        draft.look(active)
        draft.commit(column & active[:, None])
        active = _unfinished(draft.tokens, options.together)
        if not active.any():
            break
    return draft.finish()


def refine(predict: Predict, blank: Tensor, options: RecognizeOptions) -> Decoding:
    """A parallel pass, then each position anew in the light of all others (paper: cloze)."""
    draft = Draft(predict, blank, options.trace)
    draft.look()
    draft.commit(~after_eos(draft.predicted))
    visited = torch.full_like(blank, EOS + 1)
    active = torch.ones_like(blank[:, 0], dtype=torch.bool)
    for column in _columns(blank):
        chosen = column & active[:, None]
        draft.mask(chosen)
        draft.look(active)
        draft.commit(chosen)
        visited = fill(visited, draft.predicted, chosen)
        active = _unfinished(visited, options.together)
        if not active.any():
            break
    return draft.finish()


def reflect(predict: Predict, tokens: Tensor, blank: Tensor) -> Tensor:
    """Probabilities [B, L, V] of every position of finished words, all else in view.

    Args:
        predict: the model, with the pictures bound to it.
        tokens: ids [B, L]; what stands behind the first EOS is masked, a word without EOS whole.
        blank: fully masked words [B, L].
    """
    logits = predict(fill(tokens, blank, after_eos(tokens)), None)
    return logits.float().softmax(-1)


DECODERS: dict[str, Callable[[Predict, Tensor, RecognizeOptions], Decoding]] = {
    "block-low-confidence": block_low_confidence,
    "low-confidence": low_confidence,
    "parallel": parallel,
    "autoregressive": autoregressive,
    "refine": refine,
    "random": random,
}


def window(step: int, steps: int, length: int) -> tuple[int, int]:
    """First and last + 1 position that step ``step`` (from 0) of ``steps`` may commit.

    It grows by a block of ``length // steps`` positions for three steps, is two blocks wide from
    then on, and is open to the right in the last two steps. One or two steps see the whole word.
    """
    block = length // steps
    if steps <= 2:
        return 0, length
    if step <= 2:
        return 0, block * (step + 1)
    return block * (step - 1), length if step >= steps - 2 else block * (step + 1)


def _denoise(
    predict: Predict, blank: Tensor, options: RecognizeOptions, choose: Choose
) -> Decoding:
    """The loop that the strategies with ``steps`` share.

    Of the positions up to the predicted end, commits those that ``choose`` picks. A word in which
    no end is predicted commits nothing. A word is done one pass after at most one of its positions
    was left masked: there is nothing more to weigh against each other.
    """
    draft = Draft(predict, blank, options.trace)
    active = torch.ones_like(blank[:, 0], dtype=torch.bool)
    last = torch.zeros_like(active)
    for step in range(options.steps):
        draft.look(active, options.revise)
        inside = ~after_eos(draft.predicted) & active[:, None]
        candidates = inside if options.revise else inside & draft.masked
        chosen = choose(step, draft.confidence, candidates)
        if options.revise:
            draft.mask(~chosen & inside.any(-1, keepdim=True))
        draft.commit(chosen)
        active = active & ~last
        last = _each((draft.masked & inside).sum(-1) <= 1, options.together)
        if not active.any():
            break
    return draft.finish()


def _columns(blank: Tensor) -> Tensor:
    """Marks [L, 1, L] of the single positions, from left to right."""
    return torch.eye(blank.shape[1], dtype=torch.bool, device=blank.device)[:, None]


def _unfinished(tokens: Tensor, together: bool) -> Tensor:
    """The words [B] that have no EOS yet."""
    return ~_each((tokens == EOS).any(-1), together)


def _each(done: Tensor, together: bool) -> Tensor:
    """``done`` [B], or, where the batch stops together, whether all are done."""
    return done.all().expand_as(done) if together else done
