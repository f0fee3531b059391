"""The recognizer over a fake engine: order, batches, failures, and too little memory."""

import io
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from word_engines import FakeEngine, pictures

import mdocr
from mdocr import recognizer
from mdocr.engines.device import choose_device
from mdocr.engines.memory import MemoryGuard
from mdocr.errors import DeviceError, InputError, UsageError
from mdocr.inputs.find import FailedInput
from mdocr.recognizer import Recognizer


def test_words_come_in_the_order_of_the_pictures() -> None:
    engine = FakeEngine()
    words = Recognizer(engine, "fake").recognize(pictures(50), batch_size=4)
    assert [word.text for word in words] == [str(index) for index in range(50)]
    assert all(shape[0] <= 4 for shape in engine.batches)
    assert {shape[2:] for shape in engine.batches} == {(64, 64), (48, 96), (40, 112), (32, 128)}


def test_word_tells_how_it_was_read() -> None:
    reader = Recognizer(FakeEngine(), "fake")
    (word,) = reader.recognize(np.full((32, 128), 77, np.uint8), steps=2, trace=True)
    assert (word.path, word.text, word.model, word.steps) == ("", "77", "fake", 2)
    assert word.decoder == "block-low-confidence"
    assert word.trace[-1] == "77"
    assert [character.text for character in word.characters] == ["7", "7"]
    assert word.confidence == pytest.approx(word.characters[0].confidence, abs=1e-6)
    assert word.confidence > 0.9


def test_stream_holds_few_pictures() -> None:
    taken = 0

    def endless() -> object:
        nonlocal taken
        while True:
            taken += 1
            yield Image.new("L", (32, 32), 5)

    words = Recognizer(FakeEngine(), "fake").stream(endless(), batch_size=4)  # type: ignore[arg-type]
    assert [next(words).text for _ in range(6)] == ["5"] * 6  # type: ignore[union-attr]
    assert taken <= 6 + 4 * 3


def test_rare_shape_does_not_hold_up_the_others() -> None:
    shapes = [(160, 32)] + [(32, 32)] * 400
    taken = 0

    def counted() -> object:
        nonlocal taken
        for shape in shapes:
            taken += 1
            yield Image.new("L", shape, 9)

    words = Recognizer(FakeEngine(), "fake").stream(counted(), batch_size=8)  # type: ignore[arg-type]
    next(words)
    assert taken < 60


