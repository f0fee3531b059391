"""Fine-tuning a model of the released layout, on a tiny random one."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch.nn import functional

from mdocr.decoding.blocks import visible_positions
from mdocr.decoding.requests import Feed
from mdocr.document.model import Box
from mdocr.engines.torch_blocks import TorchBlocks
from mdocr.errors import InputError, MissingExtraError, UsageError
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
from mdocr.parsing.loading import load_parser
from mdocr.preprocessing.mineru_diffusion import MinerUDiffusionProcessor
from mdocr.synthesis.pages.manifests import ManifestSample, write_manifest
from mdocr.training.checkpoint import TrainingState
from mdocr.training.config import MinerUDiffusionRunConfig, OptimizerConfig
from mdocr.training.line_reader.trainer import LineReaderRun
from mdocr.training.loop import TrainingInterrupted, make_optimizer, training_precision
from mdocr.training.mineru_diffusion import trainer as document_model
from mdocr.training.mineru_diffusion.adapters import add_adapters, merged, save_adapter
from mdocr.training.mineru_diffusion.augmentation import (
    DEFORMATIONS,
    DEGRADATIONS,
    augment_document,
)
from mdocr.training.mineru_diffusion.export import save_folder
from mdocr.training.mineru_diffusion.rows import UNCOUNTED, collate
from mdocr.training.mineru_diffusion.samples import (
    MinerUDiffusionBatches,
    MinerUDiffusionDataConfig,
    Mixture,
    Preparer,
)
from mdocr.training.mineru_diffusion.trainer import (
    MinerUDiffusionLoss,
    MinerUDiffusionModelConfig,
    MinerUDiffusionRun,
    MinerUDiffusionTask,
    make_model,
    train_mineru_diffusion,
)
from mdocr.training.noised_rows import structured_mask
from mdocr.training.parser import load_parser_run
from mdocr.training.processes import Processes
from mdocr.weights.mineru_diffusion import HEAD, load_mineru_diffusion

GOLDEN = Path(__file__).parents[2] / "golden" / "mineru_diffusion"
ALONE = Processes(0, 1, torch.device("cpu"))
TEXTS = {
    "text": "ab ba abc",
    "formula": r"x^{2}",
    "table": "<fcel>a<fcel>b<nl>",
    "layout": "<|box_start|>010 020 500 600<|box_end|><|ref_start|>text<|ref_end|><|rotate_up|>",
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def manifest(tmp_path) -> Path:
    samples = []
    for number, (task, text) in enumerate(TEXTS.items()):
        path = tmp_path / f"{number}.png"
        picture = Image.new("RGB", (60 + 30 * number, 40), "white")
        ImageDraw.Draw(picture).text((4, 4), text[:8], "black")
        picture.save(path)
        box = Box(0, 0, 0.9, 1) if task == "text" else None
        samples.append(ManifestSample(path, task, text, box, 1.0 + number))
    write_manifest(samples, tmp_path / "manifest.jsonl")
    return tmp_path / "manifest.jsonl"


def make_run(
    manifest: Path, output: str = "out", model: Any = None, **run: Any
) -> MinerUDiffusionRun:
    settings = {"steps": 4, "batch_size": 2, "precision": "fp32", "log_every": 1}
    return MinerUDiffusionRun(
        MinerUDiffusionDataConfig(
            manifest=(str(manifest),), block_length=4, max_tokens=12, max_pixels=6272, workers=0
        ),
        model or MinerUDiffusionModelConfig(start=str(GOLDEN)),
        OptimizerConfig(learning_rate=1e-3, average=0.5),
        MinerUDiffusionRunConfig(
            **{"output": str(manifest.parent / output), "evaluate_every": 0, **settings, **run}
        ),
    )


def reference_loss(model: Any, rows: list[Any], block: int) -> float:
    """Block by block through the decoder's cache: prompt and earlier blocks clean, one noised."""
    total = count = 0.0
    for row in rows:
        prompt, clean = row.tokens[: row.prompt].tolist(), row.tokens[row.prompt :].tolist()
        noised, labels = clean[row.length :], row.labels[-row.length :].tolist()
        for start in range(0, row.length, block):
            predict = TorchBlocks(model, 1)
            tokens = (*prompt, *clean[:start], *noised[start : start + block])
            seen = [visible_positions(place, len(prompt), block) for place in range(len(tokens))]
            wanted = [n for n in range(block) if labels[start + n] != UNCOUNTED]
            first = len(prompt) + start
            feed = Feed(
                sequence=0,
                start=0,
                tokens=tokens,
                visible=tuple(seen),
                queries=tuple(first + n for n in wanted),
                capacity=len(tokens),
                prompt_length=len(prompt),
                picture=row.picture,
            )
            truth = torch.tensor([labels[start + n] for n in wanted])
            found = functional.cross_entropy(predict([feed]), truth, reduction="sum")
            total, count = total + row.weight * float(found), count + len(wanted)
    return total / count


