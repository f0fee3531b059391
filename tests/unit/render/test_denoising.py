"""The denoising again: states of tokens, lines, the SVG, what the terminal is told."""

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.cli.watch import Watcher
from mdocr.document.model import Block, Box, Page
from mdocr.document.words import Character, Word
from mdocr.errors import UsageError
from mdocr.render.denoising import Denoised, Shown, lines_of
from mdocr.render.denoising_svg import render_svg

SVG = "{http://www.w3.org/2000/svg}"
CAT = Denoised(
    "cat",
    (
        Character("c", 0.9, 1),
        Character("a", 0.9, 3, ("o", "e")),
        Character("\n", 1.0, 0),
        Character("t", 0.9, 2),
    ),
)


def test_a_token_is_masked_then_proposed_then_committed() -> None:
    assert CAT.last == 3
    said = ["".join(one.text for one in CAT.after(step)) for step in range(4)]
    assert said == ["░░\n░", "co\n░", "ce\nt", "ca\nt"]
    assert [one.state for one in CAT.after(2)] == ["committed", "proposed", "committed", "new"]


def test_lines_break_behind_a_space() -> None:
    shown = [Shown(text, "committed") for text in "to be or\nnot"]
    lines = ["".join(one.text for one in line) for line in lines_of(shown, 6)]
    assert lines == ["to be ", "or", "not"]
    lines = ["".join(one.text for one in line) for line in lines_of(shown[:2] * 4, 3)]
    assert lines == ["tot", "oto", "to"]


def test_the_svg_has_a_frame_for_each_step_and_runs_nothing() -> None:
    made = render_svg([CAT, Denoised("x", (Character("<&\x00", 0.9, 1),))], "A & B")
    frames = ElementTree.fromstring(made).findall(f"{SVG}g")
    assert len(frames) == 4 and frames[3].get("class") == "frame last"
    texts = [["".join(text.itertext()) for text in frame] for frame in frames]
    assert texts[0] == ["A & B · step 0 of 3", "░░", "░", "░░░"]
    assert texts[2][1:3] == ["ce", "t"] and texts[3][1:3] == ["ca", "t"]
    assert "<&" in texts[3][3]
    lengths = {text.get("textLength") for frame in frames for text in list(frame)[1:2]}
    assert lengths == {"16.0"}  # nothing moves
    assert "script" not in made and not re.findall(r"href|url\(", made)


def test_a_page_is_told_in_a_line_without_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    watcher = Watcher(True, tmp_path / "a.svg")
    blocks = (Block("text", Box(0, 0, 1, 1), "cat", tokens=CAT.tokens),)
    watcher.page(Page(3, 100, 100, blocks, seconds=2.0))
    Watcher(True, None).word(Word("b/w.png", "cat", 0.9, CAT.tokens, "m", "d", 3))
    assert capsys.readouterr().err.splitlines() == [
        "page 3: 4 tokens in 3 steps, 2 tokens/s",
        "w.png: 4 characters in 3 steps",
    ]
    assert watcher.end() == [tmp_path / "a.svg"]
    assert "page 3" in (tmp_path / "a.svg").read_text("utf-8")
    (tmp_path / "b.svg").write_text("mine")
    with pytest.raises(UsageError, match=r"b\.svg"):
        Watcher(False, tmp_path / "b.svg")


def test_a_text_plays_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=40)
    monkeypatch.setattr("mdocr.cli.console.console", lambda: screen)
    monkeypatch.setattr("mdocr.cli.watch.PAUSE", 0)
    Watcher(True, None).word(Word("w.png", "cat", 0.9, CAT.tokens, "m", "d", 3))
    assert isinstance(screen.file, io.StringIO)
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", screen.file.getvalue())
    steps = ["░░", "co", "ce", "ca"]
    places = [shown.find(step) for step in steps]
    assert -1 not in places and places == sorted(places)
    assert shown.rstrip().endswith("w.png: 4 characters in 3 steps")


def test_words_are_recorded_on_the_command_line(tmp_path: Path) -> None:
    words = Path(__file__).parents[3] / "docs/samples/words"
    record = tmp_path / "words.svg"
    command = ["recognize", str(words / "01.png"), "--watch", "--record", str(record)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0 and done.stdout == "Flowers\n", done.output
    assert re.search(r"01\.png: 7 characters in \d steps", done.stderr)
    last = ElementTree.fromstring(record.read_text("utf-8")).findall(f"{SVG}g")[-1]
    assert "".join(list(last)[1].itertext()) == "Flowers"
