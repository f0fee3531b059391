"""The word strategies of MDiff4STR (arXiv 2512.01422, section 3.2, figures 3 and 5).

Each is a function of the model and of a batch of fully masked words; ``DECODERS`` names them as the
command line does. A word is written until its end mark is found; positions behind it stay masked.

Shapes: B words, L positions, V classes.
"""

from collections.abc import Callable
from random import Random

from mdocr.decoding.draft import (
    EOS,
    Array,
    Decoding,
    Draft,
    Predict,
    after_eos,
    all_words,
    fill,
    namespace,
)
from mdocr.options import RecognizeOptions

Choose = Callable[[int, Array, Array], Array]
"""``choose(step, confidence, candidates)`` says which of the candidates [B, L] to commit."""


def decode(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """Writes a batch of words with the strategy that ``options`` name.

    Args:
        predict: logits [B', L, V] of ids [B', L], for all words or for the given rows of the batch.
        blank: fully masked words [B, L], int64; tells the length, the MASK id and the device.
        options: strategy, steps, and what to keep.

    Returns:
        Probabilities, ids, and the pass that decided each position.
    """
    return DECODERS[options.decoder](predict, blank, options)


def select(confidence: Array, candidates: Array, bar: Array | float) -> Array:
    """The candidates [B, L] that are surer than the ``bar`` [B, 1] of their row."""
    return candidates & (confidence > bar)


def mean_confidence(confidence: Array, candidates: Array) -> Array:
    """Mean [B, 1] over the candidates of each row; 0 in a row that has none."""
    total = (confidence * candidates).sum(-1, keepdims=True)
    count = candidates.sum(-1, keepdims=True).clip(1)
    return total / namespace(total).asarray(count, dtype=total.dtype)


def parallel(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """One pass: every position at once."""
    draft = Draft(predict, blank, options.trace)
    draft.look()
    draft.commit(draft.masked)
    return draft.finish()


def low_confidence(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """In each step commits what is surer than the mean of the word, and leaves the rest masked."""

    def choose(step: int, confidence: Array, candidates: Array) -> Array:
        return select(confidence, candidates, mean_confidence(confidence, candidates))

    return _denoise(predict, blank, options, choose)


def block_low_confidence(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """Low confidence inside a window that moves from left to right (paper: BLC)."""
    length = blank.shape[1]

    def choose(step: int, confidence: Array, candidates: Array) -> Array:
        start, stop = window(step, options.steps, length)
        start = 0 if options.revise else start
        inside = namespace(candidates).zeros_like(candidates)
        inside[:, start:stop] = candidates[:, start:stop]
        return select(confidence, inside, mean_confidence(confidence, inside))

    return _denoise(predict, blank, options, choose)


def random(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """In each step commits about half of the positions, drawn by chance.

    All words share the draws, so that a word reads the same in any batch.
    """
    chance = Random(options.seed)

    def choose(step: int, confidence: Array, candidates: Array) -> Array:
        drawn = [place for place in range(candidates.shape[1]) if chance.random() > 0.5]
        chosen = namespace(candidates).zeros_like(candidates)
        chosen[:, drawn] = candidates[:, drawn]
        return chosen

    return _denoise(predict, blank, options, choose)


def autoregressive(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """One position a pass, from left to right, until the end mark."""
    draft = Draft(predict, blank, options.trace)
    active = all_words(blank)
    for column in _columns(blank):
        draft.look(active)
        draft.commit(column & active[:, None])
        active = _unfinished(draft.tokens, options.together)
        if not active.any():
            break
    return draft.finish()


def refine(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """A parallel pass, then each position anew in the light of all others (paper: cloze)."""
    draft = Draft(predict, blank, options.trace)
    draft.look()
    draft.commit(~after_eos(draft.predicted))
    visited = namespace(blank).full_like(blank, EOS + 1)
    active = all_words(blank)
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


DECODERS: dict[str, Callable[[Predict, Array, RecognizeOptions], Decoding]] = {
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


def _denoise(predict: Predict, blank: Array, options: RecognizeOptions, choose: Choose) -> Decoding:
    """The loop that the strategies with ``steps`` share.

    Of the positions up to the predicted end, commits those that ``choose`` picks. A word in which
    no end is predicted commits nothing. A word is done one pass after at most one of its positions
    was left masked: there is nothing more to weigh against each other.
    """
    draft = Draft(predict, blank, options.trace)
    active = all_words(blank)
    last = ~active
    for step in range(options.steps):
        draft.look(active, options.revise)
        inside = ~after_eos(draft.predicted) & active[:, None]
        candidates = inside if options.revise else inside & draft.masked
        chosen = choose(step, draft.confidence, candidates)
        if options.revise:
            draft.mask(~chosen & inside.any(-1, keepdims=True))
        draft.commit(chosen)
        active = active & ~last
        last = _each((draft.masked & inside).sum(-1) <= 1, options.together)
        if not active.any():
            break
    return draft.finish()


def _columns(blank: Array) -> Array:
    """Marks [L, 1, L] of the single positions, from left to right."""
    places = namespace(blank).ones_like(blank[0]).cumsum(-1)
    return (places == places[:, None])[:, None]


def _unfinished(tokens: Array, together: bool) -> Array:
    """The words [B] that have no EOS yet."""
    return ~_each((tokens == EOS).any(-1), together)


def _each(done: Array, together: bool) -> Array:
    """``done`` [B], or, where the batch stops together, whether all are done."""
    return namespace(done).zeros_like(done) | done.all() if together else done