def test_packed_rows_cost_what_the_decoder_would_pay(manifest):
    task = MinerUDiffusionTask(make_run(manifest), ALONE)
    samples = task.mixture.kinds[0]
    rows = [
        task.preparer.row(sample, torch.Generator().manual_seed(number))
        for number, sample in enumerate(samples)
    ]
    assert len({len(row.tokens) for row in rows}) > 1  # so that padding is tested
    with torch.no_grad():
        loss = task.module(collate(rows, 4, task.preparer.fill_id), 0)["denoise"]
    model = load_mineru_diffusion(GOLDEN, "cpu", torch.float32)
    assert float(loss) == pytest.approx(reference_loss(model, rows, 4), rel=1e-4)


def test_rows_end_with_stop_and_whole_blocks(manifest):
    task = MinerUDiffusionTask(make_run(manifest), ALONE)
    preparer = task.preparer
    ids = preparer.answers.encode("ab ba", add_special_tokens=False).ids
    answer = preparer.answer("ab ba").tolist()
    assert answer[: len(ids)] == ids and answer[len(ids)] == preparer.stop_id
    assert len(answer) % 4 == 0 and set(answer[len(ids) + 1 :]) <= {preparer.fill_id}
    assert len(preparer.answer("ab " * 100)) == 12
    with pytest.raises(InputError, match="image or mask token"):
        preparer.answer("a <|MASK|>")
    row = preparer.row(task.mixture.kinds[0][0], torch.Generator().manual_seed(0))
    noised, labels = row.tokens[-row.length :], row.labels[-row.length :]
    masked = noised == task.model.config.mask_token_id
    clean = row.tokens[row.prompt : row.prompt + row.length]
    assert masked.any() and torch.equal(labels[masked], clean[masked])
    assert (labels[~masked] == UNCOUNTED).all() and torch.equal(noised[~masked], clean[~masked])
    assert (row.labels[: -row.length] == UNCOUNTED).all()


def test_pictures_are_those_that_parsing_shows(manifest):
    task = MinerUDiffusionTask(make_run(manifest), ALONE)
    small = replace(MinerUDiffusionProcessor(), max_pixels=6272)
    layout = task.mixture.kinds[0][3]
    row = task.preparer.row(layout, torch.Generator())
    page = Image.open(layout.image).convert("RGB").resize((1036, 1036), Image.Resampling.BICUBIC)
    assert torch.equal(
        torch.from_numpy(row.picture.patches), torch.from_numpy(small.prepare(page).patches)
    )


def test_a_run_learns_exports_and_the_export_generates(manifest):
    run = make_run(manifest, steps=12)
    run = replace(run, data=replace(run.data, validation=(str(manifest),)))
    folder = train_mineru_diffusion(run, ALONE, False)
    lines = [json.loads(line) for line in (folder.parent / "log.jsonl").read_text().splitlines()]
    losses = [line["denoise"] for line in lines if "denoise" in line]
    assert sum(losses[-4:]) < 0.9 * sum(losses[:4])
    scores = next(line["scores"] for line in lines if "scores" in line)
    assert scores.keys() == {"formula", "layout", "table", "text"}
    assert all(0 <= value <= 1 for value in scores.values())
    parser = load_parser(folder, device="cpu")
    (made,) = parser.generate(manifest.parent / "0.png", "text", block_length=4, max_tokens=8)
    assert len(made.tokens) <= 8
    saved = torch.load(folder.parent / "checkpoint.pt", weights_only=True)["average"]
    for name, value in parser.engine.model.state_dict().items():
        torch.testing.assert_close(value, saved[f"model.{name}"].to(value.dtype))
    assert json.loads((folder / "config.json").read_text())["training"]["steps"] == 12


