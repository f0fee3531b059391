"""``mdocr bench`` measures, prints and draws."""

import csv
import io
import json
import sys

import pytest
from page_models import save_tiny_line_reader, write_pdf
from PIL import Image
from typer.testing import CliRunner

from mdocr.bench import limits
from mdocr.cli.main import app

TINY = "mdiff4str/tiny_best.pth"


@pytest.fixture(autouse=True)
def short_measuring(monkeypatch):
    monkeypatch.setattr(limits, "SECONDS", 0.0)
    monkeypatch.setitem(limits.SIDE, "cpu", 64)
    monkeypatch.setitem(limits.COPIED, "cpu", 2**16)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "words").mkdir()
    Image.effect_noise((120, 32), 80).convert("RGB").save(tmp_path / "words" / "a.png")
    return tmp_path / "words"


def run(*arguments):
    return CliRunner().invoke(app, ["bench", *map(str, arguments)])


def quick(folder, golden, *more):
    fast = ("--repeats", 1, "--warm-up", 0, "--engine", "torch", "--device", "cpu")
    return run("latency", folder, "--model", golden / TINY, *fast, *more)


def test_latency_as_json_with_a_plot(folder, golden, tmp_path):
    pytest.importorskip("matplotlib")
    plot = tmp_path / "plot.svg"
    chosen = ("--decoder", "block-low-confidence,parallel", "--steps", "1,2", "--batch-size", "1,2")
    done = quick(folder, golden, *chosen, "--json", "-o", plot)
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["schema"] == "mdocr.bench.latency/1"
    assert len(report["rows"]) == 2 * (2 + 1)
    assert report["subjects"][0]["limits"]["arithmetic"] > 0
    assert plot.read_text(encoding="utf-8").startswith("<?xml")


def test_latency_as_a_table_and_as_csv(folder, golden):
    done = quick(folder, golden, "--decoder", "parallel")
    assert done.exit_code == 0, done.output
    assert "GFLOP/s" in done.stdout
    assert "of bandwidth" in done.stdout
    done = quick(folder, golden, "--decoder", "parallel", "--csv")
    (row,) = csv.DictReader(io.StringIO(done.stdout))
    assert float(row["median"]) > 0


def test_weights_are_counted_in_their_dtype(folder, golden):
    moved = {}
    for dtype in ("float32", "bfloat16"):
        done = quick(folder, golden, "--decoder", "parallel", "--dtype", dtype, "--json")
        (subject,) = json.loads(done.stdout)["subjects"]
        moved[dtype] = subject["weight_bytes"] / subject["parameters"]
    assert moved == {"float32": 4, "bfloat16": 2}


def test_the_papers_protocol_shows_the_published_figures(folder, golden):
    done = quick(folder, golden, "--decoder", "parallel", "--protocol", "paper")
    assert done.exit_code == 0, done.output
    assert "published" in done.stdout
    assert " mean " in done.stdout.partition("published")[0]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["latency", "--protocol", "paper"], 2),
        (["latency", "--protocol", "other"], 2),
        (["latency", "--json", "--csv"], 2),
        (["latency", "--steps", "one"], 2),
        (["latency", "--steps", "3-1"], 2),
        (["latency", "--engine", ""], 2),
        (["latency", "--device", ","], 2),
        (["latency", "--decoder", ""], 2),
        (["latency", "-o", "plot.doc"], 2),
        (["latency", "nowhere"], 3),
        (["throughput", "--thresholds", "high"], 2),
    ],
)
def test_wrong_arguments_are_named(arguments, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*arguments)
    assert done.exit_code == code
    assert "Error:" in done.stderr


def test_a_missing_extra_is_named(folder, golden, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    done = quick(folder, golden, "-o", tmp_path / "plot.svg")
    assert done.exit_code == 5
    assert ".[bench]" in done.stderr


def test_a_missing_extra_is_named_before_the_model_is_loaded(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu", None)
    done = run("shuffle", "--model", "nowhere/at/all")
    assert done.exit_code == 5
    assert "sacrebleu" in done.stderr and ".[bench]" in done.stderr


@pytest.mark.slow
def test_throughput_and_parser_accuracy(tmp_path):
    pages = tmp_path / "pages"
    pages.mkdir()
    write_pdf(pages / "a.pdf", [["abc"]])
    (pages / "a.md").write_text("abc\n", encoding="utf-8")
    model = save_tiny_line_reader(tmp_path / "model")
    done = run(
        "throughput", pages, "--model", model, "--thresholds", "0.9", "--warm-up", 0, "--json"
    )
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    diffusion, autoregressive = report["rows"]
    assert diffusion["mode"] == "threshold 0.9"
    assert 0 <= diffusion["similarity"] <= 1
    assert diffusion["tokens_per_pass"] >= autoregressive["tokens_per_pass"]
    assert autoregressive["speed_up"] == 1
    assert report["published"][1]["tokens_per_second"] == 165
    arguments = ["parser", pages, "--model", model, "--format", "json", "-o", tmp_path / "out"]
    done = CliRunner().invoke(app, ["eval", *map(str, arguments)])
    assert done.exit_code == 0, done.output
    (everything,) = json.loads(done.stdout)["pages"]
    assert (everything["group"], everything["pages"]) == ("all", 1)
    assert (tmp_path / "out" / "a.md").exists()


@pytest.mark.slow
def test_a_corpus_is_timed_by_workers(tmp_path):
    save_tiny_line_reader(tmp_path / "model")
    (tmp_path / "scans").mkdir()
    write_pdf(tmp_path / "scans/a.pdf", [["one"], ["two"]])
    model = ("--model", tmp_path / "model", "--device", "cpu")
    done = run(
        "corpus", tmp_path / "scans", *model, "--workers", "1,2", "--price", "0.04", "--json"
    )
    assert done.exit_code == 0, done.stderr
    rows = json.loads(done.stdout)["rows"]
    assert [(row["workers"], row["pages"], row["failures"]) for row in rows] == [
        (1, 2, 0),
        (2, 2, 0),
    ]
    for row in rows:
        assert 0 < row["cpu_seconds_per_page"] <= row["cpu_seconds"]
        hours = row["core_hours_per_million"]
        assert row["cost_per_million"] == pytest.approx(0.04 * hours)
