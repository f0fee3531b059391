"""Published and own checkpoints: every key and number in its place, everything wrong refused."""

import copy
import json
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from mdocr.errors import WeightsError
from mdocr.models.charset import ENGLISH
from mdocr.models.mdiff4str_config import (
    MDiff4STRConfig,
    base,
    lite,
    small,
)
from mdocr.weights import cache, configuration
from mdocr.weights import mdiff4str_released as released
from mdocr.weights.keys import build
from mdocr.weights.mdiff4str import (
    FORMAT,
    find_weights,
    load_mdiff4str,
    read_mdiff4str,
    save_mdiff4str,
)

CHINESE = "".join(chr(0x4E00 + i) for i in range(released.CHINESE_KEYS))
MIXERS = {
    "small": [["Conv"] * 3, ["Conv"] * 3 + ["FGlobal"] + ["Global"] * 2, ["Global"] * 3],
    "base": [["Conv"] * 6, ["Conv"] * 2 + ["FGlobal"] + ["Global"] * 3, ["Global"] * 6],
}


@pytest.fixture
def tiny(golden: Path, tmp_path: Path, cache_folder: Path) -> Path:
    """A published checkpoint of small sizes, in a folder of its own."""
    path = tmp_path / "elsewhere" / "tiny.pth"
    path.parent.mkdir()
    path.write_bytes((golden / "mdiff4str" / "tiny_best.pth").read_bytes())
    return path


def published(path: Path) -> dict:
    return torch.load(path, weights_only=True)


def changed(path: Path, change) -> Path:
    """The checkpoint after ``change`` was done to what it holds."""
    held = published(path)
    change(held)
    torch.save(held, path)
    return path


@pytest.mark.parametrize(
    ("size", "config", "symbols", "table", "millions"),
    [
        ("small", small, ENGLISH, "small_en", 18.776),
        ("base", base, ENGLISH, "base_en", 31.933),
        ("small", small, CHINESE, "small_ch", 23.790),
        ("base", base, CHINESE, "base_ch", 36.947),
    ],
    ids=["small-en", "base-en", "small-ch", "base-ch"],
)
def test_every_key_and_shape_of_the_published_checkpoints(
    golden, size, config, symbols, table, millions
):
    rows = (golden / "mdiff4str" / f"checkpoint_keys_{table}.tsv").read_text().splitlines()
    theirs = {key: json.loads(shape) for key, shape, _ in (row.split("\t") for row in rows)}
    theirs.pop(released.POSITION_CODES)
    model = build(config(symbols))
    flattened = released.flattened_blocks({"Architecture": {"Encoder": {"mixer": MIXERS[size]}}})
    ours = {
        released.released_key(key, flattened): list(tensor.shape)
        for key, tensor in model.state_dict().items()
    }
    assert ours == theirs
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert round(parameters / 1e6, 3) == millions


def test_the_sizes_are_read_from_the_checkpoint(golden):
    config, _ = released.load_released(golden / "mdiff4str" / "tiny_best.pth")
    said = json.loads((golden / "mdiff4str" / "meta.json").read_text())
    assert list(config.encoder.dims) == said["encoder"]["dims"]
    assert list(config.encoder.depths) == said["encoder"]["depths"]
    assert config.encoder.convolutions == (1, 1, 0)
    assert config.encoder.strides == ((1, 1), (2, 1))
    assert config.decoder.layers == said["decoder"]["num_decoder_layers"]
    assert config.symbols == said["charset"]


def test_a_published_checkpoint_gives_the_published_numbers(tiny, golden):
    vectors = load_file(golden / "mdiff4str" / "vectors.safetensors")
    for _ in ("as published", "as converted"):
        model = load_mdiff4str(tiny)
        assert not model.training
        with torch.no_grad():
            for size in ("64x64", "96x48", "112x40", "128x32"):
                memory = model.encoder(vectors[f"image_{size}"])
                torch.testing.assert_close(memory, vectors[f"memory_{size}"], atol=1e-4, rtol=0)
            tokens = torch.full((24, 26), model.charset.mask_id)
            probabilities = model(vectors["image_128x32"], tokens).softmax(-1)
        torch.testing.assert_close(probabilities, vectors["probs_parallel"], atol=1e-5, rtol=0)


