"""The line reader: places, masks, and decoding that equals a pass over whole rows."""

import copy
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from mdocr.decoding.blocks import denoise
from mdocr.decoding.requests import BlockOptions, Request
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.errors import MissingExtraError, UsageError, WeightsError
from mdocr.evaluation.lines import synthetic_lines
from mdocr.evaluation.metrics import rapidfuzz
from mdocr.models.alignment import expected_positions
from mdocr.models.attention import DenseAttention, block_mask
from mdocr.models.line_reader import LineReader
from mdocr.models.line_reader_config import LineReaderConfig
from mdocr.models.mdiff4str_config import EncoderConfig
from mdocr.models.sdar import RMSNorm
from mdocr.models.sdar_config import SDARConfig
from mdocr.preprocessing.line_images import prepare_line
from mdocr.preprocessing.tokenizers import LineReaderTokenizer
from mdocr.synthesis.common.typefaces import HELD_OUT_FAMILIES
from mdocr.training.line_reader.samples import LineReaderBatches, LineReaderDataConfig, collate
from mdocr.training.line_reader.trainer import (
    LineReaderLoss,
    LineReaderModelConfig,
    LineReaderRun,
    LineReaderTask,
    prompt_rows,
)
from mdocr.training.noised_rows import hidden_positions, structured_mask
from mdocr.training.parser import load_parser_run
from mdocr.training.processes import join_processes
from mdocr.weights.line_reader import load_line_reader, save_line_reader
from mdocr.weights.resolve import ResolvedModel

SYMBOLS = " abcdefghij"


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    encoder = EncoderConfig(
        (8, 16, 16), (1, 1, 1), (1, 2, 2), (1, 0, 0), ((2, 1), (2, 1)), drop_path=0.0
    )
    vocabulary = LineReaderConfig(SYMBOLS).vocabulary
    text = SDARConfig(vocabulary, 32, 48, 2, 2, 2, 16, rope_theta=10000.0)
    made = LineReader(LineReaderConfig(SYMBOLS, encoder, text))
    for parameter in made.parameters():
        parameter.data.mul_(3)  # so that predictions differ from place to place
    return made.eval().requires_grad_(False)


def picture(width: int, seed: int = 0):
    pixels = np.random.default_rng(seed).integers(0, 255, (32, width, 3)).astype(np.uint8)
    return prepare_line(Image.fromarray(pixels))


def generate(model, pictures, options, slots):
    tokenizer = LineReaderTokenizer(model.config)
    requests = [
        Request(tokenizer.encode("text", p.tokens), options, tokenizer.stop_ids, p)
        for p in pictures
    ]
    predict = TorchBlocks(model, slots)
    return dict(denoise(predict, requests, model.config.mask_token_id, slots))


def test_places_count_the_characters_that_begin():
    letters = torch.full((7, 4), -20.0)
    for column, character in enumerate([0, 1, 1, 0, 1, 2, 0]):  # blank a a blank a b blank
        letters[column, character] = 20.0
    expected = torch.tensor([0.0, 1, 1, 1, 2, 3, 3])
    assert torch.allclose(expected_positions(letters), expected, atol=1e-4)


@pytest.mark.parametrize(
    ("prompt", "length", "block"), [(5, 8, 4), (9, 6, 3), (3, 4, 1), (7, 8, 8)]
)
def test_structured_mask_equals_its_definition(prompt, length, block):
    mask = structured_mask(prompt, length, block)
    causal = block_mask(prompt, prompt + length, block)
    for row in range(prompt + 2 * length):
        for column in range(prompt + 2 * length):
            assert mask[row, column] == may_see(row, column, prompt, length, block, causal)


def may_see(row, column, prompt, length, block, causal):
    clean = prompt + length
    if row < clean:
        return column < clean and bool(causal[row, column])
    own = (row - clean) // block
    if column < prompt:
        return True
    if column < clean:
        return (column - prompt) // block < own
    return (column - clean) // block == own


