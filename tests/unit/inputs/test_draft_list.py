"""Lists of drafts, and the pictures that they are of."""

import logging
from pathlib import Path

import pytest

from mdocr.errors import InputError
from mdocr.inputs.draft_list import read_drafts
from mdocr.inputs.find import FailedInput


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.png", "b.png", "c.png"):
        (tmp_path / name).write_bytes(b"")
    return tmp_path


def listed(folder: Path, text: str) -> Path:
    file = folder / "read.tsv"
    file.write_text(text, encoding="utf-8")
    return file


def test_paths_are_from_here_or_from_the_list(folder: Path, monkeypatch: pytest.MonkeyPatch):
    file = listed(folder, f"a.png\tone\r\n{folder / 'b.png'}\ttwo\tand a tab\n\n")
    found = [str(folder / "b.png"), str(folder / "a.png")]
    assert read_drafts(file, found) == (["two\tand a tab", "one"], [])
    monkeypatch.chdir(folder)
    assert read_drafts(Path("read.tsv"), ["./b.png", "a.png"])[0] == ["two\tand a tab", "one"]


def test_an_empty_text_is_a_draft(folder: Path):
    assert read_drafts(listed(folder, "a.png\t\n"), [str(folder / "a.png")]) == ([""], [])


def test_pictures_and_drafts_without_the_other_are_told(
    folder: Path, caplog: pytest.LogCaptureFixture
):
    file = listed(folder, "b.png\tx\nc.png\ty\nnone.png\tz\n")
    gone = FailedInput("gone.png", InputError("gone"))
    with caplog.at_level(logging.WARNING, "mdocr"):
        texts, missing = read_drafts(file, [str(folder / "a.png"), gone, str(folder / "b.png")])
    assert texts == [None, "x"]
    assert [one.path for one in missing] == ["none.png"]
    assert "read.tsv, line 3: there is no picture 'none.png'" in missing[0].error.message
    others, without = caplog.messages
    assert others.startswith("1 drafts")
    assert without.startswith("1 pictures")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"a.png one\n", "line 1: there is no tab"),
        (b"a.png\tone\n./a.png\ttwo\n", "line 2: there is another draft"),
        (b"a.png\t\xff\n", "not UTF-8"),
    ],
)
def test_what_is_no_list_of_drafts_is_refused(folder: Path, content: bytes, problem: str):
    file = folder / "read.tsv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=problem):
        read_drafts(file, [str(folder / "a.png")])


def test_a_missing_list_is_refused(folder: Path):
    with pytest.raises(InputError, match="No such file"):
        read_drafts(folder / "none.tsv", [])
