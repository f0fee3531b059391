"""An exported line reader against torch: texts, cache, files."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from page_models import save_tiny_line_reader, write_pdf
from PIL import Image
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.decoding.blocks import denoise
from mdocr.decoding.prompts import LineTokenizer
from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines.onnx_blocks import OnnxLineReader, open_line_reader
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.errors import WeightsError
from mdocr.models.line_pictures import LinePicture, prepare_line
from mdocr.weights.line_reader import load_line_reader
from mdocr.weights.onnx_files import ENCODER, STEP

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # an export, on a busy machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_line_reader(tmp_path_factory.mktemp("lines") / "reader")


@pytest.fixture(scope="module")
def exported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lines") / "onnx"
    result = CliRunner().invoke(app, ["export", str(folder), "-o", str(path)])
    assert (result.exit_code, result.stdout) == (0, f"{path}\n"), result.stderr
    return path


def picture(width: int, seed: int) -> LinePicture:
    pixels = np.random.default_rng(seed).integers(0, 255, (32, width, 3)).astype(np.uint8)
    return prepare_line(Image.fromarray(pixels))


@pytest.mark.parametrize("slots", [1, 2, 5])
@pytest.mark.parametrize(
    "options",
    [
        BlockOptions(threshold=0.5, block_length=8, steps=3, max_tokens=40),
        BlockOptions(threshold=0.9, block_length=4, max_tokens=20),
        BlockOptions(block_length=16, steps=2, max_tokens=300),
    ],
)
def test_texts_are_those_of_torch(
    folder: Path, exported: Path, options: BlockOptions, slots: int
) -> None:
    model = load_line_reader(folder)
    tokenizer = LineTokenizer(model.config)
    pictures = [picture(width, seed) for seed, width in enumerate((64, 200, 33, 120, 64))]
    requests = [
        Request(tokenizer.encode("text", p.tokens), options, tokenizer.stop_ids, p)
        for p in pictures
    ]
    mask_id = model.config.mask_token_id
    expected = dict(denoise(TorchBlocks(model, slots), requests, mask_id, slots))
    reader = OnnxLineReader(exported, "cpu")
    assert reader.config == model.config
    found = dict(denoise(reader.blocks(slots), requests, mask_id, slots))
    for number in range(len(pictures)):
        assert found[number].tokens == expected[number].tokens
        assert found[number].steps == expected[number].steps
        assert found[number].passes == expected[number].passes
        assert found[number].confidences == pytest.approx(expected[number].confidences, abs=1e-4)


def test_checkpoint_is_exported_once(
    folder: Path, exported: Path, cache_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    made = []

    def copy(source: Path, target: Path) -> None:
        made.append(source)
        shutil.copytree(exported, target, dirs_exist_ok=True)

    for _ in range(2):
        assert open_line_reader(folder, "cpu", copy).device == torch.device("cpu")
    assert made == [folder]
    assert caplog.text.count("exporting") == 1
    open_line_reader(exported, "cpu", copy)
    assert made == [folder]


def test_damaged_and_wrong_files_are_named(exported: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(exported, copied)
    (copied / STEP).write_bytes(b"damaged")
    with pytest.raises(WeightsError, match=STEP):
        OnnxLineReader(copied)
    (copied / ENCODER).unlink()
    with pytest.raises(WeightsError, match=ENCODER):
        OnnxLineReader(copied)
    Image.new("RGB", (64, 32)).save(tmp_path / "word.png")
    arguments = ["recognize", str(tmp_path / "word.png"), "--model", str(exported)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 4
    assert "mdocr.onnx-lines/1" in result.stderr


def test_a_page_is_read_the_same(
    folder: Path, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mdocr.parsing.lite.is_noise", lambda line: False)  # the model is random
    pdf = write_pdf(tmp_path / "report.pdf", [["one two", "three"]])
    read = {}
    for engine, model in (("torch", folder), ("onnx", exported)):
        arguments = ["parse", pdf, "--model", model, "--engine", engine, "--device", "cpu"]
        result = CliRunner().invoke(app, [*map(str, arguments), "--format", "json"])
        assert result.exit_code == 0, result.stderr
        read[engine] = [
            (block["type"], block["content"], block["steps"])
            for block in json.loads(result.stdout)["pages"][0]["blocks"]
        ]
    assert read["onnx"] == read["torch"]
    assert read["onnx"]
