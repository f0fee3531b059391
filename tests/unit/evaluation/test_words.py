"""Suites are found by name, scored as the field scores them, and averaged over sets."""

import pytest
from PIL import Image

from mdocr.errors import InputError, UsageError
from mdocr.evaluation.sheets import write_sheet
from mdocr.evaluation.suites import SUITES, open_set, open_suite
from mdocr.evaluation.words import ReadWord, as_scored, average, score, writable
from mdocr.models.charset import Charset


def make_set(folder, texts):
    folder.mkdir(parents=True)
    Image.new("RGB", (40, 16), "white").save(folder / "a.png")
    lines = "".join(f"a.png\t{text}\n" for text in texts)
    (folder / "labels.tsv").write_text(lines, encoding="utf-8")


def test_suites_have_the_published_sizes():
    sizes = {name: [each.words for each in suite.sets] for name, suite in SUITES.items()}
    assert sizes["common"] == [3000, 647, 857, 1811, 645, 288]
    assert (len(sizes["union14m"]), len(sizes["ost"]), len(sizes["chinese"])) == (7, 2, 4)
    assert sizes["additional"] == [1511, 1015, 2077]


def test_a_suite_is_found_below_a_folder(tmp_path):
    make_set(tmp_path / "OST" / "weak", ["one", "two words", "x" * 26, "中"])
    make_set(tmp_path / "OST" / "heavy", ["three"])
    weak, heavy = open_suite("ost", tmp_path)
    assert weak.numbers == (0, 1)  # too long, or nothing that counts
    assert (weak.suite, weak.expected, weak.is_whole) == ("ost", 2416, False)
    assert heavy.numbers == (0,)


def test_what_is_missing_or_unknown_is_named(tmp_path):
    make_set(tmp_path / "OST" / "weak", ["one"])
    with pytest.raises(InputError, match="heavy"):
        list(open_suite("ost", tmp_path))
    with pytest.raises(UsageError, match="unknown suite"):
        list(open_suite("all", tmp_path))


def test_a_folder_of_ones_own_is_read_whole(tmp_path):
    make_set(tmp_path / "mine", ["one", "x" * 30])
    mine = open_set(tmp_path / "mine")
    assert (mine.name, mine.suite, mine.numbers, mine.is_whole) == ("mine", "", (0, 1), True)


def test_variants_of_accuracy():
    pairs = [("it's", "its"), ("IT", "it"), ("a-b", "A-B"), ("no", "yes")]
    found = score(pairs)
    assert (found.accuracy, found.case_sensitive) == (0.75, 0.25)
    assert (found.punctuation_sensitive, found.exact) == (0.5, 0)
    assert found.edit_similarity == pytest.approx(0.75)
    assert found.to_dict()["words"] == 4


def test_averages_are_over_sets_not_words():
    large, small = score([("a", "a")] * 9), score([("a", "b")])
    mean = average([large, small])
    assert (mean.words, mean.accuracy) == (10, 0.5)


def test_weighted_averages_are_over_words():
    large, small = score([("a", "a")] * 9), score([("a", "b")])
    mean = average([large, small], weighted=True)
    assert (mean.words, mean.accuracy) == (10, pytest.approx(0.9))
    assert average([score([])], weighted=True).accuracy == 0


@pytest.mark.parametrize(
    ("read", "true", "is_right"),
    [
        ("中国 银行", "中国银行", True),
        ("中国BANK", "中国 bank", True),
        ("中国银行!", "中国银行", False),  # punctuation counts in the Chinese sets
        ("中", "国", False),
    ],
)
def test_chinese_words_are_compared_as_upstream_does(read, true, is_right):
    assert score([(read, true)], is_latin=False).accuracy == is_right


def test_a_label_is_scored_in_characters_that_the_model_can_write():
    charset = Charset("中国ab")
    word = as_scored(ReadWord(0, "中国", "中，国"), charset)
    assert score([(word.read, word.true)], is_latin=False).accuracy == 1
    assert writable("ca b", charset) == "ab"


def make_chinese(root, texts):
    for each in SUITES["chinese"].sets:
        make_set(root / each.folders[0], texts)
    return next(iter(open_suite("chinese", root)))


def test_chinese_labels_of_no_or_too_many_characters_are_left_out(tmp_path):
    scene = make_chinese(tmp_path, ["中国", "中" * 26, "，，", "中" * 25 + "，"])
    assert scene.numbers == (0, 1, 2, 3)
    assert scene.scored(Charset("中国")) == (0, 3)


def test_labels_are_counted_after_decomposition(tmp_path):
    make_set(tmp_path / "weak", ["café", "é" * 25, "é" * 26, "ﬁ" * 13, "a b" * 12, "中"])
    make_set(tmp_path / "heavy", ["one"])
    weak = next(iter(open_suite("ost", tmp_path)))
    assert weak.numbers == (0, 1, 4)


def test_misread_words_go_on_a_sheet(tmp_path):
    make_set(tmp_path / "mine", ["one"])
    collection = open_set(tmp_path / "mine").collection
    sheet = tmp_path / "sheet.png"
    assert write_sheet([], sheet) == 0
    assert not sheet.exists()
    assert write_sheet([(collection, ReadWord(0, "", "one"))], sheet) == 1
    with Image.open(sheet) as picture:
        assert picture.size[0] > 100
