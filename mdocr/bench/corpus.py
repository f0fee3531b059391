"""Documents read by worker processes: pages a minute, and what a million of them take."""

import contextlib
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil

from mdocr.batch.destination import open_destination
from mdocr.batch.page_model import LazyPageModel, ModelChoice
from mdocr.batch.run import Run
from mdocr.batch.tally import Tally
from mdocr.batch.workers import PageReaderMaker, WorkerOptions, WorkerPool
from mdocr.options import ParseOptions, RenderOptions

MILLION = 1e6
HOUR = 3600.0


@dataclass(frozen=True)
class CorpusRate:
    """What it took to read documents, their models being loaded.

    Attributes:
        workers: processes.
        threads: of each.
        pages: that were read.
        failures: of documents, pages and regions.
        seconds: by the clock.
        cpu_seconds: of all processes and threads.
    """

    workers: int
    threads: int
    pages: int
    failures: int
    seconds: float
    cpu_seconds: float

    def to_dict(self, price: float | None) -> dict[str, Any]:
        """The figures, those of a page and of a million pages.

        Args:
            price: of a core for an hour; None if no cost is wanted.
        """
        each = self.cpu_seconds / self.pages if self.pages else None
        core_hours = each and each * MILLION / HOUR
        return {
            **asdict(self),
            "pages_per_minute": 60 * self.pages / self.seconds,
            "cpu_seconds_per_page": each,
            "core_hours_per_million": core_hours,
            "cost_per_million": core_hours and price and core_hours * price,
        }


def measure(
    paths: Sequence[str], choice: ModelChoice, limits: WorkerOptions, options: ParseOptions
) -> CorpusRate:
    """Reads documents twice with the same workers, which load their models the first time.

    Args:
        paths: of the documents.
        choice: the model.
        limits: how many workers, and what each may take.
        options: how to read.

    Raises:
        MdocrError: see ``WorkerPool.wait``.
    """
    with WorkerPool(PageReaderMaker(choice), limits) as pool, TemporaryDirectory() as folder:
        _read(paths, choice, options, pool, Path(folder, "first"))
        began, before = time.perf_counter(), cpu_seconds()
        tally = _read(paths, choice, options, pool, Path(folder, "second"))
        seconds, cpu = time.perf_counter() - began, cpu_seconds() - before
    return CorpusRate(limits.workers, limits.threads, tally.read, tally.failures, seconds, cpu)


def _read(
    paths: Sequence[str], choice: ModelChoice, options: ParseOptions, pool: WorkerPool, out: Path
) -> Tally:
    tally, model = Tally(len(paths)), LazyPageModel(choice)
    with open_destination(f"{out}/", ("md",), len(paths), RenderOptions()) as destination:
        run = Run(model, options, destination, tally, start_workers=lambda: nullcontext(pool))
        run.read(paths)
    return tally


def cpu_seconds() -> float:
    """Of this process, of its children, and of those that have ended."""
    own = psutil.Process()
    times = own.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in own.children():
        with contextlib.suppress(psutil.Error):
            times = child.cpu_times()
            total += times.user + times.system
    return float(total)
