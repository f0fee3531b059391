"""Wrong uses of the commands that read no documents: each ends with its code and says what to do.

``test_parse_command`` and ``test_recognize_command`` hold those of the others.
"""

import json
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mdocr.cli.main import app

pytest.importorskip("fontTools")  # extras of training

USAGE, INPUT, WEIGHTS, EXTRA, DEVICE = 2, 3, 4, 5, 6

FILES = {
    "notes.txt": b"hello",
    "bytes.csv": bytes(range(256)),
    "bad.toml": b"[data\nx=",
    "unknown.toml": b"task = 'recognizer'\n",
    "type.toml": b"[run]\nsteps = 'many'\n",
    "bad.safetensors": b"12345678abc",
    "bad.pth": b"xyz",
    "bad.jsonl": b"{no json\n",
    "odd.jsonl": b'{"picture": 1}\n',
    "empty.jsonl": b"",
    "empty_token": b"",
    "unlabelled/a.txt": b"",
    "bad_labels/labels.tsv": b"only one column\n",
    "binary_labels/labels.tsv": b"\xff\xfe\x00a",
    "labelled/labels.tsv": b"a.png\thello\n",
    "bad_model/config.json": b"{",
    "empty_model/config.json": b"{}",
    "theirs/encoder.onnx": b"another model",
}