class Stopped(MinerUDiffusionTask):
    """Is told to end while the second step is under way."""

    def batches(self, start: int) -> Any:
        for number, batch in enumerate(super().batches(start)):
            if number == 2:
                signal.raise_signal(signal.SIGTERM)
            yield batch


def test_four_steps_of_two_batches_are_two_and_two(manifest, monkeypatch):
    train_mineru_diffusion(make_run(manifest, accumulate=2), ALONE, False)
    halves = make_run(manifest, "halves", accumulate=2)
    with monkeypatch.context() as patch:
        patch.setattr(document_model, "MinerUDiffusionTask", Stopped)
        with pytest.raises(TrainingInterrupted, match="at step 2 of 4"):
            train_mineru_diffusion(halves, ALONE, False)
    train_mineru_diffusion(halves, ALONE, True)
    one, other = (
        torch.load(manifest.parent / name / "checkpoint.pt", weights_only=True)
        for name in ("out", "halves")
    )
    for part in ("module", "average"):
        assert all(torch.equal(value, other[part][name]) for name, value in one[part].items())
    for number, moments in one["optimizer"]["state"].items():
        for name, value in moments.items():
            assert torch.equal(value, other["optimizer"]["state"][number][name])


def gradients(module: MinerUDiffusionLoss, batches: list[Any]) -> dict[str, torch.Tensor]:
    module.zero_grad()
    for number, batch in enumerate(batches):
        (module(batch, number)["denoise"] / len(batches)).backward()
    return {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}


def test_checkpointing_changes_no_gradient(manifest):
    task = MinerUDiffusionTask(make_run(manifest), ALONE)
    batch = next(task.batches(0))
    kept = gradients(task.module, [batch])
    model = make_model(MinerUDiffusionModelConfig(start=str(GOLDEN), checkpointing=True), GOLDEN)
    anew = gradients(MinerUDiffusionLoss(model, ALONE), [batch])
    assert kept.keys() == anew.keys() and len(kept) > 40
    for name, value in kept.items():
        torch.testing.assert_close(anew[name], value)


def test_batches_depend_on_their_number_alone(manifest):
    task = MinerUDiffusionTask(make_run(manifest), ALONE)
    third = next(task.batches(2))
    again = list(task.batches(0))[2]
    assert torch.equal(third.tokens, again.tokens) and torch.equal(third.patches, again.patches)
    halves = [rows_of(task, rank) for rank in (0, 1)]  # two processes of one row are one of two
    whole = next(task.batches(0))
    assert sorted(row for half in halves for row in half.lengths) == sorted(whole.lengths)


def rows_of(task: MinerUDiffusionTask, rank: int) -> Any:
    return MinerUDiffusionBatches(
        task.mixture, task.preparer, batch_size=1, batches=4, seed=0, rank=(rank, 2)
    )[0]


def test_a_mixture_has_its_share_and_shows_every_sample_once_an_epoch():
    main = [ManifestSample(Path(f"m{n}"), "text", "") for n in range(7)]
    replay = [ManifestSample(Path(f"r{n}"), "text", "") for n in range(3)]
    mixture = Mixture(main, replay, 0.3, 1)
    drawn = [mixture[number].image.name for number in range(100)]
    replayed = [name for name in drawn if name.startswith("r")]
    assert len(replayed) == 30
    assert all(replayed.count(f"r{n}") == 10 for n in range(3))
    assert sorted(name for name in drawn if name.startswith("m"))[:10] == ["m0"] * 10
    numbers = list(range(100))
    random.Random(0).shuffle(numbers)
    assert {number: mixture[number].image.name for number in numbers} == dict(enumerate(drawn))
    assert all(Mixture(main, [], 0.3, 1)[number] in main for number in range(20))


