"""``mdocr parse``: documents to Markdown and other formats."""

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from mdocr.batch.destination import chosen_formats, open_destination
from mdocr.batch.inputs import find_documents
from mdocr.batch.page_model import LazyPageModel, ModelChoice
from mdocr.batch.review import Review as WrittenReview
from mdocr.batch.run import Run
from mdocr.batch.selection import Selection, parse_shard
from mdocr.batch.tally import Tally
from mdocr.batch.workers import WorkerOptions
from mdocr.cli import console
from mdocr.cli.choices import (
    Boxes,
    Device,
    Force,
    KeepParatext,
    KeepUnsure,
    PageDtype,
    PageMarks,
    PageModel,
    Record,
    Review,
    ReviewBelow,
    Watch,
    one_of,
)
from mdocr.cli.command import MORE, Command, examples, single_command
from mdocr.cli.corpus import (
    Cluster,
    Limit,
    PageTimeout,
    Progress,
    RetryFailed,
    Shard,
    WorkerMemory,
    Workers,
    starter_of_workers,
    worker_options,
)
from mdocr.cli.per_type import thresholds, token_limits
from mdocr.cli.progress import progress, watcher_of
from mdocr.errors import UsageError
from mdocr.options import (
    DOUBT,
    DRAFTS,
    LAYOUTS,
    MATH_FORMS,
    MAX_TEXT_TOKENS,
    MAX_TOKENS,
    PARSE_ENGINES,
    TABLE_FORMS,
    TEXT_LAYERS,
    ParseOptions,
    RenderOptions,
)
from mdocr.render import FORMATS, needed_boxes

DEFAULTS = ParseOptions()
RENDER_DEFAULTS = RenderOptions()
WORKER_DEFAULTS = WorkerOptions()
ENDINGS = ", ".join(form.endings[0] for form in FORMATS.values())
EXAMPLES = examples(
    "mdocr parse report.pdf                          Markdown on stdout",
    "mdocr parse report.pdf -o report.html           the ending tells the format",
    "mdocr parse scans/ -o out --format md,json      a folder, with pictures",
    "mdocr parse book.pdf --pages 1-3,7,12-end       some pages only",
    "mdocr parse page.png --model mineru-diffusion   the large model",
)

app = single_command()

Pages = Annotated[
    str,
    typer.Option(metavar="RANGES", help="Pages to read, such as 1-3,7,12-end; all by default."),
]
Threshold = Annotated[
    list[str] | None,
    typer.Option(
        metavar="P|TYPE=P",
        help="Commit a token as soon as its probability is above P, 0 to 1: higher is slower and "
        "better. table=0.98 is for one type of region. May be repeated.",
        show_default=str(DEFAULTS.threshold),
    ),
]
MaxTokens = Annotated[
    list[str] | None,
    typer.Option(
        "--max-tokens",
        metavar="N|TYPE=N",
        help="Most tokens of a text; one that is cut short is a failure. table=4096 is for one "
        "type of region. May be repeated.",
        show_default=f"{MAX_TEXT_TOKENS}; tables and layouts {MAX_TOKENS['table']}",
        rich_help_panel=MORE,
    ),
]
Format = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="|".join(FORMATS),
        help="Format of the output; several with commas.",
        show_default="by the ending after -o, else md",
    ),
]
Resume = Annotated[
    bool,
    typer.Option(
        help="With -o DIR, use the pages that an earlier run has read.", rich_help_panel=MORE
    ),
]


