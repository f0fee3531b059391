"""Runs over documents whose workers are stand-ins."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from worker_readers import StandInMaker, StandInModel

from mdocr.batch.destination import open_destination
from mdocr.batch.display import Display
from mdocr.batch.review import Review
from mdocr.batch.run import Run
from mdocr.batch.selection import Selection
from mdocr.batch.tally import Tally
from mdocr.batch.workers import WorkerOptions, WorkerPool
from mdocr.batch.workers.messages import AssignmentPool
from mdocr.options import ParseOptions, RenderOptions


def run(paths: Sequence[Path | str], out: Path | str, selection: Selection | None = None) -> Tally:
    """By a worker process."""
    start = partial(WorkerPool, StandInMaker(), WorkerOptions(workers=1, memory=600 << 20))
    return run_by(start, paths, out, selection=selection)


def run_by(
    start: Callable[[], AbstractContextManager[AssignmentPool]],
    paths: Sequence[Path | str],
    out: Path | str,
    display: Display | None = None,
    selection: Selection | None = None,
    forms: tuple[str, ...] = ("md",),
    review: Review | None = None,
) -> Tally:
    tally = Tally(len(paths))
    with open_destination(f"{out}/", forms, len(paths), RenderOptions()) as destination:
        Run(
            StandInModel(),  # type: ignore[arg-type]
            ParseOptions(),
            destination,
            tally,
            display=display or Display(),
            selection=selection or Selection(),
            start_workers=start,
            review=review,
        ).read([str(path) for path in paths])
    return tally


def records(out: Path) -> dict[str, dict]:
    lines = map(json.loads, (out / "mdocr.jsonl").read_text().splitlines())
    return {record["name"]: record for record in lines}