def test_fresh_weights_and_a_frozen_vision_tower(manifest):
    model = make_model(MinerUDiffusionModelConfig(start=str(GOLDEN), fresh=True), GOLDEN)
    old = load_mineru_diffusion(GOLDEN, "cpu", torch.float32)
    assert not torch.equal(model.language_model.lm_head.weight, old.language_model.lm_head.weight)
    frozen = make_model(MinerUDiffusionModelConfig(start=str(GOLDEN), freeze_vision=True), GOLDEN)
    assert not any(p.requires_grad for p in frozen.vision_model.parameters())
    assert all(p.requires_grad for p in frozen.language_model.parameters())


def test_what_makes_no_sense_is_refused(manifest):
    with pytest.raises(UsageError, match=r"data\.manifest is empty"):
        MinerUDiffusionDataConfig()
    with pytest.raises(UsageError, match="lora_rank"):
        MinerUDiffusionModelConfig(lora_rank=-1)
    with pytest.raises(UsageError, match="max_tokens"):
        MinerUDiffusionDataConfig(manifest=("m",), block_length=32, max_tokens=8)


def test_what_an_evaluation_lacks_is_told_before_the_first_step(manifest, monkeypatch):
    data = replace(make_run(manifest).data, validation=(str(manifest),))
    run = replace(make_run(manifest), data=data)
    monkeypatch.setitem(sys.modules, "apted", None)
    with pytest.raises(MissingExtraError, match="apted"):
        MinerUDiffusionTask(run, ALONE)


def test_an_unreadable_picture_is_left_out_of_an_evaluation(manifest, caplog):
    data = replace(make_run(manifest).data, validation=(str(manifest),))
    task = MinerUDiffusionTask(replace(make_run(manifest), data=data), ALONE)
    (manifest.parent / "0.png").unlink()
    found = task.evaluate({f"model.{k}": v for k, v in task.model.state_dict().items()})
    assert list(found) == ["formula", "layout", "table"]
    assert "sample 1 is skipped: no such file" in caplog.text


def test_merging_adds_the_product_of_the_small_matrices():
    weights = {
        "a.q_proj.base_layer.weight": torch.ones(2, 3),
        "a.q_proj.lora_A.default.weight": torch.tensor([[1.0, 0, 0]]),
        "a.q_proj.lora_B.default.weight": torch.tensor([[0.0], [1.0]]),
        "a.norm.weight": torch.ones(2),
    }
    found = merged(weights)
    assert found.keys() == {"a.q_proj.weight", "a.norm.weight"}
    assert found["a.q_proj.weight"].tolist() == [[1, 1, 1], [3, 1, 1]]


def test_adapters_train_alone_and_are_merged_into_the_export(manifest):
    pytest.importorskip("peft")
    model = MinerUDiffusionModelConfig(start=str(GOLDEN), lora_rank=2)
    run = make_run(manifest, model=model, steps=6)
    folder = train_mineru_diffusion(run, ALONE, False)
    old, new = (
        load_mineru_diffusion(path, "cpu", torch.float32).state_dict() for path in (GOLDEN, folder)
    )
    changed = {name for name, value in old.items() if not torch.equal(value, new[name])}
    assert changed and all("_proj.weight" in name for name in changed)
    assert all(name.startswith("language_model.model.layers") for name in changed)


