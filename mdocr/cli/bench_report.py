"""How ``mdocr bench`` shows what it measured: tables, facts and plots."""

from pathlib import Path
from typing import Any

import typer

from mdocr.bench.plots import plot_latency, plot_shuffle, plot_speed_accuracy
from mdocr.cli import tables
from mdocr.cli.tables import Column

LATENCY_COLUMNS = (
    Column("engine", "engine"),
    Column("device", "device"),
    Column("decoder", "decoder"),
    Column("steps", "steps"),
    Column("batch", "batch_size"),
    Column("median ms", "median", ".2f"),
    Column("p90", "p90", ".2f"),
    Column("p99", "p99", ".2f"),
    Column("mean", "mean", ".2f"),
    Column("images/s", "images_per_second", ".1f"),
    Column("pre", "preprocessing", ".2f"),
    Column("encoder", "encoder", ".2f"),
    Column("decode", "decoding", ".2f"),
    Column("post", "postprocessing", ".2f"),
    Column("passes", "passes", ".2f"),
    Column("of arithmetic", "of_arithmetic", ".1%"),
    Column("of bandwidth", "of_bandwidth", ".1%"),
)


THROUGHPUT_COLUMNS = (
    Column("decoding", "mode"),
    Column("tokens/s", "tokens_per_second", ".1f"),
    Column("speed-up", "speed_up", ".2f"),
    Column("tokens/pass", "tokens_per_pass", ".2f"),
    Column("tokens", "tokens"),
    Column("passes", "passes"),
    Column("pages/min", "pages_per_minute", ".2f"),
    Column("similarity", "similarity", ".2%"),
    Column("GFLOP/s", "gigaflops", ".2f"),
    Column("of arithmetic", "of_arithmetic", ".2%"),
    Column("of bandwidth", "of_bandwidth", ".1%"),
)


CORPUS_COLUMNS = (
    Column("workers", "workers"),
    Column("threads", "threads"),
    Column("pages", "pages"),
    Column("failures", "failures"),
    Column("seconds", "seconds", ".1f"),
    Column("pages/min", "pages_per_minute", ".1f"),
    Column("CPU-seconds", "cpu_seconds", ".1f"),
    Column("a page", "cpu_seconds_per_page", ".2f"),
    Column("core-hours a million", "core_hours_per_million", ",.0f"),
    Column("cost", "cost_per_million", ",.2f"),
)


SHUFFLE_COLUMNS = (
    Column("decoding", "mode"),
    Column("shuffled", "shuffled", ".0%"),
    Column("BLEU", "bleu", ".3f"),
    Column("similarity", "similarity", ".2%"),
)


def show_corpus(form: str, report: dict[str, Any]) -> None:
    """Prints what was measured of workers."""
    tables.show(form, report, report["rows"], CORPUS_COLUMNS)


def show_latency(form: str, report: dict[str, Any], output: Path | None) -> None:
    """Prints, and draws, what was measured of words."""
    for subject in report["subjects"] if form == "table" else ():
        typer.echo(facts_line(subject))
    tables.show(form, report, report["rows"], LATENCY_COLUMNS)
    if form == "table":
        _say_published(report["published"])
    if output:
        title = f"{report['subjects'][0]['model']}: milliseconds a batch"
        plot_latency(report["rows"], title, output)


def show_throughput(form: str, report: dict[str, Any], output: Path | None) -> None:
    """Prints, and draws, what was measured of pages."""
    rows, points = report["rows"], report["published"]
    if form == "table":
        typer.echo(facts_line(report["subject"]))
    tables.show(form, report, rows, THROUGHPUT_COLUMNS)
    for point in points if form == "table" else ():
        typer.echo(
            f"published (H200, batch 1): {point['label']}: {point['tokens_per_second']:g} "
            f"tokens/s, OmniDocBench overall {point['score']:g}"
        )
    if output:
        plot_speed_accuracy(rows, points, f"{report['subject']['model']}: speed", output)


def show_shuffle(form: str, report: dict[str, Any], output: Path | None) -> None:
    """Prints, and draws, what was measured of shuffled words."""
    tables.show(form, report, report["rows"], SHUFFLE_COLUMNS)
    if output:
        plot_shuffle(report["rows"], f"{report['model']}: shuffled words", output)


def facts_line(facts: dict[str, Any]) -> str:
    """Two lines on a model and on the limits of its machine."""
    limits = facts["limits"]
    engine = f"{facts['engine']}, " if "engine" in facts else ""
    counted = f"{facts['parameters'] / 1e6:.2f} M parameters, " if facts["parameters"] else ""
    memory = f"{facts['peak_memory'] / 2**20:,.0f} MiB at most" if facts["peak_memory"] else ""
    return (
        f"{facts['model']} on {engine}{facts['device']}: {counted}{memory}\n"
        f"limits of {limits['name']}, {limits['threads']} threads: "
        f"{limits['arithmetic'] / 1e9:,.0f} GFLOP/s ({limits['dtype']}), "
        f"{limits['bandwidth'] / 1e9:,.1f} GB/s"
    )


def _say_published(points: list[dict[str, Any]]) -> None:
    for point in points:
        steps = f", {point['steps']} steps" if point["steps"] else ""
        typer.echo(
            f"published (base model, the authors' GPU): {point['decoder']}{steps}: "
            f"{point['mean']} ms a word, mean"
        )
