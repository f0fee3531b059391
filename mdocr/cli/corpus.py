"""Options of a run over many documents: worker processes, which documents, progress."""

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from typing import Annotated

import typer

from mdocr.batch.page_model import ModelChoice
from mdocr.batch.plan import automatic_workers
from mdocr.batch.remote import is_remote
from mdocr.batch.workers import PageReaderMaker, WorkerOptions, WorkerPool
from mdocr.batch.workers.devices import visible_devices
from mdocr.batch.workers.messages import AssignmentPool
from mdocr.batch.workers.options import threads_of_each
from mdocr.cli.choices import one_of
from mdocr.cli.command import MORE
from mdocr.cli.progress import PROGRESS_FORMS
from mdocr.errors import MissingExtraError, UsageError
from mdocr.inputs.find import FailedInput
from mdocr.inputs.streams import is_stream

MEBIBYTE = 1 << 20

TOGETHER = 8
"""Pages of a document that a worker with a GPU reads at once: a GPU wants many texts."""

Workers = Annotated[
    int | None,
    typer.Option(
        help="Processes that read; a page that hangs, crashes or swells costs only itself. "
        "0: this process, which a PDF may hang for ever; for finding faults.",
        show_default="on a CPU one for each core, one for a single PDF or a pipe; else 0",
        rich_help_panel=MORE,
    ),
]
PageTimeout = Annotated[
    float,
    typer.Option(
        metavar="SECONDS",
        help="The longest that a page may take in a worker.",
        rich_help_panel=MORE,
    ),
]
WorkerMemory = Annotated[
    int | None,
    typer.Option(
        metavar="MIB",
        help="The most memory that a worker may take.",
        show_default="a share of what is free",
        rich_help_panel=MORE,
    ),
]
Cluster = Annotated[
    str,
    typer.Option(
        metavar="ray|ray://HOST:PORT",
        help="Read on the machines of a Ray cluster; all must see the documents. "
        "With --workers, by so many at once.",
        show_default=False,
        rich_help_panel=MORE,
    ),
]
Limit = Annotated[
    int | None,
    typer.Option(help="Read at most so many documents.", show_default="all", rich_help_panel=MORE),
]
Shard = Annotated[
    str,
    typer.Option(
        metavar="I/N",
        help="Read the I-th of N equal parts of the documents, such as 2/8.",
        show_default=False,
        rich_help_panel=MORE,
    ),
]
RetryFailed = Annotated[
    bool,
    typer.Option(
        "--retry-failed",
        help="Read only what the manifest in -o DIR says has failed, or was not read whole.",
        rich_help_panel=MORE,
    ),
]
Progress = Annotated[
    str,
    one_of(
        PROGRESS_FORMS,
        "How progress is shown on stderr.",
        "--progress",
        rich_help_panel=MORE,
    ),
]


def worker_options(
    page_seconds: float, mebibytes: int | None, workers: int, device: str, *, least: int = 0
) -> WorkerOptions:
    """The limits of workers, which share the devices; at ``least`` so many can be asked for.

    Raises:
        UsageError: they make no sense.
    """
    if workers < least:
        raise UsageError(f"workers must be at least {least}, not {workers}")
    memory = None if mebibytes is None else mebibytes * MEBIBYTE
    threads = threads_of_each(workers)
    devices = visible_devices(device)
    return WorkerOptions(
        workers,
        threads,
        page_seconds=page_seconds,
        memory=memory,
        pages_at_once=TOGETHER if devices else 1,
        devices=devices,
    )


def starter_of_workers(
    limits: Callable[[int, str], WorkerOptions],
    workers: int | None,
    documents: Sequence[str | FailedInput],
    choice: ModelChoice,
    *,
    to_folder: bool,
    cluster: str = "",
) -> Callable[[], AbstractContextManager[AssignmentPool]] | None:
    """Makes the processes that read documents; None to read them in this one.

    Args:
        limits: of so many workers on a device.
        workers: as asked for; None for what suits the documents.
        documents: that will be read.
        choice: the model.
        to_folder: they go to a folder.
        cluster: the Ray cluster on whose machines they are read; empty for this machine.

    Raises:
        UsageError: the limits make no sense, or other machines do not see a document.
        MissingExtraError: the package for clusters is not installed.
    """
    if cluster:
        each = replace(limits(workers or 1, "cpu"), threads=1)
        return _on_cluster(cluster, each, workers, documents, choice)
    if workers is None:
        workers = automatic_workers(documents, choice, to_folder)
    if not workers:
        return None
    maker = PageReaderMaker(choice)
    return partial(WorkerPool, maker, limits(workers, choice.device))


def _on_cluster(
    address: str,
    limits: WorkerOptions,
    workers: int | None,
    documents: Sequence[str | FailedInput],
    choice: ModelChoice,
) -> Callable[[], AbstractContextManager[AssignmentPool]]:
    if not re.fullmatch(r"ray(://[^/\s]+:\d+)?", address):
        raise UsageError(f"{address!r} is no cluster", "Write ray, or ray://HOST:PORT.")
    if choice.device not in ("auto", "cpu", "cuda"):
        raise UsageError(
            f"a cluster gives each actor a device, not {choice.device!r}",
            "Use --device auto, cpu or cuda.",
        )
    if any(isinstance(item, str) and (is_remote(item) or is_stream(item)) for item in documents):
        raise UsageError(
            "a cluster reads files that all its machines see",
            "Copy the documents to such a folder.",
        )
    if find_spec("ray") is None:
        raise MissingExtraError("ray", "ray", "--cluster")
    from mdocr.batch.cluster import RayPool

    return partial(RayPool, address, PageReaderMaker(choice), limits, workers, choice.device)
