"""Hints that say how an extra is installed."""

import re
from pathlib import Path

import pytest

import mdocr
from mdocr.errors import MissingExtraError, install_hint

PACKAGE = Path(mdocr.__file__).parent
PROJECT = PACKAGE.parent / "pyproject.toml"
EXTRA = re.compile(r"MissingExtraError\([^()]*?, \"(\w+)\",|install_hint\([\"'](\w+)[\"']\)")


def extras() -> set[str]:
    """Names of the extras that the project declares."""
    section = PROJECT.read_text().partition("[project.optional-dependencies]")[2]
    return set(re.findall(r"^(\w+) = \[", section.partition("\n[")[0], re.MULTILINE))


def test_an_extra_is_installed_from_the_source_folder():
    assert MissingExtraError("lmdb", "train", "Reading").hint == install_hint("train")
    assert install_hint("train").endswith("pip install '.[train]'")


def test_every_extra_that_a_hint_names_exists():
    sources = [path.read_text() for path in PACKAGE.rglob("*.py")]
    named = {one or other for text in sources for one, other in EXTRA.findall(text)}
    assert {"train", "bench", "export", "heic", "lora", "tensorboard"} <= named <= extras()


@pytest.mark.parametrize("folder", [PACKAGE, PACKAGE.parent / "docs"])
def test_no_text_installs_mdocr_from_an_index(folder: Path):
    files = [path for ending in ("py", "md") for path in folder.rglob(f"*.{ending}")]
    assert files
    assert not [path for path in files if re.search(r"pip install .?mdocr", path.read_text())]
