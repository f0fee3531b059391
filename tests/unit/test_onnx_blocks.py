"""An exported line reader against torch: texts, cache, files."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_models import drawn, save_tiny_line_reader, write_pdf
from PIL import Image
from typer.testing import CliRunner

import mdocr
from mdocr.cli.main import app
from mdocr.decoding.blocks import denoise
from mdocr.decoding.prompts import LineTokenizer
from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines import open_exported
from mdocr.engines.onnx_blocks import OnnxLineReader
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.engines.torch_pages import TorchPageEngine
from mdocr.errors import WeightsError
from mdocr.models.line_pictures import LinePicture, prepare_line
from mdocr.parser import FEW_PAGES, load_parser
from mdocr.weights.line_reader import load_line_reader
from mdocr.weights.onnx_files import ENCODER, LINES, STEP, find_onnx, read_onnx

LITE = Path(mdocr.__file__).with_name("assets") / "mineru-diffusion-lite"

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
    reader = OnnxLineReader(read_onnx(exported, LINES), "cpu")
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
        assert open_exported(folder, LINES, OnnxLineReader, copy).device == "cpu"
    assert made == [folder]
    assert caplog.text.count("exporting") == 1
    open_exported(exported, LINES, OnnxLineReader, copy)
    assert made == [folder]


def test_damaged_and_wrong_files_are_named(exported: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(exported, copied)
    (copied / STEP).write_bytes(b"damaged")
    with pytest.raises(WeightsError, match=STEP):
        OnnxLineReader(read_onnx(copied, LINES))
    (copied / ENCODER).unlink()
    with pytest.raises(WeightsError, match=ENCODER):
        OnnxLineReader(read_onnx(copied, LINES))
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


def test_packaged_files_are_those_of_the_packaged_weights(cache_folder: Path) -> None:
    (files,) = find_onnx(LITE, LINES)
    assert files.apart and files.apart.file.samefile(LITE / "model.safetensors")
    line = drawn("It was read before torch had begun.", (520, 40))
    by_onnx, by_torch = (
        load_parser("lite", "cpu", engine=engine).generate([line], "text")
        for engine in ("onnx", "torch")
    )
    assert by_onnx[0].tokens == by_torch[0].tokens
    assert by_onnx[0].confidences == pytest.approx(by_torch[0].confidences, abs=1e-4)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"pages": 1}, OnnxLineReader),
        ({"pages": FEW_PAGES + 1}, TorchPageEngine),
        ({}, TorchPageEngine),
        ({"pages": 1, "dtype": "bfloat16"}, TorchPageEngine),
        ({"pages": 1, "engine": "torch"}, TorchPageEngine),
    ],
)
def test_auto_takes_files_at_hand_for_few_pages(given: dict[str, Any], kind: type) -> None:
    assert isinstance(load_parser("lite", "cpu", **given).engine, kind)


def test_command_reads_a_page_without_torch(tmp_path: Path) -> None:
    drawn("A page of a single\nparagraph in two lines.", (420, 160)).save(tmp_path / "a.png")
    code = (
        "import sys\nfrom mdocr.cli.main import run\n"
        "try:\n run()\n"
        "finally:\n print('torch' in sys.modules, file=sys.stderr)"
    )
    command = ["parse", str(tmp_path / "a.png"), "--model", "lite", "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-c", code, *command], capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "False"
    assert "paragraph" in done.stdout