@app.command(cls=Command, epilog=EXAMPLES)
def parse(
    documents: Annotated[
        list[str],
        typer.Argument(
            metavar="DOC|DIR|GLOB|URL|LIST.txt",
            help="PDFs and pictures of pages, or addresses of them, such as s3://BUCKET/FOLDER; a "
            "folder means all of them below it; a list has a path in each line; - is stdin.",
            show_default=False,
        ),
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE|DIR|-",
            help="Where to write; a folder may be at an address, such as s3://BUCKET/FOLDER/. "
            f"A file ends in one of: {ENDINGS}.",
            show_default="stdout",
        ),
    ] = "",
    form: Format = "",
    pages: Pages = "",
    model: PageModel = "auto",
    device: Device = "auto",
    threshold: Threshold = None,
    tables: Annotated[str, one_of(TABLE_FORMS, "Tables in Markdown.")] = RENDER_DEFAULTS.tables,
    math: Annotated[
        str, one_of(MATH_FORMS, "Delimiters of formulas in Markdown.")
    ] = RENDER_DEFAULTS.math,
    page_marks: PageMarks = RENDER_DEFAULTS.page_marks,
    keep_paratext: KeepParatext = RENDER_DEFAULTS.keep_paratext,
    keep_unsure: KeepUnsure = DEFAULTS.keep_unsure,
    boxes: Boxes = "",
    text_layer: Annotated[
        str, one_of(TEXT_LAYERS, "The text that a PDF carries.")
    ] = DEFAULTS.text_layer,
    emphasis: Annotated[
        bool,
        typer.Option(help="Keep bold, italics and links of the text layer.", rich_help_panel=MORE),
    ] = DEFAULTS.emphasis,
    mark_doubt: Annotated[
        float,
        typer.Option(
            metavar="P",
            help="In Markdown and HTML, mark words with a confidence below P.",
            show_default=False,
        ),
    ] = RENDER_DEFAULTS.mark_doubt,
    chunk_tokens: Annotated[
        int, typer.Option(help="Most tokens of a chunk.", rich_help_panel=MORE)
    ] = RENDER_DEFAULTS.chunk_tokens,
    redo: Annotated[
        bool,
        typer.Option("--redo", help="In PDFs, replace the invisible text of an earlier reading."),
    ] = RENDER_DEFAULTS.redo,
    force: Force = False,
    password: Annotated[
        str, typer.Option(help="Of encrypted PDFs.", show_default=False)
    ] = DEFAULTS.password,
    layout_image: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Also draw each page with its regions.", show_default=False
        ),
    ] = None,
    review: Review = None,
    review_below: ReviewBelow = DOUBT,
    watch: Watch = False,
    record: Record = None,
    engine: Annotated[
        str, one_of(PARSE_ENGINES, "What runs the model.", rich_help_panel=MORE)
    ] = "auto",
    server: Annotated[
        str,
        typer.Option(
            metavar="URL",
            help="Server that runs the model and speaks the OpenAI API.",
            show_default=False,
            rich_help_panel=MORE,
        ),
    ] = "",
    dtype: PageDtype = "auto",
    batch_size: Annotated[
        int | None,
        typer.Option(
            help="Concurrent sequences.",
            show_default="as many as memory holds",
            rich_help_panel=MORE,
        ),
    ] = None,
    jobs: Annotated[
        int, typer.Option(help="Threads that prepare pages.", rich_help_panel=MORE)
    ] = DEFAULTS.jobs,
    block_length: Annotated[
        int | None,
        typer.Option(
            help="Tokens of a block, which are denoised at once.",
            show_default="as the model was trained",
            rich_help_panel=MORE,
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            help="Most denoising steps of a block.",
            show_default="the block length",
            rich_help_panel=MORE,
        ),
    ] = None,
    max_tokens: MaxTokens = None,
    draft: Annotated[
        str,
        one_of(
            DRAFTS,
            "What decoding starts from. ctc: what the lite model is sure of. With the large model, "
            "texts to be verified: lite, as the lite model reads them; text-layer, as a PDF has "
            "them.",
            rich_help_panel=MORE,
        ),
    ] = DEFAULTS.draft,
    acceptance: Annotated[
        float,
        typer.Option(
            metavar="P",
            help="With the large model, commit what a draft has from this probability on: lower is "
            "faster and less exact; at 1 texts are as without drafts.",
            rich_help_panel=MORE,
        ),
    ] = DEFAULTS.acceptance,
    layout: Annotated[
        str,
        one_of(
            LAYOUTS,
            "What finds the regions of a page for the large model: itself, or the lite model.",
            rich_help_panel=MORE,
        ),
    ] = DEFAULTS.layout,
    cuda_graphs: Annotated[
        bool,
        typer.Option(
            "--cuda-graphs",
            help="On CUDA, record the steps of a block once and replay them (docs/engines.md).",
            rich_help_panel=MORE,
        ),
    ] = False,
    dpi: Annotated[
        float, typer.Option(help="Resolution at which PDFs are rendered.", rich_help_panel=MORE)
    ] = DEFAULTS.dpi,
    resume: Resume = True,
    workers: Workers = None,
    page_timeout: PageTimeout = WORKER_DEFAULTS.page_seconds,
    worker_memory: WorkerMemory = None,
    cluster: Cluster = "",
    limit: Limit = None,
    shard: Shard = "",
    retry_failed: RetryFailed = False,
    progress_form: Progress = "auto",
    trace: Annotated[
        bool,
        typer.Option(
            "--trace",
            help="Add every token, with its step, to the JSON; a report replays them.",
            rich_help_panel=MORE,
        ),
    ] = DEFAULTS.trace,
) -> None:
    """Read PDFs and pictures of pages.

    One document goes to stdout as Markdown. With -o DIR, each becomes DIR/NAME.md, .json and so
    on, with its pictures in DIR/NAME_images.
    """
    console.verbosity.json = progress_form == "jsonl"
    check_engine(engine, server)
    common, single = thresholds(threshold or [])
    forms = chosen_formats(form, output)
    watcher = watcher_of(watch, record, force=force)
    options = ParseOptions(
        pages=pages,
        password=password,
        dpi=dpi,
        threshold=common,
        thresholds=single,
        block_length=block_length,
        steps=steps,
        draft="none" if watcher else draft,
        acceptance=acceptance,
        layout=layout,
        max_tokens=token_limits(max_tokens or []),
        text_layer=text_layer,
        emphasis=emphasis,
        keep_unsure=keep_unsure,
        batch_size=batch_size,
        jobs=jobs,
        trace=trace or watcher is not None,
        boxes=boxes or ("word" if mark_doubt or review else needed_boxes(forms)),
        draw_layout=layout_image is not None,
    )
    if trace and not {"json", "report"} & set(forms):
        raise UsageError("--trace adds to JSON and reports only", "Add: --format json")
    if options.trace and server:
        raise UsageError(
            "a server does not report tokens", "Leave out --trace, --watch and --record."
        )
    if watch and (workers or cluster):
        raise UsageError("--watch looks into one process", "Leave out --workers and --cluster.")
    written = RenderOptions(
        tables=tables,
        math=math,
        keep_paratext=keep_paratext,
        page_marks=page_marks,
        mark_doubt=mark_doubt,
        chunk_tokens=chunk_tokens,
        redo=redo,
        password=password,
    )
    found = find_documents(documents, output, layout_image)
    choice = ModelChoice(model, device, engine, dtype, cuda_graphs, server)
    page_model = LazyPageModel(choice, watcher.texts if watcher and watch else None)
    doubtful = WrittenReview(review, review_below, options, force=force) if review else None
    tally = Tally(len(found))
    selection = Selection(parse_shard(shard), limit, retry_failed)
    with (
        open_destination(
            output, forms, len(found), written, drawings=layout_image, force=force
        ) as destination,
        progress("none" if watch else progress_form, destination.stream is None) as display,
        watcher or nullcontext(),
    ):
        start = starter_of_workers(
            partial(worker_options, page_timeout, worker_memory),
            0 if watch else workers,
            found,
            choice,
            to_folder=destination.folder is not None,
            cluster=cluster,
        )
        shown = watcher.display(display) if watcher else display
        Run(
            page_model, options, destination, tally, resume, shown, selection, start, doubtful
        ).read(found)
    besides = [path for one in (doubtful, watcher) if one for path in one.end()]
    console.note_written([*tally.written, *besides])
    tally.end()


def check_engine(engine: str, server: str) -> None:
    """Refuses engines that do not exist, or not for pages.

    Raises:
        UsageError: there is no such engine, or it does not go with a server.
    """
    if engine not in PARSE_ENGINES:
        raise UsageError(f"unknown engine {engine!r}", f"Choose one of: {', '.join(PARSE_ENGINES)}")
    if engine == "server" and not server:
        raise UsageError("the engine server needs an address", "Give it with: --server URL")
    if server and engine in ("torch", "onnx"):
        raise UsageError(
            f"--server and --engine {engine} exclude each other", "Leave one of them out."
        )
