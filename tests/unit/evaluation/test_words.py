"""Suites are found by name, scored as the field scores them, and averaged over sets."""

import pytest
from PIL import Image

from mdocr.errors import InputError, UsageError
from mdocr.evaluation.sheets import write_sheet
from mdocr.evaluation.suites import SUITES, open_set, open_suite
from mdocr.evaluation.words import ReadWord, average, score


def make_set(folder, texts):
    folder.mkdir(parents=True)
    Image.new("RGB", (40, 16), "white").save(folder / "a.png")
    lines = "".join(f"a.png\t{text}\n" for text in texts)
    (folder / "labels.tsv").write_text(lines, encoding="utf-8")


def test_suites_have_the_published_sizes():
    sizes = {name: [each.words for each in suite.sets] for name, suite in SUITES.items()}
    assert sizes["common"] == [3000, 647, 857, 1811, 645, 288]
    assert (len(sizes["union14m"]), len(sizes["ost"]), len(sizes["chinese"])) == (7, 2, 4)


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


def test_misread_words_go_on_a_sheet(tmp_path):
    make_set(tmp_path / "mine", ["one"])
    collection = open_set(tmp_path / "mine").collection
    sheet = tmp_path / "sheet.png"
    assert write_sheet([], sheet) == 0
    assert not sheet.exists()
    assert write_sheet([(collection, ReadWord(0, "", "one"))], sheet) == 1
    with Image.open(sheet) as picture:
        assert picture.size[0] > 100