WRONG = [
    ("--nonsense", USAGE, "No such option"),
    ("pars", USAGE, "'parse'"),
    ("version extra", USAGE, "unexpected extra argument"),
    ("help nonsense", USAGE, "No such command"),
    ("models nonsense", USAGE, "No such command"),
    ("models download", USAGE, "Missing argument"),
    ("models download mdiff4str-bas", WEIGHTS, "Did you mean mdiff4str-base?"),
    ("models download mdiff4str-base", WEIGHTS, "where there is a network"),
    ("models verify nonsense", WEIGHTS, "Known models"),
    ("models verify mdiff4str-base", WEIGHTS, "mdocr models download mdiff4str-base"),
    ("models path mdiff4str-base", WEIGHTS, "mdocr models download mdiff4str-base"),
    ("models remove nonsense", WEIGHTS, "Known models"),
    ("models remove mdiff4str-lite", WEIGHTS, "mdocr models list"),
    ("models list --csv", USAGE, "No such option"),
    ("info extra", USAGE, "extra"),
    ("synth words", USAGE, "Missing option"),
    ("synth words -o notes.txt", USAGE, "is a file"),
    ("synth words -o notes.txt/sub", USAGE, "that you may write to"),
    ("synth words -o /proc/none", USAGE, "that you may write to"),
    ("synth words -o labelled", USAGE, "--force"),
    ("synth words -o new --count 0", USAGE, "--count"),
    ("synth words -o new --count many", USAGE, "--count"),
    ("synth words -o new --difficulty 2", USAGE, "--difficulty"),
    ("synth words -o new --seed -1", USAGE, "--seed"),
    ("synth words -o new --fonts gone", INPUT, "Name a folder of fonts"),
    ("synth words -o new --fonts notes.txt", INPUT, "Name a folder of fonts"),
    ("synth lines -o new --fonts unlabelled --held-out", INPUT, "Name another folder"),
    ("synth pages -o new --count 1.5", USAGE, "--count"),
    ("synth formulas -o /proc/none", USAGE, "that you may write to"),
    ("train recognizer", USAGE, "--config"),
    ("train recognizer --config gone.toml", INPUT, "shipped run"),
    ("train recognizer --config unlabelled", INPUT, "shipped run"),
    ("train recognizer --config bad.toml", USAGE, "docs/training.md"),
    ("train recognizer --config unknown.toml", USAGE, "Keys there"),
    ("train recognizer --config type.toml", USAGE, "run.steps must be of type int"),
    ("train recognizer --config recognizer-lite --set nonsense", USAGE, "--set run.steps=1000"),
    ("train recognizer --config recognizer-lite --set model.x=1", USAGE, "Keys there"),
    ("train recognizer --config recognizer-lite --device tpu", USAGE, "Choose one of"),
    ("train recognizer --corrections gone.csv", INPUT, "--review"),
    ("train recognizer --corrections bytes.csv", INPUT, "UTF-8"),
    ("train recognizer --corrections notes.txt", INPUT, "no column"),
    ("train parser", USAGE, "--config"),
    ("train parser --config recognizer-lite", USAGE, "unknown key model.size"),
    (
        "train parser --config parser-finetune --set data.manifest=mine.jsonl",
        USAGE,
        "--set 'data.manifest=[\"mine.jsonl\"]'",
    ),
    ("train mine gone.jsonl -o new.jsonl", INPUT, "mdocr synth pages"),
    ("train mine bad.jsonl -o new.jsonl", INPUT, "line 1 is not a sample: it is no JSON"),
    ("train mine odd.jsonl -o new.jsonl", INPUT, "line 1 is not a sample: it has no 'image'"),
    ("train mine empty.jsonl -o new.jsonl", INPUT, "is empty"),
    ("train mine odd.jsonl -o new.jsonl --answers 0", USAGE, "at least 2"),
    ("train average mdiff4str-lite -o new.safetensors", USAGE, "at least two"),
    ("train average bad.safetensors bad.safetensors -o m.safetensors", WEIGHTS, "damaged"),
    ("train average mdiff4str-lite mdiff4str-lite -o m.txt", USAGE, ".safetensors"),
    (
        "train average mdiff4str-lite mdiff4str-lite -o /proc/m.safetensors",
        WEIGHTS,
        "that you may write to",
    ),
    ("train average mdiff4str-lite mineru-diffusion-lite -o m.safetensors", WEIGHTS, "parser"),
    ("train pack gone -o new", INPUT, "there is no folder 'gone'"),
    ("train pack bad_labels -o new", INPUT, "path<TAB>text"),
    ("train pack labelled -o notes.txt", USAGE, "another LMDB"),
    ("eval recognizer", USAGE, "Missing argument"),
    ("eval recognizer gone", INPUT, "there is no folder 'gone'"),
    ("eval recognizer notes.txt", INPUT, "there is no folder 'notes.txt'"),
    ("eval recognizer unlabelled", INPUT, "path<TAB>text"),
    ("eval recognizer bad_labels", INPUT, "no tab"),
    ("eval recognizer binary_labels", INPUT, "UTF-8"),
    ("eval recognizer labelled --format xml", USAGE, "table, json, csv"),
    ("eval recognizer labelled --steps 0", USAGE, "between 1 and 26"),
    ("eval recognizer labelled --steps a", USAGE, "1-3,8"),
    ("eval recognizer labelled --decoder nonsense", USAGE, "Choose one of"),
    ("eval recognizer labelled --suite nonsense", USAGE, "common"),
    ("eval recognizer labelled --suite common", INPUT, "docs/datasets.md"),
    ("eval recognizer labelled --limit 0", USAGE, "--limit"),
    ("eval recognizer labelled --model nonsense", WEIGHTS, "Known models"),
    ("eval recognizer labelled --lexicon gone.txt", INPUT, "'gone.txt': No such file"),
    ("eval recognizer labelled --errors /proc/none/a.png", USAGE, "that you may write to"),
    ("eval recognizer labelled --engine nonsense", USAGE, "Choose one of"),
    ("eval recognizer labelled --dtype float8", USAGE, "Choose one of"),
    ("eval parser gone", INPUT, "Name a folder of pages"),
    ("eval parser unlabelled", INPUT, "beside the image"),
    ("eval parser unlabelled --predictions gone", USAGE, "does not exist"),
    ("eval parser unlabelled --threshold 2", USAGE, "between 0 and 1"),
    ("eval formulas gone", INPUT, "there is no folder 'gone'"),
    ("eval lines gone", INPUT, "there is no folder 'gone'"),
    ("export mdiff4str-lite", USAGE, "Missing option"),
    ("export nonsense -o new", WEIGHTS, "Known models"),
    ("export bad.pth -o new", WEIGHTS, "a source you trust"),
    ("export bad.safetensors -o new", WEIGHTS, "Copy or download it again"),
    ("export empty_model -o new", WEIGHTS, "Give the folder that contains it"),
    ("export bad_model -o new", WEIGHTS, "config.json"),
    ("export notes.txt -o new", WEIGHTS, "Name one"),
    ("export mdiff4str-lite -o new --precision fp8", USAGE, "fp32, fp16, int8, int4"),
    ("export mdiff4str-lite -o new --precision int4", USAGE, "Choose int8"),
    ("export mdiff4str-lite -o notes.txt", USAGE, "that you may write to"),
    ("export mdiff4str-lite -o /proc/none", USAGE, "that you may write to"),
    ("export mdiff4str-lite -o theirs", USAGE, "--force"),
    ("bench latency gone", INPUT, "Give a folder of images"),
    ("bench latency unlabelled", INPUT, "Give a folder of images"),
    ("bench latency --decoder nonsense", USAGE, "Choose one of"),
    ("bench latency --steps 0", USAGE, "numbers from 1, not 0"),
    ("bench latency --batch-size 0", USAGE, "numbers from 1, not 0"),
    ("bench latency --json --csv", USAGE, "Choose one of them"),
    ("bench latency -o plot.txt", USAGE, "svg, png, pdf"),
    ("bench latency -o /proc/none.svg", USAGE, "that you may write to"),
    ("bench latency --protocol paper", USAGE, "as DATA"),
    ("bench corpus gone", INPUT, "gone"),
    ("bench corpus gone --workers 0", USAGE, "at least 1, not 0"),
    ("bench throughput gone", INPUT, "Give a folder of pages"),
    ("bench throughput --thresholds 2", USAGE, "between 0 and 1"),
    ("bench throughput --thresholds a", USAGE, "0.6,0.95"),
    ("bench throughput --device nonsense", USAGE, "Choose one of"),
    ("bench shuffle gone", INPUT, "one per page"),
    ("bench shuffle --shares 2", USAGE, "between 0 and 1, not 2"),
    ("serve --port 99999999", USAGE, "between 0 and 65535"),
    ("serve --workers 0", USAGE, "at least 1"),
    ("serve --host 0.0.0.0", USAGE, "--token-file"),
    ("serve --token-file gone", USAGE, "that you may read"),
    ("serve --token-file empty_token", USAGE, "Write a token to it"),
    ("serve --page-model nonsense", WEIGHTS, "Known models"),
    ("serve --word-model nonsense", WEIGHTS, "Known models"),
    ("serve --mcp", USAGE, "--folder"),
    ("serve --folder unlabelled", USAGE, "--mcp"),
    ("serve --max-bytes 0", USAGE, "max bytes must be at least 1"),
    ("serve --timeout 0", USAGE, "timeout must be above 0"),
    ("serve --page-timeout 0", USAGE, "page seconds must be above 0"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("wrong")
    for name, content in FILES.items():
        (made / name).parent.mkdir(exist_ok=True)
        (made / name).write_bytes(content)
    return made


@pytest.mark.parametrize(("command", "code", "advice"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_use_ends_with_its_code_and_says_what_to_do(
    folder: Path, monkeypatch: pytest.MonkeyPatch, command: str, code: int, advice: str
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.setenv("MDOCR_CACHE", str(folder / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.delenv("MDOCR_TOKEN", raising=False)
    before = sorted(folder.rglob("*"))
    done = CliRunner().invoke(app, shlex.split(command))
    assert done.exit_code == code, done.output
    assert done.stdout == ""
    assert done.stderr.count("Error: ") == 1 and advice in done.stderr
    assert "Traceback" not in done.stderr and "Errno" not in done.stderr
    left = [path for path in folder.rglob("*") if path not in before]
    assert [path for path in left if "cache" not in path.parts] == []


def test_a_full_disk_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("PIL.Image.Image.save", full)
    done = CliRunner().invoke(app, ["synth", "formulas", "-o", str(folder / "new"), "--count", "1"])
    assert done.exit_code == USAGE
    assert str(folder / "new") in done.stderr and "with room for the files" in done.stderr


def test_pictures_that_are_missing_are_told_and_counted_as_misread(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.chdir(folder)
    command = ["eval", "formulas", "labelled", "--format", "json", "--device", "cpu"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["sets"][0]["exact"] == 0
    assert (
        "counted as misread" in caplog.text + done.stderr and "a.png" in caplog.text + done.stderr
    )
