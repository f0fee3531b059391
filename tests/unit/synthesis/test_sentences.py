"""Running text and words are gathered from what documentation packages bring."""

import numpy as np

from mdocr.synthesis.corpora.sentences import FEWEST, gather_sentences


def test_words_are_read_in_the_encoding_of_their_list(tmp_path):
    folder = tmp_path / "hunspell"
    folder.mkdir()
    (folder / "sl_SI.aff").write_bytes(b"# rules\nSET ISO8859-2\n")
    (folder / "sl_SI.dic").write_bytes("2\nčlovek/A\nživljenje\n".encode("latin2"))
    (folder / "cs_CZ.dic").write_text("2\nkůň/B\nžluťoučký\n", "utf-8")
    found = gather_sentences(tmp_path)
    assert found.words["sl"] == ("človek", "življenje")
    assert found.words["cs"] == ("kůň", "žluťoučký")


def test_a_language_with_words_alone_has_sentences_of_them(tmp_path):
    (tmp_path / "hunspell").mkdir()
    (tmp_path / "hunspell/lv_LV.dic").write_text("2\nūdens\nģimene\n", "utf-8")
    found = gather_sentences(tmp_path)
    assert len(found.paragraphs["lv"]) > FEWEST
    passage = found.passage(np.random.default_rng(0), 40, "lv")
    assert set(passage.lower().replace(".", "").split()[1:-1]) <= {"ūdens", "ģimene"}
    assert "lt" not in found.paragraphs
