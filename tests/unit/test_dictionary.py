"""Unclear letters read as known words have them, on tensors and NumPy arrays."""

import gzip
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from mdocr.decoding.dictionary import Dictionary, load_dictionary, spell
from mdocr.decoding.draft import Decoding
from mdocr.errors import InputError
from mdocr.models.charset import ENGLISH, Charset
from mdocr.recognizer import words_of

CHARSET = Charset(ENGLISH)
KNOWN = Dictionary({"suites": 2.0, "music": 1.0, "suited": 1.0, "It's": 1.0})


def decoding(text: str, unclear: dict[int, dict[str, float]], kind=torch.tensor) -> Decoding:
    """A text read with certainty but for some places, which have other characters too."""
    probabilities = np.zeros((1, 26, CHARSET.outputs), np.float32)
    for place in range(26):
        symbol = text[place] if place < len(text) else ""
        shares = unclear.get(place, {symbol: 1.0})
        for each, share in shares.items():
            probabilities[0, place, CHARSET.encode(each)[0] if each else 0] = share
    tokens = probabilities.argmax(-1)
    steps = np.ones_like(tokens)
    return Decoding(kind(probabilities), kind(tokens), kind(steps), kind(np.array([1])))


def read(found: Decoding, dictionary: Dictionary = KNOWN):
    (word,) = words_of(spell(found, CHARSET, dictionary), CHARSET, "model", "decoder")
    return word


@pytest.mark.parametrize("kind", [torch.tensor, np.array])
def test_an_unclear_letter_is_read_as_the_known_word_has_it(kind):
    word = read(decoding("Suiles", {3: {"l": 0.6, "t": 0.3, "f": 0.1}}, kind))
    assert word.text == "Suites"
    assert [round(letter.confidence, 4) for letter in word.characters] == [1, 1, 1, 0.3, 1, 1]
    assert word.confidence == pytest.approx((5 + 0.3) / 6)


def test_a_clear_letter_stays():
    assert read(decoding("Suiles", {3: {"l": 1.0, "t": 1e-7}})).text == "Suiles"


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
    two = Dictionary({"ab": 3.0, "cd": 1.0})
    scores = np.log(np.full((2, 26), 1e-9))
    scores[0, [0, 2]] = np.log([0.2, 0.8])
    scores[1, [1, 3]] = np.log([0.5, 0.5])
    margin = math.log(0.8 / 0.2) - 0.5 * math.log(3)
    assert margin > 0
    assert two.likeliest(scores, [2, 1]) == [2, 3]
    scores[0, [0, 2]] = np.log([0.4, 0.6])
    assert math.log(0.6 / 0.4) - 0.5 * math.log(3) < 0
    assert two.likeliest(scores, [2, 1]) == [0, 1]


def test_a_charset_without_all_letters_is_left_alone():
    found = decoding("Suiles", {3: {"l": 0.6, "t": 0.4}})
    before = found.tokens.clone()
    assert spell(found, Charset("abc"), KNOWN) is found
    assert torch.equal(found.tokens, before)


def test_the_shipped_dictionary_and_files(tmp_path):
    english = load_dictionary("english")
    assert sum(len(words.letters) for words in english.lengths.values()) > 100_000
    (tmp_path / "own.txt").write_text("suites\n\nmusic\t2.5\n", "utf-8")
    own = load_dictionary(str(tmp_path / "own.txt"))
    assert [len(own.lengths[length].letters) for length in (5, 6)] == [1, 1]
    assert read(decoding("Suiles", {3: {"l": 0.6, "t": 0.3}}), own).text == "Suites"


@pytest.mark.parametrize("content", [b"", b"word\tmany\n", b"word\t0\n", b"\xff\xfe", None])
def test_what_is_no_dictionary_is_told(tmp_path, content):
    path = tmp_path / "own.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="dictionary"):
        load_dictionary(str(path))


def test_a_damaged_archive_is_told(tmp_path):
    (tmp_path / "own.gz").write_bytes(gzip.compress(b"word\n")[:-4])
    with pytest.raises(InputError, match=r"own\.gz"):
        load_dictionary(str(tmp_path / "own.gz"))


def test_the_rest_of_a_decoding_stays():
    found = decoding("Suiles", {3: {"l": 0.6, "t": 0.3}})
    same = replace(found, tokens=found.tokens.clone(), probabilities=found.probabilities.clone())
    spelled = spell(same, CHARSET, KNOWN)
    changed = (spelled.tokens != found.tokens).nonzero().tolist()
    assert changed == [[0, 3]]
    assert torch.equal(spelled.probabilities[0, 4:], found.probabilities[0, 4:])
    assert torch.equal(spelled.steps, found.steps)
