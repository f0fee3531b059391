"""The word strategies of MDiff4STR (arXiv 2512.01422, section 3.2, figures 3 and 5).

Each is a function of the model and a batch of fully masked words; ``DECODERS`` names them as the
command line does. A word is decoded up to its EOS; positions after it stay masked. Every word stops
on its own, so what it reads does not depend on its batch.

Shapes: B words, L positions, V classes.
"""

from collections.abc import Callable
from random import Random

from mdocr.decoding.arrays import Array, fill, namespace
from mdocr.decoding.word_state import EOS, Decoding, Predict, WordState, after_eos, all_words
from mdocr.options import RecognizeOptions

Choose = Callable[[int, Array, Array], Array]
"""``choose(step, confidence, candidates)`` returns which of the candidates [B, L] to commit."""


def decode(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """Decodes a batch of words with the strategy named in ``options``.

    Args:
        predict: returns logits [B', L, V] of ids [B', L], for all words or given rows of the batch.
        blank: fully masked words [B, L], int64; defines the length, the MASK id and the device.
        options: strategy, number of steps, and whether to keep a trace.
    """
    return DECODERS[options.decoder](predict, blank, options)


def select(confidence: Array, candidates: Array, bar: Array | float) -> Array:
    """The candidates [B, L] whose confidence exceeds the ``bar`` [B, 1] of their row."""
    return candidates & (confidence > bar)


def mean_confidence(confidence: Array, candidates: Array) -> Array:
    """Mean confidence [B, 1] of the candidates of each row; 0 if there are none."""
    total = (confidence * candidates).sum(-1, keepdims=True)
    count = candidates.sum(-1, keepdims=True).clip(1)
    return total / namespace(total).asarray(count, dtype=total.dtype)


def parallel(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """Commits every position in a single pass."""
    state = WordState(predict, blank, options.trace)
    state.predict()
    state.commit(state.masked)
    return state.finish()


def low_confidence(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """In each step, commits positions above the mean confidence of the word."""

    def choose(step: int, confidence: Array, candidates: Array) -> Array:
        return select(confidence, candidates, mean_confidence(confidence, candidates))

    return _denoise(predict, blank, options, choose)


def block_low_confidence(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """Low confidence within a window that moves from left to right (paper: BLC)."""
    length = blank.shape[1]

    def choose(step: int, confidence: Array, candidates: Array) -> Array:
        start, stop = window(step, options.steps, length)
        start = 0 if options.revise else start
        inside = namespace(candidates).zeros_like(candidates)
        inside[:, start:stop] = candidates[:, start:stop]
        return select(confidence, inside, mean_confidence(confidence, inside))

    return _denoise(predict, blank, options, choose)


def random(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """In each step, commits about half of the positions, sampled at random.

    All words share the samples, so that a word reads the same in any batch.
    """
    chance = Random(options.seed)

    def choose(step: int, confidence: Array, candidates: Array) -> Array:
        sampled = [at for at in range(candidates.shape[1]) if chance.random() > 0.5]
        chosen = namespace(candidates).zeros_like(candidates)
        chosen[:, sampled] = candidates[:, sampled]
        return chosen

    return _denoise(predict, blank, options, choose)


def autoregressive(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """One position per pass, from left to right, until EOS."""
    state = WordState(predict, blank, options.trace)
    active = all_words(blank)
    for position in _positions(blank):
        state.predict(active)
        state.commit(position & active[:, None])
        active = _unfinished(state.tokens)
        if not active.any():
            break
    return state.finish()


def refine(predict: Predict, blank: Array, options: RecognizeOptions) -> Decoding:
    """A parallel pass, then each position predicted again given all others (paper: cloze)."""
    state = WordState(predict, blank, options.trace)
    state.predict()
    state.commit(~after_eos(state.predicted))
    visited = namespace(blank).full_like(blank, EOS + 1)
    active = all_words(blank)
    for position in _positions(blank):
        chosen = position & active[:, None]
        state.mask(chosen)
        state.predict(active)
        state.commit(chosen)
        visited = fill(visited, state.predicted, chosen)
        active = _unfinished(visited)
        if not active.any():
            break
    return state.finish()


DECODERS: dict[str, Callable[[Predict, Array, RecognizeOptions], Decoding]] = {
    "block-low-confidence": block_low_confidence,
    "low-confidence": low_confidence,
    "parallel": parallel,
    "autoregressive": autoregressive,
    "refine": refine,
    "random": random,
}


def window(step: int, steps: int, length: int) -> tuple[int, int]:
    """Start and stop of the positions that step ``step`` (from 0) of ``steps`` may commit.

    The window grows by ``length // steps`` positions for three steps, then moves on, two such
    blocks wide; in the last two steps it extends to the end. With one or two steps it is the whole
    word.
    """
    block = length // steps
    if steps <= 2:
        return 0, length
    if step <= 2:
        return 0, block * (step + 1)
    return block * (step - 1), length if step >= steps - 2 else block * (step + 1)


def _denoise(predict: Predict, blank: Array, options: RecognizeOptions, choose: Choose) -> Decoding:
    """The loop shared by the strategies that take ``steps``.

    Of the positions up to the predicted EOS, commits those that ``choose`` returns; nothing in a
    word without a predicted EOS. A word is done one pass after at most one of its positions was
    left masked: there is nothing left to compare it with.
    """
    state = WordState(predict, blank, options.trace)
    active = all_words(blank)
    last = ~active
    for step in range(options.steps):
        state.predict(active, options.revise)
        inside = ~after_eos(state.predicted) & active[:, None]
        candidates = inside if options.revise else inside & state.masked
        chosen = choose(step, state.confidence, candidates)
        if options.revise:
            state.mask(~chosen & inside.any(-1, keepdims=True))
        state.commit(chosen)
        active = active & ~last
        last = (state.masked & inside).sum(-1) <= 1
        if not active.any():
            break
    return state.finish()


def _positions(blank: Array) -> Array:
    """One-hot masks [L, 1, L] of the positions, from left to right."""
    positions = namespace(blank).ones_like(blank[0]).cumsum(-1)
    return (positions == positions[:, None])[:, None]


def _unfinished(tokens: Array) -> Array:
    """True for the words [B] without EOS."""
    return ~(tokens == EOS).any(-1)