def test_every_block_has_a_hidden_place_and_some_are_hidden_whole():
    hidden = hidden_positions(64, 32, 8, torch.Generator().manual_seed(0)).view(64, 4, 8)
    assert hidden.any(-1).all()
    assert 0.2 < hidden.all(-1).float().mean() < 0.6
    assert 0.4 < hidden.float().mean() < 0.9


def test_first_pass_of_decoding_equals_a_whole_row_in_training_form(model):
    """One step a block: the tokens are those that the noised rows of training predict."""
    options = BlockOptions(threshold=0.0, block_length=4, steps=1, max_tokens=12)
    line = picture(96)
    made = generate(model, [line], options, slots=1)[0]
    labels = torch.tensor([[*made.tokens, *[0] * (12 - len(made.tokens))]])
    with torch.inference_mode():
        seen = model.encode(torch.from_numpy(line.pixels)[None])
        prompt, places = prompt_rows(model.config, seen)
        text = torch.arange(1, 13)[None]
        noised = torch.full_like(labels, model.config.mask_token_id)
        mask = structured_mask(prompt.shape[1], 12, 4)
        tokens = torch.cat([prompt, labels, noised], 1)
        logits = model(tokens, torch.cat([places, text, text], 1), DenseAttention(mask), seen)
    logits = logits.clone()
    logits[..., model.config.mask_token_id] = -torch.inf
    best = logits[0, -12:].argmax(-1).tolist()
    assert best[: len(made.tokens)] == list(made.tokens)
    assert len(made.tokens) > 0


def test_norms_are_exact_under_autocast_and_say_nothing():
    norm = RMSNorm(16, eps=1e-6)
    torch.nn.init.uniform_(norm.weight)
    x = torch.randn(5, 16)
    torch.set_warn_always(True)  # torch says it once in a process, perhaps to another test
    try:
        with torch.autocast("cpu", torch.bfloat16):
            halves, whole = norm(x.bfloat16()), norm(x)
    finally:
        torch.set_warn_always(False)
    assert halves.dtype == torch.bfloat16 and whole.dtype == torch.float32
    assert torch.equal(halves, norm(x.bfloat16().float()).bfloat16())
    assert torch.equal(whole, functional.rms_norm(x, (16,), norm.weight, 1e-6))


def test_a_line_reads_the_same_in_any_batch(model):
    options = BlockOptions(threshold=0.5, block_length=4, max_tokens=16)
    lines = [picture(width, seed) for seed, width in enumerate((60, 96, 64, 200, 90))]
    together = generate(model, lines, options, slots=3)
    for number, line in enumerate(lines):
        assert generate(model, [line], options, slots=1)[0].tokens == together[number].tokens


def test_prepared_lines_have_the_readers_height_and_whole_steps_of_width():
    line = prepare_line(Image.new("L", (301, 50), 255))
    assert line.pixels.shape == (3, 32, 208)
    assert line.tokens == 52
    assert line.pixels.min() == line.pixels.max() == 1.0


def test_training_on_one_batch_lowers_both_losses(model):
    learner = copy.deepcopy(model).requires_grad_(True)
    pixels = np.random.default_rng(1).integers(0, 255, (3, 32, 90, 3)).astype(np.uint8)
    lines = list(zip(pixels, ["abc", "ja da", "fgh"], strict=True))
    batch = collate(lines, learner.config.charset, 96, 4)
    module = LineReaderLoss(learner, LineReaderRun(), join_processes("cpu"))
    optimizer = torch.optim.AdamW(module.parameters(), lr=3e-3)
    history = []
    for step in range(40):
        losses = module(batch, step % 4)
        sum(losses.values()).backward()
        optimizer.step()
        optimizer.zero_grad()
        history.append({name: float(loss.detach()) for name, loss in losses.items()})
    for name in ("denoise", "ctc"):
        assert sum(h[name] for h in history[-4:]) < 0.6 * sum(h[name] for h in history[:4])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("data.validation=-1", "validation must not be negative"),
        ("data.block_lengths=[]", "at least one length"),
        ("data.block_lengths=[4, 0]", "each at least 1"),
        ("data.widest=64", "at most data.widest"),
        ("data.easy_share=2", "between 0 and 1"),
        ("data.workers=-1", "workers must not be negative"),
        ("model.ctc_weight=-1", "ctc_weight must not be negative"),
        ("model.start=lite", "leave model.encoder out"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change, message):
    with pytest.raises(UsageError, match=message):
        load_parser_run(Path("parser-lite"), ["model.encoder=lite", change])


