"""The loop: exact resuming, rates, groups, averages, logs, and what ends a run early."""

import json
import logging
import math
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import nn
from training_runs import write_folder, write_run

from mdocr.errors import InputError, MissingExtraError, UsageError, WeightsError
from mdocr.evaluation.words import WordScores, normalise, score
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.models.mdiff4str_config import base
from mdocr.training import loop
from mdocr.training.checkpoint import TrainingState
from mdocr.training.config import OptimizerConfig, RecognizerConfig, RunConfig, load_config
from mdocr.training.journal import Journal
from mdocr.training.loop import TrainingInterrupted, make_optimizer, one_cycle, train
from mdocr.training.processes import Processes
from mdocr.training.recognizer import trainer as recognizer
from mdocr.training.recognizer.trainer import RecognizerTask, train_recognizer
from mdocr.weights.mdiff4str import load_mdiff4str, read_mdiff4str

ALONE = Processes(0, 1, torch.device("cpu"))


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def make_run(folder: Path, *changes: str) -> RecognizerConfig:
    return load_config(write_run(folder), list(changes), RecognizerConfig)


def saved_state(folder: Path) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(folder / "checkpoint.pt", weights_only=True)
    return state


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


class Stopped(RecognizerTask):
    """Is told to end while the tenth step is under way."""

    signal = signal.SIGINT

    def batches(self, start: int) -> Iterator[Any]:
        for step, batch in enumerate(super().batches(start), start=1):
            if step == 10:
                signal.raise_signal(self.signal)
            yield batch


def assert_equal(one: Any, other: Any, place: str = "") -> None:
    assert type(one) is type(other), place
    if isinstance(one, torch.Tensor):
        assert torch.equal(one, other), place
    elif isinstance(one, dict):
        assert one.keys() == other.keys(), place
        for key in one:
            assert_equal(one[key], other[key], f"{place}.{key}")
    elif isinstance(one, list):
        assert len(one) == len(other), place
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            assert_equal(left, right, f"{place}[{index}]")
    else:
        assert one == other, place


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_twenty_steps_are_ten_and_ten(tmp_path, monkeypatch, stop):
    changes = ["model.ctc_weight=0.5", "model.copies=2"]
    whole = make_run(tmp_path, *changes)
    train_recognizer(whole, ALONE, False)

    halves = make_run(tmp_path, *changes, f"run.output={tmp_path / 'halves'}")
    monkeypatch.setattr(Stopped, "signal", stop)
    before = signal.getsignal(stop)
    with monkeypatch.context() as patch:
        patch.setattr(recognizer, "RecognizerTask", Stopped)
        with pytest.raises(TrainingInterrupted, match="at step 10 of 20") as stopped:
            train_recognizer(halves, ALONE, False)
    assert stopped.value.exit_code == 130
    assert signal.getsignal(stop) == before
    assert saved_state(tmp_path / "halves")["step"] == 10
    torch.rand(5)  # what else draws from the global generator must not matter
    train_recognizer(halves, ALONE, True)

    one, other = saved_state(tmp_path / "out"), saved_state(tmp_path / "halves")
    assert one.pop("seconds") != other.pop("seconds")
    assert other["step"] == 20
    assert len(other["optimizer"]["state"]) > 20
    assert_equal(one, other)
    logs = [records(tmp_path / name) for name in ("out", "halves")]
    assert [[line["step"] for line in log] for log in logs] == [[5, 10, 15, 20]] * 2
    assert [line["loss"] for line in logs[0]] == [line["loss"] for line in logs[1]]


def test_a_run_leaves_a_model_a_checkpoint_and_a_log(tmp_path):
    run = make_run(
        tmp_path,
        "run.evaluate_every=10",
        f"data.validation=['{tmp_path / 'words'}']",
        "run.precision=fp32",
        "model.ctc_weight=0.5",
    )
    path = train_recognizer(run, ALONE, False)
    assert path == tmp_path / "out/model.safetensors"
    model = load_mdiff4str(path)
    assert model.config.decoder.max_length == 8
    training = read_mdiff4str(path).training
    assert training["steps"] == training["step"] == 20
    assert 0 <= training["words"] <= 1
    assert 0 <= training["words exact"] <= training["words"]
    average = saved_state(tmp_path / "out")["average"]
    torch.testing.assert_close(
        model.decoder.head.weight.data, average["model.decoder.head.weight"].half().float()
    )
    lines = records(tmp_path / "out")
    losses = [line for line in lines if "loss" in line]
    assert {"denoise", "replace", "ctc", "norm", "rate", "per_second"} <= losses[0].keys()
    assert [line["step"] for line in lines if "scores" in line] == [10, 20]