def test_frozen_weights_are_half_precision_beside_adapters(manifest):
    peft = pytest.importorskip("peft")
    model = MinerUDiffusionModelConfig(start=str(GOLDEN), lora_rank=2)
    run = make_run(manifest, model=model, steps=4, precision="bf16")
    task = MinerUDiffusionTask(run, ALONE)
    dtypes = {p.requires_grad: p.dtype for p in task.model.parameters()}
    assert dtypes == {True: torch.float32, False: torch.bfloat16}
    run = replace(run, data=replace(run.data, validation=(str(manifest),)))
    folder = train_mineru_diffusion(run, ALONE, False)
    assert (folder.parent / "best" / "adapter").is_dir()
    adapter = folder.parent / "adapter"
    config = peft.LoraConfig.from_pretrained(adapter)
    assert (config.r, config.lora_alpha, config.base_model_name_or_path) == (2, 4, str(GOLDEN))
    loaded = load_mineru_diffusion(GOLDEN, "cpu", torch.float32)
    peft.inject_adapter_in_model(config, loaded)
    stored = peft.utils.load_peft_weights(str(adapter), "cpu")
    missing = peft.set_peft_model_state_dict(loaded, stored).unexpected_keys
    assert not missing
    exported = load_mineru_diffusion(folder, "cpu", torch.float32).state_dict()
    for name, value in merged(loaded.state_dict()).items():
        assert torch.allclose(value, exported[name], atol=2e-2), name


def held_bytes(task: MinerUDiffusionTask) -> int:
    """What one step of a run keeps: weights, gradients, moments, and averages of their own."""
    state = TrainingState.fresh(task.module, make_optimizer(task.module, OptimizerConfig()), 0.9)
    with training_precision("bf16", torch.device("cpu")):
        sum(task.module(next(task.batches(0)), 0).values()).backward()
    state.optimizer.step()
    state.update_average()
    kept = [*task.module.state_dict().values(), *state.average.values()]
    kept += [value.grad for value in task.module.parameters() if value.grad is not None]
    kept += [v for each in state.optimizer.state.values() for v in each.values() if v.ndim]
    storages = {v.untyped_storage().data_ptr(): v.untyped_storage().nbytes() for v in kept}
    return sum(storages.values())


def test_adapters_leave_room_on_a_card_of_24_gigabytes(manifest):
    """Two bytes of a frozen weight; of a trained one weight, gradient, two moments, average."""
    pytest.importorskip("peft")
    model = MinerUDiffusionModelConfig(start=str(GOLDEN), lora_rank=2)
    task = MinerUDiffusionTask(make_run(manifest, model=model, precision="bf16"), ALONE)
    assert held_bytes(task) == lora_bytes(task.model)
    with torch.device("meta"):
        released = MinerUDiffusion(MinerUDiffusionConfig())
        add_adapters(released, 64)
    assert 5e9 < lora_bytes(released) < 8e9


def lora_bytes(model: MinerUDiffusion) -> int:
    trained, frozen = (
        sum(value.numel() for value in model.parameters() if value.requires_grad is wanted)
        for wanted in (True, False)
    )
    return 2 * frozen + 5 * 4 * trained


def test_an_adapter_is_written_by_itself(tmp_path):
    weights = {"a.q_proj.lora_A.default.weight": torch.ones(1, 3), "a.norm.weight": torch.ones(2)}
    save_adapter(weights, 1, "some-model", tmp_path / "adapter")
    stored = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    assert list(stored) == ["base_model.model.a.q_proj.lora_A.weight"]
    record = json.loads((tmp_path / "adapter" / "adapter_config.json").read_text())
    assert (record["r"], record["lora_alpha"], record["peft_type"]) == (1, 2, "LORA")


def test_an_exported_folder_is_complete(tmp_path, caplog):
    start = tmp_path / "start"
    shutil.copytree(GOLDEN, start, ignore=lambda *_: ["vectors.safetensors"])
    others = ("modeling_a.py", "vocab.json", "merges.txt", "processor_config.json", "LICENSE")
    for name in others:
        (start / name).write_text("{}")
    keys = load_file(start / "model.safetensors")
    index = {"weight_map": dict.fromkeys(keys, "model.safetensors")}
    (start / "model.safetensors.index.json").write_text(json.dumps(index))
    record = json.loads((start / "config.json").read_text())
    record["auto_map"] = {"AutoConfig": "configuration_a.A", "AutoModel": "modeling_a.B",
                          "AutoProcessor": "some/repo--processing_a.C"}  # fmt: skip
    (start / "config.json").write_text(json.dumps(record))
    weights = load_mineru_diffusion(GOLDEN).state_dict()
    save_folder(weights, start, tmp_path / "made", {"steps": 1})
    made = {file.name for file in (tmp_path / "made").iterdir()}
    assert {*others, "tokenizer.json", "tokenizer_config.json", "config.json"} <= made
    assert "model.safetensors.index.json" not in made
    assert "lacks configuration_a.py, which transformers needs" in caplog.text
    assert "processing_a" not in caplog.text


