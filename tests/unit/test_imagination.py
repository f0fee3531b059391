"""Imagined words: statistics of columns, what is misread, and that a decoder can read them."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from training_runs import write_run, write_word

from mdocr.errors import UsageError
from mdocr.models.alignment import position_codes
from mdocr.models.charset import Charset
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.training import imagination
from mdocr.training.batches import collate, encode_words
from mdocr.training.config import RecognizerConfig, load_config
from mdocr.training.imagination import Imagination, misread
from mdocr.training.processes import Processes
from mdocr.training.recognizer import RecognizerTask, train_recognizer
from mdocr.weights import load_recognizer_weights, resolve

CHARSET = Charset("abc")
ALONE = Processes(0, 1, torch.device("cpu"))
TAUGHT = ("stone", "north", "tones", "shirt", "hints", "rest", "noise", "heron", "three", "onion")
UNSEEN = ("horse", "stereo", "thorn", "rein", "siren", "tenor", "shine", "threes")


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_statistics_are_means_and_spreads_without_the_codes_of_places():
    found = Imagination(CHARSET.outputs, 8)
    letters = torch.full((1, 4, 4), -20.0)
    for column, shown in enumerate((1, 0, 2, 1)):  # a, blank, b, a
        letters[0, column, shown] = 20.0
    columns = torch.randn(1, 4, 8, generator=generator())
    codes = position_codes(torch.tensor([0.0, 0.0, 1.0, 2.0]), 8)
    grid = (columns + codes)[:, None].repeat(1, 3, 1, 1)
    found.observe(grid, letters)
    torch.testing.assert_close(found.count[:, 0], torch.tensor([1.0, 2.0, 1.0, 0.0]))
    torch.testing.assert_close(found.total[1], columns[0, 0] + columns[0, 3])
    torch.testing.assert_close(found.squares[2], columns[0, 2].square())


def test_columns_of_which_the_head_is_not_sure_do_not_count():
    found = Imagination(CHARSET.outputs, 8)
    found.observe(torch.randn(1, 3, 4, 8), torch.zeros(1, 4, 4))
    assert not found.count.any()


def test_old_examples_fade(monkeypatch):
    monkeypatch.setattr(imagination, "DECAY", 0.5)
    found = Imagination(CHARSET.outputs, 8)
    letters = torch.zeros(1, 2, 4)
    letters[..., 3] = 20.0
    for _ in range(3):
        found.observe(torch.zeros(1, 1, 2, 8), letters)
    assert found.count[3].item() == 2 * (1 + 0.5 + 0.25)


def test_characters_are_missed_and_doubled_now_and_then(monkeypatch):
    words = encode_words(["abc"] * 4000, CHARSET, 5)
    monkeypatch.setattr(imagination, "MISSED", 0.1)
    monkeypatch.setattr(imagination, "DOUBLED", 0.2)
    classes = misread(words, generator())
    assert classes.shape == (4000, 3 * 4 + 1)
    assert not classes[:, 0].any()
    first, between, again = classes[:, 1:].unflatten(1, (4, 3)).unbind(-1)
    assert not between.any()
    assert not first[:, 3].any()  # EOS shows nothing
    for place, letter in enumerate((1, 2, 3)):
        assert set(first[:, place].tolist()) == {0, letter}
        assert (first[:, place] == 0).float().mean().item() == pytest.approx(0.1, abs=0.02)
        assert (again[:, place] == letter).float().mean().item() == pytest.approx(0.2, abs=0.02)


def picture(folder: Path, text: str) -> Image.Image:
    write_word(folder / f"{text}.png", text, (96, 32))
    return Image.open(folder / f"{text}.png").convert("RGB")


def test_a_decoder_reads_imagined_words_that_it_never_saw(tmp_path, monkeypatch):
    for name in ("WORST", "MISSED", "DOUBLED"):
        monkeypatch.setattr(imagination, name, 0.0)
    model: MDiff4STR = load_recognizer_weights(resolve("mdiff4str-lite", "recognizer").path).eval()
    imagined = Imagination(model.charset.outputs, model.encoder.dim)
    batch = collate([(picture(tmp_path, word), word) for word in TAUGHT], model.charset, 25)
    words = encode_words(UNSEEN, model.charset, 25)
    with torch.inference_mode():
        memory, letters = model.look(batch.images)
        assert letters is not None
        imagined.observe(model.encoder.grid(memory, batch.images.shape[-1]), letters)
        features = imagined.features(words, generator())
        masks = torch.full_like(words.labels, model.charset.mask_id)
        read = model.decoder(masks, model.decoder.project(features)).argmax(-1)
    right = (read == words.labels)[words.valid].float().mean().item()
    assert right > 0.9


def test_a_run_with_imagined_words(tmp_path):
    changes = ["model.imagined=2", "model.ctc_weight=0.5", "model.sizes.decoder.aligned=true"]
    run = load_config(write_run(tmp_path), [*changes, "run.steps=3"], RecognizerConfig)
    task = RecognizerTask(run, ALONE)
    losses = task.module(next(task.batches(0)), 0)
    assert set(losses) == {"denoise", "replace", "ctc", "imagined"}
    losses["imagined"].backward()
    touched = {name for name, p in task.model.named_parameters() if p.grad is not None}
    assert touched
    assert all(name.startswith("decoder.") for name in touched)
    exported = train_recognizer(run, ALONE, False)
    assert not any("imagination" in name for name in load_recognizer_weights(exported).state_dict())


def test_only_aligned_models_imagine(tmp_path):
    run = load_config(write_run(tmp_path), ["model.imagined=1"], RecognizerConfig)
    with pytest.raises(UsageError, match="aligned"):
        RecognizerTask(run, ALONE)


def test_classes_that_fade_keep_their_mean(monkeypatch):
    for name in ("WORST", "MISSED", "DOUBLED"):
        monkeypatch.setattr(imagination, name, 0.0)
    found = Imagination(CHARSET.outputs, 8)
    letters = torch.zeros(1, 1, 4)
    letters[..., 1] = 20.0
    found.observe(torch.full((1, 1, 1, 8), 2.0) + position_codes(torch.zeros(1, 1, 1), 8), letters)
    for _ in range(2000):
        found.observe(torch.zeros(1, 1, 1, 8), torch.zeros(1, 1, 4))
    assert found.count[1] < 0.2
    features = found.features(encode_words(["a"], CHARSET, 5), generator())
    torch.testing.assert_close(
        features[0, 1], torch.full((8,), 2.0) + position_codes(torch.tensor(0.0), 8)
    )