def test_training_learns(tmp_path):
    run = make_run(tmp_path, "run.steps=60", "optimizer.learning_rate=5e-3", "run.log_every=20")
    train_recognizer(run, ALONE, False)
    lines = records(tmp_path / "out")
    assert lines[-1]["loss"] < 0.8 * lines[0]["loss"]


def test_checkpoints_come_by_the_clock(tmp_path, monkeypatch):
    steps = []
    monkeypatch.setattr(
        "mdocr.training.loop.save_state", lambda path, state: steps.append(state.step)
    )
    train_recognizer(make_run(tmp_path, "run.checkpoint_minutes=0", "run.steps=3"), ALONE, False)
    assert steps == [1, 2, 3, 3]
    steps.clear()
    train_recognizer(make_run(tmp_path, "run.checkpoint_minutes=60"), ALONE, False)
    assert steps == [20]


def test_an_earlier_run_is_not_written_over(tmp_path):
    run = make_run(tmp_path, "run.steps=1")
    train_recognizer(run, ALONE, False)
    before = (tmp_path / "out/checkpoint.pt").read_bytes()
    with pytest.raises(UsageError, match=r"checkpoint\.pt exists") as refused:
        train_recognizer(run, ALONE, False)
    assert "--resume" in refused.value.hint
    assert (tmp_path / "out/checkpoint.pt").read_bytes() == before


def test_a_checkpoint_is_mapped_when_a_run_goes_on(tmp_path, monkeypatch):
    run = RunConfig(output=str(tmp_path), steps=1)
    train(Scored([0.2]), run, OptimizerConfig(), ALONE)
    load, mapped = torch.load, []

    def seen(path, **options):
        mapped.append(options.get("mmap"))
        return load(path, **options)

    monkeypatch.setattr(torch, "load", seen)
    train(Scored([0.2, 0.3]), replace(run, steps=2), OptimizerConfig(), ALONE, resume=True)
    assert mapped == [True]


def test_resuming_without_a_checkpoint_starts_anew_and_says_so(tmp_path, caplog):
    with caplog.at_level(logging.INFO, "mdocr.training"):
        train_recognizer(make_run(tmp_path, "run.steps=1"), ALONE, True)
    assert "starting afresh" in caplog.text


def test_a_finished_run_resumes_to_nothing(tmp_path):
    run = make_run(tmp_path, "run.steps=2")
    train_recognizer(run, ALONE, False)
    assert train_recognizer(run, ALONE, True).exists()
    assert saved_state(tmp_path / "out")["step"] == 2


@pytest.mark.parametrize("damage", ["cut", "text", "other model"])
def test_a_checkpoint_that_does_not_fit(tmp_path, damage):
    run = make_run(tmp_path, "run.steps=1")
    train_recognizer(run, ALONE, False)
    file = tmp_path / "out/checkpoint.pt"
    if damage == "cut":
        file.write_bytes(file.read_bytes()[:5000])
    elif damage == "text":
        file.write_text("nothing")
    else:
        run = make_run(tmp_path, "run.steps=1", "model.sizes.decoder.layers=2")
    with pytest.raises(WeightsError, match="cannot resume from"):
        train_recognizer(run, ALONE, True)


def test_a_full_disk_leaves_no_half_checkpoint(tmp_path, monkeypatch):
    def refuse(state: Any, path: Path) -> None:
        path.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr(torch, "save", refuse)
    with pytest.raises(WeightsError, match="No space left"):
        train_recognizer(make_run(tmp_path, "run.steps=1"), ALONE, False)
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["log.jsonl"]


