"""Small files that swell, read by the lite model: ``python -m tests.stress bombs``."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bombs import pdfs, pictures


def bombs(asked: argparse.Namespace) -> int:
    """Reads each in a worker, pictures also without; shows what it took."""
    codes = []
    limits = ["--worker-memory", str(asked.mebibytes), "--page-timeout", str(asked.seconds)]
    with tempfile.TemporaryDirectory() as name:
        print("file             bytes  workers  code  seconds  largest MiB", flush=True)
        for path, workers in files(Path(name)):
            code, seconds, peak, said = read(path, ["--workers", str(workers), *limits])
            codes.append(code)
            print(
                f"{path.name:14}{path.stat().st_size:8}{workers:9}{code:6}"
                f"{seconds:9.1f}{peak:13.0f}  {said}",
                flush=True,
            )
    return 0 if set(codes) <= {0, 3, 7} else 1


def files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Each file, and by how many workers it is read."""
    for path in pdfs(folder):
        yield path, 1
    for path in pictures(folder):
        yield path, 1
        yield path, 0


def read(path: Path, limits: list[str]) -> tuple[int, float, float, str]:
    """Exit code, seconds, MiB of the largest process, and what was said last."""
    command = [sys.executable, "-m", "mdocr", "parse", str(path), "--model", "lite", *limits]
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        _, status, usage = os.wait4(process.pid, 0)  # of the process, and of those it waited for
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        said.seek(0)
        message = next((line for line in said if line.startswith(("Error", "failed"))), "")
    shown = message.strip().replace(str(path), path.name)
    return process.returncode, seconds, usage.ru_maxrss / 1024, shown
