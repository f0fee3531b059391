"""Documents that write themselves, in each format."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from documents import block, document, everything, save_pages

from mdocr.errors import InputError, UsageError
from mdocr.render import FORMATS, Document, format_of_file

PICTURES = {"page-1-8.png": b"one", "page-2-4.png": b"two"}


def test_every_format_has_a_method() -> None:
    made = everything()
    assert made.to_markdown().startswith("# A \\*Study\\* of $x_1$")
    assert made.to_text().startswith("A *Study* of x_1\n\n1 Introduction")
    assert made.to_html().startswith("<!doctype html>")
    assert made.to_latex().startswith("\\documentclass")
    assert made.to_dict()["schema"] == "mdocr.document/1"
    assert made.render("md") == made.to_markdown()


def test_options_of_rendering_are_given_by_name() -> None:
    made = document((block("text", 0.1, r"\(x\)"),))
    assert made.to_markdown(math="brackets", page_marks=True) == "<!-- page 1 -->\n\n\\(x\\)\n"
    with pytest.raises(UsageError, match="unknown option 'page_mark'") as error:
        made.to_text(page_mark=True)  # type: ignore[call-arg]
    assert "page_marks" in error.value.hint
    with pytest.raises(UsageError, match="unknown tables 'csv'"):
        made.to_markdown(tables="csv")


@pytest.mark.parametrize("name", [f"out{one.endings[-1]}" for one in FORMATS.values()])
def test_a_document_is_saved_by_the_ending_with_its_pictures(tmp_path: Path, name: str) -> None:
    source = replace(everything().source, path=str(save_pages(tmp_path / "report.pdf", 2)))
    made = replace(everything(), pictures=PICTURES, source=source)
    path = made.save(tmp_path / name)
    assert path.read_bytes()
    stem = path.stem
    found = {picture.name for picture in (tmp_path / f"{stem}_images").glob("*")}
    form = FORMATS[format_of_file(name) or ""]
    assert found == (set(PICTURES) if form.links_pictures else set())
    if name == "out.markdown":
        assert "![](out_images/page-1-8.png)" in path.read_text("utf-8")


def test_an_ending_that_names_no_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"out\.docx") as error:
        everything().save(tmp_path / "out.docx")
    assert ".md" in error.value.hint and ".txt" in error.value.hint
    with pytest.raises(InputError, match="plain file name"):
        replace(everything(), pictures={"../a.png": b""}).save(tmp_path / "a.md")
    assert not list(tmp_path.iterdir())


def test_a_document_shows_itself_in_one_line() -> None:
    assert repr(everything()) == "<Document 'report.pdf': 2 pages by lite>"
    assert "\n" not in repr(replace(everything(), pictures=PICTURES))


def test_pictures_are_not_part_of_the_json() -> None:
    made = replace(everything(), pictures=PICTURES)
    assert Document.from_dict(json.loads(json.dumps(made.to_dict()))) == everything() == made


def test_whoever_has_a_document_has_its_formats() -> None:
    code = "import mdocr; print(len(mdocr.Document(mdocr.Source('a'), 'm').to_text()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "0\n"


def test_plain_text_of_everything() -> None:
    written = everything().to_text(page_marks=True)
    assert written.startswith("--- page 1 ---\n\nA *Study* of x_1")
    assert "Name\tValue x^2\na|b\t$5 & <b>6</b>" in written
    assert "Head\t\nleft\tright\n\tbelow" in written
    assert "1. one\n2. two and more\n3. three" in written
    assert "if a < b:\n    print('```')" in written
    assert "Figure 1: a picture" in written and "png" not in written


def test_scripts_in_plain_text() -> None:
    made = document((block("text", 0.1, "10<sup>30</sup> x<sub>max</sub> a<sup>*</sup> <b>"),))
    assert made.to_text() == "10³⁰ x_(max) a^* <b>\n"
    assert "10\\(^{30}\\) x\\textsubscript{max} a\\textsuperscript{{*}}" in made.to_latex()
