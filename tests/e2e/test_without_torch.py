"""A machine without torch: what has been exported is read, and the rest says what is missing."""

import subprocess
import sys
from pathlib import Path

import pytest
from page_models import drawn
from PIL import Image

TEXT = "A page of a single\nparagraph in two lines."
PROGRAM = """
import sys
sys.modules["torch"] = None
from mdocr.cli.main import run
run()
"""


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "page.png"
    drawn(TEXT, (420, 160)).save(path)
    return path


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_documents_of_many_pages(page: Path) -> None:
    with Image.open(page) as image:
        image.save(page.with_suffix(".pdf"), save_all=True, append_images=[image, image])
    done = run("parse", page.with_suffix(".pdf"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("paragraph") == 3


def test_everything_that_reads_with_exported_models(page: Path, tmp_path: Path) -> None:
    word = tmp_path / "word.png"
    drawn("Words", (120, 40)).save(word)
    commands = {
        ("read", page): "paragraph",
        ("read", word): "Words",
        ("read", word, "--as", "text"): "Words",
        ("parse", page, "--format", "hocr"): "ocr_page",
        ("models", "list"): "mdiff4str-lite",
        ("info",): "onnxruntime",
        ("help", "train"): "recognizer",
    }
    for command, shown in commands.items():
        done = run(*command)
        assert (done.returncode, shown in done.stdout) == (0, True), (command, done.stderr)


def test_words(tmp_path: Path) -> None:
    drawn("Words", (120, 40)).save(tmp_path / "a.png")
    done = run("recognize", tmp_path / "a.png")
    assert (done.returncode, done.stdout) == (0, "Words\n"), done.stderr


def test_what_needs_torch_says_so(page: Path, golden: Path) -> None:
    for command in (
        ("parse", page, "--engine", "torch"),
        ("parse", page, "--engine", "torch", "--device", "cuda"),
        ("recognize", page, "--engine", "torch"),
        ("export", "lite", "-o", page.parent / "out"),
    ):
        done = run(*command)
        assert done.returncode == 5, (command, done.stderr)
        assert "'torch'" in done.stderr
        assert "Traceback" not in done.stderr


def test_what_has_not_been_exported(page: Path, golden: Path) -> None:
    done = run("parse", page, "--model", golden / "mineru_diffusion")
    assert done.returncode == 4
    assert "mdocr export" in done.stderr
