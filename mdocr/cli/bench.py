"""``mdocr bench``: what the models cost on this machine."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mdocr.bench.options import PAPER, LatencyOptions, ShuffleOptions, ThroughputOptions
from mdocr.cli import console, tables
from mdocr.cli.command import command_group
from mdocr.cli.tables import Column
from mdocr.errors import UsageError
from mdocr.options import WORD_DECODERS

if TYPE_CHECKING:
    from mdocr.evaluation.page_sets import TruePage
    from mdocr.inputs.pictures import Picture

app = command_group("Measure latency and throughput on this machine.")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, with versions and limits.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
Plot = Annotated[
    Path | None,
    typer.Option("-o", "--output", help="Also draw a plot: .svg, .png or .pdf.", dir_okay=False),
]
Model = Annotated[str, typer.Option(help="auto, a name, or the path of a checkpoint.")]
PROTOCOLS = ("free", "paper")
LATENCY, THROUGHPUT, SHUFFLE = LatencyOptions(), ThroughputOptions(), ShuffleOptions()


def _listed(numbers: Iterable[float]) -> str:
    """Defaults as they are typed: with commas."""
    return ",".join(f"{number:g}" for number in numbers)


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


SHUFFLE_COLUMNS = (
    Column("decoding", "mode"),
    Column("shuffled", "shuffled", ".0%"),
    Column("BLEU", "bleu", ".3f"),
    Column("similarity", "similarity", ".2%"),
)


@app.callback()
def bench() -> None:
    """Measure latency and throughput on this machine."""


@app.command()
def latency(
    data: Annotated[
        Path | None,
        typer.Argument(help="Folder of pictures, or LMDB; made words if left out."),
    ] = None,
    model: Model = "auto",
    decoder: Annotated[
        str, typer.Option(help=f"all, or with commas: {', '.join(WORD_DECODERS)}.")
    ] = "all",
    steps: Annotated[
        str, typer.Option(help="Steps of the decoders that have them.")
    ] = f"{LATENCY.steps[0]}-{LATENCY.steps[-1]}",
    batch_size: Annotated[str, typer.Option(help="One or more, such as 1,16.")] = _listed(
        LATENCY.batch_sizes
    ),
    engine: Annotated[str, typer.Option(help="One or more of auto, torch, onnx.")] = "auto",
    device: Annotated[str, typer.Option(help="One or more of auto, cpu, cuda, cuda:N, mps.")] = (
        "auto"
    ),
    dtype: Annotated[str, typer.Option(help="auto, float32 or bfloat16.")] = "auto",
    count: Annotated[int, typer.Option(min=1, help="Pictures, at most.")] = 50,
    warm_up: Annotated[
        int, typer.Option(min=0, help="Batches before the clock starts.")
    ] = LATENCY.warm_up,
    repeats: Annotated[
        int, typer.Option(min=1, help="How often all pictures are read.")
    ] = LATENCY.repeats,
    protocol: Annotated[
        str, typer.Option(help="free; or paper: all of DATA (IIIT5K), batch 1, once.")
    ] = "free",
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    output: Plot = None,
) -> None:
    """Time the reading of words: every decoder and number of steps, stage by stage.

    Milliseconds are medians of a batch. Beside them stands how much of the machine's limits the
    model reaches, which are measured in the same run: arithmetic (a large matrix product) and
    memory bandwidth (a large copy; more than 100 % where the weights stay in a cache).
    """
    form = tables.chosen_form(as_json, as_csv)
    from mdocr.bench.latency import published
    from mdocr.bench.setup import measured_with

    _check_plot(output)
    chosen = WORD_DECODERS if decoder == "all" else tables.some_names(decoder)
    sizes = tables.numbers(batch_size)
    options = LatencyOptions(chosen, tables.numbers(steps), sizes, warm_up, repeats)
    options = _protocol(protocol, options, data)
    sources = _pictures(data, None if protocol == "paper" else count)
    engines, devices = tables.some_names(engine), tables.some_names(device)
    places = [(model, on, by, dtype) for by in engines for on in devices]
    subjects, records = _time_words(places, sources, options, form)
    report = {
        "schema": "mdocr.bench.latency/1",
        **measured_with(),
        "pictures": {"source": str(data) if data else "made", "count": len(sources)},
        "protocol": protocol,
        "warm_up": options.warm_up,
        "repeats": options.repeats,
        "subjects": subjects,
        "rows": records,
        "published": published() if protocol == "paper" else [],
    }
    _show_latency(form, report, output)


@app.command()
def throughput(
    data: Annotated[
        Path | None,
        typer.Argument(help="Document, or folder of pages; made pages if left out."),
    ] = None,
    model: Model = "auto",
    thresholds: Annotated[
        str, typer.Option(help="Of the diffusion decoding, with commas.")
    ] = _listed(THROUGHPUT.thresholds),
    autoregressive: Annotated[
        bool, typer.Option(help="Also decode one token after another, with the same model.")
    ] = THROUGHPUT.autoregressive,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    dtype: Annotated[str, typer.Option(help="auto, float32, bfloat16, float16 or int8.")] = "auto",
    cuda_graphs: Annotated[
        bool, typer.Option("--cuda-graphs", help="On CUDA: replay recorded block steps.")
    ] = False,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Texts in work at the same time.")
    ] = THROUGHPUT.batch_size,
    count: Annotated[int, typer.Option(min=1, help="Pages or documents, at most.")] = 4,
    warm_up: Annotated[
        int, typer.Option(min=0, help="Pages or documents before the clock starts.")
    ] = THROUGHPUT.warm_up,
    repeats: Annotated[
        int, typer.Option(min=1, help="How often all pages are read; the median counts.")
    ] = THROUGHPUT.repeats,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    output: Plot = None,
) -> None:
    """Time the reading of pages: tokens a second at each threshold, and autoregressively.

    Where DATA has ground truth (see `mdocr eval parser --help`), the similarity of the text stands
    beside the speed, and the plot shows the one over the other, with the published points.
    """
    form = tables.chosen_form(as_json, as_csv)
    from mdocr.bench import throughput as timing
    from mdocr.bench.setup import measured_with
    from mdocr.parsing.parser import load_parser

    _check_plot(output)
    options = ThroughputOptions(
        tables.fractions(thresholds), autoregressive, batch_size, warm_up, repeats
    )
    parser = load_parser(model, device, dtype, engine="torch", cuda_graphs=cuda_graphs)
    limits = timing.limits_of(parser)
    with _pages(data, count) as pages:
        rows = timing.measure(parser, pages, options, limits, console.note)
    report = {
        "schema": "mdocr.bench.throughput/1",
        **measured_with(),
        "source": str(data) if data else "made",
        "batch_size": batch_size,
        "warm_up": warm_up,
        "repeats": repeats,
        "subject": timing.subject(parser, limits),
        "rows": [row.to_dict() for row in rows],
        "published": timing.published(),
    }
    _show_throughput(form, report, output)


@app.command()
def shuffle(
    data: Annotated[
        Path | None,
        typer.Argument(help="Folder of English .txt files, one a page; made texts if left out."),
    ] = None,
    model: Model = "auto",
    shares: Annotated[
        str, typer.Option(help="Shares of the words that change places, with commas.")
    ] = _listed(SHUFFLE.shares),
    pages: Annotated[int, typer.Option(min=1, help="Pages, at most.")] = SHUFFLE.pages,
    threshold: Annotated[
        float, typer.Option(help="Of the diffusion decoding.")
    ] = SHUFFLE.threshold,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Texts in work at the same time.")
    ] = SHUFFLE.batch_size,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same pages.")] = SHUFFLE.seed,
    keep: Annotated[
        Path | None, typer.Option(help="Keep the pages' pictures in this folder.", file_okay=False)
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    output: Plot = None,
) -> None:
    """Read pages with more and more of their words shuffled: diffusion beside autoregression.

    Both ways decode with the same model. What falls as words are shuffled leans on the language;
    what stays reads the picture.
    """
    form = tables.chosen_form(as_json, as_csv)
    from tempfile import TemporaryDirectory

    from mdocr.bench import shuffle as shuffling
    from mdocr.bench.plots import plot_shuffle
    from mdocr.bench.setup import measured_with
    from mdocr.parsing.parser import load_parser

    _check_plot(output)
    options = ShuffleOptions(tables.fractions(shares), pages, threshold, batch_size, seed)
    texts = shuffling.page_texts(data, pages, seed)
    parser = load_parser(model, device)
    with TemporaryDirectory() as temporary:
        folder = keep or Path(temporary)
        rows = shuffling.measure(parser, texts, options, folder, console.note)
        records = [row.to_dict() for row in rows]
    report = {
        "schema": "mdocr.bench.shuffle/1",
        **measured_with(),
        "source": str(data) if data else "made",
        "model": parser.name,
        "threshold": threshold,
        "seed": seed,
        "rows": records,
    }
    tables.show(form, report, records, SHUFFLE_COLUMNS)
    if output:
        plot_shuffle(records, f"{parser.name}: shuffled words", output)


def _check_plot(output: Path | None) -> None:
    """Finds out before anything is measured whether a plot can be drawn."""
    from mdocr.bench.plots import check_plot

    if output:
        check_plot(output)


def _protocol(name: str, options: LatencyOptions, data: Path | None) -> LatencyOptions:
    """The options as a protocol has them."""
    if name not in PROTOCOLS:
        raise UsageError(f"unknown protocol {name!r}", f"Choose one of: {', '.join(PROTOCOLS)}")
    if name == "free":
        return options
    if data is None:
        raise UsageError("the paper's protocol reads IIIT5K", "Name its folder or LMDB as DATA.")
    return replace(PAPER, decoders=options.decoders, steps=options.steps)


def _pictures(data: Path | None, count: int | None) -> "list[Picture]":
    """Pictures of a folder or LMDB, or made ones."""
    from mdocr.bench.pictures import pictures_of, synthetic_words

    return pictures_of(data, count) if data else synthetic_words(count or 50)


def _time_words(
    places: "Iterable[tuple[str, str, str, str]]",
    sources: "Sequence[Picture]",
    options: LatencyOptions,
    form: str,
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What reads, and the rows of all; ``places`` are model, device, engine and dtype of each."""
    from mdocr.bench.latency import load_subject, measure

    subjects: list[dict[str, Any]] = []
    records: list[dict[str, Any]] = []
    for place in places:
        subject = load_subject(*place)
        records += [row.to_dict() for row in measure(subject, sources, options, console.note)]
        subjects.append(subject.to_dict())
        if form == "table":
            typer.echo(_facts(subjects[-1]))
    return subjects, records


