"""Remakes ``docs/benchmarks.md``: runs the commands, and writes what they print.

    PYTHONPATH=. python docs/benchmarks.py --words DIR --words DIR --pages DIR

What is not given, or not installed, is left out with a sentence that says so. Tesseract is run
through its command, RapidOCR through its package, both on the pictures that mdocr reads, and scored
by the same functions. About ten minutes on two cores.
"""

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from peer_readers import page_readers, word_readers  # beside this file

from mdocr.bench.limits import processor_name
from mdocr.bench.setup import measured_with

HERE = Path(__file__).parent
PAGE = HERE / "benchmarks.md"
DECODERS = "parallel,block-low-confidence,autoregressive"
THRESHOLDS = "0.5,0.6,0.75,0.9,0.95"
Lines = list[str]
Column = Callable[[dict[str, Any]], str]


def percent(key: str) -> Column:
    """Writes a share as per cent."""
    return lambda row: "–" if row.get(key) is None else f"{row[key]:.1%}"


STAGES: dict[str, str | Column] = {
    "engine": "engine",
    "decoder": "decoder",
    "steps": "steps",
    "batch": "batch_size",
    "median ms": "median",
    "p90": "p90",
    "p99": "p99",
    "images/s": "images_per_second",
    "pre": "preprocessing",
    "encoder": "encoder",
    "decoding": "decoding",
    "post": "postprocessing",
    "of arithmetic": percent("of_arithmetic"),
    "of bandwidth": percent("of_bandwidth"),
}


def main() -> None:
    """Measures section by section; the page holds what is known so far."""
    options = arguments()
    pictures(options).mkdir(parents=True, exist_ok=True)
    sections = (words, latency, upstream, pages, throughput, shuffle)
    lines = [
        "# Benchmarks",
        "",
        "Made by `python docs/benchmarks.py`; nothing here is typed by hand. Every table stands",
        "below the command that made it; `mdocr bench --help` and `mdocr eval --help` explain the",
        "figures. Rates are compared with the limits of the machine, measured in the same run.",
        "",
        setup_line(),
    ]
    for section in sections:
        print(f"{section.__name__} ...", file=sys.stderr, flush=True)
        lines += ["", *section(options)]
        options.output.write_text("\n".join(lines) + "\n", encoding="utf-8")


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add = parser.add_argument
    add("--words", type=Path, action="append", default=[], help="folder with labels.tsv")
    add("--pages", type=Path, help="folder of pages with ground truth")
    add("--recognizer", default="lite", help="model of the word tables")
    add("--parser", default="lite", help="model of the page tables")
    add("--engines", default="torch,onnx", help="engines of the latency table")
    add("--count", type=int, default=30, help="pictures of the latency table")
    add("--speed-pages", type=int, default=2, help="pages of the throughput table")
    add("--peer-words", type=int, default=250, help="words of each set that all readers read")
    add("--peer-pages", type=int, default=None, help="pages that all readers read")
    add("--output", type=Path, default=PAGE, help="page to write; its plots go beside it")
    add("--upstream", type=Path, help="checkout of OpenOCR, for a comparison with its code")
    add("--upstream-weights", type=Path, help="best.pth of MDiff4STR")
    return parser.parse_args()


def pictures(options: argparse.Namespace) -> Path:
    """Folder of the plots."""
    folder: Path = options.output.parent / "pictures"
    return folder


def words(options: argparse.Namespace) -> Lines:
    """Accuracy on real words, beside other readers."""
    lines = ["## Words: accuracy"]
    if not options.words:
        return [*lines, "", "Not measured: no labelled words were given (`--words`)."]
    model = options.recognizer
    command = ["eval", "recognizer", *options.words, "--model", model, "--decoder", DECODERS]
    report = run([*command, "--engine", "torch", "--format", "json"])
    columns = {
        "set": "set",
        "words": "words",
        "decoder": "decoder",
        "accuracy": percent("accuracy"),
        "with case": percent("case_sensitive"),
        "exact": percent("exact"),
        "similarity": percent("edit_similarity"),
    }
    lines += ["", *above([*command, "--engine", "torch"]), *table(columns, report["sets"])]
    return [*lines, "", *peer_words(options)]


def peer_words(options: argparse.Namespace) -> Lines:
    """The same words, read by others."""
    from mdocr.evaluation.words import score

    lines = [
        f"Beside other readers, the first {options.peer_words} words of each set; accuracy counts",
        "letters and digits, case folded. Seconds are those of one word after another, the start",
        "of the program included where a reader is a program.",
        "",
    ]
    rows, missing = [], []
    for name, reader in word_readers(options.recognizer).items():
        if isinstance(reader, str):
            missing.append(reader)
            continue
        for folder in options.words:
            known = labelled(folder)[: options.peer_words]
            begin = time.perf_counter()
            read = [(reader(path), true) for path, true in known]
            seconds = (time.perf_counter() - begin) / len(read)
            found = score(read)
            accuracy, exact = f"{found.accuracy:.1%}", f"{found.exact:.1%}"
            rows.append((name, folder.name, len(read), accuracy, exact, f"{1000 * seconds:.0f} ms"))
    head = ("reader", "set", "words", "accuracy", "exact", "a word")
    return [*lines, *markdown(head, rows), *said(missing)]