def test_a_checkpoint_from_elsewhere_is_converted_once_by_its_content(tiny, monkeypatch):
    load_mdiff4str(tiny)
    converted = cache.converted_path(cache.file_sha256(tiny))
    assert read_mdiff4str(converted).training["source"] == cache.file_sha256(tiny)
    assert list(tiny.parent.iterdir()) == [tiny]
    monkeypatch.setattr("mdocr.weights.mdiff4str.load_released", None)  # not called again
    load_mdiff4str(tiny)
    load_mdiff4str(tiny.rename(tiny.with_name("renamed.pth")))


def test_a_checkpoint_in_the_cache_is_converted_beside_itself(tiny, cache_folder):
    path = cache_folder / "models" / "mdiff4str-base" / "best.pth"
    path.parent.mkdir(parents=True)
    tiny.rename(path)
    load_mdiff4str(path)
    before = read_mdiff4str(path.with_name(cache.CONVERTED)).training
    changed(path, lambda held: held.update(epoch=2))  # another file of the same name
    load_mdiff4str(path)
    assert read_mdiff4str(path.with_name(cache.CONVERTED)).training != before


def assert_same(one, other):
    expected, found = one.state_dict(), other.state_dict()
    assert list(expected) == list(found)
    assert all(torch.equal(value, found[name]) for name, value in expected.items())


def test_a_damaged_conversion_is_made_anew(tiny):
    whole = load_mdiff4str(tiny)
    converted = cache.converted_path(cache.file_sha256(tiny))
    converted.write_bytes(converted.read_bytes()[:-1000])
    assert_same(whole, load_mdiff4str(tiny))
    assert_same(whole, load_mdiff4str(converted))


def test_a_cache_that_cannot_be_written_is_no_obstacle(tiny, cache_folder, caplog):
    cache_folder.write_text("a file where the folder should be")
    load_mdiff4str(tiny)
    assert "not cached" in caplog.text


class Attack:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return Path.touch, (self.path,)


def test_a_checkpoint_with_code_is_refused_and_not_run(tiny, tmp_path):
    attack = Attack(tmp_path / "was_run")
    changed(tiny, lambda held: held.update(metrics=attack))
    with pytest.raises(WeightsError, match="was refused"):
        load_mdiff4str(tiny)
    assert not (tmp_path / "was_run").exists()


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_bare_pickle_with_code_is_not_run(tiny, tmp_path, protocol):
    attack = Attack(tmp_path / "was_run")
    tiny.write_bytes(pickle.dumps(attack, protocol))
    with pytest.raises(WeightsError):
        load_mdiff4str(tiny)
    assert not (tmp_path / "was_run").exists()
    pickle.loads(tiny.read_bytes())  # the attack is a real one
    assert (tmp_path / "was_run").exists()


def test_a_checkpoint_in_the_old_format_of_torch_is_read(tiny):
    before = copy.deepcopy(load_mdiff4str(tiny))  # its weights are pages of the file
    torch.save(published(tiny), tiny, _use_new_zipfile_serialization=False)
    assert_same(before, load_mdiff4str(tiny))


KEY = "encoder.stages.1.blocks.2.mixer.qkv.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda held: held["state_dict"].pop(KEY), f"keys are missing: {KEY}"),
        (lambda held: held["state_dict"].update({"a.b": torch.ones(1)}), "unknown keys: a.b"),
        (
            lambda held: held["state_dict"].update({KEY: torch.ones(2, 3)}),
            rf"{KEY} is \[2, 3\], not \[144, 48\]",
        ),
        (lambda held: held["state_dict"].update({"a": 1}), "not a tensor"),
        (lambda held: held["state_dict"].pop(released.EMBEDDING), "lacks the key"),
        (
            lambda held: held["state_dict"].update({released.EMBEDDING: torch.ones(50, 96)}),
            "has 50 classes",
        ),
        (
            lambda held: held["state_dict"][released.POSITION_CODES].add_(1),
            "position codes",
        ),
        (lambda held: held.pop("config"), "no 'state_dict' and 'config'"),
        (lambda held: held["config"]["Architecture"]["Decoder"].pop("nhead"), "'nhead'"),
        (lambda held: held["config"]["Architecture"].pop("Encoder"), "'Encoder'"),
        (
            lambda held: held["config"]["Architecture"]["Encoder"].update(num_heads=[2, 4, 7]),
            "encoder.heads must divide",
        ),
        (
            lambda held: held["config"]["Architecture"]["Encoder"]["mixer"][0].insert(0, "Local"),
            "unknown mixers",
        ),
        (
            lambda held: held["config"]["Architecture"]["Encoder"].update(use_pos_embed=True),
            "use_pos_embed",
        ),
    ],
)
def test_what_does_not_fit_is_named_as_in_the_checkpoint(tiny, change, message):
    with pytest.raises(WeightsError, match=message) as caught:
        load_mdiff4str(changed(tiny, change))
    assert str(tiny) in caught.value.message
    assert caught.value.exit_code == 4


