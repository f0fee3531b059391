"""Formulas as a user meets them: single pictures, displayed ones on a page, a labelled set."""

import csv
import io
from pathlib import Path

import numpy as np
import pytest
from page_models import save_tiny_line_reader
from PIL import Image, ImageDraw, ImageFont
from typer.testing import CliRunner

import mdocr
from mdocr.cli.main import app
from mdocr.parsing.line_reader.formulas import FORMULA_BLOCK, LONGEST
from mdocr.synthesis.formulas.grammar import draw_formula

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


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A reader of formulas with random weights."""
    return save_tiny_line_reader(tmp_path_factory.mktemp("reader") / "tiny", formula_height=64)


def invoke(*arguments: object) -> str:
    result = CliRunner().invoke(app, [*map(str, arguments)])
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_single_formulas_are_read(pictures, reader):
    command = ("read", "--as", "formula", "--page-model", reader, "--engine", "torch")
    result = CliRunner().invoke(app, [*map(str, (*command, *pictures))])
    lines = result.stdout.splitlines()
    assert [line.split("\t")[0] for line in lines] == [str(path) for path in pictures]
    found = mdocr.load_parser(reader).generate(
        pictures, "formula", block_length=FORMULA_BLOCK, max_tokens=LONGEST
    )
    texts = [" ".join(made.text.split()) for made in found]
    assert [line.split("\t")[1] for line in lines] == texts
    assert any(texts)
    cut = [
        str(path) for path, made in zip(pictures, found, strict=True) if len(made.tokens) >= LONGEST
    ]
    assert result.exit_code == (7 if cut else 0)
    assert all(f"{path}: equation: a formula has more tokens" in result.stderr for path in cut)
    assert invoke(*command, pictures[0]) == lines[0].split("\t")[1] + "\n"


def test_what_is_no_picture_does_not_end_the_others(pictures, reader, tmp_path):
    (tmp_path / "a.png").write_text("no picture")
    files = [tmp_path / "a.png", pictures[0]]
    command = ["read", "--as", "formula", "--page-model", reader, *files]
    result = CliRunner().invoke(app, [*map(str, command)])
    assert result.exit_code == 7
    assert result.stdout.startswith(f"{pictures[0]}\t")
    assert "a.png" in result.stderr


def test_the_model_in_the_package_reads_formulas(pictures):
    for engine in ("onnx", "torch"):
        assert invoke("read", "--as", "formula", "--engine", engine, pictures[0]) == "E=mc^{2}\n"


def test_rows_are_read_one_by_one(tmp_path):
    rows = draw_formula(
        r"\begin{aligned} y &= x^{2} - 1 \\ &= (x + 1)(x - 1) \end{aligned}", 40, "cm"
    )
    Image.fromarray(255 - np.pad(rows, 12)).save(tmp_path / "rows.png")
    read = invoke("read", "--as", "formula", "--page-model", "lite", tmp_path / "rows.png")
    assert read == "\\begin{aligned}y&=x^{2}-1 \\\\ &=(x+1)(x-1)\\end{aligned}\n"


def test_a_model_of_lines_alone_says_so(pictures, tmp_path):
    lines = save_tiny_line_reader(tmp_path / "lines")
    command = ["read", "--as", "formula", "--page-model", str(lines), str(pictures[0])]
    result = CliRunner().invoke(app, command)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "has no task 'formula'" in result.stderr


def test_formulas_go_to_stdout(pictures, reader, tmp_path):
    command = ["read", "--as", "formula", "-o", tmp_path, "--page-model", reader, pictures[0]]
    result = CliRunner().invoke(app, [*map(str, command)])
    assert result.exit_code == 2 and "stdout" in result.stderr


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


def test_a_labelled_set_is_scored(pictures, reader, tmp_path):
    read = invoke("read", "--as", "formula", "--page-model", reader, pictures[0])
    (tmp_path / "0.png").write_bytes(pictures[0].read_bytes())
    (tmp_path / "1.png").write_bytes(pictures[1].read_bytes())
    (tmp_path / "2.png").write_text("no picture")
    (tmp_path / "labels.tsv").write_text(f"0.png\t{read}1.png\tj=9\n2.png\tj=9\n")
    arguments = ("eval", "formulas", tmp_path, "--model", reader, "--format", "csv")
    (row,) = csv.DictReader(io.StringIO(invoke(*arguments)))
    assert row["formulas"] == "3"
    assert float(row["exact"]) == pytest.approx(1 / 3, abs=1e-3)
    assert 0 < float(row["similarity"]) < 1
