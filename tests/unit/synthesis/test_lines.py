import pickle
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

pytest.importorskip("cv2")
pytest.importorskip("fontTools")

from mdocr.cli.synth import app
from mdocr.errors import InputError, MissingExtraError
from mdocr.preprocessing.line_charset import LONG_S, PAGE_SYMBOLS
from mdocr.synthesis.common import scans
from mdocr.synthesis.common.fonts import Font, load_fonts
from mdocr.synthesis.common.typefaces import (
    HELD_OUT_FAMILIES,
    coverage,
    held_out_fonts,
    training_fonts,
)
from mdocr.synthesis.common.typesetting import draw_style
from mdocr.synthesis.corpora.manuals import read_fortunes, read_hypertext, read_manual
from mdocr.synthesis.corpora.sentences import Sentences, load_sentences
from mdocr.synthesis.lines.entries import (
    SHARES,
    draw_entry,
    fill,
    load_patterns,
)
from mdocr.synthesis.lines.old_spelling import draw_old_german, with_long_s
from mdocr.synthesis.lines.pictures import LineSynthesizer
from mdocr.synthesis.lines.texts import cut, draw_text


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MDOCR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def fonts(plain_fonts: Path) -> list[Font]:
    return load_fonts([plain_fonts])


@pytest.fixture
def share(tmp_path: Path) -> Path:
    """A share folder with a few sayings and a manual page."""
    sayings = tmp_path / "share" / "games" / "fortunes"
    sayings.mkdir(parents=True)
    text = "\n%\n".join(
        f"Saying number {n} of many, which is as long\nas sayings are: “short”." for n in range(30)
    )
    (sayings / "wise.u8").write_text(text, "utf-8")
    return tmp_path / "share"


@pytest.fixture
def sentences(share: Path) -> Sentences:
    return load_sentences(share)


@pytest.fixture
def synthesizer(fonts: list[Font], sentences: Sentences) -> LineSynthesizer:
    return LineSynthesizer(fonts, sentences)


