"""Runs over a folder by stand-ins, what they write, and the processes that they leave."""

import argparse
import contextlib
import time
from functools import partial
from pathlib import Path

import psutil
from worker_readers import StandInMaker, StandInModel

from mdocr.batch.destination import open_destination
from mdocr.batch.display import Display
from mdocr.batch.run import Run
from mdocr.batch.tally import Tally
from mdocr.batch.workers import WorkerOptions, WorkerPool
from mdocr.options import ParseOptions, RenderOptions

FORMATS = ("md", "html")


def read(folder: Path, out: Path, display: Display, **limits: float) -> None:
    """Reads all documents of a folder, as ``mdocr parse`` does."""
    paths = [str(path) for path in sorted(folder.glob("*.doc"))]
    options = WorkerOptions(memory=500 << 20, **limits)
    start = partial(WorkerPool, StandInMaker(0.005), options)
    with open_destination(f"{out}/", FORMATS, len(paths), RenderOptions()) as destination:
        run = Run(
            StandInModel(),  # type: ignore[arg-type]
            ParseOptions(),
            destination,
            Tally(len(paths)),
            display=display,
            start_workers=start,
        )
        run.read(paths)


def once(asked: argparse.Namespace) -> int:
    """One run, in a process that can be killed."""
    read(asked.folder, asked.out, Display(), workers=2)
    return 0


def written(out: Path) -> dict[str, bytes]:
    """All files that are not hidden, and what is left of temporary ones."""
    found: dict[str, bytes] = {}
    for path in out.rglob("*"):
        if path.name.startswith(".") and not path.name.endswith(".part"):
            continue
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):  # a run is at work
            found[path.name] = path.read_bytes()
    return found


def orphans(pids: set[int]) -> list[int]:
    """Those of the processes that are still there after a moment."""
    end = time.monotonic() + 10
    while (left := [pid for pid in pids if psutil.pid_exists(pid)]) and time.monotonic() < end:
        time.sleep(0.1)
    return left