REMOTE_CODE = """
import torch
from transformers import PretrainedConfig, PreTrainedModel


class TinyConfig(PretrainedConfig):
    model_type = "tiny_remote"


class TinyModel(PreTrainedModel):
    config_class = TinyConfig

    def __init__(self, config):
        super().__init__(config)
        for name, shape in config.shapes.items():
            *path, last = name.split(".")
            owner = self
            for part in path:
                if part not in owner._modules:
                    owner.add_module(part, torch.nn.Module())
                owner = owner._modules[part]
            owner.register_parameter(last, torch.nn.Parameter(torch.zeros(shape)))
        self.post_init()
"""


def test_transformers_loads_a_folder_that_was_trained(manifest, tmp_path, monkeypatch):
    """By the code that its ``auto_map`` names, as it loads the released one."""
    transformers = pytest.importorskip("transformers")
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "hub"))
    start = tmp_path / "start"
    shutil.copytree(GOLDEN, start, ignore=lambda *_: ["vectors.safetensors"])
    (start / "modeling_tiny.py").write_text(REMOTE_CODE)
    record = json.loads((start / "config.json").read_text())
    record["auto_map"] = {"AutoConfig": "modeling_tiny.TinyConfig",
                          "AutoModel": "modeling_tiny.TinyModel"}  # fmt: skip
    stored = load_file(start / "model.safetensors")
    record["shapes"] = {name: list(value.shape) for name, value in stored.items()}
    (start / "config.json").write_text(json.dumps(record))
    run = make_run(manifest, model=MinerUDiffusionModelConfig(start=str(start)), steps=4)
    folder = train_mineru_diffusion(run, ALONE, False)
    loaded = transformers.AutoModel.from_pretrained(folder, trust_remote_code=True)
    found = loaded.state_dict()
    trained = load_file(folder / "model.safetensors")
    assert found.keys() == trained.keys()
    assert all(torch.equal(found[name].to(value.dtype), value) for name, value in trained.items())
    assert any(not torch.equal(trained[name], stored[name]) for name in stored)
    ours = Tokenizer.from_file(str(folder / "tokenizer.json"))
    theirs = transformers.AutoTokenizer.from_pretrained(folder)
    text = "Block diffusion reads 12 pages."
    assert theirs.encode(text, add_special_tokens=False) == ours.encode(text).ids


def test_tied_embeddings_stay_tied(tmp_path):
    start = tmp_path / "start"
    shutil.copytree(GOLDEN, start)
    record = json.loads((start / "config.json").read_text()) | {"tie_word_embeddings": True}
    (start / "config.json").write_text(json.dumps(record))
    model = make_model(MinerUDiffusionModelConfig(start=str(start)), start)
    language = model.language_model
    assert language.lm_head.weight is language.model.embed_tokens.weight
    save_folder(model.state_dict(), start, tmp_path / "made", {})
    assert HEAD not in load_file(tmp_path / "made" / "model.safetensors")
    loaded = load_mineru_diffusion(tmp_path / "made").language_model
    assert torch.equal(loaded.lm_head.weight, loaded.model.embed_tokens.weight)


def test_another_sample_takes_the_place_of_an_unusable_one(manifest, caplog):
    task = MinerUDiffusionTask(make_run(manifest, batch_size=4), ALONE)
    (manifest.parent / "1.png").unlink()
    batch = next(task.batches(0))
    assert len(batch.lengths) == 4 and "replaced by another sample: no such file" in caplog.text
    for number in (0, 2, 3):
        (manifest.parent / f"{number}.png").unlink()
    with pytest.raises(InputError, match="20 consecutive samples"):
        next(task.batches(0))