def test_everything_kept_is_in_the_cache(
    plain_fonts: Path, share: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MDOCR_CACHE", "~/kept")
    coverage(load_fonts([plain_fonts]))
    load_sentences(share)
    kept = {path.name.partition("-")[0] for path in (tmp_path / "kept").iterdir()}
    assert kept == {"fonts", "coverage", "sentences"}


def test_a_missing_library_of_fonts_is_named(
    fonts: list[Font], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fontTools", None)
    with pytest.raises(MissingExtraError, match="fonttools"):
        coverage([replace(fonts[0], path=str(tmp_path / "new.ttf"))])


def test_charset_starts_with_ascii_and_has_each_once() -> None:
    assert len(set(PAGE_SYMBOLS)) == len(PAGE_SYMBOLS) and 250 <= len(PAGE_SYMBOLS) <= 360
    assert PAGE_SYMBOLS[0] == " "
    assert set(PAGE_SYMBOLS[:95]) == {chr(code) for code in range(32, 127)}


@pytest.mark.parametrize("width", [32, 64, 128, 512])
@pytest.mark.parametrize("difficulty", [0.0, 1.0])
def test_pictures_have_their_size_and_texts_fit_the_charset(
    synthesizer: LineSynthesizer, width: int, difficulty: float
) -> None:
    rng = np.random.default_rng(3)
    lengths = []
    for _ in range(60):
        picture, text = synthesizer.draw(rng, width, difficulty)
        assert picture.dtype == np.uint8
        assert picture.shape[0] == 32 and picture.shape[2] == 3
        assert width - 32 < picture.shape[1] <= width
        assert text and text == text.strip() and set(text) <= set(PAGE_SYMBOLS)
        lengths.append(len(text))
    assert width / 32 <= np.mean(lengths) <= width / 8


def test_the_generator_alone_decides(synthesizer: LineSynthesizer) -> None:
    copy = pickle.loads(pickle.dumps(synthesizer))
    first, second = np.random.default_rng(11), np.random.default_rng(11)
    for width in (64, 128, 256, 512) * 8:
        one, text = synthesizer.draw(first, width, 1.0)
        other, again = copy.draw(second, width, 1.0)
        assert text == again and np.array_equal(one, other)


def test_clean_lines_fill_their_height_with_ink(synthesizer: LineSynthesizer) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        picture, _ = synthesizer.draw(rng, 256, 0.0)
        grey = picture.astype(float).mean(axis=2)
        assert np.percentile(grey, 99) - np.percentile(grey, 1) > 50
        rows = np.ptp(grey, axis=1) > 40
        assert rows.sum() >= 9


def test_symbols_of_a_smaller_charset_only(fonts: list[Font], sentences: Sentences) -> None:
    synthesizer = LineSynthesizer(fonts, sentences, symbols=PAGE_SYMBOLS[:95])
    rng = np.random.default_rng(0)
    assert all(synthesizer.draw(rng, 128, 0.0)[1].isascii() for _ in range(60))


def test_no_fonts_is_an_input_error(sentences: Sentences) -> None:
    with pytest.raises(InputError, match="no fonts"):
        LineSynthesizer([], sentences)


def test_every_symbol_is_written(sentences: Sentences) -> None:
    rng = np.random.default_rng(0)
    texts = [draw_text(rng, sentences, PAGE_SYMBOLS, 10 + k % 50) for k in range(4000)]
    assert set(PAGE_SYMBOLS) <= set("".join(texts))


def test_patterns_know_all_their_names(sentences: Sentences) -> None:
    rng = np.random.default_rng(0)
    for name, alternatives in load_patterns().items():
        for pattern in alternatives:
            text = fill(rng, pattern, sentences, "en")
            assert set(text) <= {*PAGE_SYMBOLS, "\t"}, name
    assert load_patterns().keys() >= SHARES.keys()
    assert len({draw_entry(rng, sentences, 20) for _ in range(50)}) > 40


def test_running_text_is_cut_between_words() -> None:
    rng = np.random.default_rng(0)
    text = "the quick brown fox jumps over the lazy dog"
    for length in range(5, 40):
        found = cut(rng, text, length)
        assert text.startswith(found.rstrip("-")) and found == found.strip()


def test_text_comes_from_files_and_then_from_the_cache(share: Path, cache: Path) -> None:
    first = load_sentences(share)
    assert len(first.paragraphs["en"]) == 30
    assert first.paragraphs["en"][0].endswith("as long as sayings are: “short”.")
    (share / "games" / "fortunes" / "wise.u8").unlink()
    assert load_sentences(share) == first
    assert len(list(cache.glob("sentences-*.txt"))) == 1


def test_missing_texts_are_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sentences = load_sentences(tmp_path)
    assert "sentences are generated from a word list" in caplog.text
    assert len(sentences.passage(np.random.default_rng(0), 60, "en")) >= 60


def test_readers_keep_the_prose() -> None:
    manual = (
        ".TH X 1\n.SH NAME\nA \\fBbold\\fR word\n.BR open (2)\nand\\-more.\n.nf\ncode\n.fi\nEnd."
    )
    assert [text for text in read_manual(manual) if text] == [
        "A bold word\nopen(2)\nand-more.",
        "End.",
    ]
    assert read_fortunes("one\n%\ntwo") == ["one", "two"]
    assert read_hypertext("<p>a <b>b</b> &amp; c</p><pre>x</pre>") == ["a b & c"]


def test_held_out_families_are_never_trained_on(fonts: list[Font]) -> None:
    other = Font("x.ttf", 0, HELD_OUT_FAMILIES[0], "", True, 1.0)
    assert training_fonts([*fonts, other]) == fonts
    assert held_out_fonts([*fonts, other]) == [other]


def test_no_damage_at_difficulty_zero() -> None:
    rng = np.random.default_rng(0)
    ink = rng.random((32, 64), dtype=np.float32)
    for _ in range(20):
        assert scans.draw_bend(rng, 512, 0.0).slack == 0
        assert np.array_equal(scans.press(rng, ink, 0.0), ink)


def test_letterspaced_lines_keep_their_words_apart(synthesizer: LineSynthesizer) -> None:
    rng = np.random.default_rng(0)
    styles = [draw_style(rng, synthesizer.typefaces.draw(rng), 0.0) for _ in range(600)]
    spaced = [style for style in styles if style.tracking > 0.04]
    assert 10 < len(spaced) < 50
    assert all(style.gap > 4 * style.tracking for style in spaced)


def test_bending_moves_the_ends_apart() -> None:
    ink = np.zeros((32, 100), np.float32)
    ink[16] = 1
    bent = scans.bend_ink(ink, scans.Bend(drop=6.0))
    assert bent[:, 0].argmax() == 13 and bent[:, -1].argmax() == 19


def test_command_writes_pictures_labels_and_sheet(
    plain_fonts: Path, tmp_path: Path, sentences: Sentences, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mdocr.synthesis.corpora.sentences.load_sentences", lambda: sentences)
    out = tmp_path / "lines"
    arguments = ["lines", "--count", "5", "-o", str(out), "--fonts", str(plain_fonts)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    labels = (out / "labels.tsv").read_text("utf-8").splitlines()
    assert len(labels) == 5
    for label in labels:
        name, text = label.split("\t")
        with Image.open(out / name) as picture:
            assert text and picture.height == 32
    assert (out / "sheet.png").is_file()


def test_the_long_s_stands_where_old_prints_have_it() -> None:
    rng = np.random.default_rng(0)
    spelt = " ".join(with_long_s(rng, "so was, es ist Haus; 5s SOS") for _ in range(50))
    assert spelt.replace(LONG_S, "s") == " ".join(["so was, es ist Haus; 5s SOS"] * 50)
    assert {"so", "was,", "es", "iſt", "Haus;", "5s", "SOS"} >= set(spelt.split()) - {"ſo", "ist"}
    assert spelt.split().count("iſt") > 40


def test_old_german_is_spelt_as_it_was(sentences: Sentences) -> None:
    rng = np.random.default_rng(1)
    german = replace(sentences, paragraphs={"de": ("Dieser Teil muss sein, das ist es.",)})
    words = set(" ".join(draw_old_german(rng, german, 60) for _ in range(60)).split())
    assert {"Dieſer", "muß", "Theil", "ſeyn,", "das", "iſt", "es."} <= words


def test_strokes_cross_some_lines_and_leave_the_rest() -> None:
    rng = np.random.default_rng(2)
    paper = np.full((32, 200, 3), 240, np.float32)
    drawn = [scans.overdraw(rng, paper, 1.0) for _ in range(400)]
    crossed = [picture for picture in drawn if picture is not paper]
    assert 10 <= len(crossed) <= 45
    assert all(picture.max() <= 240 and picture.min() >= 0 for picture in crossed)
    assert sum(bool(picture.min() < 200) for picture in crossed) > len(crossed) / 3
