"""Unclear words read as a lexicon has them, on tensors and NumPy arrays."""

from dataclasses import replace
from itertools import product
from math import log

import numpy as np
import pytest
import torch

from mdocr.decoding.correction import (
    RESIZING,
    WEIGHT,
    correct,
    ctc_scores,
    likeliest,
)
from mdocr.decoding.lexicon import Lexicon
from mdocr.decoding.word_results import words_of
from mdocr.decoding.word_state import Decoding
from mdocr.models.charset import ENGLISH, Charset

CHARSET = Charset(ENGLISH)
KNOWN = Lexicon.from_weights({"suites": 2.0, "music": 1.0, "suited": 1.0})
KINDS = [torch.tensor, np.array]


def decoding(text: str, unclear: dict[int, dict[str, float]], kind=torch.tensor) -> Decoding:
    """A text read with certainty but for some positions, which have other characters too."""
    probabilities = np.zeros((1, 26, CHARSET.outputs), np.float32)
    for at in range(26):
        symbol = text[at] if at < len(text) else ""
        shares = unclear.get(at, {symbol: 1.0})
        for each, share in shares.items():
            probabilities[0, at, CHARSET.encode(each)[0] if each else 0] = share
    tokens = probabilities.argmax(-1)
    steps = np.ones_like(tokens)
    return Decoding(kind(probabilities), kind(tokens), kind(steps), kind(np.array([1])))


def frames(text: str, shares: dict[int, float], kind=torch.tensor):
    """A CTC head that reads each letter in one frame, then a blank; some with doubt."""
    seen = np.zeros((1, 2 * len(text), CHARSET.outputs), np.float32)
    seen[0, 1::2, 0] = 1
    for at, letter in enumerate(text):
        share = shares.get(at, 1.0)
        seen[0, 2 * at, CHARSET.encode(letter)[0]] = share
        seen[0, 2 * at, 0] = 1 - share
    return kind(seen)


def read(found: Decoding, lexicon: Lexicon = KNOWN):
    (word,) = words_of(correct(found, CHARSET, lexicon), CHARSET, "model", "decoder")
    return word


@pytest.mark.parametrize("kind", KINDS)
def test_an_unclear_letter_is_read_as_the_known_word_has_it(kind):
    word = read(decoding("Suiles", {3: {"l": 0.6, "t": 0.3, "f": 0.1}}, kind))
    assert word.text == "Suites"
    assert [round(letter.confidence, 4) for letter in word.characters] == [1, 1, 1, 0.3, 1, 1]
    assert word.confidence == pytest.approx((5 + 0.3) / 6)


def test_a_clear_word_stays():
    assert read(decoding("Suiles", {3: {"l": 1.0, "t": 1e-7}})).text == "Suiles"
    assert read(decoding("Suiles", {3: {"l": 0.991, "t": 0.009}})).text == "Suiles"


def test_a_new_letter_has_the_case_of_the_old_one():
    assert read(decoding("SUILES", {3: {"L": 0.6, "t": 0.2, "T": 0.2}})).text == "SUITES"


def test_only_the_longest_run_of_letters_is_weighed():
    unclear = {6: {"l": 0.6, "t": 0.4}}
    assert read(decoding("a-(suiles)1", {6: {"l": 0.6, "t": 0.4}})).text == "a-(suites)1"
    assert read(decoding("suiles7", {3: {"l": 0.6, "t": 0.4}})).text == "suites7"
    assert read(decoding("12345", unclear)).text == "12345"
    assert read(decoding("", {})).text == ""


def test_a_known_word_is_not_changed_for_a_more_common_one():
    assert read(decoding("suited", {5: {"d": 0.6, "s": 0.4}})).text == "suited"


def test_a_length_without_words_is_left_as_it_is():
    assert read(decoding("abc", {1: {"b": 0.5, "c": 0.4}})).text == "abc"


