"""The engine onnx against torch, on a tiny exported model; which engine is chosen, and when not."""

import json
import logging
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import mdocr
from mdocr.cli.main import app
from mdocr.engines import onnx_sessions
from mdocr.engines.onnx_words import OnnxWordEngine
from mdocr.engines.torch_words import TorchWordEngine
from mdocr.errors import DeviceError, UsageError, WeightsError
from mdocr.options import WORD_DECODERS, RecognizeOptions
from mdocr.recognizer import Recognizer, load_recognizer, read
from mdocr.weights.onnx_files import (
    CONFIG,
    ENCODER,
    MDIFF4STR_FORMAT,
    STEP,
    find_onnx,
    read_onnx,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]  # an export, on a busy machine

SIZES = [(64, 64), (96, 48), (112, 40), (128, 32)]


@pytest.fixture
def weights(golden: Path, cache_folder: Path, tmp_path: Path) -> Path:
    """The tiny model, alone in a folder."""
    path = tmp_path / "tiny.pth"
    shutil.copy(golden / "mdiff4str/tiny_best.pth", path)
    return path


@pytest.fixture
def both(weights: Path, exported: Path) -> Path:
    """The tiny model with its ONNX files beside it."""
    shutil.copytree(exported, weights.with_name("tiny-onnx"))
    return weights


def pictures(count: int) -> list[Image.Image]:
    noise = np.random.default_rng(0)
    return [
        Image.fromarray(noise.integers(0, 256, (height, width, 3), np.uint8))
        for width, height in (SIZES[index % 4] for index in range(count))
    ]


def change(folder: Path, **values: object) -> None:
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    (folder / CONFIG).write_text(json.dumps({**config, **values}), "utf-8")


@pytest.mark.parametrize("revise", [False, True])
@pytest.mark.parametrize("decoder", WORD_DECODERS)
def test_engines_agree(weights: Path, exported: Path, decoder: str, revise: bool) -> None:
    by_torch = load_recognizer(weights, "cpu", "torch").engine
    by_onnx = load_recognizer(exported, "cpu", "onnx").engine
    options = RecognizeOptions(decoder, steps=5, revise=revise, trace=True)
    for words, (width, height) in enumerate(SIZES, start=2):
        images = np.random.default_rng(words).uniform(-1, 1, (words, 3, height, width))
        expected = read(by_torch, images.astype(np.float32), options)
        found = read(by_onnx, images.astype(np.float32), options)
        np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
        for name in ("tokens", "steps", "passes"):
            assert getattr(found, name).tolist() == getattr(expected, name).tolist()
        assert [ids.tolist() for ids in found.trace] == [ids.tolist() for ids in expected.trace]


def test_recognizers_agree(weights: Path, exported: Path) -> None:
    by_torch, by_onnx = load_recognizer(weights, "cpu", "torch"), load_recognizer(exported)
    assert isinstance(by_onnx.engine, OnnxWordEngine)
    expected = by_torch.recognize(pictures(9), batch_size=2)
    found = by_onnx.recognize(pictures(9), batch_size=2)
    assert [word.text for word in found] == [word.text for word in expected]
    assert [word.confidence for word in found] == pytest.approx(
        [word.confidence for word in expected], abs=1e-5
    )


def test_auto_takes_exported_files_beside_the_weights(both: Path) -> None:
    reader = load_recognizer(both, "cpu")
    assert isinstance(reader.engine, OnnxWordEngine)
    assert reader.model == "tiny.pth"
    assert isinstance(load_recognizer(both, "cpu", "torch").engine, TorchWordEngine)
    assert isinstance(load_recognizer(both, "cpu", dtype="bfloat16").engine, TorchWordEngine)