@pytest.mark.parametrize("field", ["tokens", "labels", "positions"])
def test_batches_are_padded_to_the_longest(manifest, field):
    task = MinerUDiffusionTask(make_run(manifest, batch_size=4), ALONE)
    batch = next(task.batches(0))
    sizes = [p + 2 * n for p, n in zip(batch.prompts, batch.lengths, strict=True)]
    assert getattr(batch, field).shape == (4, max(sizes))


def test_the_mask_of_a_batch_is_that_of_its_rows(manifest):
    task = MinerUDiffusionTask(make_run(manifest, batch_size=4), ALONE)
    batch = next(task.batches(0))
    longest = batch.tokens.shape[1]
    expected = torch.eye(longest, dtype=torch.bool).repeat(4, 1, 1)
    for row, (prompt, length) in enumerate(zip(batch.prompts, batch.lengths, strict=True)):
        size = prompt + 2 * length
        expected[row, :size, :size] = structured_mask(prompt, length, batch.block_length)
    assert len(set(batch.lengths)) > 1  # some are padded
    assert torch.equal(batch.mask(torch.device("cpu")), expected)


def test_preparer_of_another_size(manifest):
    run = make_run(manifest)
    config = load_mineru_diffusion(GOLDEN).config
    large = Preparer(GOLDEN, config, replace(run.data, max_pixels=0))
    assert large.pictures.max_pixels == 1605632


def test_a_run_with_a_manifest_is_of_the_large_model():
    lite = load_parser_run(Path("parser-lite"), [])
    assert isinstance(lite, LineReaderRun) and lite.run.steps > 1000
    large = load_parser_run(Path("parser-finetune"), ["model.lora_rank=16"])
    assert isinstance(large, MinerUDiffusionRun) and large.model.lora_rank == 16
    assert large.run.accumulate * large.run.batch_size == 16
    with pytest.raises(UsageError, match=r"unknown key data\.easy_share"):
        load_parser_run(Path("parser-finetune"), ["data.easy_share=0.5"])


def test_the_stages_have_the_settings_of_the_paper():
    published = {"parser-stage1": (12288, 4e-5, 9), "parser-stage2": (16384, 2e-5, 4)}
    for name, (length, rate, epochs) in published.items():
        run = load_parser_run(Path(name), [])
        assert isinstance(run, MinerUDiffusionRun)
        settings = run.data.max_length, run.optimizer.learning_rate, run.run.epochs
        assert settings == (length, rate, epochs)
        assert 8 * run.run.batch_size * run.run.accumulate == 256
    assert load_parser_run(Path("parser-stage2"), []).optimizer.warmup == 0.1


def test_epochs_replace_steps(manifest):
    run = make_run(manifest, epochs=3, steps=100, accumulate=2)
    assert MinerUDiffusionTask(run, ALONE).config.run.steps == 3  # 3 · 4 samples ÷ 4 a step
    shared = MinerUDiffusionTask(run, Processes(0, 2, torch.device("cpu")))
    assert shared.config.run.steps == 2
    replayed = replace(run, data=replace(run.data, replay=(str(manifest),), replay_share=0.5))
    assert MinerUDiffusionTask(replayed, ALONE).config.run.steps == 6
    assert MinerUDiffusionTask(make_run(manifest, steps=7), ALONE).config.run.steps == 7


def test_rows_are_no_longer_than_the_limit(manifest):
    task = MinerUDiffusionTask(make_run(manifest), ALONE)
    sample = ManifestSample(manifest.parent / "0.png", "text", "ab " * 40)
    free = task.preparer.row(sample, torch.Generator())
    limit = free.prompt + 2 * 8 + 1
    task.preparer.data = replace(task.preparer.data, max_length=limit)
    row = task.preparer.row(sample, torch.Generator())
    assert (free.length, row.length) == (12, 8) and len(row.tokens) <= limit
    task.preparer.data = replace(task.preparer.data, max_length=free.prompt + 2)
    with pytest.raises(InputError, match=r"leaves no room for an answer in data\.max_length"):
        task.preparer.row(sample, torch.Generator())