def test_likeliest_weighs_letters_and_words_as_written():
    two = Lexicon.from_weights({"ab": 3.0, "cd": 1.0})
    scores = np.log(np.full((2, 26), 1e-9))
    scores[1, [1, 3]] = np.log([0.5, 0.5])
    prior = two.log_probability([0, 1]) - two.log_probability([2, 3])
    assert prior == pytest.approx(log(3), abs=0.1)
    for share, expected in ((0.17, [2, 3]), (0.60, [0, 1])):
        scores[0, [0, 2]] = np.log([share, 0.6])
        assert (log(share / 0.6) + WEIGHT * prior > 0) == (expected == [0, 1])
        assert likeliest([2, 3], scores, None, two) == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "unclear", "seen", "expected"),
    [
        ("Muic", {2: {"i": 0.9, "s": 0.1}}, "music", "Music"),
        ("MUSI", {3: {"I": 0.9, "i": 0.05}}, "music", "MUSIC"),
        ("SICC", {2: {"C": 0.8, "c": 0.1}}, "SICC", "SICC"),
        ("usic", {0: {"u": 0.9, "m": 0.1}}, "music", "music"),
        ("suitess", {6: {"s": 0.7}}, "suites", "suites"),
        ("SSuites", {1: {"S": 0.6, "s": 0.3}}, "suites", "Suites"),
    ],
)
def test_a_letter_too_few_or_too_many(kind, text, unclear, seen, expected):
    found = replace(decoding(text, unclear, kind), ctc=frames(seen, {}, kind))
    word = read(found)
    assert word.text == expected
    assert [letter.text for letter in word.characters] == list(expected)
    assert len(found.tokens[0]) == 26


def test_an_inserted_letter_has_the_probability_of_its_clearest_frame():
    found = replace(decoding("Muic", {2: {"i": 0.9, "s": 0.1}}), ctc=frames("music", {2: 0.625}))
    word = read(found)
    assert [letter.confidence for letter in word.characters] == pytest.approx([1, 1, 0.625, 0.9, 1])


def test_another_length_has_to_be_likelier_by_so_much():
    first = KNOWN.log_probability([20, 18, 8, 2])  # usic
    gain = WEIGHT * (float(KNOWN.lengths[5].log_shares[0]) - first)
    scores = np.log(np.full((4, 26), 1e-9))
    scores[range(4), [20, 18, 8, 2]] = np.log(0.9)
    for margin, expected in ((0.1, "music"), (-0.1, "usic")):
        share = 1 / (1 + np.exp(RESIZING - gain + margin))
        seen = np.full((9, 27), np.log(1e-6))
        seen[0, [0, 13]] = np.log([1 - share, share])
        for at, letter in enumerate("usic"):
            seen[2 * at + 1, ord(letter) - ord("a") + 1] = 0
            seen[2 * at + 2, 0] = 0
        found = likeliest([20, 18, 8, 2], scores, seen, KNOWN)
        ratio = log(share / (1 - share)) + gain - RESIZING
        assert (ratio > 0) == (found == [12, 20, 18, 8, 2]), (margin, expected)


@pytest.mark.parametrize(("share", "expected"), [(0.5, "suited"), (0.95, "suites")])
def test_words_of_one_length_are_weighed_by_both_heads(share, expected):
    found = decoding("suited", {5: {"d": 0.8, "s": 0.2}})
    seen = frames("suites", {})
    seen[0, 10, CHARSET.encode("s")[0]] = share
    seen[0, 10, CHARSET.encode("d")[0]] = 1 - share
    assert read(found).text == "suited"
    assert read(replace(found, ctc=seen)).text == expected


def test_another_length_has_to_be_likelier_than_the_word_chosen():
    """The CTC head sees no E, so that nearly all words are likelier than what was read."""
    lexicon = Lexicon.from_weights({"days": 1.0, "day": 5.0})
    found = decoding("DAYE", {3: {"E": 0.6, "S": 0.4}})
    assert read(replace(found, ctc=frames("DAYS", {3: 0.5})), lexicon).text == "DAYS"


def test_a_text_with_more_than_its_letters_keeps_its_length():
    found = replace(decoding("Muic!", {2: {"i": 0.9, "s": 0.1}}), ctc=frames("music", {}))
    assert read(found).text == "Muic!"