def test_many_wrong_keys_are_counted(tiny):
    def change(held):
        for key in [key for key in held["state_dict"] if key.startswith("encoder.stages.2")]:
            del held["state_dict"][key]

    with pytest.raises(WeightsError, match=r"2.blocks.0.mixer.qkv.weight, .* and 21 more"):
        load_mdiff4str(changed(tiny, change))


def as_chinese(held):
    state = held["state_dict"]
    state[released.EMBEDDING] = torch.zeros(released.CHINESE_ROWS, 96)
    state["decoder.tgt_word_prj.weight"] = torch.zeros(released.CHINESE_ROWS - 2, 96)


def test_a_chinese_checkpoint_needs_its_list_of_keys(tiny, monkeypatch):
    changed(tiny, as_chinese)
    with pytest.raises(WeightsError, match=r"ppocr_keys_v1.txt is missing") as caught:
        load_mdiff4str(tiny)
    assert "mdocr models download mdiff4str-base-ch" in caught.value.hint
    keys = tiny.with_name(cache.CHARSET_FILE)
    keys.write_text("\n".join(CHINESE), "utf-8")
    with pytest.raises(WeightsError, match="is not the list of 6623 keys"):
        load_mdiff4str(tiny)
    monkeypatch.setattr(cache, "CHARSET_SHA256", cache.file_sha256(keys))
    assert load_mdiff4str(tiny).config.symbols == CHINESE
    cache.charset_path().parent.mkdir(parents=True)
    keys.rename(cache.charset_path())
    assert released.chinese_symbols(tiny) == CHINESE


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\3\4 but no archive"])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_is_no_checkpoint_is_refused(tmp_path, cache_folder, content, suffix):
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(WeightsError) as caught:
        load_mdiff4str(path)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("share", [0.3, 0.999])
def test_a_truncated_published_checkpoint_is_refused(tiny, share):
    whole = tiny.read_bytes()
    tiny.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsError, match="damaged"):
        load_mdiff4str(tiny)


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    from mdocr.models.mdiff4str import MDiff4STR

    torch.manual_seed(0)
    model = MDiff4STR(lite())
    path = tmp_path / "ours.safetensors"
    save_mdiff4str(model.state_dict(), model.config, path, training={"accuracy": 0.5})
    return path


def test_our_checkpoint_there_and_back(ours, tmp_path):
    from mdocr.models.mdiff4str import MDiff4STR

    torch.manual_seed(0)
    expected = MDiff4STR(lite()).state_dict()
    loaded = load_mdiff4str(ours)
    assert loaded.config == lite()
    assert not loaded.training
    for key, tensor in loaded.state_dict().items():
        assert tensor.dtype == expected[key].dtype, key
        torch.testing.assert_close(tensor, expected[key], atol=1e-3, rtol=1e-3)
    assert read_mdiff4str(ours).training == {"accuracy": 0.5}
    (tmp_path / "any").touch()
    assert ours.stat().st_mode == (tmp_path / "any").stat().st_mode
    (tmp_path / "any").unlink()
    assert list(tmp_path.iterdir()) == [ours]


def test_half_precision_halves_the_file_and_full_precision_is_exact(ours, tmp_path):
    loaded = load_mdiff4str(ours)
    full = tmp_path / "full.safetensors"
    save_mdiff4str(loaded.state_dict(), loaded.config, full, dtype=torch.float32)
    assert ours.stat().st_size < 0.55 * full.stat().st_size
    again = load_mdiff4str(full).state_dict()
    assert all(torch.equal(tensor, again[key]) for key, tensor in loaded.state_dict().items())


def test_a_failed_save_leaves_the_old_file(ours, monkeypatch):
    before = ours.read_bytes()
    loaded = load_mdiff4str(ours)

    def fail(tensors, path, metadata):
        Path(path).write_bytes(b"half")
        raise OSError("no room")

    monkeypatch.setattr("mdocr.weights.mdiff4str.save_file", fail)
    with pytest.raises(WeightsError, match="no room"):
        save_mdiff4str(loaded.state_dict(), loaded.config, ours)
    assert ours.read_bytes() == before
    assert list(ours.parent.iterdir()) == [ours]