def test_a_run_without_an_output_has_a_folder_of_its_own(tmp_path):
    (tmp_path / "run.toml").write_text("[run]\nsteps = 2\n")
    assert load_parser_run(tmp_path / "run.toml", []).run.output == "runs/parser"


def test_a_run_starts_from_a_name(model, tmp_path, monkeypatch):
    save_line_reader(model.state_dict(), model.config, tmp_path, {})
    found = ResolvedModel("mine", tmp_path)
    monkeypatch.setattr("mdocr.training.line_reader.trainer.resolve", lambda name, task: found)
    run = LineReaderRun(LineReaderModelConfig(start="mine"), LineReaderDataConfig(validation=0))
    task = LineReaderTask(run, join_processes("cpu"))
    assert task.model.config == model.config
    assert task.evaluate({}) == {}


def test_what_an_evaluation_lacks_is_told_before_the_first_step(monkeypatch):
    rapidfuzz.cache_clear()
    monkeypatch.setitem(sys.modules, "rapidfuzz", None)
    with pytest.raises(MissingExtraError, match="rapidfuzz"):
        LineReaderTask(LineReaderRun(), join_processes("cpu"))


def test_labels_fill_whole_blocks_with_end_marks():
    charset = LineReaderConfig(SYMBOLS).charset
    picture = np.full((32, 60, 3), 255, np.uint8)
    batch = collate([(picture, "abc"), (picture, "abcdefg")], charset, 64, 4)
    assert batch.labels.tolist() == [
        [*charset.encode("abc"), 0, 0, 0, 0, 0],
        [*charset.encode("abcdefg"), 0],
    ]
    assert batch.lengths.tolist() == [3, 7]


def test_unknown_task_is_refused(model):
    with pytest.raises(UsageError, match="no task 'layout'"):
        LineReaderTokenizer(model.config).encode("layout", 4)


def test_a_saved_line_reader_comes_back(model, tmp_path):
    save_line_reader(model.state_dict(), model.config, tmp_path, {"steps": 1})
    loaded = load_line_reader(tmp_path)
    assert loaded.config == model.config
    for name, value in model.state_dict().items():
        assert torch.allclose(
            loaded.state_dict()[name].float(), value.float(), rtol=2e-3, atol=1e-4
        )
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="damaged"):
        load_line_reader(tmp_path)


def test_lines_are_no_wider_than_asked_for():
    for widest in (480, 512):
        data = LineReaderDataConfig(start_width=128, widest=widest, easy_share=0.0)
        batches = LineReaderBatches(
            data, LineReaderConfig(SYMBOLS).charset, batch_size=1, steps=1, seed=0
        )
        widths = {batches._width(np.random.default_rng(number), 0.0) for number in range(200)}
        assert max(widths) == widest // 64 * 64


def test_without_the_fonts_kept_for_it_nothing_is_scored(monkeypatch, caplog):
    monkeypatch.setattr("mdocr.evaluation.lines.load_fonts", lambda folders=None: [])
    assert synthetic_lines(LineReaderConfig(SYMBOLS), 4) == []
    assert HELD_OUT_FAMILIES[0] in caplog.text
