"""What the sections share: running mdocr, and writing Markdown."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from mdocr.bench.limits import processor_name
from mdocr.bench.setup import measured_with

ROOT = Path(__file__).parents[2]
Lines = list[str]


class NotMeasured(Exception):
    """Something is not given, or not installed, that a section needs."""


Column = str | Callable[[dict[str, Any]], str]
"""A key of a record, or what writes a cell of it."""


def percent(key: str) -> Column:
    """Writes a share as per cent."""
    return lambda row: "–" if row.get(key) is None else f"{row[key]:.1%}"


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
        env=environment(),
    )
    return json.loads(done.stdout)


def environment() -> dict[str, str]:
    """That of a process that imports this checkout."""
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def reason(error: subprocess.CalledProcessError) -> str:
    """What mdocr said as it failed, without the word ``error``."""
    said = [line for line in str(error.stderr).splitlines() if line.startswith("error:")]
    return (said[-1] if said else "it failed").removeprefix("error:").strip().rstrip(".")


def above(command: Iterable[Any], program: str = "mdocr") -> Lines:
    """The command above a table; folders by their names alone."""
    shown = (Path(part).name if Path(str(part)).is_absolute() else str(part) for part in command)
    return ["```", f"{program} {' '.join(map(shlex.quote, shown))}", "```", ""]


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


def table(columns: dict[str, Column], rows: Iterable[dict[str, Any]]) -> Lines:
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