def test_a_state_that_is_not_of_the_configuration_is_not_saved(ours, tmp_path):
    with pytest.raises(WeightsError, match="keys are missing"):
        save_mdiff4str({"a": torch.ones(1)}, lite(), tmp_path / "wrong.safetensors")


@pytest.mark.parametrize("share", [0.001, 0.5, 0.9999])
def test_a_truncated_checkpoint_of_ours_is_refused(ours, share):
    whole = ours.read_bytes()
    ours.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(WeightsError, match="damaged or incomplete"):
        load_mdiff4str(ours)


def test_a_page_model_is_not_a_word_model(golden, tmp_path):
    path = tmp_path / "model.safetensors"
    save_file({"language_model.lm_head.weight": torch.ones(2)}, path, {"format": "pt"})
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(WeightsError, match="its format is 'pt'") as caught:
        load_mdiff4str(path)
    assert "mdocr parse" in caught.value.hint


def test_other_tensors_than_the_configuration_says(ours):
    tensors = load_file(ours)
    del tensors["decoder.head.weight"]
    config = json.dumps(configuration.to_dict(lite()))
    save_file(tensors, ours, {"format": FORMAT, "config": config, "training": "{}"})
    with pytest.raises(WeightsError, match=r"keys are missing: decoder.head.weight"):
        load_mdiff4str(ours)


@pytest.mark.parametrize("config", [lite(), small(), base("abc"), MDiff4STRConfig()])
def test_a_configuration_there_and_back(config):
    values = json.loads(json.dumps(configuration.to_dict(config)))
    assert configuration.from_dict(values, Path("x")) == config


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ([], "not a table"),
        ({"encoder": {"dims": [48, "x", 192]}}, "encoder.dims"),
        ({"encoder": {"dims": 48}}, "encoder.dims"),
        ({"encoder": {"depths": [1, 1]}}, "encoder.depths"),
        ({"encoder": {"heads": [5, 5, 5]}}, "encoder.heads must divide"),
        ({"encoder": {"convolutions": [7, 0, 0]}}, "encoder.convolutions"),
        ({"encoder": {"strides": [[1, 1]]}}, "encoder.strides"),
        ({"encoder": {"strides": [[1, 0], [1, 1]]}}, "encoder.strides"),
        ({"encoder": {"drop_path": 1.5}}, "encoder.drop_path"),
        ({"encoder": {"depths": [6, 10**9, 6]}}, "encoder.depths"),
        ({"encoder": {"dims": [10**9] * 3}}, "encoder.dims"),
        ({"encoder": {"strides": [[1, 1], [10**6, 1]]}}, "encoder.strides"),
        ({"decoder": {"layers": 0}}, "decoder.layers"),
        ({"decoder": {"layers": 10**9}}, "decoder.layers"),
        ({"decoder": {"max_length": 10**9}}, "decoder.max_length"),
        ({"decoder": {"heads": 7}}, "decoder.heads must divide"),
        ({"decoder": {"dropout": "high"}}, "decoder.dropout"),
        ({"decoder": {"depth": 1}}, r"unknown setting decoder.depth"),
        ({"symbols": ""}, "symbols"),
        ({"symbols": "aa"}, "twice"),
    ],
)
def test_a_configuration_without_sense_is_refused(values, message):
    with pytest.raises(WeightsError, match=message):
        configuration.from_dict(values, Path("x"))


def test_the_checkpoint_of_a_folder(tmp_path):
    with pytest.raises(WeightsError, match="no file or folder"):
        find_weights(tmp_path / "absent")
    with pytest.raises(WeightsError, match="holds no checkpoint"):
        find_weights(tmp_path)
    (tmp_path / "any.pth").touch()
    assert find_weights(tmp_path).name == "any.pth"
    (tmp_path / "last.safetensors").touch()
    assert find_weights(tmp_path).name == "last.safetensors"
    (tmp_path / "first.safetensors").touch()
    with pytest.raises(WeightsError, match=r"several checkpoints: first.safetensors, last"):
        find_weights(tmp_path)
    (tmp_path / "best.safetensors").touch()
    assert find_weights(tmp_path).name == "best.safetensors"
    (tmp_path / "notes.txt").touch()
    with pytest.raises(WeightsError, match=r"ends in .safetensors or .pth"):
        find_weights(tmp_path / "notes.txt")


def test_a_compressed_checkpoint_is_refused(golden, tmp_path):
    path = tmp_path / "packed.pth"
    with (
        zipfile.ZipFile(golden / "mdiff4str" / "tiny_best.pth") as plain,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    with pytest.raises(WeightsError, match="was refused"):
        released.load_released(path)
