"""Runs over many documents: manifest, claims, shards, lists; with stand-ins for the readers."""

import errno
import json
import os
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from stand_in_runs import records, run
from worker_readers import StandInMaker, StandInModel

from mdocr.batch.claims import EXPIRY, WRITTEN, Claims
from mdocr.batch.display import Display
from mdocr.batch.inputs import find_documents, listed
from mdocr.batch.manifest import Manifest
from mdocr.batch.mixed import MixedRun
from mdocr.batch.selection import Selection, parse_shard
from mdocr.batch.tally import Tally
from mdocr.batch.workers import WorkerOptions, WorkerPool
from mdocr.errors import InputError, PartialFailureError, UsageError
from mdocr.options import ParseOptions, RenderOptions

OUTS = ("whole", "both")


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    texts = {"a": "one\ntwo", "b": "three\ncrash", "c": "open: exit\nx", "d": "four"}
    for name, text in texts.items():
        (tmp_path / f"{name}.doc").write_text(text)
    return [tmp_path / f"{name}.doc" for name in texts]


def test_the_manifest_says_what_became_of_each_document(paths, tmp_path):
    out = tmp_path / "out"
    tally = run(paths, out)
    with pytest.raises(PartialFailureError):
        tally.end()
    found = records(out)
    states = {name: found[name]["state"] for name in found}
    assert states == {"a": "done", "b": "partial", "c": "failed", "d": "done"}
    assert (found["a"]["pages"], found["a"]["characters"]) == (2, 6)
    (failure,) = found["b"]["failures"]
    assert (failure["page"], failure["error"]) == (2, "CrashError")
    assert sorted(path.name for path in out.glob("*.md")) == ["a.md", "b.md", "d.md"]
    assert not (out / ".claims").exists()


def test_only_what_failed_is_tried_again(paths, tmp_path):
    out = tmp_path / "out"
    run(paths, out)
    before = (out / "a.md").stat().st_mtime_ns
    paths[1].write_text("three\nfour")
    paths[2].write_text("five")
    assert not run(paths, out, Selection(retry_failed=True)).failures
    assert {record["state"] for record in records(out).values()} == {"done"}
    assert len(records(out)) == 4 and (out / "a.md").stat().st_mtime_ns == before


def test_a_second_run_changes_nothing(paths, tmp_path):
    out = tmp_path / "out"
    run(paths, out)
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    run(paths, out)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == first


def test_shards_share_the_documents_and_their_names(tmp_path):
    folders = [tmp_path / name for name in "xyz"]
    for folder in folders:
        folder.mkdir()
        (folder / "same.doc").write_text(folder.name)
    paths = [folder / "same.doc" for folder in folders]
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    run(paths, whole)
    for part in (1, 2):
        run(paths, parts, Selection(shard=(part, 2)))
    texts = [{path.name: path.read_text() for path in out.glob("*.md")} for out in (whole, parts)]
    assert texts[0] == texts[1] and len(texts[0]) == 3


def test_no_more_documents_are_read_than_the_limit(paths, tmp_path):
    run(paths, tmp_path / "out", Selection(limit=1))
    assert list(records(tmp_path / "out")) == ["a"]


