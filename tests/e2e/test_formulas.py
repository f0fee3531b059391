"""Formulas as a user meets them: single pictures, displayed ones on a page, a labelled set."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.synthesis.formulas import draw_formula

FORMULAS = {
    r"E=mc^{2}": "E = mc^{2}",
    r"x=\frac{a+b}{c}": r"x = \frac{a + b}{c}",
    r"\alpha_{1}\leq\beta": r"\alpha_{1} \leq \beta",
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("formulas")
    paths = []
    for number, latex in enumerate(FORMULAS.values()):
        paths.append(folder / f"{number}.png")
        Image.fromarray(255 - np.pad(draw_formula(latex, 40, "cm"), 12)).save(paths[-1])
    return paths


def invoke(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("engine", ["torch", "onnx"])
def test_single_formulas_are_read(pictures, engine):
    lines = invoke("read", "--as", "formula", "--engine", engine, *pictures).splitlines()
    assert [line.split("\t") for line in lines] == [
        [str(path), latex] for path, latex in zip(pictures, FORMULAS, strict=True)
    ]
    assert invoke("read", "--as", "formula", pictures[0]) == "E=mc^{2}\n"


def test_a_file_that_is_no_picture_does_not_end_the_others(pictures, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    files = [tmp_path / "a.png", pictures[0]]
    result = CliRunner().invoke(app, ["read", "--as", "formula", *map(str, files)])
    assert result.exit_code == 7
    assert result.stdout == f"{pictures[0]}\tE=mc^{{2}}\n"
    assert "a.png" in result.stderr


def test_a_displayed_formula_of_a_page_is_latex(tmp_path):
    page = Image.new("L", (1200, 420), 255)
    font, draw = ImageFont.load_default(32), ImageDraw.Draw(page)
    above = "What a body at rest is worth in energy is told by its mass alone, as"
    draw.text((100, 60), above, 0, font)
    draw.text((100, 106), "we write it today in every book on the matter:", 0, font)
    ink = draw_formula("E = mc^{2}", 40, "cm")
    page.paste(Image.fromarray(255 - ink), (500, 200))
    margin = 100 + round(draw.textlength(above, font))
    draw.text((margin - 50, 200), "(7)", 0, font)
    draw.text((100, 300), "It holds wherever the body is, and whatever it is made of.", 0, font)
    page.save(tmp_path / "page.png")
    text = invoke("parse", tmp_path / "page.png", "--model", "lite")
    assert "$$\nE=mc^{2} \\tag{7}\n$$" in text
    assert text.index("every book") < text.index("$$") < text.index("It holds")


def test_a_labelled_set_is_scored(pictures, tmp_path):
    texts = [*list(FORMULAS.values())[:2], "x"]
    labels = zip((path.resolve() for path in pictures), texts, strict=True)
    (tmp_path / "labels.tsv").write_text("".join(f"{path}\t{latex}\n" for path, latex in labels))
    (row,) = csv.DictReader(io.StringIO(invoke("eval", "formulas", tmp_path, "--format", "csv")))
    assert row["formulas"] == "3"
    assert float(row["exact"]) == pytest.approx(2 / 3, abs=1e-3)
    assert 0 < float(row["similarity"]) < 1
