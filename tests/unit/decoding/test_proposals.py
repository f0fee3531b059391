"""What the steps before took for likeliest in a character's place, with a trace."""

import numpy as np

from mdocr.decoding.arrays import Array
from mdocr.decoding.word_results import words_of
from mdocr.decoding.words import decode
from mdocr.models.charset import Charset
from mdocr.options import RecognizeOptions

CHARSET = Charset("abc")


def predict(tokens: Array, rows: Array | None) -> Array:
    """``ab``, of which the second letter looks like ``c`` until the first is there."""
    count, length = tokens.shape
    logits = np.full((count, length, CHARSET.outputs), -9.0, np.float32)
    logits[:, 2:, 0] = 9.0
    logits[:, 0, 1] = 9.0
    is_first_known = tokens[:, 0] == 1
    logits[np.arange(count), 1, np.where(is_first_known, 2, 3)] = np.where(is_first_known, 9, 4)
    return logits


def read(trace: bool) -> list[tuple[str, tuple[str, ...]]]:
    blank = np.full((1, 6), CHARSET.mask_id)
    decoding = decode(predict, blank, RecognizeOptions(decoder="autoregressive", trace=trace))
    (word,) = words_of(decoding, CHARSET, "m", "autoregressive")
    return [(one.text, one.proposed) for one in word.characters]


def test_proposals_are_kept_with_a_trace_alone() -> None:
    assert read(trace=True) == [("a", ()), ("b", ("c",))]
    assert read(trace=False) == [("a", ()), ("b", ())]
