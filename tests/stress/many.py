"""Thousands of small documents, read by the lite model: ``python -m tests.stress many``."""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import pymupdf

WORDS = ("the", "quick", "brown", "fox", "reads", "small", "letters", "on", "every", "page")


def many(asked: argparse.Namespace) -> int:
    """Shows for each tenth of the documents what it took, and the memory at its end."""
    with tempfile.TemporaryDirectory() as name:
        folder, out = Path(name, "documents"), Path(name, "out")
        folder.mkdir()
        for number in range(asked.documents):
            (folder / f"{number:06}.pdf").write_bytes(line(number))
        print(f"{asked.documents} documents, {asked.workers} workers")
        print("documents  seconds  CPU-seconds  supervisor MiB  largest worker MiB", flush=True)
        code = watch(command(folder, out, asked.workers), asked.documents)
        count = len(list(out.glob("*.md")))
        states = [json.loads(line)["state"] for line in (out / "mdocr.jsonl").open()]
    print(f"ended with {code}; written {count}, done {states.count('done')}")
    return 0 if (code, count, states.count("done")) == (0, *[asked.documents] * 2) else 1


def line(number: int) -> bytes:
    """A PDF of one page with one line."""
    with pymupdf.open() as document:
        page = document.new_page(width=220, height=60)
        words = (WORDS[(number + step * step) % len(WORDS)] for step in range(5))
        page.insert_text((12, 34), f"{number} {' '.join(words)}", fontsize=10)
        return document.tobytes(deflate=True)


def command(folder: Path, out: Path, workers: int) -> list[str]:
    limits = ["--workers", str(workers), "--progress", "jsonl"]
    return [sys.executable, "-m", "mdocr", "parse", str(folder), "-o", f"{out}/", *limits]


def watch(command: list[str], documents: int) -> int:
    """Prints a row at each tenth; returns the exit code."""
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        usage = Usage(psutil.Process(process.pid))
        rows, began, before = 0, time.monotonic(), 0.0
        for said in process.stderr:
            usage.look()
            done = json.loads(said).get("documents", 0) if said.startswith("{") else 0
            if done * 10 >= (rows + 1) * documents:
                rows += 1
                now, cpu = time.monotonic(), usage.seconds
                print(
                    f"{done:9}{now - began:9.0f}{cpu - before:13.1f}"
                    f"{usage.supervisor:16.0f}{usage.worker:20.0f}",
                    flush=True,
                )
                began, before = now, cpu
    return process.returncode


class Usage:
    """CPU-seconds and memory of a run and its workers, as far as anybody has looked."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._cpu: dict[int, float] = {}
        self.supervisor = self.worker = 0.0
        self._looked = 0.0

    @property
    def seconds(self) -> float:
        return sum(self._cpu.values())

    def look(self) -> None:
        if time.monotonic() - self._looked < 1:
            return
        self._looked = time.monotonic()
        sizes = [self._look(process) for process in (self._process, *self._process.children())]
        self.supervisor, *workers = sizes
        self.worker = max(workers, default=0.0)

    def _look(self, process: psutil.Process) -> float:
        """MiB of resident memory."""
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            self._cpu[process.pid] = times.user + times.system
            return float(process.memory_info().rss) / 2**20
        return 0.0
