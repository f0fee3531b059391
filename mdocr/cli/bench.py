"""``mdocr bench``: what the models cost on this machine."""

from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from mdocr.bench import shuffle as shuffling
from mdocr.bench.options import (
    PROTOCOLS,
    LatencyOptions,
    ShuffleOptions,
    ThroughputOptions,
    by_protocol,
    listed,
)
from mdocr.bench.pictures import pages_of, pictures_of, synthetic_words
from mdocr.bench.plots import check_plot
from mdocr.bench.setup import measured_with
from mdocr.bench.synthetic_pages import synthetic_pages
from mdocr.cli import console, tables
from mdocr.cli.bench_corpus import CORPUS_EXAMPLES, corpus
from mdocr.cli.bench_report import show_latency, show_shuffle, show_throughput
from mdocr.cli.choices import DEVICES, Device, PageDtype, PageModel, WordModel, one_of
from mdocr.cli.command import MORE, Command, command_group, examples
from mdocr.cli.tables import AsCsv, AsJson
from mdocr.evaluation import requirements
from mdocr.options import ENGINES, WORD_DECODERS
from mdocr.parsing.loading import load_parser

app = command_group("Measure latency and throughput on this machine.")

Plot = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        metavar="FILE",
        help="Also draw a plot: .svg, .png or .pdf.",
        dir_okay=False,
    ),
]
LATENCY, THROUGHPUT, SHUFFLE = LatencyOptions(), ThroughputOptions(), ShuffleOptions()


app.command(cls=Command, epilog=CORPUS_EXAMPLES)(corpus)


@app.callback()
def bench() -> None:
    """Measure latency and throughput on this machine."""


@app.command(
    cls=Command,
    epilog=examples(
        "mdocr bench latency                                  every decoder, synthetic words",
        "mdocr bench latency crops/ --decoder parallel,block-low-confidence --steps 1-3",
        "mdocr bench latency IIIT5k/ --protocol paper -o latency.svg",
    ),
)
def latency(
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATA]", help="Folder of pictures, or LMDB; synthetic words by default."
        ),
    ] = None,
    model: WordModel = "auto",
    device: Annotated[
        str, typer.Option(metavar=DEVICES, help="Where it runs; several with commas.")
    ] = "auto",
    decoder: Annotated[
        str, one_of(("all", *WORD_DECODERS), "Decoding strategy; several with commas.")
    ] = "all",
    steps: Annotated[
        str,
        typer.Option(metavar="1..26", help="Denoising steps of the decoders that have them."),
    ] = f"{LATENCY.steps[0]}-{LATENCY.steps[-1]}",
    batch_size: Annotated[
        str, typer.Option(metavar="N,N", help="One or more, such as 1,16.")
    ] = listed(LATENCY.batch_sizes),
    count: Annotated[int, typer.Option(min=1, help="Read at most this many pictures.")] = 50,
    output: Plot = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    engine: Annotated[
        str, one_of(ENGINES, "What runs the model; several with commas.", rich_help_panel=MORE)
    ] = "auto",
    dtype: Annotated[
        str, one_of(("auto", "float32", "bfloat16"), "Type of the weights.", rich_help_panel=MORE)
    ] = "auto",
    warm_up: Annotated[
        int, typer.Option(min=0, help="Batches before the clock starts.", rich_help_panel=MORE)
    ] = LATENCY.warm_up,
    repeats: Annotated[
        int, typer.Option(min=1, help="How often all pictures are read.", rich_help_panel=MORE)
    ] = LATENCY.repeats,
    protocol: Annotated[
        str,
        one_of(
            PROTOCOLS, "paper reads all of DATA (IIIT5K) once, batch size 1.", rich_help_panel=MORE
        ),
    ] = "free",
) -> None:
    """Time the reading of words: every decoder and number of steps, stage by stage.

    Milliseconds are medians of a batch. Beside them stands how much of the machine's limits the
    model reaches, which are measured in the same run: arithmetic (a large matrix product) and
    memory bandwidth (a large copy; more than 100 % where the weights stay in a cache).
    """
    form = tables.chosen_form(as_json, as_csv)
    from mdocr.bench.latency import published  # needs torch
    from mdocr.bench.runs import time_words

    _check_plot(output)
    chosen = WORD_DECODERS if decoder == "all" else tables.some_names(decoder)
    sizes = tables.numbers(batch_size)
    options = LatencyOptions(chosen, tables.numbers(steps), sizes, warm_up, repeats)
    options = by_protocol(protocol, options, data is not None)
    most = None if protocol == "paper" else count
    engines, devices = tables.some_names(engine), tables.some_names(device)
    pictures = pictures_of(data, most) if data else synthetic_words(count)
    settings = [(model, on, by, dtype) for by, on in product(engines, devices)]
    report = {
        **time_words(settings, pictures, options, console.note),
        "pictures": {"source": str(data) if data else "synthetic", "count": len(pictures)},
        "protocol": protocol,
        "published": published() if protocol == "paper" else [],
    }
    show_latency(form, report, output)


