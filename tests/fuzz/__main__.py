"""Mutated files through all that reads files: ``python -m tests.fuzz --count 5000 --seed 1``.

Ends with 1 if any mutant was not read or refused as it should be: an error that is none of ours, a
crash, or a run past the clock. Such mutants are kept. ``--seeds DIR`` adds files of a folder to
those that mutants are made from.
"""

import argparse
import logging
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from mdocr.batch.workers import WorkerOptions, WorkerPool, read_in_workers
from mdocr.options import ParseOptions
from mdocr.parsing.events import collect
from mdocr.parsing.pipeline import DocumentTask
from tests.fuzz.mutate import mutant
from tests.fuzz.seeds import make_seeds
from tests.fuzz.targets import FuzzReaderMaker

CONTAINED = {"TimeLimitError": "timeout", "MemoryLimitError": "memory", "CrashError": "crash"}
SHARES = {"pdf": 8}
"""How often a kind is drawn; others once."""

OUTCOMES = ("read", "refused", "unexpected", "timeout", "memory", "crash")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=5000, help="mutants")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=20, help="the clock of a mutant")
    parser.add_argument("--mebibytes", type=int, default=1500, help="the memory of a worker")
    parser.add_argument("--seeds", type=Path, help="a folder of files to mutate too")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"))
    return parser.parse_args()


def mutants(folder: Path, count: int, seed: int, more: Path | None) -> Iterator[Path]:
    """Files, made as they are asked for; ``more`` is a folder of files to make them from."""
    chance = random.Random(seed)
    seeds = make_seeds(folder)
    for path in sorted(more.iterdir()) if more else ():
        if path.suffix[1:] in seeds:
            seeds[path.suffix[1:]].append(path.read_bytes())
    kinds = [kind for kind in seeds for _ in range(SHARES.get(kind, 1))]
    for number in range(count):
        kind = chance.choice(kinds)
        path = folder / f"{number}.{kind}"
        content = mutant(chance.choice(seeds[kind]), chance.choice(seeds[kind]), chance)
        path.write_bytes(content)
        yield path


def main() -> int:
    asked = arguments()
    logging.getLogger("mdocr").setLevel(logging.ERROR)
    counts: Counter[tuple[str, str]] = Counter()
    messages: Counter[str] = Counter()
    options = WorkerOptions(
        asked.workers,
        page_seconds=asked.seconds,
        silent_seconds=asked.seconds,
        memory=asked.mebibytes << 20,
    )
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as name, WorkerPool(FuzzReaderMaker(), options) as pool:
        folder = Path(name)
        made: list[Path] = []
        tasks = (
            DocumentTask(str(made.append(path) or path))  # type: ignore[func-returns-value]
            for path in mutants(folder, asked.count, asked.seed, asked.seeds)
        )
        for read in collect(read_in_workers(pool, tasks, ParseOptions())):
            path = made[read.number]
            outcome = "read"
            if read.failures:
                failure = read.failures[0]
                outcome = CONTAINED.get(failure.error, "refused")
                if failure.message.startswith("unexpected"):
                    outcome = "unexpected"
                    messages[f"{path.suffix} {failure.message}"[:150]] += 1
            counts[path.suffix, outcome] += 1
            if outcome not in ("read", "refused"):
                asked.keep.mkdir(exist_ok=True)
                shutil.copy(path, asked.keep)
            path.unlink()
            shutil.rmtree(path.with_suffix(""), ignore_errors=True)
    report(counts, messages, time.monotonic() - began)
    return 1 if any(outcome not in ("read", "refused") for _, outcome in counts) else 0


def report(counts: Counter[tuple[str, str]], messages: Counter[str], seconds: float) -> None:
    print(f"{'kind':14}" + "".join(f"{outcome:>12}" for outcome in OUTCOMES))
    for kind in [*sorted({kind for kind, _ in counts}), "all"]:
        row = [
            sum(n for (k, o), n in counts.items() if o == outcome and kind in (k, "all"))
            for outcome in OUTCOMES
        ]
        print(f"{kind:14}" + "".join(f"{number:12}" for number in row))
    for message, number in messages.most_common(20):
        print(f"{number:6}  {message}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{sum(counts.values())} mutants in {seconds:.0f} s, largest process {peak:.0f} MiB")


if __name__ == "__main__":
    sys.exit(main())
