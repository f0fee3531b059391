"""Supervisor and workers killed at random moments: ``python -m tests.stress kill``."""

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from tests.stress.runs import orphans, written


def kill(asked: argparse.Namespace) -> int:
    """Kills supervisor or worker at random moments, runs again, compares."""
    chance = random.Random(asked.seed)
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(asked.documents):
            lines = (f"page {page} of {number}" for page in range(4))
            (folder / f"{number:04}.doc").write_text("\n".join(lines))
        command = [sys.executable, "-m", "tests.stress", "once", str(folder)]
        began = time.monotonic()
        subprocess.run([*command, str(folder / "whole")], check=True)
        seconds = time.monotonic() - began
        whole = written(folder / "whole")
        for moment in range(asked.moments):
            out, after = folder / f"out{moment}", chance.randrange(len(whole) - 10)
            victim, pids = _killed([*command, str(out)], out, after, chance)
            subprocess.run([*command, str(out)], check=True)
            is_same, left = written(out) == whole, orphans(pids)
            failures += not is_same or bool(left)
            print(
                f"{moment:3}  {victim:10} killed after {after:4} of {len(whole)} files; "
                f"run again: {'the same bytes' if is_same else 'OTHER BYTES'}, {len(left)} orphans",
                flush=True,
            )
    print(
        f"{asked.moments} moments, {failures} failures; {len(whole)} files, {seconds:.1f} s a run"
    )
    return 1 if failures else 0


def _killed(
    command: list[str], out: Path, after: int, chance: random.Random
) -> tuple[str, set[int]]:
    """Who was killed after so many files, and the processes that must be gone when the run is."""
    with subprocess.Popen(command) as run:
        while run.poll() is None and (not out.exists() or len(written(out)) < after):
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.05))
        supervisor = psutil.Process(run.pid)
        workers = supervisor.children(recursive=True)
        pids = {process.pid for process in workers}
        is_worker = chance.random() < 0.5 and bool(workers)
        victim = chance.choice(workers) if is_worker else supervisor
        victim.kill()
        run.wait()
    return ("worker" if is_worker else "supervisor"), pids