@app.command(
    cls=Command,
    epilog=examples(
        "mdocr bench throughput                               synthetic pages",
        "mdocr bench throughput pages/ --model mineru-diffusion --thresholds 0.6,0.95 -o speed.svg",
    ),
)
def throughput(
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATA]", help="Document, or folder of pages; synthetic pages by default."
        ),
    ] = None,
    model: PageModel = "auto",
    device: Device = "auto",
    thresholds: Annotated[
        str, typer.Option(metavar="P,P", help="Of the diffusion decoding; several with commas.")
    ] = listed(THROUGHPUT.thresholds),
    autoregressive: Annotated[
        bool, typer.Option(help="Also decode one token after another, with the same model.")
    ] = THROUGHPUT.autoregressive,
    count: Annotated[int, typer.Option(min=1, help="Read at most this many documents.")] = 4,
    output: Plot = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    dtype: PageDtype = "auto",
    cuda_graphs: Annotated[
        bool,
        typer.Option(
            "--cuda-graphs", help="On CUDA, replay recorded block steps.", rich_help_panel=MORE
        ),
    ] = False,
    batch_size: Annotated[
        int, typer.Option(min=1, help="Concurrent sequences.", rich_help_panel=MORE)
    ] = THROUGHPUT.batch_size,
    warm_up: Annotated[
        int, typer.Option(min=0, help="Documents before the clock starts.", rich_help_panel=MORE)
    ] = THROUGHPUT.warm_up,
    repeats: Annotated[
        int,
        typer.Option(
            min=1, help="How often all pages are read; the median counts.", rich_help_panel=MORE
        ),
    ] = THROUGHPUT.repeats,
) -> None:
    """Time the reading of pages: tokens a second at each threshold, and autoregressively.

    Where DATA has ground truth (see `mdocr eval parser --help`), the similarity of the text stands
    beside the speed, and the plot shows the one over the other, with the published points.
    """
    form = tables.chosen_form(as_json, as_csv)
    from mdocr.bench.runs import time_pages  # needs torch

    _check_plot(output)
    options = ThroughputOptions(
        tables.fractions(thresholds), autoregressive, batch_size, warm_up, repeats
    )
    given = pages_of(data, count) if data else None
    if given is None or any(page.parts for page in given):
        requirements.check_pages()
    parser = load_parser(model, device, dtype, engine="torch", cuda_graphs=cuda_graphs)
    with TemporaryDirectory() as folder:
        found = given or synthetic_pages(Path(folder), count)
        report = time_pages(parser, found, options, console.note)
    report["source"] = str(data) if data else "synthetic"
    show_throughput(form, report, output)


@app.command(
    cls=Command,
    epilog=examples("mdocr bench shuffle --shares 0,0.5,1 --pages 4 -o shuffle.svg"),
)
def shuffle(
    data: Annotated[
        Path | None,
        typer.Argument(
            metavar="[DATA]",
            help="Folder of English .txt files, one a page; synthetic texts by default.",
        ),
    ] = None,
    model: PageModel = "auto",
    device: Device = "auto",
    shares: Annotated[
        str, typer.Option(metavar="X,X", help="Shares of the words that change places.")
    ] = listed(SHUFFLE.shares),
    pages: Annotated[
        int, typer.Option(min=1, help="Read at most this many pages.")
    ] = SHUFFLE.pages,
    threshold: Annotated[
        float, typer.Option(metavar="P", help="Of the diffusion decoding.")
    ] = SHUFFLE.threshold,
    seed: Annotated[
        int, typer.Option(min=0, help="The same seed shuffles the same words.")
    ] = SHUFFLE.seed,
    output: Plot = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Concurrent sequences.", rich_help_panel=MORE)
    ] = SHUFFLE.batch_size,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Keep the pictures of the pages.",
            file_okay=False,
            rich_help_panel=MORE,
        ),
    ] = None,
) -> None:
    """Read pages with more and more of their words shuffled: diffusion beside autoregression.

    Both ways decode with the same model. What falls as words are shuffled leans on the language;
    what stays reads the picture.
    """
    form = tables.chosen_form(as_json, as_csv)
    _check_plot(output)
    requirements.check_shuffle()
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
        "source": str(data) if data else "synthetic",
        "model": parser.name,
        "threshold": threshold,
        "seed": seed,
        "rows": records,
    }
    show_shuffle(form, report, output)


def _check_plot(output: Path | None) -> None:
    """Finds out before anything is measured whether a plot can be drawn."""
    if output:
        check_plot(output)
