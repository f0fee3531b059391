"""Words that the CTC head is sure of, beside words that are denoised."""

from functools import partial

import numpy as np
import pytest
import torch

from mdocr.decoding.word_drafts import with_drafts
from mdocr.decoding.words import decode
from mdocr.options import RecognizeOptions

LENGTH, CLASSES, MASK = 4, 5, 5


def frames(*classes, sure=0.99):
    """Probabilities [T, V] of frames with these likeliest classes; 0 is the blank."""
    rows = np.full((len(classes), CLASSES), (1 - sure) / (CLASSES - 1), np.float32)
    rows[range(len(classes)), classes] = sure
    return rows


class Model:
    """Reads the class 4 and the end in every word."""

    def __init__(self, package):
        self.package = package
        self.shown = []

    def __call__(self, tokens, rows):
        self.shown.append(None if rows is None else rows.tolist())
        logits = np.zeros((len(tokens), LENGTH, CLASSES), np.float32)
        logits[:, 0, 4] = logits[:, 1:, 0] = 9
        return torch.from_numpy(logits) if self.package is torch else logits


@pytest.fixture(params=[np, torch], ids=["numpy", "torch"])
def package(request):
    return request.param


def read(package, *words, **options):
    model = Model(package)
    ctc, blank = np.stack(words), np.full((len(words), LENGTH), MASK, np.int64)
    if package is torch:
        ctc, blank = torch.from_numpy(ctc), torch.from_numpy(blank)
    made = with_drafts(partial(decode, options=RecognizeOptions(**options)), model, blank, ctc)
    return made, model.shown


def test_sure_words_are_not_shown_to_the_decoder(package):
    made, shown = read(package, frames(1, 1, 0, 1, 2, 0))
    assert made.tokens.tolist() == [[1, 1, 2, 0]]
    assert made.confidences.tolist()[0][:3] == pytest.approx([0.99] * 3)
    assert (made.steps.tolist(), made.passes.tolist()) == ([[0] * 4], [0])
    assert shown == []


def test_the_others_are_denoised_by_themselves(package):
    sure = frames(1, 0, 2, 0)
    made, shown = read(package, sure, frames(1, 0, 2, 0, sure=0.9), sure)
    assert made.tokens.tolist() == [[1, 2, 0, 0], [4, 0, 0, 0], [1, 2, 0, 0]]
    passes = made.passes.tolist()
    assert passes[0] == passes[2] == 0 < passes[1]
    assert all(rows == [1] for rows in shown)


def test_each_character_has_the_distribution_of_its_surest_frame(package):
    faint = frames(1, sure=0.5)
    made, _ = read(package, np.concatenate([faint, frames(1), faint, frames(0)]))
    assert made.confidences.tolist()[0] == pytest.approx([0.99, 1, 1, 1])


def test_empty_and_overlong_readings_are_denoised(package):
    made, _ = read(package, frames(0, 0, 0, 0), frames(1, 2, 1, 2))
    assert made.tokens.tolist() == [[4, 0, 0, 0]] * 2


def test_which_words_begin_with_a_draft():
    assert RecognizeOptions().drafts
    assert not RecognizeOptions(decoder="parallel").drafts
    assert not RecognizeOptions(trace=True).drafts
    assert not RecognizeOptions(draft="none").drafts
    assert RecognizeOptions(decoder="parallel", draft="ctc").drafts
