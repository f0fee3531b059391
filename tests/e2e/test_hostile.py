"""Documents that would hang or crash the reader, and closed streams, through the program."""

import json
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from bombs import PDFS
from hostile import nested_forms
from page_models import write_pdf

pytestmark = pytest.mark.cluster

PARSE = [sys.executable, "-m", "mdocr", "parse"]


def parse(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    """Reads a folder in one worker, into ``out`` there."""
    arguments = [str(folder), "-o", str(folder / "out"), "--workers", "1", *options]
    return subprocess.run([*PARSE, *arguments], capture_output=True, text=True, check=False)


def test_a_pdf_that_hangs_mupdf_costs_itself(tmp_path):
    nested_forms(tmp_path / "a.pdf")
    write_pdf(tmp_path / "b.pdf", [["fine"]])
    done = parse(tmp_path, "--page-timeout", "3")
    assert done.returncode == 7, done.stderr
    assert "a.pdf, page 1: timeout" in done.stderr
    assert (tmp_path / "out/b.md").read_text().strip() == "fine"
    lines = (tmp_path / "out/mdocr.jsonl").read_text().splitlines()
    states = {Path(line["path"]).name: line["state"] for line in map(json.loads, lines)}
    assert states == {"a.pdf": "failed", "b.pdf": "done"}


def test_a_picture_that_swells_in_a_pdf_costs_itself(tmp_path):
    PDFS["jpx.pdf"](tmp_path / "a.pdf")  # 900 million pixels in 800 bytes
    write_pdf(tmp_path / "b.pdf", [["fine"]])
    done = parse(tmp_path, "--worker-memory", "1024")
    assert done.returncode == 7, done.stderr
    assert "a.pdf, page 1: out of memory: it took more than 1,024 MiB" in done.stderr
    assert (tmp_path / "out/b.md").read_text().strip() == "fine"


@pytest.mark.parametrize(
    ("name", "piped"),
    [("SIGINT", False), ("SIGTERM", False), ("SIGHUP", False), ("SIGINT", True)],
)
def test_a_hanging_run_can_be_ended(tmp_path, name, piped):
    path = nested_forms(tmp_path / "a.png")  # known by its content, and so read in a worker
    with (
        path.open("rb") as file,
        subprocess.Popen(
            [*PARSE, "-" if piped else str(path)],
            stdin=file if piped else subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.Signals[name], signal.SIG_DFL),
        ) as run,
    ):
        own = psutil.Process(run.pid)
        workers: list[psutil.Process] = []
        while not workers:
            time.sleep(0.1)
            workers = [one for one in own.children() if "spawn_main" in " ".join(one.cmdline())]
        while workers[0].cpu_times().user < 2:  # it has begun to hang
            time.sleep(0.1)
        run.send_signal(signal.Signals[name])
        assert run.wait(10) == 130
    end = time.monotonic() + 10
    while workers[0].is_running() and time.monotonic() < end:
        time.sleep(0.1)
    assert not workers[0].is_running()


@pytest.mark.parametrize("closed", ["2>&-", "<&- >&- 2>&-", "2>&1 >/dev/null | true"])
def test_messages_that_nobody_reads_stop_nothing(tmp_path, closed):
    (tmp_path / "no.png").write_text("no picture")
    (tmp_path / "none.png").write_text("no picture")
    command = f"{shlex.join([*PARSE, str(tmp_path), '-o', str(tmp_path / 'out')])} {closed}"
    script = f"{command}; exit ${{PIPESTATUS[0]}}"
    assert subprocess.run(["bash", "-c", script], check=False).returncode == 3
    assert len((tmp_path / "out/mdocr.jsonl").read_text().splitlines()) == 2