def test_picture_that_cannot_be_read_is_named_in_its_place(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    images = [pictures(1)[0], bad, pictures(2)[1]]
    reader = Recognizer(FakeEngine(), "fake")
    first, second, third = reader.stream(images)
    assert isinstance(second, FailedInput)
    assert second.path == str(bad)
    assert [first.text, third.text] == ["0", "1"]  # type: ignore[union-attr]
    with pytest.raises(InputError, match=r"bad\.png"):
        reader.recognize(images)


def test_unknown_options_are_refused() -> None:
    reader = Recognizer(FakeEngine(), "fake")
    with pytest.raises(UsageError, match="decoder"):
        reader.recognize([], decoder="guess")
    with pytest.raises(UsageError, match="temperature"):
        reader.recognize([], temperature=1)  # type: ignore[call-arg]
    with pytest.raises(UsageError) as caught:
        reader.recognize([], step=1)  # type: ignore[call-arg]
    assert "steps" in caught.value.hint
    assert reader.recognize([]) == []


def test_short_memory_halves_the_batch_once_and_for_all(caplog: pytest.LogCaptureFixture) -> None:
    engine = FakeEngine("cuda", room=3)
    reader = Recognizer(engine, "fake")
    same = [Image.new("L", (32, 32), index) for index in range(40)]
    with caplog.at_level(logging.WARNING):
        words = reader.recognize(same, batch_size=16)
        reader.recognize(same, batch_size=16)
    assert [word.text for word in words] == [str(index) for index in range(40)]
    assert [record.getMessage()[-12:] for record in caplog.records] == [
        "batches of 8",
        "batches of 4",
        "batches of 2",
    ]
    assert engine.device.type == "cuda"


def test_no_memory_at_all_moves_to_the_cpu(caplog: pytest.LogCaptureFixture) -> None:
    engine = FakeEngine("cuda", room=0)
    with caplog.at_level(logging.WARNING):
        words = Recognizer(engine, "fake").recognize(pictures(6), batch_size=4)
    assert [word.text for word in words] == [str(index) for index in range(6)]
    assert engine.device.type == "cpu"
    assert sum("on the CPU" in record.getMessage() for record in caplog.records) == 1


def test_no_memory_on_the_cpu_ends() -> None:
    def work(part: Sequence[int]) -> list[int]:
        raise RuntimeError(
            "DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
        )

    with pytest.raises(DeviceError, match="out of memory"):
        MemoryGuard(FakeEngine()).run(work, [1, 2, 3])


def test_other_errors_are_not_taken_for_short_memory() -> None:
    def work(part: Sequence[int]) -> list[int]:
        raise RuntimeError("shapes do not fit")

    with pytest.raises(RuntimeError, match="shapes do not fit"):
        MemoryGuard(FakeEngine()).run(work, [1, 2])


def test_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device().type == "cpu"
    assert choose_device("cpu").type == "cpu"
    for name in ("cuda", "cuda:3", "mps"):
        with pytest.raises(DeviceError) as caught:
            choose_device(name)
        assert "--device" in caught.value.hint
    for name in ("gpu", "meta", "cuda:x", ""):
        with pytest.raises(UsageError, match="unknown device"):
            choose_device(name)


def test_cuda_beyond_the_last_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    assert choose_device("cuda:0") == torch.device("cuda:0")
    with pytest.raises(DeviceError, match="cuda:1"):
        choose_device("cuda:1")


def test_auto_passes_over_a_device_that_does_not_work(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    zeros = torch.zeros

    def broken(*shape: int, device: torch.device) -> Tensor:
        if device.type == "cuda":
            raise RuntimeError("no kernel image is available")
        return zeros(*shape, device=device)

    monkeypatch.setattr(torch, "zeros", broken)
    with caplog.at_level(logging.WARNING):
        assert choose_device("auto").type == "cpu"
    assert "no kernel image" in caplog.text


def test_wrong_arguments_are_found_before_weights_are_looked_for() -> None:
    with pytest.raises(UsageError, match="unknown device"):
        mdocr.load_recognizer("no-such-model", device="gpu")
    with pytest.raises(UsageError, match="unknown engine"):
        mdocr.load_recognizer("no-such-model", engine="steam")
    with pytest.raises(UsageError, match="unknown device"):
        mdocr.load_recognizer("no-such-model", device="gpu", engine="onnx")
    with pytest.raises(DeviceError, match="mps"):
        mdocr.load_recognizer("no-such-model", device="mps", engine="onnx")
    with pytest.raises(UsageError, match="bfloat16"):
        mdocr.load_recognizer("no-such-model", engine="onnx", dtype="bfloat16")


def test_functions_take_what_the_command_line_takes() -> None:
    with pytest.raises(UsageError, match="the engine onnx has no dtype"):
        mdocr.recognize([], "no-such-model", engine="onnx", dtype="bfloat16")
    with pytest.raises(UsageError, match="the engine onnx has no dtype"):
        mdocr.parse("none.pdf", "no-such-model", engine="onnx", dtype="bfloat16")


def test_recognize_keeps_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[tuple[str, ...]] = []

    def load(*settings: str) -> Recognizer:
        loaded.append(settings)
        return Recognizer(FakeEngine(), "fake")

    monkeypatch.setattr(recognizer, "load_recognizer", load)
    recognizer._kept.cache_clear()
    content = io.BytesIO()
    pictures(8)[7].save(content, "PNG")
    for source in (pictures(8)[7], content.getvalue(), io.BytesIO(content.getvalue())):
        assert [word.text for word in recognizer.recognize(source, "lite")] == ["7"]
    assert len(loaded) == 1
    recognizer.recognize([], "lite", device="cpu")
    assert len(loaded) == 2
    recognizer._kept.cache_clear()
