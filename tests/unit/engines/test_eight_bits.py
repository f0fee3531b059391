"""The packaged graphs in eight bits: used where the CPU has VNNI and no precision is named."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mdocr.engines import onnx_sessions
from mdocr.engines.onnx_line_reader import OnnxLineReaderEngine
from mdocr.engines.onnx_words import OnnxWordEngine
from mdocr.errors import WeightsError
from mdocr.preprocessing.mdiff4str import preprocess
from mdocr.recognizer import load_recognizer
from mdocr.weights.onnx_files import (
    ENCODER,
    LINE_READER_FORMAT,
    MDIFF4STR_FORMAT,
    STEP,
    in_eight_bits,
    read_onnx,
)

ASSETS = Path(onnx_sessions.__file__).parents[1] / "assets"
SAMPLES = sorted((Path(__file__).parents[3] / "docs/samples/words").glob("*.png"))


@pytest.fixture(params=[True, False], ids=["vnni", "none"])
def vnni(request, monkeypatch) -> bool:
    monkeypatch.setattr(onnx_sessions, "_has_vnni", lambda: request.param)
    return bool(request.param)


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """Names of the files that sessions are opened from."""
    names: list[str] = []

    def open_session(path, *given, **named):
        names.append(path.name)
        return onnx_sessions.open_session(path, *given, **named)

    for engine in ("onnx_words", "onnx_pages"):
        monkeypatch.setattr(f"mdocr.engines.{engine}.open_session", open_session)
    return names


@pytest.mark.parametrize("dtype", ["auto", "float32"])
def test_they_are_used_where_they_are_faster_and_wanted(vnni, opened, dtype):
    small = vnni and dtype == "auto"
    words = read_onnx(ASSETS / "mdiff4str-lite-onnx", MDIFF4STR_FORMAT)
    OnnxWordEngine(words, "cpu", dtype)
    assert opened == [in_eight_bits(name) if small else name for name in (ENCODER, STEP)]


@pytest.fixture
def reader(monkeypatch, tmp_path) -> Path:
    """A copy of the packaged line reader's graphs, on a CPU with VNNI."""
    monkeypatch.setattr(onnx_sessions, "_has_vnni", lambda: True)
    folder = tmp_path / "assets/reader-onnx"
    shutil.copytree(ASSETS / "mineru-diffusion-lite-onnx", folder)
    shutil.copytree(ASSETS / "mineru-diffusion-lite", folder.with_name("mineru-diffusion-lite"))
    return folder


@pytest.mark.parametrize("has_one", [True, False])
def test_a_line_reader_uses_those_that_it_has(reader, opened, has_one):
    if not has_one:
        (reader / in_eight_bits(ENCODER)).unlink()
    OnnxLineReaderEngine(read_onnx(reader, LINE_READER_FORMAT), "cpu", "auto")
    assert opened == [in_eight_bits(ENCODER) if has_one else ENCODER, STEP]


def test_one_that_lacks_its_weights_is_damaged(reader):
    shutil.copy(reader / STEP, reader / in_eight_bits(STEP))
    with pytest.raises(WeightsError, match="step-int8"):
        OnnxLineReaderEngine(read_onnx(reader, LINE_READER_FORMAT), "cpu", "auto")


def test_a_device_takes_none(vnni):
    assert not onnx_sessions.takes_eight_bits("cuda:0", "auto")
    assert onnx_sessions.takes_eight_bits("cpu", "auto") == vnni


def test_what_a_cpu_says_of_itself(monkeypatch, tmp_path):
    facts = tmp_path / "cpuinfo"
    for flags, has_it in (("sse avx2", False), ("avx2 avx_vnni", True), ("avx512_vnni", True)):
        facts.write_text(f"processor : 0\nflags\t\t: fpu {flags} mmx\n", encoding="utf-8")
        monkeypatch.setattr(onnx_sessions, "CPU_FACTS", facts)
        onnx_sessions._has_vnni.cache_clear()
        assert onnx_sessions._has_vnni() == has_it
    monkeypatch.setattr(onnx_sessions, "CPU_FACTS", tmp_path / "none")
    onnx_sessions._has_vnni.cache_clear()
    assert not onnx_sessions._has_vnni()
    monkeypatch.undo()
    onnx_sessions._has_vnni.cache_clear()


def test_they_belong_to_the_weights_of_the_package():
    """Probabilities are near those in single precision, whose graphs name their weights."""
    files = read_onnx(ASSETS / "mdiff4str-lite-onnx", MDIFF4STR_FORMAT)
    exact, small = (
        {name: onnx_sessions.open_session(files.folder / name, "cpu", files.weights(name))}
        for name in (ENCODER, in_eight_bits(ENCODER))
    )
    image = preprocess(Image.open(SAMPLES[0]).convert("RGB"))[None]
    one, other = (
        next(iter(session.values())).run(["ctc"], {"images": image})[0]
        for session in (exact, small)
    )
    assert np.abs(one - other).max() < 0.3 and (one.argmax(-1) == other.argmax(-1)).mean() > 0.9


def test_they_read_the_samples_as_single_precision_does(monkeypatch):
    pictures = [Image.open(path) for path in SAMPLES]
    read = []
    for has_it in (True, False):
        monkeypatch.setattr(onnx_sessions, "_has_vnni", lambda has_it=has_it: has_it)
        read.append([word.text for word in load_recognizer("lite", "cpu").recognize(pictures)])
    assert read[0] == read[1] and all(read[0])
