"""Texts of another reader against what a model expects."""

import numpy as np
import pytest
import torch

from mdocr.decoding.word_drafts import MARGIN, verify

LENGTH, CLASSES, MASK = 4, 5, 5


@pytest.fixture(params=[np, torch], ids=["numpy", "torch"])
def package(request):
    return request.param


def distribution(**shares):
    """Probabilities of classes by name, ``c1`` and so on; the rest is shared by the others."""
    given = {int(name[1:]): share for name, share in shares.items()}
    rest = (1 - sum(given.values())) / (CLASSES - len(given))
    return [given.get(number, rest) for number in range(CLASSES)]


END = distribution(c0=0.96)


def verified(package, rows, text):
    logits = np.log(np.array([rows], np.float32))
    given = np.array([[*text, 0, *[MASK] * (LENGTH - len(text) - 1)]])
    blank = np.full((1, LENGTH), MASK, np.int64)
    shown = []

    def predict(tokens, _):
        shown.append(tokens.tolist())
        return torch.from_numpy(logits) if package is torch else logits

    if package is torch:
        given, blank = torch.from_numpy(given), torch.from_numpy(blank)
    found = verify(predict, blank, given)
    assert shown == [[[MASK] * LENGTH]]  # what is judged is not shown
    return found


def test_what_the_model_expects_stands(package):
    found = verified(package, [distribution(c2=0.96), distribution(c3=0.96), END, END], [2, 3])
    assert found.stands.tolist() == [True]
    assert found.decoding.tokens.tolist() == [[2, 3, 0, 0]]
    assert found.decoding.confidences.tolist()[0][:2] == pytest.approx([0.96, 0.96], rel=1e-5)
    assert (found.decoding.steps.tolist(), found.decoding.passes.tolist()) == ([[0] * 4], [1])


def test_doubt_is_no_contradiction(package):
    rows = [distribution(c2=0.5, c1=0.4), distribution(c3=0.96), END, END]
    found = verified(package, rows, [1, 3])
    assert found.stands.tolist() == [True]
    assert found.decoding.tokens.tolist()[0][:2] == [1, 3]
    assert found.decoding.confidences.tolist()[0][0] == pytest.approx(0.4, rel=1e-5)


def test_the_margin_is_of_the_whole_text(package):
    share = 0.6 / np.exp(MARGIN * 0.6)  # twice that is beyond the margin
    doubtful = distribution(c2=0.6, c1=share)
    rows = [doubtful, doubtful, END, END]
    assert verified(package, rows, [1, 2]).stands.tolist() == [True]
    assert verified(package, rows, [1, 1]).stands.tolist() == [False]


@pytest.mark.parametrize("text", [[2], [2, 3, 3], [], [4, 3]])
def test_a_wrong_text_does_not_stand(package, text):
    rows = [distribution(c2=0.96), distribution(c3=0.96), END, END]
    assert verified(package, rows, text).stands.tolist() == [False]


def test_an_own_text_that_never_ends_is_as_long_as_there_is_room(package):
    rows = [distribution(c1=0.96)] * LENGTH
    assert verified(package, rows, [1, 1]).stands.tolist() == [False]
