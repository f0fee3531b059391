"""Running text and words are gathered from what documentation packages bring."""

import struct

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


def test_translations_of_programs_are_running_text(tmp_path, caplog):
    folder = tmp_path / "locale/lv/LC_MESSAGES"
    folder.mkdir(parents=True)
    texts = [
        f"Nevar atvērt _datni {name}, jo tajā nav nevienas rindas"
        for name in ("viena", "divi", "trīs", "četri", "pieci", "seši", "septiņi", "astoņi")
        for name in (name, f"{name} un vēl", f"{name} vai tomēr")
    ]
    (folder / "a.mo").write_bytes(
        catalog(
            {"": "Content-Type: text/plain; charset=UTF-8\n"}
            | {f"text {number}": text for number, text in enumerate(texts)}
        )
    )
    (folder / "b.mo").write_bytes(b"no catalogue")
    found = gather_sentences(tmp_path).paragraphs["lv"]
    assert set(found) == {text.replace("_", "") for text in texts}
    assert "b.mo is passed over" in caplog.text


def catalog(texts: dict[str, str]) -> bytes:
    """The bytes of a catalogue of gettext: counts, two tables of lengths and places, texts."""
    keys = [key.encode() + b"\0" for key in sorted(texts)]
    values = [texts[key].encode() + b"\0" for key in sorted(texts)]
    places, place = [], 28 + 16 * len(keys)
    for part in [*keys, *values]:
        places += [len(part) - 1, place]
        place += len(part)
    head = (0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 0)
    return struct.pack(f"<7I{len(places)}I", *head, *places) + b"".join([*keys, *values])