class Exploding:
    """A task whose third loss is not a number."""

    def __init__(self) -> None:
        self.module = Line()

    def batches(self, start: int) -> Iterator[int]:
        return iter(range(start, 5))

    def evaluate(self, weights: Any) -> dict[str, float]:
        return {}

    def quality(self, scores: dict[str, float]) -> float:
        return 0.0

    def export(self, weights: Any, folder: Path, record: Any) -> Path:
        return folder


class Line(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(2, 2))

    def forward(self, batch: int, step: int) -> dict[str, torch.Tensor]:
        return {"line": self.weight.sum() * (float("nan") if batch == 2 else 1.0)}


def test_a_step_without_a_finite_gradient_is_left_out(tmp_path, caplog):
    run = RunConfig(output=str(tmp_path), steps=5, log_every=1)
    task = Exploding()
    train(task, run, OptimizerConfig(), ALONE)
    assert "step 2: the gradient is not finite" in caplog.text
    assert torch.isfinite(task.module.weight).all()
    assert [line["loss"] is None for line in records(tmp_path)] == [
        False,
        False,
        True,
        False,
        False,
    ]
    states = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["optimizer"]["state"]
    assert states[0]["step"] == 4


class Scored:
    """A task whose evaluations are given; it exports the number of its evaluation."""

    def __init__(self, scores: list[float]) -> None:
        self.module = Line()
        self.module.frozen = nn.Parameter(torch.zeros(3), requires_grad=False)
        self.scores, self.evaluated = scores, 0

    def batches(self, start: int) -> Iterator[int]:
        return iter([0] * (len(self.scores) - start))

    def evaluate(self, weights: Any) -> dict[str, float]:
        self.evaluated += 1
        return {"set": self.scores[self.evaluated - 1]}

    def quality(self, scores: dict[str, float]) -> float:
        return scores["set"]

    def export(self, weights: Any, folder: Path, record: Any) -> Path:
        folder.mkdir(exist_ok=True)
        (folder / "model").write_text(str(self.evaluated))
        return folder / "model"


def test_the_best_model_is_kept_by_validation(tmp_path):
    run = RunConfig(output=str(tmp_path), steps=4, evaluate_every=1)
    train(Scored([0.2, 0.7, 0.5, 0.7]), run, OptimizerConfig(), ALONE)
    assert (tmp_path / "best" / "model").read_text() == "2"
    assert (tmp_path / "model").read_text() == "4"
    assert torch.load(tmp_path / "checkpoint.pt", weights_only=True)["best"] == 0.7
    later = Scored([0.2, 0.7, 0.5, 0.7, 0.6, 0.8])
    later.evaluated = 4
    train(later, replace(run, steps=6), OptimizerConfig(), ALONE, resume=True)
    assert (tmp_path / "best" / "model").read_text() == "6"


def test_frozen_weights_are_not_averaged():
    module = Scored([]).module
    state = TrainingState.fresh(module, make_optimizer(module, OptimizerConfig()), 0.9)
    assert state.average["frozen"].data_ptr() == module.frozen.data_ptr()
    assert state.average["weight"].data_ptr() != module.weight.data_ptr()
    with torch.no_grad():
        module.weight.fill_(3.0)
    state.update_average()
    assert 1 < state.average["weight"].max() < 3 and not state.average["frozen"].any()


def test_tensorboard_gets_losses_and_scores(tmp_path, monkeypatch):
    written = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            assert (folder, purge_step) == (str(tmp_path), 1)

        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((name, step))

        def close(self) -> None:
            written.append(("closed", 0))

    for module in ("loop", "journal"):
        monkeypatch.setattr(f"mdocr.training.{module}.summary_writer", lambda: Writer)
    run = RunConfig(str(tmp_path), steps=2, log_every=1, evaluate_every=2, tensorboard=True)
    train(Scored([0.2, 0.7]), run, OptimizerConfig(), ALONE)
    assert ("train/loss", 1) in written and ("validation/set", 2) in written
    assert written[-1] == ("closed", 0)


