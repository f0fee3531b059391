"""Pages a minute by the number of Ray nodes, on one machine: ``python -m tests.stress nodes``."""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

PAGE = Path(__file__).parents[2] / "docs" / "samples" / "page.png"
NODE = {"num_cpus": 1, "object_store_memory": 80 << 20}


def nodes(asked: argparse.Namespace) -> int:
    """Reads the same pages with one node, with two and so on; each node has a core."""
    codes = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "pages")
        folder.mkdir()
        for number in range(asked.pages):
            shutil.copy(PAGE, folder / f"{number:04}.png")
        print("nodes  seconds  pages/min  CPU-seconds of the actors  a page", flush=True)
        for count in range(asked.least, asked.most + 1):
            with cluster(count) as address, Actors() as actors:
                code, seconds, ends = parse(folder, Path(name, f"out{count}"), address)
                codes.append(code)
            print(
                f"{count:5}{seconds:9.0f}{rate(ends):11.1f}"
                f"{actors.seconds:27.1f}{actors.seconds / asked.pages:8.2f}",
                flush=True,
            )
    return max(codes)


def parse(folder: Path, out: Path, address: str) -> tuple[int, float, list[float]]:
    """Exit code and seconds of a run, and when each page was there."""
    arguments = [str(folder), "-o", f"{out}/", "--cluster", "ray", "--progress", "jsonl"]
    began, ends = time.monotonic(), []
    with subprocess.Popen(
        [sys.executable, "-m", "mdocr", "parse", *arguments],
        env={**os.environ, "RAY_ADDRESS": address},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr
        for said in process.stderr:
            pages = json.loads(said).get("pages", 0) if said.startswith("{") else 0
            ends += [time.monotonic()] * (pages - len(ends))
    return process.returncode, time.monotonic() - began, ends


def rate(ends: list[float]) -> float:
    """Pages a minute after the first, for which the model was loaded."""
    return 60 * (len(ends) - 1) / max(ends[-1] - ends[0], 1e-9) if ends else 0.0


@contextlib.contextmanager
def cluster(count: int) -> Iterator[str]:
    """The address of a cluster of so many nodes."""
    os.environ.setdefault("RAY_worker_niceness", "0")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
    for _ in range(count - 1):
        made.add_node(**NODE)
    try:
        yield made.address
    finally:
        made.shutdown()


class Actors(threading.Thread):
    """The CPU-seconds of all actors below this process, as far as anybody has looked."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._cpu: dict[int, float] = {}
        self._ended = threading.Event()

    def __enter__(self) -> "Actors":
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self.join()

    @property
    def seconds(self) -> float:
        return sum(self._cpu.values())

    def run(self) -> None:
        while not self._ended.wait(0.5):
            for process in psutil.process_iter():
                with contextlib.suppress(psutil.Error):
                    if " ".join(process.cmdline()).startswith("ray::Actor"):
                        times = process.cpu_times()
                        self._cpu[process.pid] = times.user + times.system
