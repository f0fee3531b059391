"""Configurations of page models: what no model can have is refused before one is built."""

import copy
import json
import shutil
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import mdocr
from mdocr.errors import WeightsError
from mdocr.export.folder import describe
from mdocr.models.line_reader_config import LineReaderConfig
from mdocr.parsing.loading import load_parser
from mdocr.weights.mineru_diffusion import EMBEDDING, HEAD, load_mineru_diffusion
from mdocr.weights.onnx_files import MINERU_DIFFUSION_FORMAT
from mdocr.weights.page_configuration import line_reader_config, mineru_diffusion_config

LITE = Path(mdocr.__file__).with_name("assets") / "mineru-diffusion-lite"
PATH = Path("config.json")


@pytest.fixture
def large(golden: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads((golden / "mineru_diffusion/config.json").read_text())
    return record


@pytest.fixture
def lite() -> dict[str, Any]:
    record: dict[str, Any] = json.loads((LITE / "config.json").read_text("utf-8"))
    return record


@pytest.fixture
def folder(golden: Path, tmp_path: Path) -> Path:
    """A copy of the checkpoint folder that a test may change."""
    return Path(shutil.copytree(golden / "mineru_diffusion", tmp_path / "model"))


def change(record: dict[str, Any], name: str, value: object) -> dict[str, Any]:
    """A copy with another value at a dotted name."""
    changed = copy.deepcopy(record)
    *sections, last = name.split(".")
    section = changed
    for part in sections:
        section = section[part]
    section[last] = value
    return changed


def rewrite(folder: Path, **values: object) -> None:
    record = json.loads((folder / "config.json").read_text("utf-8"))
    (folder / "config.json").write_text(json.dumps(record | values), "utf-8")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("text_config.num_hidden_layers", 10**9, "num_hidden_layers must be a number of 1 to 512"),
        ("text_config.hidden_size", 10**12, "hidden_size"),
        ("text_config.vocab_size", -1, "vocab_size"),
        ("text_config.vocab_size", 595, "below vocab_size"),
        ("text_config.head_dim", 25, "head_dim must be even"),
        ("text_config.num_key_value_heads", 3, "must divide num_attention_heads"),
        ("text_config.num_attention_heads", 4.0, "num_attention_heads"),
        ("text_config.rope_theta", "1e6", "rope_theta"),
        ("text_config.rms_norm_eps", 7, "rms_norm_eps"),
        ("text_config.attention_bias", 1, "attention_bias"),
        ("text_config.block_size", 10**6, "block_size"),
        ("text_config", 3, "not that of MinerU-Diffusion"),
        ("vision_config.depth", 10**7, "depth must be a number of 1 to 512"),
        ("vision_config.embed_dim", 34, "embed_dim"),
        ("vision_config.patch_size", 10**6, "patch_size"),
        ("vision_config.mlp_ratio", 1e9, "mlp_ratio"),
        ("image_token_id", 595, "are the same"),
        ("mask_token_id", True, "below vocab_size"),
        ("tie_word_embeddings", "yes", "tie_word_embeddings"),
        ("model_type", "mineru_diffusion_v9", "model_type"),
    ],
)
def test_sizes_of_mineru_diffusion_without_sense(
    large: dict[str, Any], name: str, value: object, message: str
) -> None:
    began = time.monotonic()
    with pytest.raises(WeightsError, match=message):
        mineru_diffusion_config(change(large, name, value), PATH)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("symbols", "", "symbols"),
        ("symbols", "aa", "twice"),
        ("symbols", "abc", "vocab_size is 407"),
        ("encoder.depths", [2, 10**9, 3], "encoder.depths"),
        ("encoder.dims", [64, 128, 10**9], "encoder.dims"),
        ("encoder.strides", [[4, 2], [1, 8]], "16 × 4, 8 or 16 pixels"),
        ("encoder.strides", [[4, 1], [2, 1]], "16 × 4, 8 or 16 pixels"),
        ("text.num_hidden_layers", 10**9, "num_hidden_layers"),
        ("tasks", [], "tasks"),
        ("tasks", ["text", "text", "table"], "twice"),
        ("tasks", [["text"], "formula", "table"], "tasks"),
        ("formula_height", 10**9, "formula_height"),
    ],
)
def test_sizes_of_a_line_reader_without_sense(
    lite: dict[str, Any], name: str, value: object, message: str
) -> None:
    with pytest.raises(WeightsError, match=message):
        line_reader_config(change(lite, name, value), PATH)


def test_sound_configurations(large: dict[str, Any], lite: dict[str, Any]) -> None:
    assert mineru_diffusion_config({}, PATH).text_config.vocab_size == 151936
    assert mineru_diffusion_config(large, PATH).block_size == 32
    assert line_reader_config(lite, PATH).symbols == lite["symbols"]
    assert LineReaderConfig.block_size == 16


@pytest.mark.parametrize("place", ["text_config.block_size", "block_size"])
def test_block_size_is_that_of_the_model(large: dict[str, Any], place: str) -> None:
    second = change(large, "model_type", "mineru_diffusion_v2")
    assert mineru_diffusion_config(change(second, place, 8), PATH).block_size == 8


def test_the_second_release_is_read_with_its_block_length(folder: Path) -> None:
    rewrite(folder, model_type="mineru_diffusion_v2", block_size=8)
    assert load_parser(folder, "cpu", "float32").block_length == 8


def test_an_export_keeps_the_block_size(large: dict[str, Any]) -> None:
    config = mineru_diffusion_config(change(large, "text_config.block_size", 8), PATH)
    exported = describe(MINERU_DIFFUSION_FORMAT, "", "fp32", asdict(config))["model"]
    assert mineru_diffusion_config(exported, PATH) == config


def test_tied_embeddings_are_stored_once(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    del weights[HEAD]
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(WeightsError, match="lm_head"):
        load_mineru_diffusion(folder)
    rewrite(folder, tie_word_embeddings=True)
    model = load_mineru_diffusion(folder)
    assert torch.equal(model.state_dict()[HEAD], weights[EMBEDDING])
    assert (
        model.language_model.lm_head.weight.data_ptr()
        == model.language_model.model.embed_tokens.weight.data_ptr()
    )


def test_nested_json_ends_no_program(folder: Path) -> None:
    (folder / "config.json").write_text("[" * 200_000)
    with pytest.raises(WeightsError, match=r"config\.json"):
        load_mineru_diffusion(folder)