def test_a_missing_tensorboard_is_named_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    run = RunConfig(str(tmp_path), steps=1, tensorboard=True)
    with pytest.raises(MissingExtraError, match=r"run\.tensorboard"):
        train(Scored([0.2]), run, OptimizerConfig(), ALONE)
    assert not list(tmp_path.iterdir())


def test_the_rate_rises_and_falls():
    config = OptimizerConfig(learning_rate=1.0, warmup=0.25)
    rates = [one_cycle(step / 100, config) for step in range(101)]
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=1.0)
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=101, pct_start=26 / 101, cycle_momentum=False
    )
    expected = []
    for _ in rates:
        expected += cycle.get_last_lr()
        optimizer.step()
        if len(expected) < 101:
            cycle.step()
    assert rates == pytest.approx(expected)
    assert max(rates) == rates[25]


def test_vectors_stem_downsampling_and_positions_are_not_decayed():
    model = MDiff4STR(base())
    decayed, others = make_optimizer(model, OptimizerConfig(weight_decay=0.1)).param_groups
    assert (decayed["weight_decay"], others["weight_decay"]) == (0.1, 0.0)
    assert len(decayed["params"]) + len(others["params"]) == len(list(model.parameters()))
    spared = {id(parameter) for parameter in others["params"]}
    names = [name for name, p in model.named_parameters() if p.ndim > 1 and id(p) in spared]
    assert sorted(names) == [
        "decoder.pos_embed",
        "encoder.stages.0.downsample.conv.weight",
        "encoder.stages.1.downsample.conv.weight",
        "encoder.stem.0.conv.weight",
        "encoder.stem.1.conv.weight",
    ]


def test_frozen_batch_norms_keep_their_statistics(tmp_path):
    for frozen in ("true", "false"):
        run = make_run(
            tmp_path,
            f"model.freeze_batch_norm={frozen}",
            f"run.output={tmp_path / frozen}",
            "run.steps=2",
        )
        train_recognizer(run, ALONE, False)
        means = saved_state(tmp_path / frozen)["module"]["model.encoder.stem.0.norm.running_mean"]
        assert bool((means == 0).all()) == (frozen == "true")


def test_a_run_can_start_from_a_model(tmp_path):
    first = make_run(tmp_path, "run.steps=2")
    path = train_recognizer(first, ALONE, False)
    run = replace(first.run, output=str(tmp_path / "second"))
    model = replace(first.model, sizes=None, start=str(path))
    task = RecognizerTask(replace(first, run=run, model=model), ALONE)
    expected = load_mdiff4str(path).state_dict()
    assert_equal(dict(task.model.state_dict()), dict(expected))
    train(task, run, first.optimizer, ALONE)
    assert not torch.equal(task.model.decoder.head.weight, expected["decoder.head.weight"])


def test_a_charset_of_ones_own(tmp_path):
    (tmp_path / "characters.txt").write_text("a\né\n中\n", "utf-8")
    run = make_run(tmp_path, f"model.charset={tmp_path / 'characters.txt'}")
    assert RecognizerTask(run, ALONE).model.config.symbols == "aé中"
    (tmp_path / "characters.txt").write_text("ab\nc\n")
    with pytest.raises(UsageError, match="line 1 holds more than one"):
        RecognizerTask(run, ALONE)
    (tmp_path / "characters.txt").write_text("a\n")
    with pytest.raises(UsageError, match="fewer than two"):
        RecognizerTask(run, ALONE)
    (tmp_path / "characters.txt").unlink()
    with pytest.raises(InputError, match=r"characters\.txt"):
        RecognizerTask(run, ALONE)


