"""``mdocr serve``: who may ask, and how it ends."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from serving import is_alive, parse, until
from typer.testing import CliRunner

from mdocr.cli.main import app
from mdocr.errors import UsageError
from mdocr.serve.options import ServeOptions, is_loopback

SERVER = """
import signal

from served_readers import ServedStandInMaker
from mdocr.batch.workers import WorkerOptions
from mdocr.serve.options import ServeOptions
from mdocr.serve.server import serve

def say(text):
    print(text, flush=True)

def interrupt(number, frame):  # as the program does
    raise KeyboardInterrupt

if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    serve(ServedStandInMaker(1.0), WorkerOptions(1), ServeOptions(port=0), "stand-in", say)
"""


@pytest.fixture(autouse=True)
def no_token(monkeypatch):
    monkeypatch.delenv("MDOCR_TOKEN", raising=False)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.1", "example.org"])
def test_other_addresses_require_a_token(host):
    done = CliRunner().invoke(app, ["serve", "--host", host])
    assert done.exit_code == 2
    assert "a token is required" in done.stderr
    assert "s3cret" not in repr(ServeOptions(host, token="s3cret"))


@pytest.mark.parametrize("workers", ["0", "-1"])
def test_without_workers_nothing_can_be_read(workers, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    done = CliRunner().invoke(app, ["serve", "--workers", workers])
    assert done.exit_code == 2
    assert f"workers must be at least 1, not {workers}" in done.stderr


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("::1", True), ("[::1]", True), ("localhost", True), ("0.0.0.0", False)],
)
def test_loopback(host, expected):
    assert is_loopback(host) == expected


def test_a_token_file_must_hold_a_token(tmp_path: Path):
    empty = tmp_path / "token"
    empty.write_text("\n")
    for file in (empty, tmp_path / "missing"):
        done = CliRunner().invoke(app, ["serve", "--token-file", str(file)])
        assert done.exit_code == 2
        assert "token file" in done.stderr


def test_a_taken_port_is_a_usage_error():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(app, ["serve", "--port", port])
    assert done.exit_code == 2
    assert "cannot listen" in done.stderr


@pytest.mark.parametrize("change", [{"port": 70000}, {"max_pages": 0}, {"timeout": 0}])
def test_limits_make_sense(change):
    with pytest.raises(UsageError):
        ServeOptions(**change)


@contextlib.contextmanager
def running(tmp_path: Path) -> Iterator[tuple[subprocess.Popen, httpx.Client]]:
    """A server in a process of its own, and a client."""
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    paths = os.pathsep.join(map(str, (Path(__file__).parents[2], Path(__file__).parents[3])))
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": paths},
    ) as process:
        address = process.stdout.readline().split()[-1]
        with httpx.Client(base_url=address, timeout=60, trust_env=False) as client:
            until(lambda: client.get("/health").status_code == 200)
            yield process, client


def workers_of(process: subprocess.Popen) -> list[int]:
    return [child.pid for child in psutil.Process(process.pid).children(recursive=True)]


@pytest.mark.cluster
def test_sigterm_ends_the_server_after_what_it_reads(tmp_path: Path):
    with running(tmp_path) as (process, client):
        answers: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: answers.append(parse(client, "one\ntwo")))
        thread.start()
        until(lambda: client.get("/health").json()["unread"] == 1)
        workers = workers_of(process)
        process.send_signal(signal.SIGTERM)
        thread.join()
        assert answers[0].status_code == 200
        assert len(answers[0].json()["pages"]) == 2
        assert process.wait(30) == 0
    until(lambda: not any(map(is_alive, workers)))


@pytest.mark.cluster
def test_a_second_sigterm_ends_the_server_at_once(tmp_path: Path):
    def ask() -> None:
        with contextlib.suppress(httpx.HTTPError):
            parse(client, "hang")

    with running(tmp_path) as (process, client):
        thread = threading.Thread(target=ask)
        thread.start()
        until(lambda: client.get("/health").json()["unread"] == 1 and workers_of(process))
        workers = workers_of(process)
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)  # of two at the same time Python sees one
        assert process.wait(20) == 0
        thread.join()
        assert process.stderr.read() == ""
    until(lambda: not any(map(is_alive, workers)))
