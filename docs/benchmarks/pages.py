"""Tables of page parsing."""

import argparse
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from peers import page_readers
from report import Lines, above, markdown, percent, run, said, subjects, table

from mdocr import load_parser
from mdocr.evaluation.page_sets import TruePage, load_pages
from mdocr.evaluation.pages import read_pages
from mdocr.options import ParseOptions

THRESHOLDS = "0.5,0.6,0.75,0.9,0.95"


def accuracy(options: argparse.Namespace) -> Lines:
    """Similarity on real pages and seconds a page, beside other readers."""
    if not options.pages:
        return ["Not measured: no pages were given (`--pages`)."]
    limit = ["--limit", options.peer_pages] if options.peer_pages else []
    command = ["eval", "parser", options.pages, "--model", options.parser, *limit]
    known = load_pages(options.pages)[: options.peer_pages]
    reports: dict[str, list[dict[str, Any]]] = {}
    seconds, missing = {}, []
    with tempfile.TemporaryDirectory() as place:
        for name, reader in readers(options.parser).items():
            if isinstance(reader, str):
                missing.append(reader)
                continue
            folder = Path(place) / name.split()[0].lower()
            seconds[name] = read_all(reader, known, folder)
            scored = ["eval", "parser", options.pages, "--predictions", folder, *limit]
            reports[name] = run([*scored, "--format", "json"])["pages"]
    groups = [(row["group"], row["pages"]) for row in next(iter(reports.values()))]
    rows: list[Sequence[object]] = [
        (group, count, *(f"{row['text_median']:.1%}" for row in column))
        for (group, count), *column in zip(groups, *reports.values(), strict=True)
    ]
    rows.append(("seconds a page, median", len(known), *(f"{s:.1f}" for s in seconds.values())))
    return [
        *above(command),
        "Median edit similarity of the pages' text, by kind of page. One page after another, the",
        "start of the program included where a reader is a program. RapidOCR has no reading order:",
        "its lines come as they are found.",
        "",
        *markdown(("pages", "count", *reports), rows),
        *said(missing),
    ]


def readers(model: str) -> dict[str, Callable[[TruePage], str] | str]:
    """What reads pages, mdocr first."""
    parser = load_parser(model, "cpu")
    found: dict[str, Callable[[TruePage], str] | str] = {
        f"mdocr {parser.name}": lambda page: next(read_pages(parser, [page], ParseOptions())).text
    }
    for name, reader in page_readers().items():
        found[name] = reader if isinstance(reader, str) else partial(_read_path, reader)
    return found


def _read_path(reader: Callable[[Path], str], page: TruePage) -> str:
    return reader(page.path)


def read_all(reader: Callable[[TruePage], str], known: list[TruePage], folder: Path) -> float:
    """Reads pages into files that ``mdocr eval parser`` scores; median seconds a page."""
    folder.mkdir()
    times = []
    for page in known:
        begin = time.perf_counter()
        text = reader(page)
        times.append(time.perf_counter() - begin)
        (folder / f"{page.name}.md").write_text(text, encoding="utf-8")
    return statistics.median(times)


def latin_pages(options: argparse.Namespace) -> Iterator[TruePage]:
    """Pages that a model of western languages can read."""
    for page in load_pages(options.pages):
        text = " ".join(part.text for part in page.parts)
        if sum(symbol < "\u0250" for symbol in text) > 0.99 * len(text):
            yield page


@contextmanager
def speed_pages(options: argparse.Namespace) -> Iterator[Path]:
    """A folder of the first Latin pages and their ground truth."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "latin-pages"
        folder.mkdir()
        for page in islice(latin_pages(options), options.speed_pages):
            for path in page.path.parent.glob(f"{page.name}.*"):
                shutil.copy(path, folder)
        yield folder


def throughput(options: argparse.Namespace) -> Lines:
    """Tokens a second against threshold."""
    if not options.pages:
        return ["Not measured: no pages were given (`--pages`)."]
    plot = options.output.parent / "pictures" / "throughput.svg"
    with speed_pages(options) as folder:
        command = ["bench", "throughput", folder, "--model", options.parser, "--warm-up", 0]
        command += ["--thresholds", THRESHOLDS, "--count", options.speed_pages]
        names = ", ".join(page.name for page in load_pages(folder))
        report = run([*command, "--json", "-o", plot])
    columns = {
        "decoding": "mode",
        "tokens/s": "tokens_per_second",
        "speed-up": "speed_up",
        "tokens/pass": "tokens_per_pass",
        "pages/min": "pages_per_minute",
        "similarity": percent("similarity"),
        "of arithmetic": percent("of_arithmetic"),
        "of bandwidth": percent("of_bandwidth"),
    }
    published = [(p["label"], p["tokens_per_second"], p["score"]) for p in report["published"]]
    lines = [*above(command), *subjects([report["subject"]]), f"- pages: {names}", ""]
    lines += [*table(columns, report["rows"]), ""]
    lines += ["Published, for the released model on one H200 at batch 1:", ""]
    lines += markdown(("decoding", "tokens/s", "OmniDocBench overall"), published)
    return [*lines, "", f"![Similarity over tokens a second](pictures/{plot.name})"]


def shuffle(options: argparse.Namespace) -> Lines:
    """What reading loses where the words make no sense."""
    plot = options.output.parent / "pictures" / "shuffle.svg"
    command = ["bench", "shuffle", "--model", options.parser, "--pages", 1]
    command += ["--shares", "0,0.5,1"]
    report = run([*command, "--json", "-o", plot])
    columns = {
        "decoding": "mode",
        "shuffled": percent("shuffled"),
        "BLEU": "bleu",
        "similarity": percent("similarity"),
    }
    lines = [*above(command), *table(columns, report["rows"])]
    return [*lines, "", f"![Scores over shuffled words](pictures/{plot.name})"]


def upstream(options: argparse.Namespace) -> Lines:
    """Ours beside MinerU-Diffusion's code, with the same random weights in full size."""
    if not (options.mineru and options.mineru_document):
        return [
            "Not measured: that needs a checkout of MinerU-Diffusion (`--mineru`). That both give",
            "the same tokens is tested by `tests/parity`.",
        ]
    script = Path(__file__).with_name("upstream_pages.py")
    given = [f"--upstream={options.mineru}", f"--document={options.mineru_document}"]
    lines: Lines = []
    for further in options.mineru_options or [""]:
        command = [sys.executable, str(script), *given, *shlex.split(further)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        shown = (
            f"python docs/benchmarks/upstream_pages.py --document {options.mineru_document.name}"
        )
        lines += ["", "```", f"{shown} {further}".strip(), "```", "", *done.stdout.splitlines()]
    return lines[1:]
