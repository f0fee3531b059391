"""``mdocr serve --mcp``: the tools, as the protocol's own client sees them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import anyio
import pytest

pytest.importorskip("mcp")

from mcp import Client, StdioServerParameters
from served_readers import ServedStandInMaker
from typer.testing import CliRunner

from mdocr.batch.workers import WorkerOptions
from mdocr.cli.main import app
from mdocr.render import report_pictures
from mdocr.serve.desk import Desk
from mdocr.serve.metrics import Metrics
from mdocr.serve.service import Service
from mdocr.serve.tools import Folders, Tools, make_server

SERVER = """
import sys
from pathlib import Path

from served_readers import ServedStandInMaker
from mdocr.batch.workers import WorkerOptions
from mdocr.serve.options import ServeOptions
from mdocr.serve.tools import serve_tools

if __name__ == "__main__":
    folders = tuple(map(Path, sys.argv[1:]))
    serve_tools(ServedStandInMaker(), WorkerOptions(1), ServeOptions(), "stand-in", folders)
"""


INITIALIZE = b"""{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {},
"protocolVersion": "2025-06-18", "clientInfo": {"name": "a", "version": "1"}}}"""


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "two.txt").write_text("one\ntwo")
    (folder / "bad.txt").write_text("one\nrefuse")
    (folder / "refused.txt").write_text("refuse")
    (folder / "word.txt").write_text("word")
    (folder / "large.txt").write_text("x" * 2000)
    (folder / "slow.txt").write_text("hang")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    return folder


def asked(
    scans: Path, questions: Callable[[Client], Coroutine[Any, Any, None]], seconds: float = 30
) -> None:
    """Runs questions against a server in this process."""
    folders = Folders((scans,), 1000)

    async def run() -> None:
        service = Service(desk, Metrics(), "stand-in")
        async with Client(make_server(Tools(service, folders, seconds), folders)) as client:
            await questions(client)

    with closing(Desk(ServedStandInMaker(), WorkerOptions(1, memory=4 << 30), 5)) as desk:
        anyio.run(run)


async def call(client: Client, tool: str, **arguments) -> list[str]:
    result = await client.call_tool(tool, arguments)
    texts = [part.text for part in result.content]
    return [f"error: {texts[0]}"] if result.is_error else texts


def test_documents_and_words_are_read(scans):
    async def questions(client: Client) -> None:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == {"parse", "recognize"}
        assert tools["parse"].input_schema["required"] == ["path"]
        (text,) = await call(client, "parse", path="two.txt")
        assert text.split() == ["one", "two"]
        (json,) = await call(client, "parse", path=str(scans / "two.txt"), format="json")
        assert '"mdocr.document/1"' in json
        assert str(scans) not in (await call(client, "parse", path="two.txt", format="json"))[0]
        word = await client.call_tool("recognize", {"path": "word.txt"})
        assert word.structured_content == {"text": "word", "confidence": 1.0}
        assert (scans / "two.txt").is_file()

    asked(scans, questions)


def test_a_report_is_made_without_opening_the_file_here(scans, monkeypatch):
    opened: list[object] = []
    monkeypatch.setattr(report_pictures, "open_pages", lambda *asked: opened.append(asked))
    monkeypatch.chdir(scans)  # so that the name alone would find it

    async def questions(client: Client) -> None:
        (text,) = await call(client, "parse", path="two.txt", format="report")
        assert "<html" in text

    asked(scans, questions)
    assert not opened


def test_pages_are_reported_and_failures_are_part_of_the_result(scans):
    reports = []

    async def report(progress: float, total: float | None, message: str | None) -> None:
        reports.append((progress, total))

    async def questions(client: Client) -> None:
        await client.call_tool("parse", {"path": "two.txt"}, progress_callback=report)
        text, failures = await call(client, "parse", path="bad.txt")
        assert text.strip() == "one"
        assert failures == "Not read:\npage 2: refused"

    asked(scans, questions)
    assert (2, 2) in reports


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../secret.txt", "outside the folders"),
        ("/etc/passwd", "outside the folders"),
        ("link.txt", "outside the folders"),
        ("missing.txt", "there is no file 'missing.txt'"),
        (".", "there is no file"),
        ("a\0b", "cannot be read"),
        ("large.txt", "more than 1,000 bytes"),
        ("refused.txt", "refused"),
    ],
)
def test_what_cannot_be_read_is_told(scans, path, message):
    async def questions(client: Client) -> None:
        (text,) = await call(client, "parse", path=path)
        assert text.startswith("error:")
        assert message in text
        assert "secret\n" not in text

    asked(scans, questions)


def test_arguments_make_sense_and_calls_end_at_their_time(scans):
    async def questions(client: Client) -> None:
        (text,) = await call(client, "parse", path="two.txt", format="docx")
        assert "unknown format 'docx'" in text
        (text,) = await call(client, "parse", path="two.txt", threshold=2)
        assert "error: Error executing tool parse: threshold" in text
        (text,) = await call(client, "parse", path="slow.txt")
        assert "timeout: it took more than 1 s" in text

    asked(scans, questions, seconds=1)


@pytest.fixture
def program(scans: Path, tmp_path: Path) -> StdioServerParameters:
    """A server in a process of its own."""
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    paths = os.pathsep.join(map(str, (Path(__file__).parents[2], Path(__file__).parents[3])))
    return StdioServerParameters(
        command=sys.executable,
        args=[str(script), str(scans)],
        env={**os.environ, "PYTHONPATH": paths},
    )


@pytest.mark.cluster
def test_over_stdin_and_stdout(program):
    async def questions() -> None:
        async with Client(program) as client:
            (text,) = await call(client, "parse", path="two.txt")
            assert text.split() == ["one", "two"]

    anyio.run(questions)


@pytest.mark.slow
@pytest.mark.cluster
def test_the_command_itself_reads_pages_and_words():
    samples = Path(__file__).parents[3] / "docs" / "samples"
    arguments = ["-m", "mdocr", "serve", "--mcp", "--folder", str(samples), "--workers", "1"]
    program = StdioServerParameters(command=sys.executable, args=arguments, env=dict(os.environ))

    async def questions() -> None:
        async with Client(program) as client:
            (text,) = await call(client, "parse", path="note.png")
            assert len(text.split()) > 5
            word = await client.call_tool("recognize", {"path": "words/01.png"})
            assert word.structured_content["text"] == "Flowers"
            (refused,) = await call(client, "parse", path="../scale.md")
            assert "outside the folders" in refused

    anyio.run(questions)


@pytest.mark.cluster
def test_a_signal_ends_it_while_it_waits_for_its_client(program):
    with subprocess.Popen(
        [program.command, *program.args],
        env=program.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        process.stdin.write(INITIALIZE.replace(b"\n", b" ") + b"\n")
        process.stdin.flush()
        assert b'"serverInfo"' in process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 130


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--mcp"], "no folder is named"),
        (["--folder", "."], "--folder goes with --mcp only"),
        (["--mcp", "--folder", "/nowhere"], "there is no folder '/nowhere'"),
    ],
)
def test_folders_are_named(arguments, message):
    done = CliRunner().invoke(app, ["serve", *arguments])
    assert done.exit_code == 2
    assert message in done.stderr
