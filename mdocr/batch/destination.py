"""Where documents go, in which formats, and under which names."""

import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from mdocr.batch.outputs import open_output
from mdocr.errors import UsageError
from mdocr.files import make_folder
from mdocr.inputs.streams import STDIN
from mdocr.options import RenderOptions
from mdocr.render import find_format, format_of_file


@dataclass(frozen=True)
class Destination:
    """Where documents go, and in which formats; exactly one of the first three is given.

    Attributes:
        folder: one file a format and document, beside a folder of pictures.
        file: one format of one document.
        stream: one format of one document, without pictures.
        forms: names of formats.
        render: how they are written.
        drawings: folder of the drawn layouts, if they are wanted.
    """

    folder: Path | None = None
    file: Path | None = None
    stream: TextIO | None = None
    forms: tuple[str, ...] = ("md",)
    render: RenderOptions = field(default_factory=RenderOptions)
    drawings: Path | None = None


def chosen_formats(text: str, output: str) -> tuple[str, ...]:
    """Formats from ``md,json``; where none are named, from the name of the output file.

    Raises:
        UsageError: there is no such format.
    """
    if not text.strip():
        return (format_of_file(Path(output).name) or "md",)
    forms = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for form in forms:
        find_format(form)
    return forms


@contextlib.contextmanager
def open_destination(
    output: str,
    forms: tuple[str, ...],
    documents: int,
    options: RenderOptions,
    drawings: Path | None = None,
) -> Iterator[Destination]:
    """Where ``-o`` says that documents go; made and checked before anything is read.

    Args:
        output: a folder, a file, ``-``, or empty for stdout.
        forms: names of formats.
        documents: how many there are.
        options: how they are written.
        drawings: folder of the drawn layouts, if they are wanted.

    Raises:
        UsageError: one file cannot hold them all, or the place cannot be written to.
    """
    if drawings is not None:
        make_folder(drawings)
    path = Path(output)
    if output and output != "-" and _is_folder(output, documents):
        make_folder(path)
        yield Destination(folder=path, forms=forms, render=options, drawings=drawings)
        return
    _require_one(forms, documents)
    if output in ("", "-") or (path.exists() and not path.is_file()):
        with open_output(path if output else None) as stream:
            yield Destination(stream=stream, forms=forms, render=options, drawings=drawings)
        return
    make_folder(path.parent)
    yield Destination(file=path, forms=forms, render=options, drawings=drawings)


def stems(paths: Iterable[str]) -> list[str]:
    """File names without ending, each once: of equal ones, the later get a number."""
    taken: set[str] = set()
    names = []
    for path in paths:
        own = os.fsencode(Path(path).stem).decode("utf-8", "replace")  # a name need not be text
        stem = name = "stdin" if path == STDIN else own or "document"
        number = 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _is_folder(output: str, documents: int) -> bool:
    path = Path(output)
    if path.exists() or output.endswith(("/", "\\")):
        return path.is_dir() or not path.exists()
    return not format_of_file(path.name) and (documents > 1 or not path.suffix)


def _require_one(forms: tuple[str, ...], documents: int) -> None:
    if documents > 1:
        raise UsageError(f"{documents} documents need a folder", "Give one with: -o DIR")
    if len(forms) > 1:
        raise UsageError(f"{len(forms)} formats need a folder", "Give one with: -o DIR")
