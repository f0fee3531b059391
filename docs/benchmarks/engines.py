"""Engines and precisions beside one another: speed, start, memory, accuracy, equal results."""

import argparse
import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

from pages import speed_pages
from report import ROOT, Lines, NotMeasured, markdown, run
from words import labelled

from mdocr.evaluation.words import score

TORCH_DTYPES = ("float32", "bfloat16")

PICTURES = (".png", ".jpg")

PROBE = """
import atexit, pathlib, runpy, sys
keep = pathlib.Path({!r}).write_text
atexit.register(lambda: keep(pathlib.Path("/proc/self/status").read_text()))
sys.argv[0] = "mdocr"
runpy.run_module("mdocr", run_name="__main__", alter_sys=True)
"""
"""Runs mdocr, and keeps what Linux knows of its memory at the end."""


@dataclass(frozen=True)
class Variant:
    """A way to run a model: its name, and what the command line says."""

    name: str
    options: tuple[str, ...]


@dataclass(frozen=True)
class Process:
    """What a command printed, how long it took in seconds, and its memory at most in bytes."""

    output: str
    seconds: float
    memory: int


def words(options: argparse.Namespace) -> Lines:
    """All labelled words, and a single one, by each engine and precision."""
    if not options.words:
        raise NotMeasured("no labelled words were given (`--words`)")
    known = [pair for folder in options.words for pair in labelled(folder)]
    rows: list[Sequence[object]] = []
    first: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as place:
        for variant in variants(options.recognizer, Path(place)):
            asked = [*variant.options, "--lexicon", "english"]  # exports have none of their own
            all_words = measured(["recognize", *options.words, "--format", "csv", *asked])
            one = measured(["recognize", known[0][0], *asked], repeats=3)
            read = {
                row["path"]: row["text"] for row in csv.DictReader(all_words.output.split("\n"))
            }
            first = first or read
            found = score([(read[str(path)], true) for path, true in known])
            equal = sum(read[path] == text for path, text in first.items())
            rows.append(
                (
                    variant.name,
                    f"{len(known) / all_words.seconds:.1f}",
                    f"{found.accuracy:.2%}",
                    f"{equal} of {len(first)}",
                    f"{one.seconds:.2f} s",
                    f"{one.memory / 2**20:,.0f} MiB",
                )
            )
    head = ("engine", "words/s", "accuracy", "equal texts", "one word", "memory")
    return [
        f"`mdocr recognize --lexicon english` with the model {options.recognizer} over",
        f"{len(known)} words at once, and over one, both with the start of the program (of one,",
        "the median of three); texts are compared with those of the first row.",
        "",
        *markdown(head, rows),
    ]


def pages(options: argparse.Namespace) -> Lines:
    """A few pages, and a single one, by each engine and precision."""
    if not options.pages:
        raise NotMeasured("no pages were given (`--pages`)")
    rows: list[Sequence[object]] = []
    first = ""
    with tempfile.TemporaryDirectory() as place, speed_pages(options) as folder:
        found = variants(options.parser, Path(place))
        for number, variant in enumerate(found):
            output = Path(place) / f"read-{number}"
            parsed = measured(["parse", folder, "-o", output, *variant.options])
            texts = sorted(output.glob("*.md"))
            page = min(path for path in folder.iterdir() if path.suffix in PICTURES)
            one = measured(["parse", page, *variant.options], repeats=3)
            together = "\n".join(path.read_text(encoding="utf-8") for path in texts)
            first = first or together
            scores = run(["eval", "parser", folder, "--predictions", output, "--format", "json"])
            rows.append(
                (
                    variant.name,
                    f"{60 * len(texts) / parsed.seconds:.1f}",
                    f"{scores['pages'][-1]['text_median']:.2%}",
                    f"{SequenceMatcher(None, first, together, autojunk=False).ratio():.2%}",
                    f"{one.seconds:.2f} s",
                    f"{parsed.memory / 2**20:,.0f} MiB",
                )
            )
    head = ("engine", "pages/min", "similarity", "equal text", "one page", "memory")
    return [
        f"`mdocr parse` with the model {options.parser} over {len(texts)} pages, and over the",
        "first, both with the start of the program (of one, the median of three); texts are",
        "compared with those of the first row.",
        "",
        *markdown(head, rows),
    ]


def variants(model: str, place: Path) -> Iterator[Variant]:
    """ONNX Runtime, which is the default, and with matrices in eight bits; torch."""
    yield Variant("onnx, float32", ("--model", model, "--engine", "onnx"))
    folder = place / "int8"
    measured(["export", model, "-o", folder, "--precision", "int8"])
    yield Variant("onnx, int8", ("--model", str(folder), "--engine", "onnx"))
    for dtype in TORCH_DTYPES:
        chosen = ("--model", model, "--engine", "torch", "--dtype", dtype)
        yield Variant(f"torch, {dtype}", chosen)


def measured(command: Sequence[object], repeats: int = 1) -> Process:
    """Runs mdocr in a process of its own; the median of several runs.

    Raises:
        CalledProcessError: it failed.
    """
    runs = sorted((_run(command) for _ in range(repeats)), key=lambda run: run.seconds)
    return runs[repeats // 2]


def _run(command: Sequence[object]) -> Process:
    with tempfile.TemporaryDirectory() as place:
        output, status = Path(place) / "output", Path(place) / "status"
        code = PROBE.format(str(status))
        begin = time.perf_counter()
        with output.open("w") as stream:
            subprocess.run(
                [sys.executable, "-c", code, "--quiet", *map(str, command)],
                stdout=stream,
                check=True,
                env={**os.environ, "PYTHONPATH": str(ROOT)},
            )
        seconds = time.perf_counter() - begin
        (peak,) = re.findall(r"VmHWM:\s+(\d+)", status.read_text())
        return Process(output.read_text(encoding="utf-8"), seconds, 1024 * int(peak))
