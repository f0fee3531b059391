"""Many documents, bad ones among them, read by stand-ins: ``python -m tests.stress corpus``."""

import argparse
import json
import random
import tempfile
import time
from pathlib import Path

import psutil

from mdocr.batch.display import Display
from mdocr.batch.manifest import Manifest
from tests.stress.runs import orphans, read

BAD = ("hang", "hang in C", "crash", "swell")


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