def latency(options: argparse.Namespace) -> Lines:
    """Milliseconds a word: every decoder and engine, then stage by stage."""
    data = options.words[:1]
    plot = pictures(options) / "latency.svg"
    base = ["bench", "latency", *data, "--model", options.recognizer, "--count", options.count]
    every = [*base, "--repeats", 2]
    staged = [*base, "--decoder", DECODERS, "--steps", 3, "--batch-size", "1,16"]
    medians: dict[str, list[dict[str, Any]]] = {}
    stages: Lines = []
    rows: list[dict[str, Any]] = []
    missing = []
    for engine in options.engines.split(","):
        drawn = [] if medians else ["-o", plot]
        try:
            medians[engine] = run([*every, "--engine", engine, "--json", *drawn])["rows"]
            report = run([*staged, "--engine", engine, "--json"])
        except subprocess.CalledProcessError as error:
            missing.append(f"Not measured: the engine {engine} ({reason(error)}).")
            continue
        rows += report["rows"]
        stages += subjects(report["subjects"])
    lines = ["## Words: latency", "", *above([*every, "--engine", options.engines])]
    lines += ["Median milliseconds a word, one word after another.", "", *beside(medians)]
    if medians:
        lines += ["", f"![Milliseconds over steps](pictures/{plot.name})"]
    lines += ["", *above([*staged, "--engine", options.engines]), *stages, ""]
    return [*lines, *table(STAGES, rows), *said(missing)]


def beside(medians: dict[str, list[dict[str, Any]]]) -> Lines:
    """Medians of engines, and how much faster each is than the first."""
    first, *others = medians.values()
    cells = []
    for number, row in enumerate(first):
        times = [row["median"], *(other[number]["median"] for other in others)]
        faster = [f"{times[0] / time:.2f} ×" for time in times[1:]]
        cells.append([row["decoder"], written(row["steps"]), *map(written, times), *faster])
    names = list(medians)
    ratios = [f"{name} is faster than {names[0]}" for name in names[1:]]
    return markdown(["decoder", "steps", *(f"{name}, ms" for name in names), *ratios], cells)


def pages(options: argparse.Namespace) -> Lines:
    """Similarity on real pages, beside other readers."""
    lines = ["## Pages: accuracy"]
    if not options.pages:
        return [*lines, "", "Not measured: no pages were given (`--pages`)."]
    limit = ["--limit", options.peer_pages] if options.peer_pages else []
    reports, missing = {}, []
    with tempfile.TemporaryDirectory() as place:
        mine = Path(place) / "mdocr"
        command = ["eval", "parser", options.pages, "--model", options.parser, *limit]
        try:
            reports["mdocr"] = run([*command, "-o", mine, "--format", "json"])["pages"]
        except subprocess.CalledProcessError as error:
            missing.append(f"Not measured: mdocr's {options.parser} page model ({reason(error)}).")
        for name, reader in page_readers().items():
            if isinstance(reader, str):
                missing.append(reader)
                continue
            folder = Path(place) / name.split()[0].lower()
            read_all(reader, options.pages, folder, options.peer_pages)
            scored = ["eval", "parser", options.pages, "--predictions", folder, *limit]
            reports[name] = run([*scored, "--format", "json"])["pages"]
    groups = [row["group"] for row in next(iter(reports.values()), [])]
    rows = [
        (group, *(f"{row['text_median']:.1%}" for row in column))
        for group, *column in zip(groups, *reports.values(), strict=True)
    ]
    lines += [
        "",
        *above(command),
        "Median edit similarity of the pages' text, by kind of page.",
        "",
    ]
    return [*lines, *markdown(("pages", *reports), rows), *said(missing)]


def throughput(options: argparse.Namespace) -> Lines:
    """Tokens a second against threshold."""
    lines = ["## Pages: speed against threshold"]
    data = [options.pages] if options.pages else []
    plot = pictures(options) / "throughput.svg"
    command = ["bench", "throughput", *data, "--model", options.parser]
    command += ["--thresholds", THRESHOLDS, "--count", options.speed_pages]
    command += ["--warm-up", 0]
    try:
        report = run([*command, "--json", "-o", plot])
    except subprocess.CalledProcessError as error:
        return [*lines, "", f"Not measured: {reason(error)}."]
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
    lines += ["", *above(command), *subjects([report["subject"]]), ""]
    lines += [*table(columns, report["rows"]), ""]
    lines += ["Published, for the released model on one H200 at batch 1:", ""]
    lines += markdown(("decoding", "tokens/s", "OmniDocBench overall"), published)
    return [*lines, "", f"![Similarity over tokens a second](pictures/{plot.name})"]


