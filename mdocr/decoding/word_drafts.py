"""Words of which something is known before the decoder looks: from the CTC head, or from a reader.

What the head is sure of needs no decoder: of 500 words of IIIT5K it is sure of 88 %, and reads as
many of these as three denoising steps do (98.9 %).

What another reader, or a person, says is verified. The model predicts the word once with all
positions masked, so that it does not see what it judges: shown a wrong letter, it tends to repeat
it. What it expects of a text is Σ log p(character), its EOS included; a text stands unless that
falls behind the model's own likeliest text by more than ``MARGIN``.

Shapes: B words, T CTC frames, L positions, V classes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from mdocr.decoding.arrays import Array, fill, namespace, softmax
from mdocr.decoding.word_state import EOS, Decoding, Predict, after_eos

Denoise = Callable[[Predict, Array], Decoding]
"""Decodes fully masked words [B, L]."""

SURE = 0.95
"""Probability, at least, of every character of a word."""

MARGIN = 3.0
"""A text that is e^3 = 20 times less likely than the model's own still stands."""
LEAST = 1e-6
"""Floor of a probability: one character that cannot be counts for no more than this."""


def with_drafts(denoise: Denoise, predict: Predict, blank: Array, ctc: Array) -> Decoding:
    """Decodes the words that the CTC head is not sure of; the others are as it reads them.

    Args:
        denoise: a decoder.
        predict: the model.
        blank: fully masked words [B, L].
        ctc: probabilities of the head [B, T, V]; class 0 is the blank.

    Returns:
        Sure words have no steps and no passes, and their probabilities are those of the head.
    """
    drafted, is_sure = draft_words(blank, ctc)
    (unsure,) = namespace(blank).where(~is_sure)
    if not len(unsure):
        return drafted

    def predict_unsure(tokens: Array, rows: Array | None) -> Array:
        return predict(tokens, unsure if rows is None else unsure[rows])

    made = denoise(predict_unsure if len(unsure) < len(blank) else predict, blank[unsure])
    return _merged(drafted, made, unsure)


def draft_words(blank: Array, ctc: Array) -> tuple[Decoding, Array]:
    """The words that the head reads, and whether it is sure of each [B]; arguments as above."""
    package = namespace(ctc)
    peaks, classes = package.amax(ctc, -1), ctc.argmax(-1)  # [B, T]
    before = package.roll(classes, 1, -1)
    before[:, 0] = EOS
    is_character = classes != EOS
    count = (is_character & (classes != before)).cumsum(-1)
    position = package.ones_like(blank[0]).cumsum(-1)  # [L], from 1
    held = (count[..., None] == position) & is_character[..., None]  # [B, T, L]
    frames = (peaks[..., None] * held).argmax(1)  # [B, L], the surest of each character
    rows = package.ones_like(count[:, :1]).cumsum(0) - 1
    end = package.zeros_like(ctc[0, 0])
    end[EOS] = 1
    probabilities = package.where(held.any(1)[..., None], ctc[rows, frames], end)
    least = package.amin(package.amax(probabilities, -1), -1)
    none = package.zeros_like(blank)
    drafted = Decoding(probabilities, probabilities.argmax(-1), none, none[:, 0])
    written = (count[:, -1] > 0) & (count[:, -1] < len(position))
    return drafted, (least >= SURE) & written


def _merged(drafted: Decoding, made: Decoding, rows: Array) -> Decoding:
    """The ``drafted`` words, except the ``rows`` that were ``made``."""
    names = ("probabilities", "tokens", "steps", "passes")
    values = {name: _written(getattr(drafted, name), rows, getattr(made, name)) for name in names}
    trace = tuple(_written(drafted.tokens, rows, tokens) for tokens in made.trace)
    return replace(drafted, **values, trace=trace)


def _written(values: Array, rows: Array, new: Array) -> Array:
    written = namespace(values).zeros_like(values) + values
    written[rows] = new
    return written


@dataclass(frozen=True)
class Verification:
    """What the model thinks of given texts.

    Attributes:
        decoding: the texts; the probability of each character is what the model expected of it,
            those of likelier characters are 0.
        stands: whether the picture does not contradict the text [B].
    """

    decoding: Decoding
    stands: Array


def verify(predict: Predict, blank: Array, given: Array) -> Verification:
    """Compares given texts with what the model expects, in one pass.

    Args:
        predict: the model.
        blank: fully masked words [B, L].
        given: ids of the texts [B, L], EOS behind each, then MASK.
    """
    package = namespace(blank)
    probabilities = softmax(predict(blank, None))
    written = given != blank
    ids = fill(given, package.zeros_like(given) + EOS, ~written)
    rows = package.ones_like(ids[:, :1]).cumsum(0) - 1
    places = package.ones_like(ids[:1]).cumsum(-1) - 1
    expected = probabilities[rows, places, ids]  # [B, L]
    likeliest = package.amax(probabilities, -1)
    own = ~after_eos(probabilities.argmax(-1))
    own = own | ~own.any(-1, keepdims=True)  # a text that never ends is as long as there is room
    behind = _log_likelihood(likeliest, own) - _log_likelihood(expected, written)
    is_likelier = written[..., None] & (probabilities > expected[..., None])
    kept = fill(probabilities, package.zeros_like(probabilities), is_likelier)
    none = package.zeros_like(blank)
    return Verification(Decoding(kept, ids, none, none[:, 0] + 1), behind <= MARGIN)


def _log_likelihood(probabilities: Array, counted: Array) -> Array:
    """Sum of the logarithms [B] at the counted positions [B, L]."""
    logs = namespace(probabilities).log(probabilities.clip(LEAST))
    return (logs * counted).sum(-1)
