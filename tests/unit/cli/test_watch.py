"""``--watch`` and ``--record``: what is seen of denoising, and when."""

import io
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from page_models import drawn, save_tiny_line_reader, write_pdf
from rich.console import Console
from typer.testing import CliRunner

from mdocr.batch.display import Display
from mdocr.cli.live import row_of
from mdocr.cli.main import app
from mdocr.cli.watch import Watcher
from mdocr.decoding.arrays import Array
from mdocr.decoding.blocks import ActiveSequence
from mdocr.decoding.requests import BlockOptions
from mdocr.document.model import Block, Box, Page
from mdocr.document.words import Character, Word
from mdocr.errors import UsageError
from mdocr.models.charset import ENGLISH, Charset
from mdocr.parsing.loading import load_parser

CAT = (Character("c", 0.9, 1), Character("a", 0.9, 2, ("o",)), Character("t", 0.9, 2, ("",)))
SVG = "{http://www.w3.org/2000/svg}"
WORDS = Path(__file__).parents[3] / "docs/samples/words"
LARGE = Path(__file__).parents[2] / "golden/mineru_diffusion"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What a terminal is sent; steps are not waited for."""
    screen = Console(file=io.StringIO(), force_terminal=True, width=60, height=30)
    monkeypatch.setattr("mdocr.cli.console.console", lambda: screen)
    monkeypatch.setattr("mdocr.cli.watch.PAUSE", 0)
    monkeypatch.setattr("mdocr.cli.watch.WORD_PAUSE", 0)
    assert isinstance(screen.file, io.StringIO)
    return screen.file


def shown(terminal: io.StringIO) -> str:
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", terminal.getvalue())


def test_texts_are_looked_at_while_they_are_decoded(tmp_path: Path) -> None:
    parser = load_parser(save_tiny_line_reader(tmp_path / "model"))
    events: list[str | int] = []
    last: dict[int, str] = {}

    def watch(sequences: list[ActiveSequence]) -> None:
        events.append("masks" if any(not one.passes for one in sequences) else "pass")
        for one in sequences:
            row = row_of(one, parser.tokenizer.decode)
            last[one.number] = "".join(token.text for token in row)
            assert {token.state for token in row} == {"masked"} or one.passes

    parser.watch = watch
    options = BlockOptions(block_length=4, max_tokens=12)
    pictures = [drawn(text, (200, 40)) for text in ("jibe cage", "a bad face", "hide")]
    asked = (parser.request(picture, "text", options) for picture in pictures)
    made = {}
    for number, text in parser.denoise(asked, 2):
        made[number] = text
        events.append(number)
    assert {number: text.text for number, text in made.items()} == last
    assert events[:2] == ["masks", "pass"] and events[-1] in made
    assert events.count("pass") >= max(text.passes for text in made.values()) > 1
    first = next(at for at, event in enumerate(events) if event in made)
    assert "pass" in events[:first] and "pass" in events[first:]  # before, between, after


def test_pages_are_shown_while_they_are_read(tmp_path: Path, terminal: io.StringIO) -> None:
    pdf = write_pdf(tmp_path / "a.pdf", [["jibe cage", "a bad face"]] * 2)
    model = save_tiny_line_reader(tmp_path / "model")
    command = ["parse", pdf, "--model", model, "--text-layer", "ignore", "--keep-unsure", "--watch"]
    done = CliRunner().invoke(app, list(map(str, [*command, "-o", tmp_path / "a.txt"])))
    assert done.exit_code == 0, done.output
    seen = shown(terminal)
    masks, committed = seen.find("░" * 16), re.search(r"[1-9]\d* passes, [1-9]\d* tokens", seen)
    told = re.findall(r"page \d: \d+ tokens in \d+ steps, \d+ tokens/s", seen)
    assert committed and 0 <= masks < committed.start() < seen.find("page 1:")
    assert len(told) == 2 and seen.rstrip().endswith("a.txt")
    assert terminal.getvalue().count("\x1b[?25l") == terminal.getvalue().count("\x1b[?25h")


def test_the_large_model_is_watched_block_by_block(terminal: io.StringIO, tmp_path: Path) -> None:
    """With its tiny checkpoint; texts are cut at 32 tokens: exit code 7."""
    command = ["parse", str(LARGE / "page.png"), "--model", str(LARGE), "--layout", "lite"]
    more = ["--max-tokens", "32", "--block-length", "16", "--watch", "-o", str(tmp_path / "a.md")]
    done = CliRunner().invoke(app, [*command, *more])
    assert done.exit_code == 7, done.output
    seen = shown(terminal)
    counts = [tuple(map(int, pair)) for pair in re.findall(r"(\d+) passes, (\d+) tokens", seen)]
    assert len(counts) > 16 and counts[0][1] < counts[-1][1]
    assert "░" * 16 in seen  # a block before its first pass
    assert re.search(r"page 1: \d+ tokens in \d+ steps, \d+ tokens/s", seen)


def test_words_are_shown_while_they_are_read(terminal: io.StringIO) -> None:
    done = CliRunner().invoke(app, ["recognize", str(WORDS / "01.png"), "--watch"])
    assert done.exit_code == 0, done.output
    (word,) = done.stdout.split()
    seen = shown(terminal)
    frames = seen.split(" passes, 1 words")
    assert "░" * 20 in frames[0] and word[:2] in frames[1]
    assert re.search(rf"01\.png: {word}, \d+ steps\n", frames[-1])


def test_without_a_terminal_there_is_a_plain_line_and_the_cursor_stays(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Watcher(True, tmp_path / "a.svg") as watcher:
        look = watcher.display(Display()).look
        blocks = (Block("text", Box(0, 0, 1, 1), "cat", tokens=CAT),)
        look(Page(3, 100, 100, blocks))
        look(Page(4, 100, 100, ()))
    with Watcher(True, None) as watcher:
        watcher.display(Display()).look(Word("b/w.png", "cat", 0.9, CAT, "m", "d", 2))
    first, *rest = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"page 3: 3 tokens in 2 steps, \d+ tokens/s", first)
    assert rest == ["page 4: no text was denoised", "w.png: cat, 2 steps"]


def test_a_record_is_that_of_the_first_page_and_no_file_of_others(tmp_path: Path) -> None:
    with Watcher(False, tmp_path / "a.svg") as watcher:
        for number in (3, 4):
            blocks = (Block("text", Box(0, 0, 1, 1), "cat", tokens=CAT),)
            watcher.display(Display()).look(Page(number, 100, 100, blocks))
        assert watcher.end() == [tmp_path / "a.svg"]
    assert "page 3" in (tmp_path / "a.svg").read_text("utf-8")
    (tmp_path / "b.svg").write_text("mine")
    with pytest.raises(UsageError, match=r"b\.svg"):
        Watcher(False, tmp_path / "b.svg")


def test_words_are_recorded_on_the_command_line(tmp_path: Path) -> None:
    record = tmp_path / "words.svg"
    command = ["recognize", str(WORDS / "01.png"), "--watch", "--record", str(record)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.output
    word = done.stdout.strip()
    assert re.search(rf"01\.png: {word}, \d steps", done.stderr)
    last = ElementTree.fromstring(record.read_text("utf-8")).findall(f"{SVG}g")[-1]
    assert "".join(list(last)[1].itertext()) == word


def test_what_cannot_be_watched_is_refused(tmp_path: Path) -> None:
    pdf = str(write_pdf(tmp_path / "a.pdf", [["jibe"]]))
    for more, message in (
        (["--watch", "--workers", "2"], "one process"),
        (["--watch", "--server", "http://127.0.0.1:9"], "does not report tokens"),
        (["--record", str(tmp_path / "a.svg"), "--server", "http://127.0.0.1:9"], "tokens"),
    ):
        done = CliRunner().invoke(app, ["parse", pdf, *more])
        assert done.exit_code == 2 and message in done.stderr


def test_an_interruption_gives_the_cursor_back(terminal: io.StringIO) -> None:
    def interrupted(tokens: Array, rows: Array | None) -> Array:
        raise KeyboardInterrupt

    charset = Charset(ENGLISH)
    with pytest.raises(KeyboardInterrupt), Watcher(True, None) as watcher:
        watcher.words(charset, interrupted)(np.full((1, 3), charset.mask_id), None)
    written = terminal.getvalue()
    assert "░░░" in written and written.rfind("\x1b[?25h") > written.rfind("\x1b[?25l") >= 0
