"""Whether a word is what another reader, or a person, says that it is.

The model predicts the word once with all positions masked, so that it does not see what it judges:
shown a wrong letter, it tends to repeat it. What it expects of a text is Σ log p(character), its
EOS included; a text stands unless that falls behind the model's own likeliest text by more than
``MARGIN``.

Shapes: B words, L positions, V classes.
"""

from dataclasses import dataclass

from mdocr.decoding.draft import EOS, Array, Decoding, Predict, after_eos, fill, namespace, softmax

MARGIN = 3.0
"""A text that is e^3 = 20 times less likely than the model's own still stands."""
LEAST = 1e-6
"""Floor of a probability: one character that cannot be counts for no more than this."""


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
