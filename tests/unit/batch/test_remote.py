"""Documents at addresses: found, fetched in their turn, and known by their address."""

import errno
import io
import json
import threading
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from stand_in_runs import records, run, run_by
from typer.testing import CliRunner
from worker_readers import StandInMaker

from mdocr.batch.copies import Copies, make_copy
from mdocr.batch.display import Display
from mdocr.batch.inputs import find_documents
from mdocr.batch.remote import find_remote, is_remote
from mdocr.batch.selection import Selection
from mdocr.batch.workers import WorkerOptions, WorkerPool
from mdocr.cli.main import app
from mdocr.errors import InputError, MissingExtraError, UsageError
from mdocr.inputs.find import FailedInput
from mdocr.parsing.pipeline import in_background, read_documents

fsspec = pytest.importorskip("fsspec")

PDFS = frozenset({".pdf"})
SAMPLES = Path(__file__).parents[3] / "docs" / "samples"


@pytest.fixture
def store():
    """A store of documents for the stand-ins, at ``memory://scans``."""
    system = fsspec.filesystem("memory")
    for name, text in {"a10": "one\ntwo", "a2": "three\nrefuse", "b/c": "four"}.items():
        system.pipe_file(f"/scans/{name}.pdf", text.encode())
    system.pipe_file("/scans/notes.docx", b"x")
    yield system
    system.rm("/scans", recursive=True)


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("memory://scans/a2.pdf", ["memory://scans/a2.pdf"]),
        ("memory://a.pdf", ["memory://a.pdf"]),
        ("https://example.org/a.pdf?x=*.png", ["https://example.org/a.pdf?x=*.png"]),
        ("memory://scans/a*.pdf", ["memory:///scans/a2.pdf", "memory:///scans/a10.pdf"]),
        (
            "memory://scans",
            ["memory:///scans/a2.pdf", "memory:///scans/a10.pdf", "memory:///scans/b/c.pdf"],
        ),
    ],
)
def test_addresses_name_documents_folders_and_patterns(store, address, found):
    names = [name.replace("memory:///", "memory://") for name in find_remote(address, PDFS)]
    assert names == [name.replace("memory:///", "memory://") for name in found]


@pytest.mark.parametrize("address", ["memory://scans/*.png", "memory://nothing", "nosuch://a/b"])
def test_an_address_that_names_nothing_is_a_failed_input(store, address):
    (failed,) = find_remote(address, PDFS)
    assert isinstance(failed, FailedInput)
    assert failed.path == address
    assert isinstance(failed.error, InputError)


def test_files_and_addresses_keep_their_order(store, tmp_path):
    (tmp_path / "x.pdf").write_text("x")
    listed = tmp_path / "list.txt"
    listed.write_text(f"memory://scans/a2.pdf\n{tmp_path}/x.pdf\nhttps://example.org/b.pdf?x=1\n")
    assert find_documents([str(listed)], "out/") == [
        "memory://scans/a2.pdf",
        f"{tmp_path}/x.pdf",
        "https://example.org/b.pdf?x=1",
    ]


def test_a_file_that_looks_like_an_address_is_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("memory:").mkdir()
    Path("memory:/a.pdf").touch()
    assert not is_remote("memory:/a.pdf")
    assert is_remote("memory://b.pdf")


def test_remote_documents_are_read_and_known_by_their_address(store, tmp_path):
    out = tmp_path / "out"
    paths = ["memory://scans/a10.pdf", "memory://scans/missing.pdf", "memory://scans/a2.pdf"]
    tally = run(paths, out)
    assert (tally.read, tally.failures) == (3, 2)
    found = records(out)
    assert {name: record["state"] for name, record in found.items()} == {
        "a10": "done",
        "a2": "partial",
        "missing": "failed",
    }
    assert {record["path"] for record in found.values()} == set(paths)
    assert "there is no such file" in found["missing"]["failures"][0]["message"]
    assert (out / "a10.md").read_text().split() == ["one", "two"]
    store.pipe_file("/scans/missing.pdf", b"five")
    assert run(paths, out, Selection(retry_failed=True)).read == 2  # that, and a known page
    assert (out / "missing.md").read_text() == "five\n"


def test_copies_are_gone_and_messages_name_the_address(store, tmp_path, capsys):
    out = tmp_path / "out"
    store.pipe_file("/scans/empty.pdf", b"")
    run(["memory://scans/empty.pdf", "memory://scans/a10.pdf"], out)
    (failure,) = records(out)["empty"]["failures"]
    assert "mdocr-copies" not in json.dumps(failure)
    with Copies() as copies:
        copy = copies.place("memory://scans/a10.pdf", 3)
        make_copy("memory://scans/a10.pdf", copy)
        assert copy.read_text() == "one\ntwo"
    assert not copy.exists()


@pytest.mark.parametrize("workers", [0, 1])
def test_what_cannot_be_had_is_told_where_the_run_is(store, tmp_path, workers, monkeypatch):
    """Not in the thread that prepares documents while others are read."""
    monkeypatch.setattr(
        "mdocr.batch.run.read_documents",
        lambda load, tasks, options: in_background(
            read_documents(lambda: None, tasks, options), depth=2
        ),
    )
    threads = []
    display = Display(end=lambda record: threads.append(threading.current_thread()))
    limits = WorkerOptions(workers=1, memory=600 << 20)
    start = partial(WorkerPool, StandInMaker(), limits) if workers else None
    tally = run_by(start, ["memory://scans/x.pdf", "memory://scans/y.pdf"], tmp_path, display)
    assert (tally.failures, threads) == (2, [threading.main_thread()] * 2)


def test_what_comes_through_a_pipe_is_read_by_a_worker(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"one\nrefuse")))
    assert run(["-"], tmp_path / "out").read == 1
    (record,) = records(tmp_path / "out").values()
    assert (record["path"], record["name"], record["state"]) == ("-", "stdin", "partial")


def test_without_a_place_for_copies_the_run_says_so(monkeypatch):
    def nowhere(prefix):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("mdocr.batch.copies.TemporaryDirectory", nowhere)
    with Copies() as copies, pytest.raises(UsageError, match="No usable temporary") as error:
        copies.place("-", 0)
    assert "TMPDIR" in error.value.hint


def test_a_missing_package_is_told(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "fsspec.core", None)
    (failed,) = find_remote("s3://bucket/", PDFS)
    assert isinstance(failed.error, MissingExtraError)
    assert "[remote]" in failed.error.hint


@pytest.mark.slow
def test_formats_that_show_the_pages_are_made_of_the_copy(store, tmp_path):
    store.put_file(str(SAMPLES / "note.png"), "/scans/note.png")
    out, review = tmp_path / "out", tmp_path / "review"
    command = ["parse", "memory://scans/note.png", "-o", f"{out}/", "--format", "pdf,report"]
    command += ["--workers", "0", "--review", str(review), "--review-below", "1"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.stderr
    assert "cannot" not in done.stderr
    assert (out / "note.pdf").read_bytes().startswith(b"%PDF-")
    report = next(path for path in out.iterdir() if path.suffix == ".html").read_text()
    assert "data:image/webp" in report and "memory://scans/note.png" in report
    assert list((review / "lines").iterdir())
    assert "memory://scans/note.png" in (review / "review.csv").read_text()
