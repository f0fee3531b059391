"""``mdocr train`` as a user meets it: processes, signals, exit codes, what is printed where."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from page_models import save_tiny_line_reader
from training_runs import WORDS, write_folder, write_run
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.models.mdiff4str_config import DecoderConfig, EncoderConfig, MDiff4STRConfig
from mdocr.training.line_reader.widening import with_characters
from mdocr.weights.line_reader import load_line_reader, save_line_reader
from mdocr.weights.mdiff4str import load_mdiff4str, save_mdiff4str

MDOCR = [sys.executable, "-m", "mdocr"]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "error"}


def invoke(*arguments: str):
    return CliRunner().invoke(app, ["train", *arguments])


def test_train_then_read(tmp_path):
    run = write_run(tmp_path)
    made = invoke(
        "recognizer", "--config", str(run), "--set", "run.steps=3", "--set=run.log_every=1"
    )
    model = tmp_path / "out/model.safetensors"
    assert (made.exit_code, made.stdout) == (0, f"{model}\n")
    assert "step 3/3  loss " in made.stderr
    read = CliRunner().invoke(
        app, ["recognize", "--model", str(model), str(tmp_path / "words/0.png"), "--format=json"]
    )
    assert read.exit_code == 0
    assert len(json.loads(read.stdout)["words"]) == 1

    again = invoke("recognizer", "--config", str(run))
    assert again.exit_code == 2
    assert "exists, from an earlier run" in again.stderr
    assert "--resume" in again.stderr


def test_quiet_shows_the_model_only(tmp_path):
    run = write_run(tmp_path)
    made = invoke("recognizer", "--config", str(run), "--set", "run.steps=1", "--quiet")
    assert made.stdout == f"{tmp_path / 'out/model.safetensors'}\n"
    assert made.stderr == ""


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        (["--config", "FOLDER/none.toml"], 3, "none.toml"),
        (["--set", "run.step=3"], 2, "Did you mean run.steps?"),
        (["--set", "run.steps=many"], 2, "run.steps must be of type int, not 'many'"),
        (["--set", "steps"], 2, "not of the form table.key=value"),
        (["--set", 'data.sources=[{kind="folder", path="nowhere"}]'], 3, "no folder 'nowhere'"),
        (["--set", 'data.sources=[{kind="lmdb", path="nowhere"}]'], 3, "mdocr train pack"),
        (["--config", "recognizer-lite", "--set", "model.start=no.pth"], 4, "no.pth"),
        (["--device", "cuda:99"], 6, "cuda:99"),
    ],
)
def test_errors_say_what_is_wrong_and_end_with_their_code(tmp_path, changes, code, message):
    given = [change.replace("FOLDER", str(tmp_path)) for change in changes]
    made = invoke("recognizer", "--config", str(write_run(tmp_path)), *given)
    assert (made.exit_code, made.stdout) == (code, "")
    assert message in made.stderr
    assert "Traceback" not in made.stderr
    assert not (tmp_path / "out/checkpoint.pt").exists()


def write_models(folder: Path, sizes: list[int]) -> list[Path]:
    """A tiny model for each maximal length, each with weights of its own."""
    paths = [folder / f"{number}.safetensors" for number in range(len(sizes))]
    for path, length in zip(paths, sizes, strict=True):
        encoder = EncoderConfig((8, 8, 16), (1, 1, 1), (2, 2, 2), (1, 0, 0))
        config = MDiff4STRConfig(encoder, DecoderConfig(1, 2, max_length=length))
        save_mdiff4str(MDiff4STR(config).state_dict(), config, path)
    return paths


def test_average(tmp_path):
    models, mean = write_models(tmp_path, [8, 8, 8]), tmp_path / "mean.safetensors"
    made = invoke("average", *map(str, models), "-o", str(mean))
    assert (made.exit_code, made.stdout) == (0, f"{mean}\n")
    states = [load_mdiff4str(path).state_dict() for path in models]
    for key, tensor in load_mdiff4str(mean).state_dict().items():
        expected = torch.stack([state[key].float() for state in states]).mean(0)
        torch.testing.assert_close(tensor.float(), expected, atol=1e-3, rtol=1e-3)


def test_average_of_page_models(tmp_path):
    models = [save_tiny_line_reader(tmp_path / name) for name in ("one", "two")]
    other = load_line_reader(models[1])
    doubled = {key: 2 * tensor for key, tensor in other.state_dict().items()}
    save_line_reader(doubled, other.config, models[1], {})
    made = invoke("average", *map(str, models), "-o", str(tmp_path / "mean.v2"))
    assert (made.exit_code, made.stdout) == (0, f"{tmp_path / 'mean.v2'}\n")
    states = [load_line_reader(path).state_dict() for path in models]
    for key, tensor in load_line_reader(tmp_path / "mean.v2").state_dict().items():
        expected = torch.stack([state[key].float() for state in states]).mean(0)
        torch.testing.assert_close(tensor.float(), expected, atol=1e-3, rtol=1e-3)


def test_a_mean_has_the_characters_of_its_first_model(tmp_path):
    known = save_tiny_line_reader(tmp_path / "known")
    more = with_characters(load_line_reader(known), "Șş")
    save_line_reader(more.state_dict(), more.config, tmp_path / "more", {})
    made = invoke("average", str(tmp_path / "more"), str(known), "-o", str(tmp_path / "mean"))
    assert made.exit_code == 0
    assert load_line_reader(tmp_path / "mean").config.symbols == more.config.symbols
    turned = invoke("average", str(known), str(tmp_path / "more"), "-o", str(tmp_path / "other"))
    assert turned.exit_code == 2 and "goes first" in turned.stderr


def test_a_mean_is_of_models_of_one_kind(tmp_path):
    models = write_models(tmp_path, [8, 8])
    made = invoke("average", *map(str, models), "-o", str(tmp_path / "mean"))
    assert made.exit_code == 2
    assert str(models[0]) in made.stderr
    assert not (tmp_path / "mean").exists()


@pytest.mark.parametrize(
    ("sizes", "output", "code", "message"),
    [
        ([8], "mean.safetensors", 2, "at least two models"),
        ([8, 9], "mean.safetensors", 2, "other sizes or characters"),
        ([8, 8], "mean.pth", 2, ".safetensors"),
        ([8, 8], "0.safetensors/mean.safetensors", 4, "mean.safetensors"),
    ],
)
def test_average_errors(tmp_path, sizes, output, code, message):
    models = write_models(tmp_path, sizes)
    made = invoke("average", *map(str, models), "-o", str(tmp_path / output))
    assert (made.exit_code, made.stdout) == (code, "")
    assert message in made.stderr


def test_average_of_models_that_are_not_there(tmp_path):
    made = invoke("average", "none.pth", "no.pth", "-o", str(tmp_path / "mean.safetensors"))
    assert made.exit_code == 4
    assert "none.pth" in made.stderr


def test_pack(tmp_path):
    folder = write_folder(tmp_path / "words")
    made = invoke("pack", str(folder), "-o", str(tmp_path / "packed"))
    assert (made.exit_code, made.stdout) == (0, f"{tmp_path / 'packed'}\n")
    assert f"packed {len(WORDS)} pictures" in made.stderr
    assert invoke("pack", str(folder), "-o", str(tmp_path / "packed")).exit_code == 2
    assert invoke("pack", str(tmp_path / "none"), "-o", str(tmp_path / "p")).exit_code == 3


def test_pack_names_the_unreadable_and_packs_the_others(tmp_path):
    folder = write_folder(tmp_path / "words")
    (folder / "3.png").write_bytes(b"no picture")
    made = invoke("pack", str(folder), "-o", str(tmp_path / "packed"))
    assert made.exit_code == 7
    assert "1 of 12 pictures" in made.stderr
    assert "3.png" in made.stderr
    assert (tmp_path / "packed/data.mdb").exists()


def test_control_characters_in_names_do_not_reach_the_terminal(tmp_path):
    run = write_run(tmp_path)
    (tmp_path / "words/\x1b[2J.png").write_bytes(b"no picture")
    with (tmp_path / "words/labels.tsv").open("a") as labels:
        labels.write("\x1b[2J.png\tword\n")
    made = invoke("recognizer", "--config", str(run), "--set", "run.steps=1")
    assert "1 images are skipped: they cannot be read" in made.stderr
    assert "\x1b" not in made.stderr and r"\x1b[2J.png" in made.stderr


def test_ctrl_c_saves_and_resume_goes_on(tmp_path):
    command = [*MDOCR, "train", "recognizer", "--config", str(write_run(tmp_path))]
    changes = ["--set=run.steps=100000", "--set=run.log_every=2", "--set=data.workers=2"]
    with subprocess.Popen(
        [*command, *changes],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        start_new_session=True,
    ) as process:
        assert process.stderr is not None
        shown = next((line for line in process.stderr if "step 2/100000" in line), None)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: workers get it too
        out, errors = process.communicate(timeout=60)
    assert shown is not None, errors
    assert (process.returncode, out) == (130, "")
    assert "interrupted at step " in errors
    assert "--resume" in errors
    assert "Traceback" not in errors
    saved = torch.load(tmp_path / "out/checkpoint.pt", weights_only=True)
    assert saved["step"] >= 2
    last = saved["step"] + 2
    run = str(tmp_path / "run.toml")
    made = invoke("recognizer", "--config", run, "--resume", f"--set=run.steps={last}")
    assert made.exit_code == 0
    assert f"resuming at step {saved['step']} of {last}" in made.stderr


@pytest.mark.cluster
def test_two_processes_do_what_one_does_with_the_double_batch(tmp_path):
    config = write_run(tmp_path, rate=0.0)
    changes = ["run.steps=8", "run.log_every=1", "run.precision=fp32", "model.ctc_weight=0.5"]
    changes += ["model.freeze_batch_norm=true", "optimizer.learning_rate=3e-4"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    for name, launcher, size in (("one", [sys.executable], 8), ("two", torchrun, 4)):
        given = [*changes, f"run.batch_size={size}", f"run.output={tmp_path / name}"]
        made = subprocess.run(
            [*launcher, "-m", "mdocr", "train", "recognizer", "--config", str(config)]
            + [f"--set={change}" for change in given],
            capture_output=True,
            text=True,
            env=ENVIRONMENT | {"PYTHONWARNINGS": "default"},  # torch's launcher has its own
            timeout=120,
            check=False,
        )
        assert made.returncode == 0, made.stderr
        assert made.stdout == f"{tmp_path / name / 'model.safetensors'}\n"
    one, two = (
        torch.load(tmp_path / name / "checkpoint.pt", weights_only=True) for name in ("one", "two")
    )
    for part in ("module", "average"):
        for key, value in one[part].items():
            found, expected = effective(key, two[part][key]), effective(key, value)
            torch.testing.assert_close(found, expected, rtol=0, atol=1e-5, msg=key)
    logs = [read_log(tmp_path / name) for name in ("one", "two")]
    for first, second in zip(*logs, strict=True):
        for name in ("loss", "denoise", "replace", "ctc", "norm"):
            assert second[name] == pytest.approx(first[name], rel=1e-5)


def effective(name: str, value: torch.Tensor) -> torch.Tensor:
    """The part of a parameter that can change an output.

    A bias of attention's keys cannot: its gradient is a rounding error, which AdamW makes a step.
    """
    if name.endswith("qkv.bias"):
        query, _, values = value.chunk(3)
        return torch.cat([query, values])
    return value.chunk(2)[1] if name.endswith(".kv.bias") else value


def read_log(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
