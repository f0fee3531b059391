"""Tables of page parsing."""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import peers
from report import (
    Lines,
    NotMeasured,
    above,
    environment,
    markdown,
    percent,
    run,
    said,
    subjects,
    table,
)

from mdocr.evaluation.page_sets import TruePage, load_pages

THRESHOLDS = "0.5,0.6,0.75,0.9,0.95"
COSTS = (
    "reader",
    "processes × threads",
    "CPU-seconds a page",
    "pages a minute",
    "mean similarity",
    "median",
)


def beside_others(options: argparse.Namespace) -> Lines:
    """What pages cost and how well they are read, by all readers on the same machine."""
    if not options.pages:
        raise NotMeasured("no pages were given (`--pages`)")
    known = load_pages(options.pages)[: options.peer_pages]
    readers = [
        peers.mdocr(options.parser),
        *peers.others(options.rapidocr_python, options.languages),
    ]
    present = [reader for reader in readers if isinstance(reader, peers.Reader)]
    costs: list[Sequence[object]] = []
    medians: dict[str, list[dict[str, Any]]] = {}
    for reader in present:
        outcome = peers.at_best(reader, "page", [page.path for page in known])
        medians[reader.name] = groups = scores(outcome, known, options.pages)
        costs.append(cost(reader.name, outcome, groups[-1]))
    return [
        *above(["--only", "pages", "--pages", options.pages], "python docs/benchmarks"),
        f"{len(known)} pages. {peers.conditions('page')}",
        "RapidOCR has no reading order: its lines come as they are found. Similarity is that of",
        "`mdocr eval parser`.",
        "",
        *markdown(COSTS, costs),
        "",
        "Median similarity by kind of page:",
        "",
        *by_kind(medians),
        *said(reader for reader in readers if isinstance(reader, str)),
    ]


def cost(name: str, outcome: peers.Outcome, total: dict[str, Any]) -> Sequence[object]:
    """A row of the table of costs."""
    count = total["pages"]
    return (
        name,
        outcome.setting,
        f"{outcome.cpu_seconds / count:.2f}",
        f"{60 * count / outcome.seconds:.1f}",
        f"{total['text']:.1%}",
        f"{total['text_median']:.1%}",
    )


def by_kind(medians: dict[str, list[dict[str, Any]]]) -> Lines:
    """The readers beside one another, a row for each kind of page."""
    rows = [
        (same[0]["group"], same[0]["pages"], *(f"{row['text_median']:.1%}" for row in same))
        for same in zip(*medians.values(), strict=True)
    ]
    return markdown(("pages", "count", *medians), rows)


def scores(outcome: peers.Outcome, known: Sequence[TruePage], folder: Path) -> list[dict[str, Any]]:
    """What ``mdocr eval parser`` says of texts: by kind of page, the whole set last."""
    with tempfile.TemporaryDirectory() as place:
        for page in known:
            text = outcome.texts.get(page.path, "")
            (Path(place) / f"{page.name}.md").write_text(text, encoding="utf-8")
        command = ["eval", "parser", folder, "--predictions", place, "--limit", len(known)]
        groups: list[dict[str, Any]] = run([*command, "--format", "json"])["pages"]
    return groups


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


def profile(options: argparse.Namespace) -> Lines:
    """Where the time of a page goes."""
    if not options.pages:
        raise NotMeasured("no pages were given (`--pages`)")
    known = [page.path for page in load_pages(options.pages)[: options.peer_pages]]
    chosen = known[:: max(1, len(known) // options.profile_pages)][: options.profile_pages]
    script = Path(__file__).with_name("profile_pages.py")
    command = [sys.executable, str(script), *map(str, chosen), "--model", options.parser]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment())
    parts = json.loads(done.stdout)
    total = sum(parts.values())
    rows = [(name, f"{value:.3f}", f"{value / total:.0%}") for name, value in parts.items()]
    names = ", ".join(path.stem for path in chosen)
    return [
        *above([*chosen, "--model", options.parser], "python docs/benchmarks/profile_pages.py"),
        f"CPU-seconds a page, the mean of {len(chosen)} pages ({names}), one thread.",
        "",
        *markdown(("part", "CPU-seconds", "share"), [*rows, ("all", f"{total:.3f}", "100%")]),
    ]


def throughput(options: argparse.Namespace) -> Lines:
    """Tokens a second against threshold."""
    if not options.pages:
        raise NotMeasured("no pages were given (`--pages`)")
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
        raise NotMeasured("it needs a checkout of MinerU-Diffusion (`--mineru`)")
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
