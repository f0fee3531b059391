"""Known words, how common they are, and how likely other words are by their letters."""

import gzip
from io import BytesIO
from math import exp, log

import numpy as np
import pytest

from mdocr.decoding import lexicons
from mdocr.decoding.lexicon import UNKNOWN, Lexicon, letter_model
from mdocr.decoding.lexicons import load_lexicon
from mdocr.errors import InputError

KNOWN = Lexicon.from_weights({"Suites": 2.0, "music": 1.0, "Music": 1.0, "It's": 1.0, "a": 1.0})


def letters(word: str) -> list[int]:
    return [ord(letter) - ord("a") for letter in word]


def test_words_by_length_without_case_and_other_characters():
    assert {length: len(words.letters) for length, words in KNOWN.lengths.items()} == {5: 1, 6: 1}
    assert KNOWN.lengths[5].letters.tolist() == [letters("music")]
    for words in KNOWN.lengths.values():
        assert words.log_shares == pytest.approx([log((1 - UNKNOWN) / 2)])


def test_a_known_word_is_likelier_by_its_share():
    known, other = (KNOWN.log_probability(letters(word)) for word in ("music", "musix"))
    assert known > log((1 - UNKNOWN) / 2)
    assert known == pytest.approx(log((1 - UNKNOWN) / 2), abs=0.1)
    assert other < log(UNKNOWN)


def test_all_that_is_unknown_has_its_share():
    """All words of up to two letters, of a list of such, sum up to what is there for them."""
    list_of_two = Lexicon.from_weights({"ab": 1.0, "ba": 1.0})
    model = list_of_two._letters
    assert np.exp(model).sum(-1) == pytest.approx(np.ones((27, 27)))
    unknown = exp(list_of_two.log_probability(letters("zz")))
    assert unknown == pytest.approx(
        UNKNOWN * exp(model[0, 0, 26] + model[0, 26, 26] + model[26, 26, 0])
    )


def test_letters_follow_as_in_the_words():
    """Witten-Bell, by hand: of one word "aa", seen are a, a and the end."""
    model = np.exp(letter_model([np.array([[0, 0]], np.uint8)]))
    one = (2 + 2 / 27) / 5  # two of three are a; of two kinds
    two = (1 + 2 * one) / 4  # after an a: a once, and the end once
    assert model[1, 1, 1] == pytest.approx((0 + 1 * two) / 2)
    assert model[0, 1, 1] == pytest.approx((1 + 1 * two) / 2)
    assert model[5, 1, 1] == pytest.approx(two)
    assert model[5, 5, 1] == pytest.approx(one)
    assert model[5, 5, 9] == pytest.approx(2 / 27 / 5)


def test_what_is_saved_is_loaded_again():
    first, second = BytesIO(), BytesIO()
    KNOWN.save(first)
    KNOWN.save(second)
    assert first.getvalue() == second.getvalue()
    first.seek(0)
    loaded = Lexicon.load(first)
    assert list(loaded.lengths) == list(KNOWN.lengths)
    for length, words in KNOWN.lengths.items():
        assert np.array_equal(loaded.lengths[length].letters, words.letters)
        assert loaded.lengths[length].log_shares == pytest.approx(words.log_shares, abs=1e-3)


def test_the_shipped_lexicon_and_files(tmp_path):
    english = load_lexicon("english")
    assert sum(len(words.letters) for words in english.lengths.values()) > 100_000
    shares = sum(np.exp(words.log_shares).sum() for words in english.lengths.values())
    assert shares == pytest.approx(1 - UNKNOWN, abs=1e-3)
    (tmp_path / "own.txt").write_text("suites\n\nmusic\t2.5\n", "utf-8")
    own = load_lexicon(str(tmp_path / "own.txt"))
    assert [len(own.lengths[length].letters) for length in (5, 6)] == [1, 1]


@pytest.mark.parametrize("content", [b"", b"word\tmany\n", b"word\t0\n", b"\xff\xfe", None])
def test_what_is_no_lexicon_is_reported(tmp_path, content):
    path = tmp_path / "own.txt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match="lexicon"):
        load_lexicon(str(path))


def test_a_list_of_other_characters_alone_is_told(tmp_path):
    (tmp_path / "own.txt").write_text("It's\n1984\na\n", "utf-8")
    with pytest.raises(InputError, match="no words"):
        load_lexicon(str(tmp_path / "own.txt"))


def test_a_damaged_archive_is_told(tmp_path):
    (tmp_path / "own.gz").write_bytes(gzip.compress(b"word\n")[:-4])
    with pytest.raises(InputError, match=r"own\.gz"):
        load_lexicon(str(tmp_path / "own.gz"))
    packed = bytearray(gzip.compress(b"word\nwords\nwordy\n"))
    packed[10] = 0xFF  # no kind of block
    (tmp_path / "broken.gz").write_bytes(packed)
    with pytest.raises(InputError, match=r"broken\.gz"):
        load_lexicon(str(tmp_path / "broken.gz"))


def test_a_list_that_unpacks_to_very_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(lexicons, "MOST", 1 << 20)
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(b"word\n" * 300_000))
    with pytest.raises(InputError, match="more than 1 MiB"):
        load_lexicon(str(tmp_path / "bomb.gz"))


def test_words_of_languages_are_those_of_the_machine(tmp_path, monkeypatch):
    (tmp_path / "ngerman").write_text("München\nStraße\nOrt\n", "utf-8")
    monkeypatch.setattr(lexicons, "LISTS", tmp_path)
    german = lexicons.load_lexicon.__wrapped__("de")
    assert german.log_share("munchen") == german.log_share("ort") > -np.inf
    both = lexicons.load_lexicon.__wrapped__("en,de")
    assert both.log_share("munchen") == pytest.approx(german.log_share("munchen") - log(2))
    assert both.log_share("house") == pytest.approx(
        load_lexicon("english").log_share("house") - log(2)
    )
    assert exp(both.log_share("ort")) > exp(german.log_share("ort")) / 2


def test_a_language_without_a_list_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(lexicons, "LISTS", tmp_path)
    with pytest.raises(InputError, match="'fr'") as caught:
        lexicons.load_lexicon.__wrapped__("en,fr")
    assert "wfrench" in caught.value.hint