def shuffle(options: argparse.Namespace) -> Lines:
    """What reading loses where the words make no sense."""
    lines = ["## Pages: shuffled words"]
    plot = pictures(options) / "shuffle.svg"
    command = ["bench", "shuffle", "--model", options.parser, "--pages", 1]
    command += ["--shares", "0,0.5,1"]
    try:
        report = run([*command, "--json", "-o", plot])
    except subprocess.CalledProcessError as error:
        return [*lines, "", f"Not measured: {reason(error)}."]
    columns = {
        "decoding": "mode",
        "shuffled": percent("shuffled"),
        "BLEU": "bleu",
        "similarity": percent("similarity"),
    }
    lines += ["", *above(command), *table(columns, report["rows"])]
    return [*lines, "", f"![Scores over shuffled words](pictures/{plot.name})"]


def upstream(options: argparse.Namespace) -> Lines:
    """Ours beside upstream's code, with the same weights."""
    lines = ["## Words: beside upstream's code", ""]
    if not (options.upstream and options.words):
        return [
            *lines,
            "Not measured: that needs a checkout of OpenOCR (`--upstream`). That both give the",
            "same probabilities and texts is tested by `tests/parity`.",
        ]
    from upstream_words import compare  # beside this file

    return [*lines, *compare(options.upstream, options.upstream_weights, options.words[0])]


def read_all(reader: Callable[[Path], str], data: Path, folder: Path, limit: int | None) -> None:
    """Reads the pages of a folder into text files."""
    from mdocr.evaluation.page_sets import load_pages

    folder.mkdir()
    for page in load_pages(data)[:limit]:
        (folder / f"{page.name}.txt").write_text(reader(page.path), encoding="utf-8")


def labelled(folder: Path) -> list[tuple[Path, str]]:
    """Pictures and labels of a folder."""
    rows = (folder / "labels.tsv").read_text(encoding="utf-8").splitlines()
    parts = (row.partition("\t") for row in rows if row.strip())
    return [(folder / path, text) for path, _, text in parts]


def run(command: Sequence[object]) -> Any:
    """Runs mdocr and gives the JSON that it prints.

    Raises:
        CalledProcessError: it failed; what it said is in ``stderr``.
    """
    done = subprocess.run(
        [sys.executable, "-m", "mdocr", *map(str, command)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(HERE.parent)},
    )
    return json.loads(done.stdout)


def reason(error: subprocess.CalledProcessError) -> str:
    """What mdocr said as it failed, without the word ``error``."""
    said = [line for line in str(error.stderr).splitlines() if line.startswith("error:")]
    return (said[-1] if said else "it failed").removeprefix("error:").strip().rstrip(".")


def above(command: Iterable[Any]) -> Lines:
    """The command above a table; folders by their names alone."""
    shown = (Path(part).name if Path(str(part)).is_absolute() else str(part) for part in command)
    return ["```", f"mdocr {' '.join(map(shlex.quote, shown))}", "```", ""]


def setup_line() -> str:
    """Versions, commit and machine."""
    import torch

    facts = measured_with()
    packages = ", ".join(f"{name} {version}" for name, version in facts["packages"].items())
    commit = f" (commit {facts['commit']})" if facts["commit"] else ""
    return (
        f"mdocr {facts['mdocr']}{commit}, Python {facts['python']}, {packages}; "
        f"{processor_name(torch.device('cpu'))}, {torch.get_num_threads()} threads; "
        f"{facts['time'][:10]}."
    )


def subjects(records: Iterable[dict[str, Any]]) -> Iterator[str]:
    """A line on each model: size, memory, limits of its machine."""
    for record in records:
        limits = record["limits"]
        counted = f"{record['parameters'] / 1e6:.2f} M parameters, " if record["parameters"] else ""
        yield (
            f"- {record['model']} on {record.get('engine', 'torch')}, {record['device']}: {counted}"
            f"{(record['peak_memory'] or 0) / 2**20:,.0f} MiB at most; limits "
            f"{limits['arithmetic'] / 1e9:,.0f} GFLOP/s ({limits['dtype']}), "
            f"{limits['bandwidth'] / 1e9:,.1f} GB/s, {limits['threads']} threads"
        )


def table(columns: dict[str, str | Column], rows: Iterable[dict[str, Any]]) -> Lines:
    """Records as a Markdown table."""
    cells = [
        [column(row) if callable(column) else written(row[column]) for column in columns.values()]
        for row in rows
    ]
    return markdown(list(columns), cells)


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> Lines:
    """A Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]


def written(value: object) -> str:
    """A figure with as many digits as mean something."""
    if value is None:
        return "–"
    return (
        f"{value:,.3g}"
        if isinstance(value, float) and value < 100
        else (f"{value:,.0f}" if isinstance(value, float) else str(value))
    )


def said(sentences: Iterable[str]) -> Lines:
    """Sentences, each a paragraph."""
    return [line for sentence in sentences for line in ("", sentence)]


if __name__ == "__main__":
    main()
