"""The README's commands and its Python example do what it says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from page_models import write_pdf

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str = "") -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.M | re.S)


def commands() -> list[str]:
    """Lines that run mdocr, without comments."""
    lines = "\n".join(fenced()).splitlines()
    bare = [line.split("  #")[0].strip() for line in lines]
    return [line for line in bare if "mdocr recognize" in line and "pip install" not in line]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = f"{shlex.quote(sys.executable)} -m mdocr"
    return subprocess.run(
        ["bash", "-c", command.replace("mdocr recognize", f"{program} recognize")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def folder(tmp_path):
    """A folder with the files that the README's examples name."""
    sample = ROOT / "docs" / "samples" / "words" / "01.png"
    (tmp_path / "sign.jpg").write_bytes(sample.read_bytes())
    (tmp_path / "crops").mkdir()
    (tmp_path / "crops" / "one.png").write_bytes(sample.read_bytes())
    return tmp_path


def test_the_readme_has_its_two_set_up_lines():
    lines = [line for block in fenced() for line in block.splitlines() if "pip install" in line]
    assert lines[0] == "pip install . && mdocr recognize docs/samples/words"
    assert lines[1] == "pip install '.[dev]' && python -m pytest"


@pytest.mark.parametrize("command", commands())
def test_commands_run(command, folder):
    done = run(command, folder)
    assert done.returncode == 0, done.stderr
    written = folder / "words.csv"
    assert done.stdout.strip() or written.read_text(encoding="utf-8").startswith("path,text,")


def test_samples_are_read(folder):
    done = run(f"mdocr recognize {ROOT}/docs/samples/words", folder)
    labels = (ROOT / "docs/samples/words/labels.tsv").read_text(encoding="utf-8").splitlines()
    true = {line.split("\t")[0]: line.split("\t")[1] for line in labels}
    read = {
        Path(path).name: text
        for path, text in (row.split("\t") for row in done.stdout.splitlines())
    }
    assert read.keys() == true.keys()
    right = sum(read[name] == text for name, text in true.items())
    assert right >= 0.6 * len(true)


def test_python_example_prints_a_word_and_its_confidence():
    (example,) = fenced("python")
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    text, confidence = done.stdout.split()
    assert text
    assert 0 < float(confidence) <= 1


def test_linked_files_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / target).exists(), target


def test_a_page_is_read_at_once(tmp_path):
    """What the README promises of ``mdocr parse``: no name of a model, nothing downloaded."""
    pdf = write_pdf(tmp_path / "report.pdf", [["The quick brown fox", "jumps over the lazy dog"]])
    command = [sys.executable, "-m", "mdocr", "parse", str(pdf), "--threshold", "0.6"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MDOCR_CACHE": str(tmp_path / "empty")}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    words = ["The", "quick", "brown", "fox", "jumps", "over", "the", "lazy", "dog"]
    assert sum(word in done.stdout.split() for word in words) >= 7
