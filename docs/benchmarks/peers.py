"""Readers that the benchmarks page stands beside one another, each at its best setting.

Every reader gets the whole machine, in two settings: as many processes as cores with one thread
each (Tesseract's threads spin on one another otherwise), and one process with as many threads as
cores. The faster one counts, by a trial on a few pictures. Times and CPU seconds are those of
the whole run, the start of the programs included.
"""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from report import ROOT

WORKER = Path(__file__).with_name("reader.py")
TRIALS = {"page": 8, "word": 64}
"""Pictures of each kind on which the settings are compared."""

SHARES = 8
"""Parts of a process's pictures; a process that is done early takes the parts of another."""


@dataclass(frozen=True)
class Reader:
    """A program that reads pictures.

    Attributes:
        name: with its version.
        command: the worker's command line up to the kind of picture.
        options: further options of the worker.
    """

    name: str
    command: tuple[str, ...]
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setting:
    """How a reader uses the machine."""

    processes: int
    threads: int

    def __str__(self) -> str:
        return f"{self.processes} × {self.threads}"


@dataclass(frozen=True)
class Outcome:
    """What a reader read, and what it took: seconds by the clock, and of all its processes."""

    setting: Setting
    texts: dict[Path, str]
    seconds: float
    cpu_seconds: float


def at_best(reader: Reader, kind: str, paths: Sequence[Path]) -> Outcome:
    """Reads pictures in the setting that was the faster one on a few of them.

    Raises:
        RuntimeError: a process of the reader failed.
    """
    some = paths[:: max(1, len(paths) // TRIALS[kind])][: TRIALS[kind]]
    trials = [read_all(reader, kind, some, setting) for setting in settings()]
    best = min(trials, key=lambda trial: trial.seconds)
    return best if len(some) == len(paths) else read_all(reader, kind, paths, best.setting)


def settings() -> list[Setting]:
    """The ways to use the cores that this process may use."""
    cores = len(os.sched_getaffinity(0))
    return list(dict.fromkeys((Setting(cores, 1), Setting(1, cores))))


def conditions(kind: str) -> str:
    """What a table should say of how its readers were run."""
    cores = settings()[0].processes
    return (
        f"Each reader has all {cores} cores, in the setting of processes × threads that was the "
        f"faster one on {TRIALS[kind]} of them; the start of the programs is included."
    )


def read_all(reader: Reader, kind: str, paths: Sequence[Path], setting: Setting) -> Outcome:
    """Reads pictures with some worker processes, which take them from one queue.

    Raises:
        RuntimeError: a process of the reader failed.
    """
    parts: queue.SimpleQueue[list[str]] = queue.SimpleQueue()
    size = -(-len(paths) // (SHARES * setting.processes))
    for first in range(0, len(paths), size):
        parts.put([str(path) for path in paths[first : first + size]])
    begin = time.perf_counter()
    with ThreadPoolExecutor(setting.processes) as pool:
        jobs = [pool.submit(_work, reader, kind, setting, parts) for _ in range(setting.processes)]
        results = [job.result() for job in jobs]
    seconds = time.perf_counter() - begin
    texts = {Path(path): text for read, _ in results for path, text in read.items()}
    return Outcome(setting, texts, seconds, sum(cpu for _, cpu in results))


def _work(
    reader: Reader, kind: str, setting: Setting, parts: "queue.SimpleQueue[list[str]]"
) -> tuple[dict[str, str], float]:
    """Feeds one process until the queue is empty; its texts by path, and its CPU seconds."""
    command = [*reader.command, kind, str(setting.threads), *reader.options]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=_environment(setting.threads),
    )
    assert process.stdin is not None and process.stdout is not None
    texts: dict[str, str] = {}
    with contextlib.suppress(BrokenPipeError), process.stdin as asked, process.stdout as answers:
        while part := _next(parts):
            asked.write(json.dumps(part) + "\n")
            asked.flush()
            if not (answer := answers.readline()):
                break
            texts |= dict(zip(part, json.loads(answer), strict=True))
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{reader.name} ended with exit code {process.returncode}")
    return texts, usage.ru_utime + usage.ru_stime


def _next(parts: "queue.SimpleQueue[list[str]]") -> list[str] | None:
    try:
        return parts.get_nowait()
    except queue.Empty:
        return None


def _environment(threads: int) -> dict[str, str]:
    """Limits the threads of OpenMP and of the libraries for matrices."""
    limits = ("OMP_NUM_THREADS", "OMP_THREAD_LIMIT", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    return {**os.environ, "PYTHONPATH": str(ROOT), **dict.fromkeys(limits, str(threads))}


def mdocr(model: str) -> Reader:
    """This project's reader."""
    command = (sys.executable, str(WORKER), "mdocr")
    return Reader(f"mdocr {model}", command, ("--model", model))


def others(rapidocr_python: str, languages: str) -> list[Reader | str]:
    """The other readers; a sentence for each that is not installed.

    Args:
        rapidocr_python: interpreter of an environment with RapidOCR.
        languages: of Tesseract, joined by ``+``.
    """
    return [_tesseract(languages), _rapidocr(rapidocr_python)]


def _tesseract(languages: str) -> Reader | str:
    if shutil.which("tesseract") is None:
        return "Not measured: Tesseract is not installed."
    done = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=False)
    name = f"Tesseract {(done.stdout or done.stderr).split()[1]} ({languages})"
    return Reader(name, (sys.executable, str(WORKER), "tesseract"), ("--languages", languages))


def _rapidocr(python: str) -> Reader | str:
    asked = "import importlib.metadata as m; print(m.version('rapidocr'))"
    done = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)
    if done.returncode:
        return "Not measured: RapidOCR is not installed (`--rapidocr-python`)."
    return Reader(f"RapidOCR {done.stdout.strip()}", (python, str(WORKER), "rapidocr"))