def _show_latency(form: str, report: dict[str, Any], output: Path | None) -> None:
    """Prints, and draws, what was measured of words."""
    tables.show(form, report, report["rows"], LATENCY_COLUMNS)
    if form == "table":
        _say_published(report["published"])
    if output:
        from mdocr.bench.plots import plot_latency

        title = f"{report['subjects'][0]['model']}: milliseconds a batch"
        plot_latency(report["rows"], title, output)


@contextlib.contextmanager
def _pages(data: Path | None, count: int) -> "Iterator[list[TruePage]]":
    """Pages of a folder or document, or made ones, which are there for as long as they are read."""
    from tempfile import TemporaryDirectory

    from mdocr.bench.pictures import pages_of
    from mdocr.bench.synthetic_pages import synthetic_pages

    with TemporaryDirectory() as folder:
        yield pages_of(data, count) if data else synthetic_pages(Path(folder), count)


def _show_throughput(form: str, report: dict[str, Any], output: Path | None) -> None:
    """Prints, and draws, what was measured of pages."""
    rows, points = report["rows"], report["published"]
    if form == "table":
        typer.echo(_facts(report["subject"]))
    tables.show(form, report, rows, THROUGHPUT_COLUMNS)
    for point in points if form == "table" else ():
        typer.echo(
            f"published (H200, batch 1): {point['label']}: {point['tokens_per_second']:g} "
            f"tokens/s, OmniDocBench overall {point['score']:g}"
        )
    if output:
        from mdocr.bench.plots import plot_speed_accuracy

        plot_speed_accuracy(rows, points, f"{report['subject']['model']}: speed", output)


def _facts(facts: dict[str, Any]) -> str:
    """A line on a model and on the limits of its machine."""
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