@pytest.mark.parametrize("task", TEXTS)
def test_images_of_layouts_are_not_deformed(task, monkeypatch):
    monkeypatch.setattr("mdocr.training.mineru_diffusion.augmentation.PROBABILITY", 1.0)
    picture = Image.new("RGB", (200, 120), "white")
    ImageDraw.Draw(picture).rectangle((90, 50, 110, 70), fill="black")
    changed = augment_document(picture, task, np.random.default_rng(3))
    again = augment_document(picture, task, np.random.default_rng(3))
    assert changed.tobytes() == again.tobytes() != picture.tobytes()
    assert (changed.size == picture.size) == (task == "layout")
    if task == "layout":
        rows, columns = np.nonzero(np.asarray(changed.convert("L")) < 90)
        assert abs(rows.mean() - 60) < 2 and abs(columns.mean() - 100) < 2


@pytest.mark.parametrize("operation", [*DEFORMATIONS, *DEGRADATIONS])
@pytest.mark.parametrize("size", [(1, 1), (3, 200), (120, 60)])
def test_every_operation_takes_every_size(operation, size):
    picture = Image.new("RGB", size, (250, 240, 230))
    changed = operation(picture, np.random.default_rng(0))
    assert changed.mode == "RGB" and min(changed.size) >= 1


def test_a_share_of_the_samples_is_augmented(manifest):
    task = MinerUDiffusionTask(make_run(manifest), ALONE)
    sample = task.mixture[0]
    plain = task.preparer.row(sample, torch.Generator().manual_seed(1))
    task.preparer.data = replace(task.preparer.data, augment=0.5)
    rows = [task.preparer.row(sample, torch.Generator().manual_seed(n)) for n in range(40)]
    same = sum(np.array_equal(row.picture.patches, plain.picture.patches) for row in rows)
    assert 12 <= same <= 35  # half are not chosen; of the others, some get no operation
    again = task.preparer.row(sample, torch.Generator().manual_seed(5))
    assert np.array_equal(again.picture.patches, rows[5].picture.patches)


RUN = """
[model]
start = "{start}"

[data]
manifest = ["{manifest}"]
block_length = 4
max_tokens = 12
max_pixels = 6272
workers = 0

[optimizer]
learning_rate = 1e-3
average = 0.5

[run]
steps = 4
precision = "fp32"
log_every = 1
evaluate_every = 0
"""


def run_command(folder: Path, name: str, processes: int, *changes: str) -> dict[str, Any]:
    torchrun = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    made = subprocess.run(
        [sys.executable, *(torchrun if processes > 1 else []), "-m", "mdocr", "train", "parser"]
        + ["--config", str(folder / "run.toml"), "--device", "cpu"]
        + [f"--set={change}" for change in (f"run.output={folder / name}", *changes)]
        + (["--resume"] if (folder / name).exists() else []),
        capture_output=True,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        timeout=280,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert made.stdout == f"{folder / name / 'model'}\n"
    state: dict[str, Any] = torch.load(folder / name / "checkpoint.pt", weights_only=True)
    return state


@pytest.mark.cluster
@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_weights_in_pieces_train_as_whole_ones_do(manifest):
    """Two processes that split the weights, resumed half way, against one with twice the batch."""
    folder = manifest.parent
    (folder / "run.toml").write_text(
        RUN.format(start=GOLDEN.as_posix(), manifest=manifest.as_posix()), "utf-8"
    )
    settings = {"one": (1, "run.batch_size=2"), "two": (2, "run.batch_size=1", "run.shard=true")}
    for steps in ("run.steps=2", "run.steps=4"):
        whole, pieces = (
            run_command(folder, name, *given, steps, "run.accumulate=2")
            for name, given in settings.items()
        )
    assert pieces["step"] == whole["step"] == 4
    for part in ("module", "average"):
        for name, value in whole[part].items():
            assert type(pieces[part][name]) is torch.Tensor
            assert pieces[part][name].shape == value.shape
    one, two = (
        [json.loads(line) for line in (folder / name / "log.jsonl").read_text().splitlines()]
        for name in settings
    )
    for first, second in zip(one, two, strict=True):
        for name in ("loss", "norm"):
            assert second[name] == pytest.approx(first[name], rel=1e-3)