def test_a_validation_set_is_looked_for_at_the_start(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        RecognizerTask(make_run(tmp_path, "data.validation=['nowhere']"), ALONE)


def test_a_validation_picture_that_cannot_be_opened_counts_as_not_read(tmp_path, caplog):
    folder = write_folder(tmp_path / "set", ("one", "two"))
    task = RecognizerTask(make_run(tmp_path, f"data.validation=['{folder}']"), ALONE)
    (folder / "0.png").write_bytes(b"no picture")
    weights = {key: value.clone() for key, value in task.module.state_dict().items()}
    assert task.evaluate(weights).keys() == {"set", "set exact"}
    assert "counted as misread" in caplog.text


def test_validation_sets_of_one_name_are_told_apart(tmp_path):
    for part in ("a", "b"):
        write_folder(tmp_path / part / "test", ("one",))
    run = make_run(tmp_path, f"data.validation=['{tmp_path}/a/test', '{tmp_path}/b/test']")
    scores = RecognizerTask(run, ALONE)._validation
    assert list(scores) == [f"{tmp_path}/a/test", f"{tmp_path}/b/test"]


def test_a_log_is_taken_up_where_the_checkpoint_was(tmp_path):
    lines = ['{"step": 5}', '{"step": 10}', '{"step": 15}', '{"ste']
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    with Journal(tmp_path, 10) as journal:
        journal.count({"loss": math.inf}, 4)
        journal.write_step(11, 20, journal.means(), 1.0)
    assert [line["step"] for line in records(tmp_path)] == [5, 10, 11]
    assert records(tmp_path)[-1]["loss"] is None


def counted(scores: WordScores) -> tuple[int, float, float]:
    return scores.words, scores.accuracy, scores.exact


def test_scores_count_as_the_field_does():
    pairs = [("Hall", "Hall"), ("hall!", "Hall"), ("Hill", "Hall"), ("", "")]
    assert counted(score(pairs)) == (4, 0.75, 0.5)
    assert counted(score(pairs, is_latin=False)) == (4, 0.5, 0.5)
    assert counted(score([("HA LL", "hall")], is_latin=False)) == (1, 1.0, 0.0)
    assert counted(score([])) == (0, 0.0, 0.0)
    assert normalise("Ab-1ä中") == "ab1"


def test_a_charset_may_have_the_space(tmp_path):
    spaced = make_run(tmp_path, "model.use_space_char=true")
    charset = RecognizerTask(spaced, ALONE).model.charset
    assert charset.symbols[-1] == " " and len(charset) == 95
    assert charset.decode(charset.encode("a b")) == "a b"
    with pytest.raises(UsageError, match="its own use_space_char"):
        replace(spaced.model, sizes=None, start="lite")


def test_an_evaluation_is_no_time_of_the_steps(tmp_path, monkeypatch):
    clock = iter([0.0, 10.0, 100.0, 110.0, 110.0])  # opened, paused from 10 to 100, written
    time = SimpleNamespace(monotonic=lambda: next(clock))
    monkeypatch.setattr("mdocr.training.journal.time", time)
    with Journal(tmp_path, 0) as journal:
        journal.count({"loss": 1.0}, 40)
        with journal.paused():
            journal.write_scores(1, {"set": 0.5})
        journal.write_step(1, 2, journal.means(), 1.0)
    assert records(tmp_path)[-1]["per_second"] == 2.0


def test_sources_can_be_interrupted_while_they_open(tmp_path):
    class Slow(RecognizerTask):
        def batches(self, start: int) -> Iterator[Any]:
            signal.raise_signal(signal.SIGINT)
            return super().batches(start)

    run = make_run(tmp_path)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job has none
    try:
        with pytest.raises(KeyboardInterrupt):
            train(Slow(run, ALONE), run.run, run.optimizer, ALONE)
    finally:
        signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize(
    ("asked", "device", "dtype", "has_it", "used"),
    [
        ("bf16", "cpu", torch.float32, True, "bf16"),
        ("bf16", "cpu", torch.float32, False, "fp32"),
        ("bf16", "cpu", torch.bfloat16, False, "bf16"),
        ("bf16", "cuda", torch.float32, False, "bf16"),
        ("fp32", "cpu", torch.float32, True, "fp32"),
    ],
)
def test_cpus_that_do_not_multiply_bfloat16_train_in_float32(
    monkeypatch, caplog, asked, device, dtype, has_it, used
):
    caplog.set_level("INFO", loop.__name__)  # another test may have quietened the package
    monkeypatch.setattr(loop, "multiplies_bfloat16", lambda: has_it)
    module = nn.Linear(2, 2, dtype=dtype)
    assert loop.usable_precision(asked, module, torch.device(device)) == used
    assert ("float32" in caplog.text) == (asked != used)
