"""``mdocr recognize --draft FILE``, on the samples and the model in the package."""

import csv
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from mdocr.cli.main import app

SAMPLES = Path(__file__).parents[2] / "docs/samples/words"


def recognize(*arguments: object) -> Result:
    command = ["recognize", *map(str, arguments), "--device", "cpu"]
    return CliRunner().invoke(app, command)


@pytest.fixture(scope="module")
def read() -> dict[str, str]:
    """What the model reads by itself."""
    lines = recognize(SAMPLES).stdout.splitlines()
    return dict(line.split("\t") for line in lines)


@pytest.fixture
def drafts(tmp_path: Path, read: dict[str, str]) -> Path:
    """The same with an error in the second word."""
    file = tmp_path / "read.tsv"
    texts = list(read.items())
    texts[1] = (texts[1][0], "Q" + texts[1][1][1:])
    file.write_text("".join(f"{path}\t{text}\n" for path, text in texts), encoding="utf-8")
    return file


def test_only_what_was_changed_is_printed(drafts: Path, read: dict[str, str]) -> None:
    result = recognize(SAMPLES, "--draft", drafts, "--changed")
    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    path, draft, text, before, after = line.split("\t")
    assert (path, draft[0], text) == (list(read)[1], "Q", read[path])
    assert float(before) < float(after) <= 1
    assert f"1 of {len(read)} words are not as drafted" in result.stderr


def test_all_words_are_printed_without_changed(drafts: Path, read: dict[str, str]) -> None:
    lines = recognize(SAMPLES, "--draft", drafts).stdout.splitlines()
    assert dict(line.split("\t") for line in lines) == read


def test_records_have_the_draft(drafts: Path, read: dict[str, str]) -> None:
    result = recognize(SAMPLES, "--draft", drafts, "--format", "json")
    words = json.loads(result.stdout)["words"]
    assert [word["draft"] == word["text"] for word in words] == [n != 1 for n in range(len(words))]
    table = recognize(SAMPLES, "--draft", drafts, "--format", "csv", "--changed").stdout
    (row,) = csv.DictReader(table.splitlines())
    assert row["draft"] == words[1]["draft"]
    assert float(row["draft_confidence"]) == words[1]["draft_confidence"]


def test_a_draft_of_no_use_is_a_failure(tmp_path: Path) -> None:
    first, second, *_ = sorted(SAMPLES.glob("*.png"))
    file = tmp_path / "read.tsv"
    file.write_text(f"{first}\ttwo words\n{second}\tword\nnone.png\tx\n", encoding="utf-8")
    result = recognize(first, second, "--draft", file)
    assert result.exit_code == 7
    assert len(result.stdout.splitlines()) == 1
    assert "cannot write: ' '" in result.stderr
    assert "line 3: there is no picture 'none.png'" in result.stderr


def test_usage(tmp_path: Path) -> None:
    sample = next(iter(sorted(SAMPLES.glob("*.png"))))
    alone = recognize(sample, "--changed")
    assert (alone.exit_code, "--draft FILE" in alone.stderr) == (2, True)
    missing = recognize(sample, "--draft", tmp_path / "none.tsv")
    assert (missing.exit_code, "none.tsv" in missing.stderr) == (3, True)
    file = tmp_path / "read.tsv"
    file.write_text(f"{sample}\tword\n", encoding="utf-8")
    same = recognize(sample, "--draft", file, "-o", file)
    assert (same.exit_code, "written over" in same.stderr) == (2, True)
