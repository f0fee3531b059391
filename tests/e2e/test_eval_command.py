"""``mdocr eval recognizer`` counts the words that are read right."""

import csv
import io
import json
import shutil
import sys

import pytest
from typer.testing import CliRunner

from mdocr.cli.main import app

ALL_READ_AS = "mdiff4str/tiny_best.pth"


@pytest.fixture
def folder(tmp_path, golden):
    """One picture thrice: once with the text that the model reads there, twice with others."""
    from PIL import Image

    from mdocr.recognizer import load_recognizer

    picture = Image.effect_noise((120, 32), 80).convert("RGB")
    picture.save(tmp_path / "a.png")
    (read,) = load_recognizer(golden / ALL_READ_AS, "cpu").recognize([tmp_path / "a.png"])
    for name in "bc":
        shutil.copy(tmp_path / "a.png", tmp_path / f"{name}.png")
    rows = [f"a.png\t{read.text}", "b.png\tNever0read", f"c.png\t{read.text}X"]
    (tmp_path / "labels.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(app, ["eval", "recognizer", *map(str, arguments)])


def test_a_third_is_right(folder, golden):
    done = run(folder, "--model", golden / ALL_READ_AS, "--device", "cpu", "--format", "json")
    assert done.exit_code == 0, done.output
    (row,) = json.loads(done.stdout)["sets"]
    assert row["words"] == 3
    assert row["exact"] == pytest.approx(1 / 3, abs=1e-4)


def test_several_decoders_as_csv(folder, golden):
    decoders = "parallel,block-low-confidence"
    model = golden / ALL_READ_AS
    done = run(folder, "--model", model, "--decoder", decoders, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["decoder"] for row in rows] == decoders.split(",")


def test_decoders_without_steps_are_read_once(folder, golden):
    decoders = "parallel,block-low-confidence"
    done = run(
        *(folder, "--model", golden / ALL_READ_AS, "--decoder", decoders),
        *("--steps", "1-2", "--format", "csv"),
    )
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["decoder"], row["steps"]) for row in rows] == [
        ("parallel", ""),
        ("block-low-confidence", "1"),
        ("block-low-confidence", "2"),
    ]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["nowhere"], 3),
        (["--format", "xml", "."], 2),
        (["--decoder", "guess", "."], 2),
        (["--steps", "3-1", "."], 2),
    ],
)
def test_wrong_arguments_are_named(arguments, code):
    done = run(*arguments)
    assert done.exit_code == code
    assert "Error:" in done.stderr


@pytest.mark.parametrize("package", ["apted", "markdown_it"])
def test_a_missing_extra_is_named_before_anything_is_read(package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    command = ["eval", "parser", str(tmp_path / "nowhere"), "--model", "nowhere/at/all"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 5
    assert "pip install" in done.stderr


def test_several_sets_are_averaged_and_misread_words_drawn(folder, golden, tmp_path):
    sheet = tmp_path / "sheet.png"
    model = ("--model", golden / ALL_READ_AS, "--device", "cpu")
    done = run(folder, folder, *model, "--format", "json", "--limit", 2, "--errors", sheet)
    assert done.exit_code == 0, done.output
    first, _, mean, weighted = json.loads(done.stdout)["sets"]
    assert (mean["set"], mean["words"]) == ("mean of sets", 4)
    assert (weighted["set"], weighted["exact"]) == ("weighted mean of sets", mean["exact"])
    assert mean["exact"] == first["exact"] == 0.5
    assert sheet.exists()


def test_a_sheet_that_cannot_be_written_is_refused_or_does_not_lose_the_figures(
    folder, golden, monkeypatch
):
    model = ("--model", golden / ALL_READ_AS, "--device", "cpu")
    refused = run(folder, *model, "--errors", folder / "a.png" / "sheet.png")
    assert (refused.exit_code, refused.stdout) == (2, "")
    monkeypatch.setattr("mdocr.cli.eval.check_folder", lambda folder: None)  # filled since
    done = run(folder, *model, "--format", "json", "--errors", folder / "a.png" / "sheet.png")
    assert done.exit_code == 2
    assert json.loads(done.stdout)["sets"][0]["words"] == 3


def test_a_set_is_checked_without_reading(folder):
    done = run(folder, "--check", "--format", "json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["sets"][0]["words"] == 3
    (folder / "b.png").write_bytes(b"nothing")
    assert run(folder, "--check").exit_code == 3


def test_a_suite_of_other_sizes_is_not_whole(folder):
    for name in ("weak", "heavy"):
        shutil.copytree(folder, folder / "sets" / name, ignore=lambda *_: ["sets"])
    assert run(folder / "sets", "--suite", "ost", "--check").exit_code == 3
    assert run(folder / "sets", "--suite", "common", "--check").exit_code == 3
