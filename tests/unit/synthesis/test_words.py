import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFont
from typer.testing import CliRunner

pytest.importorskip("cv2")
pytest.importorskip("fontTools")

from mdocr.cli.synth import app
from mdocr.errors import InputError
from mdocr.models.charset import ENGLISH
from mdocr.synthesis.common import effects
from mdocr.synthesis.common.fonts import Font, load_fonts
from mdocr.synthesis.common.glyphs import open_sheet, set_text, turn_letters
from mdocr.synthesis.corpora.signs import (
    FALLBACK,
    NAMES,
    SIGNS,
    TEMPLATES,
    TRADES,
)
from mdocr.synthesis.corpora.vocabulary import (
    Vocabulary,
    load_vocabulary,
    load_words,
    set_case,
)
from mdocr.synthesis.samples import draw_words
from mdocr.synthesis.words import geometry, lettering
from mdocr.synthesis.words.pictures import LETTER, WordSynthesizer


@pytest.fixture(scope="session")
def folder(plain_fonts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Plain fonts, beside a file that is no font and a link that leads nowhere."""
    folder = tmp_path_factory.mktemp("folder") / "fonts"
    shutil.copytree(plain_fonts, folder)
    (folder / "broken.ttf").write_bytes(b"not a font")
    (folder / "gone.ttf").symlink_to(folder / "nowhere.ttf")
    return folder


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MDOCR_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def fonts(folder: Path, cache: Path) -> list[Font]:
    return load_fonts([folder])


@pytest.fixture(scope="session")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return load_vocabulary(tmp_path_factory.mktemp("no_lists"))


@pytest.fixture
def synthesizer(fonts: list[Font], vocabulary: Vocabulary) -> WordSynthesizer:
    return WordSynthesizer(fonts, vocabulary)


def test_plain_fonts_are_kept_and_broken_files_are_not(fonts: list[Font], cache: Path) -> None:
    assert fonts and not any("broken" in font.path for font in fonts)
    assert all(font.has_lowercase and font.plainness > 0.6 for font in fonts)
    assert all(set(ENGLISH) <= set(font.symbols) for font in fonts)
    assert len(list(cache.glob("fonts-*.json"))) == 1


def test_fonts_come_from_the_cache_until_a_file_changes(
    folder: Path, fonts: list[Font], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("mdocr.synthesis.common.fonts.select_fonts", lambda files: [])
    assert load_fonts([folder]) == fonts
    with pytest.raises(InputError, match="no legible font"):
        load_fonts([tmp_path])


def test_a_web_font_is_the_same_design(plain_fonts: Path, cache: Path, tmp_path: Path) -> None:
    from fontTools.ttLib import TTFont

    plain, web = sorted(plain_fonts.iterdir())[0], tmp_path / "web" / "font.woff"
    web.parent.mkdir()
    packed = TTFont(plain)
    packed.flavor = "woff"
    packed.save(web)
    (alone,) = load_fonts([web.parent])
    assert (alone.path, set(alone.symbols)) == (str(web), set(ENGLISH))
    shutil.copy(plain, web.parent)
    assert len(load_fonts([web.parent])) == 1
    setting = set_text(open_sheet(alone.path, alone.index, 48), "Word")
    again = set_text(open_sheet(str(plain), 0, 48), "Word")
    assert setting is not None and again is not None and setting.box == again.box


@pytest.mark.parametrize(
    ("named", "family"),
    [
        ("Besley ExtraBold", "Besley"),
        ("Archivo Narrow Medium", "Archivo Narrow"),
        ("Black", "Black"),
    ],
)
def test_weights_of_a_design_are_one_family(
    named: str, family: str, plain_fonts: Path, cache: Path, tmp_path: Path
) -> None:
    from fontTools.ttLib import TTFont

    font = TTFont(sorted(plain_fonts.iterdir())[0])
    font["name"].names = []
    font["name"].setName(named, 1, 3, 1, 0x409)
    font.save(tmp_path / "font.ttf")
    assert [found.family for found in load_fonts([tmp_path])] == [family]


@pytest.mark.parametrize("ratio", [1, 2, 3, 4])
@pytest.mark.parametrize("difficulty", [0.0, 0.5, 1.0])
def test_pictures_have_the_ratio_and_texts_fit_the_charset(
    synthesizer: WordSynthesizer, ratio: int, difficulty: float
) -> None:
    rng = np.random.default_rng(3)
    for _ in range(60):
        picture, text = synthesizer.draw(rng, ratio, difficulty)
        height, width, channels = picture.shape
        assert picture.dtype == np.uint8 and channels == 3
        assert min(max(round(width / height), 1), 4) == ratio
        assert 20 <= height <= 160
        assert 1 <= len(text) <= 25 and set(text) <= set(ENGLISH)


@pytest.mark.parametrize("ratio", [1, 2, 3, 4])
def test_letters_are_as_wide_as_found_ones(synthesizer: WordSynthesizer, ratio: int) -> None:
    rng = np.random.default_rng(8)
    drawn = [synthesizer.draw(rng, ratio, 0.5) for _ in range(150)]
    widths = [image.shape[1] / image.shape[0] / len(text) for image, text in drawn]
    assert np.median(widths) == pytest.approx(LETTER[ratio], rel=0.15)


def test_a_far_picture_keeps_its_size_and_loses_its_details() -> None:
    rng = np.random.default_rng(2)
    scene = rng.uniform(0, 255, (48, 96, 3)).astype(np.float32)
    small = effects.shrink(scene, 12)
    far = effects.enlarge(rng, small, (96, 48))
    assert small.shape == (12, 24, 3) and far.shape == scene.shape
    assert far.std() < scene.std() / 2 and abs(far.mean() - scene.mean()) < 3
    assert effects.shrink(scene, 60) is scene
    assert effects.enlarge(rng, scene, (96, 48)) is scene


def test_a_smudge_blurs_a_part_only() -> None:
    scene = np.random.default_rng(2).uniform(0, 255, (32, 320, 3)).astype(np.float32)
    changes = [
        np.abs(effects.smudge(np.random.default_rng(seed), scene, 1.0) - scene).mean((0, 2))
        for seed in range(200)
    ]
    smudged = [change for change in changes if change.any()]
    assert 4 < len(smudged) < 40
    assert all(0 < (change > 0).mean() < 0.25 and change.max() > 10 for change in smudged)


def test_fonts_without_ink_are_an_input_error(
    synthesizer: WordSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mdocr.synthesis.words.pictures.set_text", lambda *_: None)
    with pytest.raises(InputError, match="ink"):
        synthesizer.draw(np.random.default_rng(0), 3, 0.5)


def test_the_generator_alone_decides(synthesizer: WordSynthesizer) -> None:
    copy = pickle.loads(pickle.dumps(synthesizer))
    first, second = np.random.default_rng(11), np.random.default_rng(11)
    for ratio in (1, 2, 3, 4) * 8:
        one, text = synthesizer.draw(first, ratio, 1.0)
        other, again = copy.draw(second, ratio, 1.0)
        assert text == again and np.array_equal(one, other)


def test_clean_pictures_show_ink_on_a_ground(synthesizer: WordSynthesizer) -> None:
    rng = np.random.default_rng(5)
    for _ in range(40):
        picture, _ = synthesizer.draw(rng, 3, 0.0)
        grey = picture.astype(float).mean(axis=2)
        assert np.percentile(grey, 98) - np.percentile(grey, 2) > 60


def test_symbols_of_a_smaller_charset_only(fonts: list[Font], vocabulary: Vocabulary) -> None:
    synthesizer = WordSynthesizer(fonts, vocabulary, symbols="0123456789abcdefghij")
    rng = np.random.default_rng(0)
    texts = [synthesizer.draw(rng, 2, 0.0)[1] for _ in range(50)]
    assert set("".join(texts)) <= set("0123456789abcdefghij")


def test_symbols_that_no_word_has_are_drawn_all_the_same(
    fonts: list[Font], vocabulary: Vocabulary
) -> None:
    synthesizer = WordSynthesizer(fonts, vocabulary, symbols="^~")
    _, text = synthesizer.draw(np.random.default_rng(0), 4, 1.0)
    assert text and set(text) <= set("^~")
    with pytest.raises(InputError, match="no fonts"):
        WordSynthesizer(fonts, vocabulary, symbols="\u4e00")


def test_no_fonts_is_an_input_error(vocabulary: Vocabulary) -> None:
    with pytest.raises(InputError, match="no fonts"):
        WordSynthesizer([], vocabulary)


def test_scripts_are_read_where_a_reference_is_like_them(
    plain_fonts: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fontTools.ttLib import TTFont

    plain = sorted(plain_fonts.iterdir())[0]
    font = TTFont(plain)
    capitals = [chr(code) for code in range(ord("A"), ord("Z") + 1)]
    for table in font["cmap"].tables:
        if table.isUnicode():
            names = dict(table.cmap)
            for capital, other in zip(capitals, capitals[1:] + capitals[:1], strict=True):
                table.cmap[ord(capital)] = names[ord(other)]
    odd = tmp_path / "odd" / "yesteryear-latin-400-normal.woff"
    odd.parent.mkdir()
    font.save(odd)
    assert str(odd) in [font.path for font in load_fonts([odd.parent, plain_fonts])]
    monkeypatch.setattr("mdocr.synthesis.common.fonts.SCRIPTS", ())
    monkeypatch.setattr("mdocr.synthesis.common.fonts.INDEX_VERSION", -1)
    assert str(odd) not in [font.path for font in load_fonts([odd.parent, plain_fonts])]


def test_a_torn_word_shows_a_sliver_of_a_letter_that_its_text_lacks(
    synthesizer: WordSynthesizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def draw_word(word, neighbours, rng):  # type: ignore[no-untyped-def]
        drawn.append({side for side, _ in neighbours})
        return line(word, neighbours, rng)

    line = lettering.draw_word
    monkeypatch.setattr(lettering, "draw_word", draw_word)
    monkeypatch.setattr("mdocr.synthesis.words.pictures.TORN_SHARE", 100.0)
    for seed in range(20):
        synthesizer.draw(np.random.default_rng(seed), 3, 1.0)
    assert all(sides in ({"before"}, {"next"}) for sides in drawn)
    assert set().union(*drawn) == {"before", "next"}


def test_a_letter_beyond_the_cut_stands_a_letter_gap_away(fonts: list[Font]) -> None:
    sheet = open_sheet(fonts[0].path, 0, 48)
    word, other = set_text(sheet, "HOH"), set_text(sheet, "H")
    assert word is not None and other is not None
    line = lettering.draw_word(word, [("next", other)], np.random.default_rng(0))
    beyond = line.mask[:, line.box[2] :].any(axis=0)
    assert not beyond[: lettering.letter_gap(word)].any() and beyond[lettering.letter_gap(word)]


def test_turned_letters_keep_their_middles_and_ink(fonts: list[Font]) -> None:
    word = set_text(open_sheet(fonts[0].path, 0, 48), "Hagy")
    assert word is not None
    turned = turn_letters(word, [90.0, 10.0])
    for (x, y, glyph), (u, v, other) in zip(word.letters, turned.letters, strict=True):
        rows, columns = glyph.mask.shape
        height, width = other.mask.shape
        assert abs(x + columns / 2 - u - width / 2) <= 1.5
        assert abs(y + rows / 2 - v - height / 2) <= 1.5
        assert int(other.mask.sum()) == pytest.approx(int(glyph.mask.sum()), rel=0.05)
    assert turned.letters[0][2].mask.shape[0] == pytest.approx(
        word.letters[0][2].mask.shape[1], abs=2
    )


def test_underlines_and_second_colours(fonts: list[Font]) -> None:
    word = set_text(open_sheet(fonts[0].path, 0, 48), "Hag")
    assert word is not None
    line = lettering.draw_word(word, [], np.random.default_rng(0))
    places = set()
    for seed in range(30):
        lined = lettering.underline(line.mask, line.box, np.random.default_rng(seed))
        more = (lined > line.mask).any(axis=1).nonzero()[0]
        assert (lined >= line.mask).all() and len(more)
        places.add((more.mean() > line.box[3]) * 2 + (more.mean() < line.box[1]))
        part = lettering.part(line.mask, line.box, word, np.random.default_rng(seed))
        assert part.any() and ((part == line.mask) | (part == 0)).all()
    assert places >= {1, 2}


def test_every_symbol_is_written(vocabulary: Vocabulary) -> None:
    rng = np.random.default_rng(0)
    texts = [vocabulary.draw(rng, 1 + k % 25) for k in range(6000)]
    assert set("".join(texts)) == set(ENGLISH)
    assert all(1 <= len(text) <= 25 for text in texts)


def test_a_missing_word_list_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    vocabulary = load_vocabulary(tmp_path)
    assert "using a small list" in caplog.text
    assert vocabulary.word(np.random.default_rng(0), 5) in FALLBACK


def test_common_words_are_drawn_more_often(tmp_path: Path) -> None:
    (tmp_path / "english-words.10").write_text("house\n")
    (tmp_path / "english-words.70").write_text("xebec\nna\u00efve\n", "utf-8")
    vocabulary = load_vocabulary(tmp_path)
    rng = np.random.default_rng(0)
    drawn = [vocabulary.word(rng, 5) for _ in range(500)]
    assert set(drawn) == {"house", "xebec"}
    assert drawn.count("house") > 3 * drawn.count("xebec")


def test_names_and_trades_stand_on_signs_too(vocabulary: Vocabulary) -> None:
    rng = np.random.default_rng(0)
    drawn = [vocabulary.sign(rng, 7) for _ in range(3000)]
    assert set(drawn) & set(NAMES) and set(drawn) & set(TRADES)
    common = sum(word in SIGNS for word in drawn) / sum(len(word) == 7 for word in set(SIGNS))
    rarer = set(NAMES) | set(TRADES)
    rare = sum(word in rarer - set(SIGNS) for word in drawn)
    assert common > 1.5 * rare / sum(len(word) == 7 for word in rarer - set(SIGNS))


def test_addresses_have_a_name(vocabulary: Vocabulary) -> None:
    rng = np.random.default_rng(0)
    drawn = [vocabulary.draw(rng, 1 + k % 25) for k in range(6000)]
    addresses = [text.lower() for text in drawn if text.lower().startswith("www.")]
    assert len(addresses) > 50
    assert not [text for text in addresses if text.startswith("www..")]


def test_case_styles_have_their_shares() -> None:
    rng = np.random.default_rng(0)
    drawn = [set_case(rng, "market") for _ in range(4000)]
    assert 0.42 < drawn.count("MARKET") / 4000 < 0.48
    assert 0.22 < drawn.count("Market") / 4000 < 0.28
    assert 0.22 < drawn.count("market") / 4000 < 0.28


def test_built_in_lists_fit_the_charset() -> None:
    assert len(set(SIGNS)) >= 300
    for words in (NAMES, TRADES):
        assert len(set(words)) == len(words)
    for text in (*SIGNS, *NAMES, *TRADES, *TEMPLATES, *FALLBACK):
        assert set(text) <= set(ENGLISH) and len(text) <= 25


@pytest.mark.parametrize("radius", [0.0, 120.0, -150.0])
def test_straightening_undoes_the_bend(radius: float) -> None:
    shape = geometry.Deformation(np.eye(3), radius, 3.0, 20.0, 0.4)
    rng = np.random.default_rng(0)
    u, v = rng.uniform(-90, 90, 50), rng.uniform(-20, 20, 50)
    x, y = shape.straighten(*shape.bend(u, v))
    assert np.allclose(x, u) and np.allclose(y, v)


def test_set_text_measures_the_ink(fonts: list[Font]) -> None:
    path = fonts[0].path
    setting = set_text(open_sheet(path, 0, 48), "Hagy")
    left, top, right, bottom = ImageFont.truetype(
        path, 48, layout_engine=ImageFont.Layout.BASIC
    ).getbbox("Hagy", anchor="ls")
    assert setting is not None
    assert 0 <= setting.box[0] - left <= 6
    assert np.allclose(setting.box[1:], (top, right, bottom), atol=2)
    assert set_text(open_sheet(path, 0, 48), " ") is None


def test_command_writes_pictures_labels_and_sheet(
    folder: Path, cache: Path, tmp_path: Path
) -> None:
    out = tmp_path / "words"
    arguments = ["words", "--count", "7", "-o", str(out), "--fonts", str(folder), "--seed", "4"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert "wrote 7 words" in result.stderr
    lines = (out / "labels.tsv").read_text("utf-8").splitlines()
    assert len(lines) == 7
    for line in lines:
        name, text = line.split("\t")
        assert text
        with Image.open(out / name) as picture:
            assert picture.mode == "RGB"
    assert (out / "sheet.png").is_file() and not list(out.rglob("*.part"))


def test_words_of_a_list_alone(tmp_path: Path, fonts: list[Font]) -> None:
    (tmp_path / "own.txt").write_text("Ulm\nBasel\n\nKöln\nHeidelberg\n", "utf-8")
    synthesizer = WordSynthesizer(fonts, load_words(tmp_path / "own.txt"))
    texts = {text.casefold() for _, text in draw_words(synthesizer, 40, 0.5, 3)}
    assert texts == {"ulm", "basel", "heidelberg"}


@pytest.mark.parametrize("content", [b"", "Köln\n".encode(), b"\xff\xfe", None])
def test_a_list_without_words_is_told(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "own.txt").write_bytes(content)
    with pytest.raises(InputError, match=r"own\.txt") as caught:
        load_words(tmp_path / "own.txt")
    assert "one word per line" in caught.value.hint.lower()
