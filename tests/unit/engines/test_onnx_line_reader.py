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
from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines.onnx_line_reader import OnnxLineReaderEngine
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.engines.torch_pages import TorchPageEngine
from mdocr.errors import WeightsError
from mdocr.parsing.loading import load_parser
from mdocr.preprocessing.formula_images import prepare_formula
from mdocr.preprocessing.line_images import LineImage, prepare_line
from mdocr.preprocessing.tokenizers import LineReaderTokenizer
from mdocr.weights.line_reader import load_line_reader
from mdocr.weights.onnx_files import (
    CONFIG,
    ENCODER,
    FORMULAS,
    LINE_READER_FORMAT,
    STEP,
    find_onnx,
    read_onnx,
)

LITE = Path(mdocr.__file__).with_name("assets") / "mineru-diffusion-lite"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # an export, on a busy machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_line_reader(tmp_path_factory.mktemp("lines") / "reader", formula_height=64)


@pytest.fixture(scope="module")
def exported(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("lines") / "onnx"
    result = CliRunner().invoke(app, ["export", str(folder), "-o", str(path)])
    assert (result.exit_code, result.stdout) == (0, f"{path}\n"), result.stderr
    return path


def picture(width: int, seed: int) -> LineImage:
    pixels = np.random.default_rng(seed).integers(0, 255, (32, width, 3)).astype(np.uint8)
    return prepare_line(Image.fromarray(pixels))


@pytest.mark.parametrize("batch_size", [1, 2, 5])
@pytest.mark.parametrize(
    "options",
    [
        BlockOptions(threshold=0.5, block_length=8, steps=3, max_tokens=40),
        BlockOptions(threshold=0.9, block_length=4, max_tokens=20),
        BlockOptions(block_length=16, steps=2, max_tokens=300),
    ],
)
def test_texts_are_those_of_torch(
    folder: Path, exported: Path, options: BlockOptions, batch_size: int
) -> None:
    model = load_line_reader(folder)
    tokenizer = LineReaderTokenizer(model.config)
    pictures = [picture(width, seed) for seed, width in enumerate((64, 200, 33, 120, 64))]
    tasks = ["text"] * len(pictures) + ["formula"] * 2
    pictures += [prepare_formula(drawn("a b", (90, 40))), prepare_formula(drawn("c", (30, 40)))]
    requests = [
        Request(tokenizer.encode(task, p.tokens), options, tokenizer.stop_ids, p)
        for task, p in zip(tasks, pictures, strict=True)
    ]
    mask_id = model.config.mask_token_id
    expected = dict(denoise(TorchBlocks(model, batch_size), requests, mask_id, batch_size))
    reader = OnnxLineReaderEngine(read_onnx(exported, LINE_READER_FORMAT), "cpu")
    assert reader.config == model.config
    found = dict(denoise(reader.blocks(batch_size), requests, mask_id, batch_size))
    for number in range(len(pictures)):
        assert found[number].tokens == expected[number].tokens
        assert found[number].steps == expected[number].steps
        assert found[number].passes == expected[number].passes
        assert found[number].confidences == pytest.approx(expected[number].confidences, abs=1e-4)


def test_engine_onnx_asks_for_an_export(folder: Path, beside: Path) -> None:
    assert load_parser(beside, "cpu", engine="onnx").engine.device == "cpu"
    with pytest.raises(WeightsError, match="has not been exported") as caught:
        load_parser(folder, "cpu", engine="onnx")
    assert f"mdocr export {folder} -o {folder}-onnx" in caught.value.hint


def test_damaged_and_wrong_files_are_named(exported: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(exported, copied)
    (copied / STEP).write_bytes(b"damaged")
    with pytest.raises(WeightsError, match=STEP):
        OnnxLineReaderEngine(read_onnx(copied, LINE_READER_FORMAT))
    (copied / FORMULAS).unlink()
    with pytest.raises(WeightsError, match=FORMULAS):
        OnnxLineReaderEngine(read_onnx(copied, LINE_READER_FORMAT))
    (copied / ENCODER).unlink()
    with pytest.raises(WeightsError, match=ENCODER):
        OnnxLineReaderEngine(read_onnx(copied, LINE_READER_FORMAT))
    Image.new("RGB", (64, 32)).save(tmp_path / "word.png")
    arguments = ["recognize", str(tmp_path / "word.png"), "--model", str(exported)]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 4
    assert "mdocr.onnx-lines/4" in result.stderr


def test_a_page_is_read_the_same(folder: Path, exported: Path, tmp_path: Path) -> None:
    pdf = write_pdf(tmp_path / "report.pdf", [["one two", "three"]])
    read = {}
    for engine, model in (("torch", folder), ("onnx", exported)):
        parser = load_parser(model, "cpu", engine=engine)
        (page,) = parser.parse(pdf, keep_unsure=True).pages  # the model is random
        read[engine] = [(block.type, block.content, block.steps) for block in page.blocks]
    assert read["onnx"] == read["torch"]
    assert read["onnx"]


def test_packaged_files_are_those_of_the_packaged_weights(cache_folder: Path) -> None:
    files = find_onnx(LITE, LINE_READER_FORMAT)
    assert files and files.apart and files.apart.file.samefile(LITE / "model.safetensors")
    line = drawn("It was read before torch had begun.", (520, 40))
    by_onnx, by_torch = (
        load_parser("lite", "cpu", engine=engine, dtype="float32").generate([line], "text")
        for engine in ("onnx", "torch")
    )
    assert by_onnx[0].tokens == by_torch[0].tokens
    assert by_onnx[0].confidences == pytest.approx(by_torch[0].confidences, abs=1e-4)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({}, OnnxLineReaderEngine),
        ({"dtype": "bfloat16"}, TorchPageEngine),
        ({"engine": "torch"}, TorchPageEngine),
    ],
)
def test_auto_takes_files_at_hand(given: dict[str, Any], kind: type) -> None:
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


@pytest.fixture
def beside(folder: Path, exported: Path, tmp_path: Path, cache_folder: Path) -> Path:
    """A model with exported files beside it."""
    shutil.copytree(folder, tmp_path / "reader")
    shutil.copytree(exported, tmp_path / "reader-onnx")
    return tmp_path / "reader"


def engine_of(folder: Path | str) -> type:
    return type(load_parser(folder, "cpu").engine)


def test_files_beside_are_found_by_any_spelling(
    beside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine_of(beside) is OnnxLineReaderEngine
    monkeypatch.chdir(beside)
    assert engine_of(".") is OnnxLineReaderEngine
    assert engine_of("model.safetensors") is OnnxLineReaderEngine


@pytest.mark.parametrize("change", [{"source": "0" * 64}, {"precision": "int8"}, {"model": {}}])
def test_files_beside_of_others_are_skipped(beside: Path, change: dict[str, Any]) -> None:
    config = beside.with_name("reader-onnx") / CONFIG
    config.write_text(json.dumps({**json.loads(config.read_text("utf-8")), **change}), "utf-8")
    assert engine_of(beside) is TorchPageEngine


def test_damaged_files_beside_are_named(beside: Path, caplog: pytest.LogCaptureFixture) -> None:
    (beside.with_name("reader-onnx") / STEP).write_bytes(b"damaged")
    assert engine_of(beside) is TorchPageEngine
    assert "skipped" in caplog.text