def test_a_text_without_room_keeps_its_length():
    long = Lexicon.from_weights({"a" * 26: 1.0})
    text = "a" * 25
    found = replace(decoding(text, {3: {"a": 0.5}}), ctc=frames("a" * 26, {}))
    assert read(found, long).text == text


def test_ctc_scores_are_sums_over_all_ways():
    """Against every path of a few frames, blanks and repeats removed."""
    likely = np.random.default_rng(0).dirichlet(np.ones(27), 4)
    likely[:, 4:] = 0
    likely /= likely.sum(1, keepdims=True)
    totals: dict[tuple[int, ...], float] = {}
    for path in product(range(4), repeat=4):
        kept = [at for at, before in zip(path, (-1, *path[:-1]), strict=True) if at != before]
        text = tuple(label - 1 for label in kept if label)
        totals[text] = totals.get(text, 0) + float(np.prod(likely[range(4), path]))
    frames = np.log(np.maximum(likely, 1e-30))
    for length in (1, 2, 3, 4):
        words = np.array(list(product(range(3), repeat=length)))
        found = np.exp(ctc_scores(frames, words))
        expected = [totals.get(tuple(word), 0) for word in words.tolist()]
        assert found == pytest.approx(expected, abs=1e-12)


def test_a_charset_without_all_letters_is_left_alone():
    found = decoding("Suiles", {3: {"l": 0.6, "t": 0.4}})
    before = found.tokens.clone()
    assert correct(found, Charset("abc"), KNOWN) is found
    assert torch.equal(found.tokens, before)


def test_the_rest_of_a_decoding_stays():
    found = decoding("Suiles", {3: {"l": 0.6, "t": 0.3}})
    same = replace(found, tokens=found.tokens.clone(), probabilities=found.probabilities.clone())
    spelled = correct(same, CHARSET, KNOWN)
    changed = (spelled.tokens != found.tokens).nonzero().tolist()
    assert changed == [[0, 3]]
    assert torch.equal(spelled.probabilities[0, 4:], found.probabilities[0, 4:])
    assert torch.equal(spelled.steps, found.steps)


def test_an_unclear_sign_may_be_a_letter():
    word = read(decoding("Mu-ic!", {2: {"-": 0.6, "s": 0.3, "": 0.1}}))
    assert word.text == "Music!"
    assert read(decoding("5uites", {0: {"5": 0.6, "S": 0.4}})).text == "suites"


@pytest.mark.parametrize(
    ("text", "unclear"),
    [
        ("Mu-ic", {2: {"-": 0.95, "s": 0.05}}),  # clear enough
        ("mus1-1", {3: {"1": 0.6, "i": 0.4}, 4: {"-": 0.6, "c": 0.4}, 5: {"1": 0.6, "s": 0.4}}),
        ("!usic", {0: {"!": 0.6, "m": 0.4}}),  # signs around words are no letters
    ],
)
def test_other_signs_stay(text, unclear):
    assert read(decoding(text, unclear)).text == text


def test_a_sign_goes_where_the_word_has_a_letter_less():
    found = decoding("Mu-sic", {2: {"-": 0.6, "": 0.4}})
    assert read(replace(found, ctc=frames("Music", {}))).text == "Music"


def test_lengths_left_out_unseen_held_no_better_word(monkeypatch):
    rng = np.random.default_rng(5)
    likely = rng.dirichlet([0.05] * 28, (40, 9))
    likely[::2, :, 0] += 2 * rng.random((20, 9))  # some are clearer
    cases = [np.log(np.maximum(one / one.sum(1, keepdims=True), 1e-6)) for one in likely]

    def best() -> list[list[int]]:
        scores = np.log(np.full((5, 27), 1e-2))
        return [likeliest([12, 20, 18, 8, 26], scores, frames, KNOWN) for frames in cases]

    found = best()
    monkeypatch.setattr("mdocr.decoding.correction.UNCOUNTED", np.inf)  # leaves out none
    assert best() == found
    assert {len(word) for word in found} > {5}
