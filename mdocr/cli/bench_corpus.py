"""``mdocr bench corpus``: documents read by workers, timed."""

from collections.abc import Iterator, Sequence
from typing import Annotated

import typer

from mdocr.batch.inputs import find_documents
from mdocr.batch.page_model import ModelChoice
from mdocr.batch.workers.options import WorkerOptions, core_count
from mdocr.bench.corpus import measure
from mdocr.bench.setup import measured_with
from mdocr.cli import console, tables
from mdocr.cli.bench_report import show_corpus
from mdocr.cli.choices import Device, PageModel
from mdocr.cli.command import examples
from mdocr.cli.corpus import worker_options
from mdocr.cli.tables import AsCsv, AsJson
from mdocr.inputs.find import FailedInput
from mdocr.options import ParseOptions

CORPUS_EXAMPLES = examples("mdocr bench corpus scans/ --workers 1,2,4 --price 0.04")


def corpus(
    documents: Annotated[
        list[str], typer.Argument(metavar="DOC|DIR|GLOB|LIST.txt", show_default=False)
    ],
    workers: Annotated[
        str,
        typer.Option(metavar="N,N", help="Processes that read.", show_default="one for each core"),
    ] = "",
    price: Annotated[
        float | None,
        typer.Option(help="Of a core for an hour, in any currency.", show_default=False),
    ] = None,
    model: PageModel = "auto",
    device: Device = "auto",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Time the reading of documents by workers: pages a minute, and the cost of a million.

    All are read twice: loading the models is not counted. CPU-seconds are those of all threads, and
    hardly change while other programs compute; pages a minute do.
    """
    form = tables.chosen_form(as_json, as_csv)
    counts = tables.numbers(workers) if workers else (core_count(),)
    seconds = WorkerOptions.page_seconds
    limits = [worker_options(seconds, None, count, device, least=1) for count in counts]
    found, choice = list(_existing(documents)), ModelChoice(model, device)
    rows = []
    for each in limits:
        console.note(f"{len(found)} documents, {each.workers} workers")
        rows.append(measure(found, choice, each, ParseOptions()).to_dict(price))
    show_corpus(form, {"schema": "mdocr.bench.corpus/1", **measured_with(), "rows": rows})


def _existing(documents: Sequence[str]) -> Iterator[str]:
    """What the arguments name; raises the error of what cannot be read."""
    for item in find_documents(documents, ""):
        if isinstance(item, FailedInput):
            raise item.error
        yield item
