"""Progress on stderr: a bar on a terminal, a line now and then elsewhere, objects for programs."""

import io
import json
import re
import sys
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from mdocr.batch.display import Display
from mdocr.cli.main import app
from mdocr.cli.progress import progress
from mdocr.errors import UsageError

RECORD = {"path": "a.pdf", "state": "done", "failures": ["torn"]}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def read(display: Display) -> None:
    """Two documents, of which one ends, and three of four pages."""
    display.plan(2)
    display.expect(4)
    for _ in range(3):
        display.advance()
    display.end(RECORD)


def test_a_terminal_shows_pages_a_minute_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    screen = Console(file=terminal, force_terminal=True, width=100)
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr("mdocr.cli.console.console", lambda: screen)
    with progress("auto", to_file=True) as display:
        read(display)
        display.say("something happened")
    shown = re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", terminal.getvalue())
    assert re.search(r"pages .* 3/4 \d+ a minute \d+:\d\d:\d\d left", shown)
    assert "something happened" in shown


def test_programs_get_an_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("jsonl") as display:
        read(display)
    records = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [record["event"] for record in records] == ["page"] * 3 + ["document"]
    last = records[-1]
    assert (last["path"], last["documents"], last["of"], last["pages"]) == ("a.pdf", 1, 2, 3)
    assert last["failures"] == 1 and last["pages_per_minute"] > 0 and last["seconds_left"] == 0


def test_all_that_programs_get_is_objects(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").touch()
    (tmp_path / "junk.pdf").write_bytes(b"junk")
    (tmp_path / "none.png").write_bytes(b"none")
    arguments = ["parse", str(tmp_path), "-o", f"{tmp_path / 'out'}/", "--progress", "jsonl"]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code
    said = [json.loads(line) for line in done.stderr.splitlines()]
    messages = [one["message"] for one in said if "message" in one]
    assert any("notes.txt" in message for message in messages)
    assert any("junk.pdf" in message for message in messages)
    assert set(said[-1]) == {"error", "hint"}
    assert "Error: " in CliRunner().invoke(app, arguments[:-2]).stderr


def test_a_log_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with progress("auto", to_file=True) as display:
        read(display)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("mdocr.cli.progress.PAUSE", 0)
    with progress("auto", to_file=True) as display:
        read(display)
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.fullmatch(
        r"1 of 2 documents, 3 pages, [\d.e+]+ a minute, 1 failures, about \d+ min left", last
    )


def test_none_shows_messages_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("none") as display:
        read(display)
        display.say("something happened")
    assert capsys.readouterr().err == "something happened\n"
    with pytest.raises(UsageError, match="unknown progress"), progress("loud"):
        pass
