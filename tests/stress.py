"""Runs that are killed, and runs among whose documents are bad ones, read by stand-ins; servers.

    python -m tests.stress kill --moments 20        kill -9 at random moments, then run again
    python -m tests.stress corpus --documents 1000  20 of them hang, crash or swell
    python -m tests.stress serve --clients 40       a server under load, with the lite models

Each prints what it saw, and ends with 1 if that is not what is promised.
"""

import argparse
import contextlib
import json
import random
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import psutil
from stress_serve import serve
from worker_readers import StandInMaker, StandInModel

from mdocr.batch.destination import open_destination
from mdocr.batch.display import Display
from mdocr.batch.manifest import Manifest
from mdocr.batch.run import Run
from mdocr.batch.tally import Tally
from mdocr.batch.workers import WorkerOptions, WorkerPool
from mdocr.options import ParseOptions, RenderOptions

BAD = ("hang", "hang in C", "crash", "swell")
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


def once(asked: argparse.Namespace) -> int:
    """One run, in a process that can be killed."""
    read(asked.folder, asked.out, Display(), workers=2)
    return 0


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


def corpus(asked: argparse.Namespace) -> int:
    """Many documents, among them bad ones."""
    chance = random.Random(asked.seed)
    bad = chance.sample(range(asked.documents), asked.bad)
    sizes: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(asked.documents):
            text = BAD[bad.index(number) % len(BAD)] if number in bad else f"text of {number}"
            (folder / f"{number:05}.doc").write_text(text)
        own = psutil.Process()
        display = Display(end=lambda record: sizes.append(own.memory_info().rss / 2**20))
        began = time.monotonic()
        read(folder, folder / "out", display, workers=asked.workers, page_seconds=5)
        seconds = time.monotonic() - began
        left = orphans({process.pid for process in own.children(recursive=True)} - _tracker())
        manifest = Manifest(folder / "out")
        paths = (str(folder / f"{number:05}.doc") for number in range(asked.documents))
        states = [manifest.state(path) for path in paths]
        count = len(list((folder / "out").glob("*.md")))
        lines = map(json.loads, manifest.path.read_text().splitlines())
        named = [failure["message"] for line in lines for failure in line["failures"]]
    print(f"{asked.documents} documents, {asked.bad} of them bad, in {seconds:.0f} s")
    print(f"written {count}, done {states.count('done')}, failed {states.count('failed')}")
    for message in sorted(set(named)):
        print(f"{named.count(message):5}  {message}")
    tenth = len(sizes) // 10
    print(f"supervisor: {sizes[tenth]:.0f} MiB after a tenth, {sizes[-1]:.0f} MiB at the end")
    print(f"orphans: {len(left)}")
    good = asked.documents - asked.bad
    return 0 if (count, states.count("done"), len(left)) == (good, good, 0) else 1


def _tracker() -> set[int]:
    """The helper process of ``multiprocessing``, which ends with this one."""
    from multiprocessing.resource_tracker import _resource_tracker

    pid = getattr(_resource_tracker, "_pid", None)
    return {pid} if pid else set()


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.stress",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("kill")
    one.add_argument("--moments", type=int, default=20)
    one.add_argument("--documents", type=int, default=40)
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(run=kill)
    one = commands.add_parser("corpus")
    one.add_argument("--documents", type=int, default=1000)
    one.add_argument("--bad", type=int, default=20)
    one.add_argument("--workers", type=int, default=4)
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(run=corpus)
    one = commands.add_parser("serve")
    one.add_argument("--clients", type=int, default=40)
    one.add_argument("--words", type=int, default=300)
    one.add_argument("--pages", type=int, default=20)
    one.add_argument("--leavers", type=int, default=5)
    one.add_argument("--workers", type=int, default=2)
    one.add_argument("--queue", type=int, default=16)
    one.add_argument("--seed", type=int, default=1)
    one.set_defaults(run=serve)
    one = commands.add_parser("once")
    one.add_argument("folder", type=Path)
    one.add_argument("out", type=Path)
    one.set_defaults(run=once)
    asked = parser.parse_args()
    return int(asked.run(asked))


if __name__ == "__main__":
    sys.exit(main())
