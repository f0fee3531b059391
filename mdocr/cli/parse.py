"""``mdocr parse``: PDFs and pictures of pages to Markdown, LaTeX, HTML and JSON."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from mdocr.cli.documents import (
    LazyParser,
    chosen_forms,
    destination_of,
    find_documents,
    read_all,
)
from mdocr.errors import UsageError
from mdocr.files import make_folder
from mdocr.options import PARSE_ENGINES, ParseOptions, RenderOptions

DEFAULTS = ParseOptions()
RENDER_DEFAULTS = RenderOptions()


def parse(
    documents: Annotated[
        list[str],
        typer.Argument(
            metavar="DOC|DIR|GLOB",
            help="PDFs and pictures of pages; a folder means all of them below it; - is stdin.",
            show_default=False,
        ),
    ],
    pages: Annotated[
        str, typer.Option(help="Pages to read, such as 1-3,7,12-end; all by default.")
    ] = DEFAULTS.pages,
    model: Annotated[
        str, typer.Option(help="auto (the best installed), a name, or the folder of a model.")
    ] = "auto",
    threshold: Annotated[
        list[str] | None,
        typer.Option(
            metavar="P|TYPE=P",
            help="Commit tokens that are likelier than this, 0 to 1; table=0.98 for one type of "
            "region. May be given several times.",
            show_default=str(DEFAULTS.threshold),
        ),
    ] = None,
    block_length: Annotated[
        int | None,
        typer.Option(help="Tokens denoised together.", show_default="as the model was trained"),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Denoising steps of a block at most.", show_default="the block length"),
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="Forms of the output: md, json, latex, html, content-list; several with commas.",
            show_default="by the name after -o, else md",
        ),
    ] = "",
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="FILE|DIR|-", help="Where to write.", show_default="stdout"
        ),
    ] = "",
    tables: Annotated[
        str, typer.Option(help="Tables in Markdown: html or markdown.")
    ] = RENDER_DEFAULTS.tables,
    math: Annotated[
        str, typer.Option(help="What formulas in Markdown stand between: dollars or brackets.")
    ] = RENDER_DEFAULTS.math,
    keep_paratext: Annotated[
        bool,
        typer.Option(
            "--keep-paratext", help="Keep headers, footers, page numbers, notes in the margin."
        ),
    ] = DEFAULTS.keep_paratext,
    engine: Annotated[
        str, typer.Option(help=f"What runs the model: {', '.join(PARSE_ENGINES)}.")
    ] = "auto",
    server: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Server that holds the model and speaks the OpenAI API.",
            show_default=False,
        ),
    ] = "",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:N or mps.")] = "auto",
    dtype: Annotated[
        str, typer.Option(help="auto (that of the weights), float32, bfloat16, float16 or int8.")
    ] = "auto",
    cuda_graphs: Annotated[
        bool,
        typer.Option(
            "--cuda-graphs",
            help="On CUDA: record the steps of a block once and replay them (see docs/engines.md).",
        ),
    ] = False,
    batch_size: Annotated[
        int | None,
        typer.Option(help="Texts in work at once.", show_default="as the device has room for"),
    ] = None,
    jobs: Annotated[
        int, typer.Option(help="Threads that prepare pages for the model.")
    ] = DEFAULTS.jobs,
    resume: Annotated[
        bool, typer.Option(help="With -o DIR, keep the pages that an earlier run has read.")
    ] = True,
    layout_image: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Draw the regions of each page.", show_default=False),
    ] = None,
    password: Annotated[
        str, typer.Option(help="Of encrypted PDFs.", show_default=False)
    ] = DEFAULTS.password,
    dpi: Annotated[
        float, typer.Option(help="Resolution at which PDFs are rendered.")
    ] = DEFAULTS.dpi,
    trace: Annotated[
        bool, typer.Option("--trace", help="Add every token, with its step, to the JSON.")
    ] = DEFAULTS.trace,
) -> None:
    """Read PDFs and pictures of pages.

    One document goes to stdout as Markdown. With -o DIR, each becomes DIR/NAME.md, .json and so
    on, with its pictures in DIR/NAME_images.
    """
    check_engine(engine, server)
    common, single = thresholds(threshold or [])
    options = ParseOptions(
        pages=pages,
        password=password,
        dpi=dpi,
        threshold=common,
        thresholds=single,
        block_length=block_length,
        steps=steps,
        keep_paratext=keep_paratext,
        batch_size=batch_size,
        jobs=jobs,
        trace=trace,
        draw_layout=layout_image is not None,
    )
    forms = chosen_forms(form, output)
    _check_trace(trace, forms, server)
    written = RenderOptions(tables=tables, math=math, keep_paratext=keep_paratext)

    found = find_documents(documents, output, layout_image)
    if layout_image is not None:
        make_folder(layout_image)
    alone = len(found) == 1
    lazy = LazyParser(model, device, server, engine, dtype, cuda_graphs, alone=alone)
    with destination_of(output, forms, len(found), written) as destination:
        destination = replace(destination, drawings=layout_image)
        tally = read_all(found, lazy, options, destination, resume, len(found))
    tally.end()


def thresholds(values: list[str]) -> tuple[float, dict[str, float]]:
    """The threshold of all types, and those of single ones, from ``0.9`` and ``table=0.98``.

    Raises:
        UsageError: one is no number.
    """
    common, single = DEFAULTS.threshold, {}
    for value in values:
        kind, _, number = value.rpartition("=")
        try:
            parsed = float(number)
        except ValueError:
            raise UsageError(
                f"threshold {value!r} is no number", "Write it like 0.95, or table=0.98."
            ) from None
        if kind:
            single[kind.strip()] = parsed
        else:
            common = parsed
    return common, single


def check_engine(engine: str, server: str) -> None:
    """Refuses engines that do not exist, or not for pages.

    Raises:
        UsageError: the engine cannot be had.
    """
    if engine not in PARSE_ENGINES:
        raise UsageError(f"unknown engine {engine!r}", f"Choose one of: {', '.join(PARSE_ENGINES)}")
    if engine == "server" and not server:
        raise UsageError("the engine server needs an address", "Give it with: --server URL")
    if server and engine in ("torch", "onnx"):
        raise UsageError(
            f"--server and --engine {engine} exclude each other", "Leave one of them out."
        )


def _check_trace(trace: bool, forms: tuple[str, ...], server: str) -> None:
    if trace and "json" not in forms:
        raise UsageError("--trace adds tokens to JSON only", "Add: --format json")
    if trace and server:
        raise UsageError("a server tells nothing of its tokens", "Leave out --trace or --server.")
