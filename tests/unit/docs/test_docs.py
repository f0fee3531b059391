"""The documents are true to the tree: folders, files and names that they tell of exist."""

import re
from pathlib import Path

import pytest

import mdocr
from mdocr.options import WORD_DECODERS
from mdocr.render import FORMATS
from mdocr.weights.registry import MODELS

ROOT = Path(__file__).parents[3]
PACKAGE = Path(mdocr.__file__).parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
UNLISTED = {"__init__.py", "__main__.py", "py.typed"}
WHOLE = {"assets"}
"""Folders whose own folders the list leaves out."""


def listed(page: str) -> set[str]:
    """The folders and files of the list in design.md, relative to the package."""
    (block,) = re.findall(r"^```\nmdocr/\n(.*?)^```$", page, re.M | re.S)
    found: set[str] = set()
    outer = ""
    for indent, name in re.findall(r"^( +)(\S+)", block, re.M):
        outer = name if len(indent) == 2 else outer
        found.add(name if len(indent) == 2 else outer + name)
    return found


def tree(package: Path) -> set[str]:
    """All folders of the package, and the files beside them; folders end with a slash."""
    found: set[str] = set()
    for path in package.rglob("*"):
        parts = path.relative_to(package).parts
        if path.is_dir() or "__pycache__" in parts:
            continue  # a folder without files is not in the repository
        inside = parts[:1] if parts[0] in WHOLE else parts[:-1]
        found |= {"/".join(parts[:depth]) + "/" for depth in range(1, len(inside) + 1)}
        found |= set(parts) - UNLISTED if len(parts) == 1 else set()
    return found


def test_the_list_of_folders_is_the_tree():
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    assert listed(page) == tree(PACKAGE)


@pytest.mark.parametrize("new", ["extra/__init__.py", "parsing/extra/one.py", "extra.py"])
def test_a_new_folder_or_file_is_missed(tmp_path, new):
    for name in ("cli/__init__.py", "parsing/line_reader/pages.py", "assets/lexicons/english.npz"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    page = (
        "```\nmdocr/\n  cli/  one\n  parsing/  two\n    line_reader/  three\n  assets/  four\n```\n"
    )
    assert listed(page) == tree(tmp_path)
    (tmp_path / new).parent.mkdir(exist_ok=True)
    (tmp_path / new).touch()
    assert listed(page) != tree(tmp_path)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = re.sub("`[^`\n]+`", "", path.read_text(encoding="utf-8"))  # code links to nothing
    targets = re.findall(r"\]\(([^)#: ]+)(?:#[^)]*)?\)", text)
    assert not [target for target in targets if not (path.parent / target).exists()]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_that_are_named_exist(path):
    if path.name == "CHANGELOG.md":
        return
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:\w+/)+\w+\.(?:py|toml|txt|npz))`", text))
    assert not [name for name in named if not (ROOT / name).exists() | (PACKAGE / name).exists()]


def test_every_module_of_the_ways_exists():
    page = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    ways = page[page.index("## How a word") : page.index("## Rules")]
    rooms = "|".join(path.name for path in PACKAGE.iterdir() if path.is_dir())
    for dotted in re.findall(rf"\b((?:{rooms}|recognizer)(?:\.\w+)+)", ways):
        parts = dotted.split(".")
        path, names = PACKAGE, []
        while parts and (path / parts[0]).is_dir():
            path /= parts.pop(0)
        if parts and (path / f"{parts[0]}.py").is_file():
            path = path / f"{parts.pop(0)}.py"
        names = parts
        source = (path if path.is_file() else path / "__init__.py").read_text(encoding="utf-8")
        for name in names:
            assert re.search(rf"\b(?:def|class) {name}\b|\bimport\b[^#]*\b{name}\b", source), dotted


def test_the_readme_names_every_model_decoder_and_format():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    output = (ROOT / "docs" / "output.md").read_text(encoding="utf-8")
    assert not [name for name in (*MODELS, *WORD_DECODERS) if f"`{name}`" not in readme]
    assert not [name for name in FORMATS if f"`{name}`" not in output]
