"""The README's commands and its Python example do what it says."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pymupdf
import pytest
from page_models import write_pdf
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "docs" / "samples"
README = (ROOT / "README.md").read_text(encoding="utf-8")


def fenced(language: str = "") -> list[str]:
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", README, flags=re.M | re.S)
    return [text for own, text in blocks if own == language]


def commands() -> list[str]:
    """Lines that read with mdocr, without comments and without what would be downloaded."""
    lines = "\n".join(fenced()).splitlines()
    bare = [re.split(r"\s#", line)[0].strip() for line in lines]
    others = ("pip install", "mdocr train", "mdocr synth", "--model mineru-diffusion")
    return [line for line in bare if "mdocr" in line and not any(map(line.__contains__, others))]


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = f"{shlex.quote(sys.executable)} -m mdocr"
    return subprocess.run(
        ["bash", "-c", re.sub(r"\bmdocr\b", program, command, count=1)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.fixture
def folder(tmp_path):
    """A folder with the files that the README's examples name."""
    word, page = (SAMPLES / name for name in ("words/01.png", "page.png"))
    copies = {"sign.jpg": word, "photo.jpg": word, "crops/one.png": word, "scans/one.png": page}
    for name, source in copies.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(source, tmp_path / name)
    write_pdf(tmp_path / "report.pdf", [[f"The page {number}"] for number in range(1, 8)])
    (tmp_path / "read.tsv").write_text("crops/one.png\tFlovers\n", encoding="utf-8")
    equation = Image.new("RGB", (140, 64), "white")
    ImageDraw.Draw(equation).text((10, 4), "x = 2", "black", ImageFont.load_default(40))
    equation.save(tmp_path / "equation.png")
    return tmp_path


def test_the_readme_has_its_set_up_lines():
    lines = [line for block in fenced() for line in block.splitlines() if "pip install" in line]
    read = "mdocr recognize docs/samples/words && mdocr parse docs/samples/page.pdf"
    assert lines[0] == f"pip install . && {read}"
    assert lines[1] == "pip install torch --index-url https://download.pytorch.org/whl/cpu"
    assert lines[2] == "pip install '.[dev]' && python -m pytest"


def test_extras_are_those_of_the_project():
    configuration = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (table,) = re.findall(
        r"^\[project\.optional-dependencies\]\n(.*?)^\[", configuration, re.M | re.S
    )
    extras = set(re.findall(r"^(\w+) = \[", table, re.M))
    assert set(re.findall(r"^\| (\w+) \| `pip install '\.\[\1\]'` \|", README, re.M)) == extras - {
        "dev"
    }


def test_the_commands_of_all_readers_are_run():
    assert len(commands()) >= 12


@pytest.mark.parametrize("command", commands())
def test_commands_run(command, folder):
    before = set(folder.rglob("*"))
    done = run(command, folder)
    assert done.returncode == 0, done.stderr
    made = {path.relative_to(folder).as_posix() for path in set(folder.rglob("*")) - before}
    named = re.search(r"-o (\S+)", command)
    assert named[1].rstrip("/") in made if named else done.stdout.strip()


def test_samples_are_read(folder):
    done = run(f"mdocr recognize {SAMPLES}/words", folder)
    labels = (SAMPLES / "words/labels.tsv").read_text(encoding="utf-8").splitlines()
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


@pytest.mark.parametrize("name", ["page.pdf", "page.png"])
def test_the_sample_page_is_read_at_once(name, tmp_path, monkeypatch):
    """What the README promises of ``mdocr parse``: no name of a model, nothing downloaded."""
    monkeypatch.setenv("MDOCR_CACHE", str(tmp_path / "empty"))
    done = run(f"mdocr parse {SAMPLES}/{name}", tmp_path)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "# The Chemical History of a Candle"
    assert "| 5 | Nature of the atmosphere | carbonic acid |" in lines
    with pymupdf.open(SAMPLES / "page.pdf") as document:
        words = document[0].get_text().split()
    assert len(set(words) & set(done.stdout.split())) >= 0.95 * len(set(words))


def test_the_sample_page_is_what_its_script_makes(tmp_path):
    script = shutil.copy(SAMPLES / "page.py", tmp_path)
    subprocess.run([sys.executable, script], check=True, timeout=60)
    with pymupdf.open(tmp_path / "page.pdf") as made, pymupdf.open(SAMPLES / "page.pdf") as kept:
        assert made[0].get_text() == kept[0].get_text()