def test_packaged_files_are_those_of_the_packaged_weights() -> None:
    weights = Path(mdocr.__file__).with_name("assets") / "mdiff4str-lite.safetensors"
    model = find_onnx(weights, MDIFF4STR_FORMAT)
    assert model and model.apart and model.apart.file.samefile(weights)
    (picture,) = pictures(1)
    (by_onnx,) = load_recognizer("lite", "cpu", dtype="float32").recognize([picture])
    (by_torch,) = load_recognizer("lite", "cpu", "torch").recognize([picture])
    assert by_onnx.text == by_torch.text
    assert by_onnx.confidence == pytest.approx(by_torch.confidence, abs=1e-4)


def test_the_ctc_head_is_exported() -> None:
    by_onnx, by_torch = (
        load_recognizer("lite", "cpu", name, "float32").engine for name in ("onnx", "torch")
    )
    for width, height in SIZES:
        images = np.random.default_rng(width).uniform(-1, 1, (2, 3, height, width))
        found, expected = (
            engine.encode(images.astype(np.float32)).ctc for engine in (by_onnx, by_torch)
        )
        assert found.shape == (2, width // 4, by_torch.charset.outputs)
        np.testing.assert_allclose(found, expected, atol=1e-4)


def test_weights_apart_must_be_there(tmp_path: Path) -> None:
    assets = Path(mdocr.__file__).with_name("assets")
    folder = tmp_path / "mdiff4str-lite-onnx"
    shutil.copytree(assets / folder.name, folder)
    with pytest.raises(WeightsError, match=r"mdiff4str-lite\.safetensors"):
        load_recognizer(folder, "cpu", "onnx")
    shutil.copy(assets / "mdiff4str-lite.safetensors", tmp_path)
    assert isinstance(load_recognizer(folder, "cpu", "onnx").engine, OnnxWordEngine)


@pytest.mark.parametrize("values", [{"source": "0" * 64}, {"format": "mdocr.onnx-words/0"}])
def test_files_of_other_weights_or_another_version_are_skipped(
    both: Path, values: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    change(both.with_name("tiny-onnx"), **values)
    with caplog.at_level(logging.INFO, "mdocr"):
        assert isinstance(load_recognizer(both, "cpu").engine, TorchWordEngine)
    assert "skipped" in caplog.text
    assert "tiny-onnx" in caplog.text


def test_auto_skips_damaged_files(both: Path, caplog: pytest.LogCaptureFixture) -> None:
    (both.with_name("tiny-onnx") / STEP).write_bytes(b"\x08")
    assert isinstance(load_recognizer(both, "cpu").engine, TorchWordEngine)
    assert STEP in caplog.text


@pytest.mark.parametrize("name", [ENCODER, STEP, CONFIG])
def test_named_folder_must_be_whole_and_sound(exported: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(exported, folder)
    (folder / name).write_bytes((folder / name).read_bytes()[:100])
    with pytest.raises(WeightsError, match=name):
        load_recognizer(folder, "cpu", "onnx")
    (folder / name).unlink()
    with pytest.raises(WeightsError, match=name):
        load_recognizer(folder / ENCODER, "cpu", "onnx")


def test_engine_torch_does_not_take_onnx_files(exported: Path) -> None:
    with pytest.raises(WeightsError, match="exported"):
        load_recognizer(exported, "cpu", "torch")


def test_engine_onnx_asks_for_an_export(weights: Path, both: Path, tmp_path: Path) -> None:
    assert isinstance(load_recognizer(both, "cpu", "onnx").engine, OnnxWordEngine)
    shutil.rmtree(both.with_name("tiny-onnx"))
    with pytest.raises(WeightsError, match="has not been exported") as caught:
        load_recognizer(weights, "cpu", "onnx")
    assert f"mdocr export {weights} -o {tmp_path / 'tiny-onnx'}" in caught.value.hint


def test_provider_that_refuses_gives_way_to_the_cpu(
    exported: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(onnx_sessions, "candidates", lambda device: ["cuda:0", "cpu"])
    if onnx_sessions.may_have_gpu():
        pytest.skip("here it may not refuse")
    engine = OnnxWordEngine(read_onnx(exported, MDIFF4STR_FORMAT))
    assert engine.device == "cpu"
    assert "cuda:0 does not work" in caplog.text
    monkeypatch.setattr(onnx_sessions, "candidates", lambda device: ["cuda:0"])
    with pytest.raises(DeviceError, match="cuda:0"):
        OnnxWordEngine(read_onnx(exported, MDIFF4STR_FORMAT), "cuda")


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnx_sessions, "_has_cuda", lambda: True)
    assert onnx_sessions.candidates("auto") == ["cuda:0", "cpu"]
    assert onnx_sessions.candidates("cpu") == ["cpu"]
    assert onnx_sessions.candidates("cuda") == ["cuda:0"]
    assert onnx_sessions.candidates("cuda:3") == ["cuda:3"]
    monkeypatch.setattr(onnx_sessions, "_has_cuda", lambda: False)
    assert onnx_sessions.candidates("auto") == ["cpu"]
    for name, error in (("cuda", DeviceError), ("mps", DeviceError), ("gpu", UsageError)):
        with pytest.raises(error):
            onnx_sessions.candidates(name)


def test_short_memory_halves_the_batch(
    exported: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    reader = load_recognizer(exported, "cpu")
    encode, sizes = OnnxWordEngine.encode, []

    def small(engine: OnnxWordEngine, images: np.ndarray) -> object:
        sizes.append(len(images))
        if len(images) <= 2:
            return encode(engine, images)

        class Full:
            def run_with_iobinding(self, binding: object) -> None:
                raise Exception("Failed to allocate memory for requested buffer of size 9")

        return onnx_sessions.run(Full(), None)

    monkeypatch.setattr(OnnxWordEngine, "encode", small)
    same = [Image.new("L", (32, 32), 9 * index) for index in range(4)]
    assert len(reader.recognize(same)) == 4
    assert sizes == [4, 2, 2]
    assert "out of memory on cpu" in caplog.text


def test_command_reads_without_torch(both: Path) -> None:
    pictures(1)[0].save(both.with_name("a.png"))
    absent = ("torch", "cv2", "pymupdf", "onnx", "huggingface_hub")
    code = (
        "import sys\nfrom mdocr.cli.main import run\n"
        "try:\n run()\n"
        f"finally:\n print([n for n in {absent} if n in sys.modules], file=sys.stderr)"
    )
    command = ["recognize", both.with_name("a.png"), "--model", both, "--device", "cpu"]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, command)], capture_output=True, text=True, check=True
    )
    (expected,) = load_recognizer(both, "cpu", "torch").recognize([both.with_name("a.png")])
    assert done.stdout == f"{expected.text}\n"
    assert done.stderr == "[]\n"


def test_commands_take_the_engine(both: Path, tmp_path: Path) -> None:
    folder = tmp_path / "words"
    folder.mkdir()
    pictures(1)[0].save(folder / "a.png")
    (word,) = load_recognizer(both, "cpu", "torch").recognize([folder / "a.png"])
    (folder / "labels.tsv").write_text(f"a.png\t{word.text}\n", encoding="utf-8")
    onnx = ["--engine", "onnx", "--device", "cpu"]
    for command in (
        ["recognize", folder / "a.png", "--model", both, *onnx],
        ["read", folder / "a.png", "--word-model", both, *onnx],
        ["eval", "recognizer", folder, "--model", both, "--format", "json", *onnx],
    ):
        result = CliRunner().invoke(app, list(map(str, command)))
        assert result.exit_code == 0, result.stderr
        exact = '"exact": 1.0' if command[0] == "eval" else f"{word.text}\n"
        assert exact in result.stdout


def test_reader_keeps_its_engine_protocol(exported: Path) -> None:
    engine = OnnxWordEngine(read_onnx(exported, MDIFF4STR_FORMAT), "cpu")
    assert engine.blank(2).tolist() == [[engine.charset.mask_id] * 26] * 2
    assert Recognizer(engine, "tiny").recognize([]) == []
