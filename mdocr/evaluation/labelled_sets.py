"""Labelled sets of single formulas or lines: opened, read and scored."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mdocr.evaluation import formulas, line_sets
from mdocr.inputs.labelled import Collection, open_collection
from mdocr.parsing.parser import Parser


@dataclass(frozen=True)
class Kind:
    """What the pictures show.

    Attributes:
        name: its plural.
        read: reads the first ``count`` pictures of a collection at a threshold.
        summary: the scores of what was read.
    """

    name: str
    read: Callable[[Parser, Collection, int, float], Iterator[Any]]
    summary: Callable[[Sequence[Any]], dict[str, Any]]


FORMULAS = Kind("formulas", formulas.read_formulas, formulas.summary)
LINES = Kind("lines", line_sets.read_lines, line_sets.summary)


def open_sets(folders: Sequence[Path]) -> list[tuple[str, Collection]]:
    """Names and collections of folders.

    Raises:
        InputError: one is missing, empty or damaged.
    """
    return [(folder.resolve().name, open_collection("", folder)) for folder in folders]


def score_sets(
    kind: Kind,
    parser: Parser,
    sets: Sequence[tuple[str, Collection]],
    threshold: float,
    limit: int | None,
    say: Callable[[str], None],
) -> list[dict[str, Any]]:
    """A record of each set.

    Args:
        kind: what its pictures show.
        parser: the model.
        sets: names and collections.
        threshold: of decoding.
        limit: most pictures of each set.
        say: called before each set.
    """
    records = []
    for name, pictures in sets:
        count = min(len(pictures), limit or len(pictures))
        say(f"reading {count} {kind.name} of {name}")
        found = list(kind.read(parser, pictures, count, threshold))
        records.append({"set": name, **kind.summary(found)})
    return records
