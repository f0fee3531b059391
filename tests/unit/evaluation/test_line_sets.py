"""Scores of labelled lines."""

import json

import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from mdocr.cli.eval import app
from mdocr.evaluation.line_sets import ReadLine, summary

pytest.importorskip("rapidfuzz")

LONG = "The keeper counted the lanterns along the quay, and wrote down every one that was dark."


def test_summary():
    found = [ReadLine("abc", "abc", 2), ReadLine("abxd", "abcde", 4)]
    assert summary(found) == {
        "lines": 2,
        "characters": 8,
        "errors": pytest.approx(2 / 8),
        "exact": 0.5,
        "passes": 3,
    }
    assert summary([])["errors"] == 0


def test_lines_of_a_folder_are_read_and_compared(tmp_path):
    font = ImageFont.load_default(28)
    labels = {"short.png": "Berth 12", "long.png": LONG, "wrong.png": "Heron"}
    for name, text in labels.items():
        shown = "Plover" if name == "wrong.png" else text
        picture = Image.new("L", (int(font.getlength(shown)) + 16, 44), 255)
        ImageDraw.Draw(picture).text((8, 4), shown, fill=0, font=font)
        picture.save(tmp_path / name)
    (tmp_path / "labels.tsv").write_text("".join(f"{n}\t{t}\n" for n, t in labels.items()))
    done = CliRunner().invoke(app, ["lines", str(tmp_path), "--format", "json", "--model", "lite"])
    assert done.exit_code == 0, done.output
    (found,) = json.loads(done.stdout)["sets"]
    assert (found["lines"], found["characters"]) == (3, sum(map(len, labels.values())))
    assert found["exact"] == pytest.approx(2 / 3)
    assert found["errors"] == pytest.approx(5 / found["characters"], abs=0.01)
