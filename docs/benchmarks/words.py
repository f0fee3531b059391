"""Tables of word recognition."""

import argparse
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import peers
from report import (
    Column,
    Lines,
    NotMeasured,
    above,
    markdown,
    percent,
    reason,
    run,
    said,
    subjects,
    table,
    written,
)

from mdocr.evaluation.words import score

ENGINES = ("torch", "onnx")
DECODERS = "parallel,block-low-confidence,autoregressive"
COSTS = (
    "reader",
    "set",
    "words",
    "processes × threads",
    "CPU-milliseconds a word",
    "words a second",
    "accuracy",
    "exact",
)
STAGES: dict[str, Column] = {
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


def accuracy(options: argparse.Namespace) -> Lines:
    """Accuracy on real words, by decoder."""
    if not options.words:
        raise NotMeasured("no labelled words were given (`--words`)")
    model = options.recognizer
    command = ["eval", "recognizer", *options.words, "--model", model, "--decoder", DECODERS]
    columns = {
        "set": "set",
        "words": "words",
        "decoder": "decoder",
        "accuracy": percent("accuracy"),
        "with case": percent("case_sensitive"),
        "exact": percent("exact"),
        "similarity": percent("edit_similarity"),
    }
    lines: Lines = []
    for lexicon in ("auto", "none"):
        asked = [*command, "--lexicon", lexicon]
        report = run([*asked, "--format", "json"])
        lines += [*above(asked), *table(columns, report["sets"]), ""]
    return lines[:-1]


def beside_others(options: argparse.Namespace) -> Lines:
    """The first words of each set, read by all readers on the same machine."""
    if not options.words:
        raise NotMeasured("no labelled words were given (`--words`)")
    readers = [
        peers.mdocr(options.recognizer),
        *peers.others(options.rapidocr_python, options.languages),
    ]
    rows = [
        _peer_row(reader, folder, options.peer_words)
        for reader in readers
        if isinstance(reader, peers.Reader)
        for folder in options.words
    ]
    sets = [part for folder in options.words for part in ("--words", folder)]
    return [
        *above(["--only", "word-peers", *sets], "python docs/benchmarks"),
        f"The first {options.peer_words} words of each set. {peers.conditions('word')}",
        "Accuracy counts letters and digits, case folded.",
        "",
        *markdown(COSTS, rows),
        *said(reader for reader in readers if isinstance(reader, str)),
    ]


def _peer_row(reader: peers.Reader, folder: Path, count: int) -> Sequence[object]:
    known = labelled(folder)[:count]
    outcome = peers.at_best(reader, "word", [path for path, _ in known])
    found = score([(outcome.texts.get(path, ""), true) for path, true in known])
    return (
        reader.name,
        folder.name,
        len(known),
        outcome.setting,
        f"{1000 * outcome.cpu_seconds / len(known):.0f}",
        f"{len(known) / outcome.seconds:.1f}",
        f"{found.accuracy:.1%}",
        f"{found.exact:.1%}",
    )


def latency(options: argparse.Namespace) -> Lines:
    """Milliseconds a word: every decoder and engine, then stage by stage."""
    data = options.words[:1]
    plot = options.output.parent / "pictures" / "latency.svg"
    base = ["bench", "latency", *data, "--model", options.recognizer, "--count", options.count]
    every = [*base, "--repeats", 2]
    staged = [*base, "--decoder", DECODERS, "--steps", 3, "--batch-size", "1,64"]
    medians: dict[str, list[dict[str, Any]]] = {}
    stages: Lines = []
    rows: list[dict[str, Any]] = []
    missing = []
    for engine in ENGINES:
        drawn = [] if medians else ["-o", plot]
        try:
            medians[engine] = run([*every, "--engine", engine, "--json", *drawn])["rows"]
            report = run([*staged, "--engine", engine, "--json"])
        except subprocess.CalledProcessError as error:
            missing.append(f"Not measured: the engine {engine} ({reason(error)}).")
            continue
        rows += report["rows"]
        stages += subjects(report["subjects"])
    lines = [*above([*every, "--engine", ",".join(ENGINES)])]
    lines += ["Median milliseconds a word, one word after another.", "", *beside(medians)]
    if medians:
        lines += ["", f"![Milliseconds over steps](pictures/{plot.name})"]
    lines += ["", *above([*staged, "--engine", ",".join(ENGINES)]), *stages, ""]
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


def upstream(options: argparse.Namespace) -> Lines:
    """Ours beside OpenOCR's code, with the same weights."""
    if not (options.openocr and options.words):
        raise NotMeasured("it needs words and a checkout of OpenOCR (`--openocr`)")
    from upstream_words import compare

    return compare(options.openocr, options.openocr_weights, options.words[0])


def labelled(folder: Path) -> list[tuple[Path, str]]:
    """Pictures and labels of a folder."""
    rows = (folder / "labels.tsv").read_text(encoding="utf-8").splitlines()
    parts = (row.partition("\t") for row in rows if row.strip())
    return [(folder / path, text) for path, _, text in parts]