def test_a_document_that_another_run_reads_is_left_to_it(paths, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    with Claims(out) as others:
        assert others.take("a")
        run(paths, out)
        assert not (out / "a.md").exists() and (out / "d.md").exists()
    run(paths, out)
    assert (out / "a.md").exists()


@pytest.mark.slow
@pytest.mark.cluster
def test_the_same_command_started_twice_reads_each_document_once(tmp_path):
    for number in range(24):
        (tmp_path / f"{number:02}.doc").write_text(f"one of {number}\ntwo of {number}")
    once = [sys.executable, "-m", "tests.stress", "once", str(tmp_path)]
    root = Path(__file__).parents[3]
    subprocess.run([*once, str(tmp_path / "whole")], check=True, cwd=root)
    both = [subprocess.Popen([*once, str(tmp_path / "both")], cwd=root) for _ in range(2)]
    assert [process.wait() for process in both] == [0, 0]
    texts = [{p.name: p.read_bytes() for p in (tmp_path / out).glob("*.md")} for out in OUTS]
    assert len(texts[0]) == 24 and texts[0] == texts[1]
    assert records(tmp_path / "both") == records(tmp_path / "whole")


def test_claims_of_the_dead_are_void(tmp_path):
    with Claims(tmp_path) as first, Claims(tmp_path) as second:
        assert first.take("a") and not second.take("a")
        claim = tmp_path / ".claims/a"
        os.utime(claim, (0, time.time() - EXPIRY - 1))
        assert second.take("a")
        record = json.loads(claim.read_text())
        claim.write_text(json.dumps({**record, "pid": 2**22 + 1}))
        assert first.take("a")
        claim.write_text(json.dumps({**record, "pid": 2**22 + 1, "host": "elsewhere"}))
        assert not second.take("a")
        claim.write_text(json.dumps({**record, "started": record["started"] - 60}))
        assert second.take("a")  # a later process has its number, as in a container
        claim.write_text("")
        assert not first.take("a")
        os.utime(claim, (0, time.time() - WRITTEN - 1))
        assert first.take("a")
        first.release("a")
        assert second.take("a")


def test_a_claim_that_cannot_be_written_is_in_nobodys_way(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk, Claims(tmp_path) as first:
        disk.setattr("mdocr.batch.claims.json.dump", full)
        assert first.take("a")
    with Claims(tmp_path) as second:
        assert second.take("a")


def test_inputs_of_several_kinds_share_their_workers(paths, capsys):
    pools: list[WorkerPool] = []

    def start() -> WorkerPool:
        pools.append(WorkerPool(StandInMaker(), WorkerOptions(workers=1, memory=600 << 20)))
        return pools[-1]

    tally = Tally(3)
    mixed = MixedRun(
        StandInModel(),  # type: ignore[arg-type]
        lambda: pytest.fail("there are no words"),
        ParseOptions(),
        RenderOptions(),
        tally,
        lambda to_file: nullcontext(Display()),
        print,
        start_workers=lambda documents: start if len(documents) == 3 else None,
    )
    mixed.read([str(path) for path in paths[:3]], "auto", ("md",), "")
    shown = capsys.readouterr().out
    assert "one two\n" in shown and "three\n" in shown
    assert (len(pools), tally.read, tally.failures) == (1, 3, 2)
    assert not pools[0].pids


def test_damaged_manifests_cost_only_their_damaged_lines(tmp_path):
    path = tmp_path / "mdocr.jsonl"
    path.write_bytes(b'{"path": "a", "state": "done"}\n[]\n\xff\n{"path": "b", "sta')
    manifest = Manifest(tmp_path)
    assert (manifest.state("a"), manifest.state("b")) == ("done", None)
    manifest.add({"path": "b", "state": "failed", "seconds": 1})
    manifest.add({"path": "b", "state": "failed", "seconds": 2})  # nothing new
    assert len(path.read_text(errors="replace").splitlines()) == 5
    manifest.end()
    assert [json.loads(line)["path"] for line in path.read_text().splitlines()] == ["a", "b"]


def test_lists(tmp_path):
    listing = tmp_path / "list.txt"
    listing.write_text("a.pdf\r\n\nscans/b c.png\n")
    assert list(listed(["x.pdf", str(listing)])) == ["x.pdf", "a.pdf", "scans/b c.png"]
    (tmp_path / "a.pdf").write_bytes(b"%PDF-")
    listing.write_text(f"{tmp_path}/a.pdf\n")
    assert find_documents([str(listing)], "") == [f"{tmp_path}/a.pdf"]
    listing.write_text("\n")
    with pytest.raises(InputError, match="no list of documents"):
        list(listed([str(listing)]))


@pytest.mark.parametrize("text", ["0/2", "3/2", "1", "1/2/3", "a/b", "١/٢", "-1/2"])
def test_shards_that_make_no_sense(text):
    with pytest.raises(UsageError):
        Selection(parse_shard(text))


def test_a_text_that_is_no_list_is_told_as_such(tmp_path):
    text = tmp_path / "letter.txt"
    text.write_text("Dear Ms Tarrow,\n" + 300 * "x" + "\n")
    with pytest.raises(InputError, match="list of documents, names none"):
        list(listed([str(text)]))
    text.write_text(f"Dear Ms Tarrow,\n{tmp_path}\n")
    assert list(listed([str(text)])) == ["Dear Ms Tarrow,", str(tmp_path)]
