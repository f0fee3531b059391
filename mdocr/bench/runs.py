"""Whole benchmarks: what is measured, as a report."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mdocr.bench import latency, throughput
from mdocr.bench.options import LatencyOptions, ThroughputOptions
from mdocr.bench.setup import measured_with
from mdocr.evaluation.page_sets import TruePage
from mdocr.inputs.pictures import Picture
from mdocr.parsing.parser import Parser

Say = Callable[[str], None]
Setting = tuple[str, str, str, str]
"""Model, device, engine and dtype of a recognizer."""


def time_words(
    settings: Iterable[Setting], pictures: Sequence[Picture], options: LatencyOptions, say: Say
) -> dict[str, Any]:
    """Times the reading of words with each setting.

    Args:
        settings: what reads.
        pictures: of words.
        options: of the benchmark.
        say: called before each row.
    """
    subjects: list[dict[str, Any]] = []
    rows: list[dict[str, Any]] = []
    for setting in settings:
        subject = latency.load_subject(*setting)
        rows += [row.to_dict() for row in latency.measure(subject, pictures, options, say)]
        subjects.append(subject.to_dict())
    return {
        "schema": "mdocr.bench.latency/1",
        **measured_with(),
        "warm_up": options.warm_up,
        "repeats": options.repeats,
        "subjects": subjects,
        "rows": rows,
    }


def time_pages(
    parser: Parser, pages: Sequence[TruePage], options: ThroughputOptions, say: Say
) -> dict[str, Any]:
    """Times the reading of pages by each way to decode.

    Args:
        parser: the page model, run by torch.
        pages: what it reads.
        options: of the benchmark.
        say: called before each row.
    """
    limits = throughput.limits_of(parser)
    rows = throughput.measure(parser, pages, options, limits, say)
    return {
        "schema": "mdocr.bench.throughput/1",
        **measured_with(),
        "batch_size": options.batch_size,
        "warm_up": options.warm_up,
        "repeats": options.repeats,
        "rows": [row.to_dict() for row in rows],
        "subject": throughput.subject(parser, limits),
        "published": throughput.published(),
    }
