"""Results at an address: put there, known there to a later run, and shared by several.

Each test runs on fsspec's store in memory, and on a server of the S3 protocol on loopback.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from stand_in_runs import run, run_by
from worker_readers import StandInMaker

from mdocr.batch.destination import open_destination
from mdocr.batch.display import Display
from mdocr.batch.inputs import find_documents
from mdocr.batch.selection import Selection
from mdocr.batch.workers import WorkerOptions, WorkerPool
from mdocr.errors import UsageError
from mdocr.options import RenderOptions

fsspec = pytest.importorskip("fsspec")

SAMPLE = Path(__file__).parents[3] / "docs" / "samples" / "note.png"


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """The variables by which clients find a server with an empty bucket ``bucket``."""
    moto = pytest.importorskip("moto.server", reason="needs: pip install 'moto[server]' s3fs")
    pytest.importorskip("s3fs", reason="needs: pip install 'moto[server]' s3fs")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
        "NO_PROXY": host,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        yield variables
    server.stop()


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.cluster)])
def root(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a folder in which nothing is."""
    if request.param == "memory":
        system, address = fsspec.filesystem("memory"), "memory://bucket"
    else:
        request.getfixturevalue("s3")
        system, address = fsspec.filesystem("s3"), "s3://bucket"
        system.mkdir("bucket")
    yield address
    system.rm(address, recursive=True)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    for name, text in {"a": "one\ntwo", "b": "three\nrefuse", "c": "four"}.items():
        (tmp_path / f"{name}.doc").write_text(text)
    return [tmp_path / f"{name}.doc" for name in "abc"]


def found(address: str) -> dict[str, bytes]:
    """All that is there, by name."""
    system, path = fsspec.url_to_fs(address)
    system.invalidate_cache()
    return {name.rpartition("/")[2]: system.cat_file(name) for name in system.find(path)}


def states(address: str) -> dict[str, str]:
    lines = map(json.loads, found(address)["mdocr.jsonl"].splitlines())
    return {record["name"]: record["state"] for record in lines}


def start(seconds: float = 0) -> Any:
    return partial(WorkerPool, StandInMaker(seconds), WorkerOptions(workers=1, memory=600 << 20))


def test_results_are_put_at_their_address_and_known_there(root, paths):
    out = f"{root}/out"
    tally = run(paths, out)
    assert tally.written == [f"{out}/{name}.md" for name in "abc"]
    records = {f".{name}.progress.jsonl" for name in "abc"}
    files = found(out)
    assert set(files) == {"a.md", "b.md", "c.md", "mdocr.jsonl", ".mdocr.jsonl"} | records
    assert files["a.md"].split() == [b"one", b"two"]
    assert states(out) == {"a": "done", "b": "partial", "c": "done"}
    unread: list[int] = []
    run_by(start(), paths, out, Display(expect=unread.append))
    assert unread == [0, 1, 0]  # all but what was refused is known
    assert found(out) == files
    paths[1].write_text("three\nfour")
    assert not run(paths, out, Selection(retry_failed=True)).failures
    assert states(out) == dict.fromkeys("abc", "done")


def test_pages_of_an_interrupted_document_are_kept(root, paths):
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_by(start(), paths[:1], f"{root}/out", Display(advance=interrupt))
    assert "a.md" not in found(f"{root}/out")
    unread: list[int] = []
    run_by(start(), paths[:1], f"{root}/out", Display(expect=unread.append))
    assert unread == [1]


def test_what_another_run_adds_stays(root, paths):
    out = f"{root}/out"
    with open_destination(f"{out}/", ("md",), 1, RenderOptions()):
        run(paths, out, Selection(shard=(1, 2)))
        run(paths, out, Selection(shard=(2, 2)))
    assert states(out) == {"a": "done", "b": "partial", "c": "done"}


def test_files_of_others_are_not_written_over(root, paths):
    fsspec.filesystem(root.partition(":")[0]).pipe_file(f"{root}/out/b.md", b"mine")
    with pytest.raises(UsageError, match=r"out/b\.md' would be written over"):
        run(paths, f"{root}/out")
    assert found(f"{root}/out")["b.md"] == b"mine"


def test_results_below_the_documents_are_no_documents(root):
    system = fsspec.filesystem(root.partition(":")[0])
    for name in ("a.png", "out/a_images/page0001-001.jpg"):
        system.pipe_file(f"{root}/{name}", b"x")
    names = find_documents([f"{root}/"], f"{root}/out/")
    assert [str(name).rpartition("/")[2] for name in names] == ["a.png"]


@pytest.mark.parametrize(
    ("address", "message"),
    [("s3://nosuch/out/", "cannot be written to"), ("s3://bucket/a.md", "looks like a file")],
)
def test_places_that_cannot_be_written_to_are_told_at_once(s3, paths, address, message):
    with (
        pytest.raises(UsageError, match=message),
        open_destination(address, ("md",), 1, RenderOptions()),
    ):
        pass


@pytest.mark.slow
@pytest.mark.cluster
def test_the_command_line_reads_from_s3_and_writes_to_it(s3, tmp_path):
    """A run that is killed between two documents, and the same command again."""
    system = fsspec.filesystem("s3")
    system.mkdir("scans")
    for name in "abc":
        system.put_file(str(SAMPLE), f"scans/in/{name}.png")
    here = tmp_path / "here"
    local = [sys.executable, "-m", "mdocr", "parse", "s3://scans/in/", "--workers", "1"]
    command = [*local, "-o", "s3://scans/out/", "--format", "md,json"]
    env = {**os.environ, **s3}
    with subprocess.Popen(command, env=env) as killed:
        while killed.poll() is None and not system.exists("scans/out/a.md"):
            system.invalidate_cache()
            time.sleep(0.2)
        killed.send_signal(signal.SIGKILL)
    before = found("s3://scans/out")
    subprocess.run(command, env=env, check=True)
    subprocess.run([*local, "-o", f"{here}/", "--format", "md,json"], env=env, check=True)
    after = found("s3://scans/out")
    assert after["a.md"] == before["a.md"]
    assert states("s3://scans/out") == dict.fromkeys("abc", "done")
    for name in ("a.md", "b.md", "c.md"):
        assert after[name] == (here / name).read_bytes()
