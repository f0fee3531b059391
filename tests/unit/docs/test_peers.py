"""Readers beside one another: each picture is read once, and all that a reader costs is counted."""

import importlib
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[3] / "docs" / "benchmarks"

ECHO = """
import json, os, sys, time
kind, threads = sys.argv[1:3]
for line in sys.stdin:
    paths = json.loads(line)
    {work}
    print(json.dumps([" ".join([kind, threads, os.environ["OMP_THREAD_LIMIT"], path])
                      for path in paths]), flush=True)
"""
TESSERACT = """#!/bin/sh
# Like the program: texts of a list with form feeds between them; it stops at what it cannot read.
first=yes
while read path; do
  test "$first" || printf '\\f'
  first=
  case "$path" in *bad*) exit 1 ;; esac
  printf 'text of %s\\n' "$path"
done < "$1"
"""
BUSY = "end = time.process_time() + 0.3\n    while time.process_time() < end: pass"
CHILD = "import subprocess; subprocess.run([sys.executable, '-c', {code!r}], check=True)".format(
    code="import time\nwhile time.process_time() < 0.3: pass"
)


@pytest.fixture
def peers(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("peers")


def reader(peers, work="pass"):
    return peers.Reader("echo", (sys.executable, "-c", ECHO.format(work=work)))


@pytest.mark.parametrize("processes", [1, 2, 3])
@pytest.mark.parametrize("count", [1, 2, 50])
def test_every_picture_is_read_once_whatever_the_setting(peers, processes, count):
    paths = [Path(f"{number}.png") for number in range(count)]
    outcome = peers.read_all(reader(peers), "page", paths, peers.Setting(processes, 4))
    assert outcome.texts == {path: f"page 4 4 {path}" for path in paths}
    assert outcome.seconds > 0


@pytest.mark.parametrize("work", [BUSY, CHILD], ids=["own", "of a child"])
def test_cpu_seconds_are_those_of_all_processes(peers, work):
    paths = [Path("a.png"), Path("b.png")]
    outcome = peers.read_all(reader(peers, work), "word", paths, peers.Setting(2, 1))
    assert 0.6 <= outcome.cpu_seconds < 6


@pytest.mark.parametrize("work", ["sys.exit(3)", "os.close(1); time.sleep(0.1); sys.exit(3)"])
def test_a_reader_that_fails_is_no_result(peers, work):
    with pytest.raises(RuntimeError, match="echo ended with exit code 3"):
        peers.read_all(reader(peers, work), "word", [Path("a.png")] * 40, peers.Setting(1, 1))


def test_the_faster_setting_reads_all_pictures(peers, monkeypatch):
    monkeypatch.setattr(peers, "settings", lambda: [peers.Setting(2, 1), peers.Setting(1, 2)])
    slow_alone = "time.sleep(0.2 if threads == '2' else 0)"
    paths = [Path(f"{number}.png") for number in range(20)]
    outcome = peers.at_best(reader(peers, slow_alone), "page", paths)
    assert str(outcome.setting) == "2 × 1"
    assert outcome.texts.keys() == set(paths)


def test_what_is_not_installed_is_named(peers, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = peers.others("/bin/false", "eng")
    assert found[0] == "Not measured: Tesseract is not installed."
    assert "RapidOCR is not installed" in found[1]


def test_tesseract_reads_a_list_at_once_and_what_follows_a_damaged_picture(
    peers, monkeypatch, tmp_path
):
    program = tmp_path / "tesseract"
    program.write_text(TESSERACT)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    worker = peers.Reader("Tesseract", (sys.executable, str(peers.WORKER), "tesseract"))
    paths = [Path(name) for name in ("a.png", "bad.png", "c.png")]
    read = peers.read_all(worker, "page", paths, peers.Setting(1, 1)).texts
    assert [read[path] for path in paths] == ["text of a.png", "", "text of c.png"]
    assert peers.read_all(worker, "page", paths[::2], peers.Setting(1, 1)).texts[paths[2]]


def test_a_row_of_costs_is_per_page_and_for_the_whole_machine(peers):
    pages = importlib.import_module("pages")
    outcome = peers.Outcome(peers.Setting(2, 1), {}, seconds=30, cpu_seconds=50)
    row = pages.cost("one", outcome, {"pages": 10, "text": 0.9, "text_median": 0.95})
    assert [str(cell) for cell in row] == ["one", "2 × 1", "5.00", "20.0", "90.0%", "95.0%"]
