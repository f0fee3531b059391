"""Where documents go, in which formats, and under which names."""

import contextlib
import os
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TextIO

from mdocr.batch.outputs import is_file, open_output
from mdocr.batch.ownership import OwnFiles
from mdocr.batch.remote import is_remote
from mdocr.batch.store import Store
from mdocr.errors import UsageError
from mdocr.files import make_folder, remove_stale
from mdocr.inputs.streams import STDIN
from mdocr.options import RenderOptions
from mdocr.render import FORMATS, find_format, format_of_file

LONGEST_STEM = 200
"""Bytes of a name without ending: file systems take 255, endings and hidden files need the rest."""


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
        force: write over files that mdocr has not written.
        identity: tells the folder that is written to from one that was made again in its place.
        own: the files that mdocr has written.
        store: where the files of the folder are put, if not there.
    """

    folder: Path | None = None
    file: Path | None = None
    stream: TextIO | None = None
    forms: tuple[str, ...] = ("md",)
    render: RenderOptions = field(default_factory=RenderOptions)
    drawings: Path | None = None
    force: bool = False
    identity: tuple[int, int] | None = None
    own: OwnFiles = field(default_factory=OwnFiles)
    store: Store | None = None

    def files(self, stem: str) -> list[Path]:
        """The files of a document's formats."""
        if self.folder:
            endings = (find_format(form).endings[0] for form in self.forms)
            return [self.folder / f"{stem}{ending}" for ending in endings]
        return [self.file] if self.file else []

    def refuse_foreign(self, stems: Iterable[str]) -> None:
        """Refuses documents whose files would be written over others.

        Raises:
            UsageError: one of the files is there, and mdocr has not written it.
        """
        if self.store:
            stems = (stem for stem in stems if not self.store.knows(stem))
        files = (file for stem in stems for file in self.files(stem))
        (self.store or self.own).refuse_foreign(files)

    def place(self, file: Path) -> str:
        """Where people find a file."""
        return self.store.place(file) if self.store else str(file)

    def check(self) -> None:
        """Makes sure that the folder is still there.

        Raises:
            UsageError: somebody has deleted or moved it, and what was written with it.
        """
        folder = self.folder or (self.file.parent if self.file else None)
        if folder and self.identity and _identity(folder) != self.identity:
            raise UsageError(
                f"the folder {str(folder)!r} was deleted or moved while it was written to",
                "What was written is gone with it; run the same command again.",
            )


def chosen_formats(text: str, output: str) -> tuple[str, ...]:
    """Formats from ``md,json``; where none are named, from the ending of the output file.

    Raises:
        UsageError: there is no such format, or none with this ending.
    """
    if text.strip():
        forms = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
        for form in forms:
            find_format(form)
        return forms
    path = Path(output)
    named = format_of_file(path.name)
    if named is None and path.suffix and _would_be_file(output):
        endings = ", ".join(ending for known in FORMATS.values() for ending in known.endings)
        raise UsageError(
            f"no format ends in {path.suffix!r}, as {output!r} does",
            f"Known endings: {endings}. Or name a format with: --format; or, for a folder, write: "
            f"-o {output}/",
        )
    find_format(named or "md")
    return (named or "md",)


@contextlib.contextmanager
def open_destination(
    output: str,
    forms: tuple[str, ...],
    documents: int,
    options: RenderOptions,
    *,
    drawings: Path | None = None,
    force: bool = False,
) -> Iterator[Destination]:
    """Where ``-o`` says that documents go; made and checked before anything is read.

    Args:
        output: a folder, also at an address, a file, ``-``, or empty for stdout.
        forms: names of formats.
        documents: how many there are.
        options: how they are written.
        drawings: folder of the drawn layouts, if they are wanted.
        force: write over files that mdocr has not written.

    Raises:
        UsageError: one file cannot hold them all, or the place cannot be written to.
    """
    if drawings is not None:
        make_folder(drawings)
    path = Path(output)
    made = Destination(forms=forms, render=options, drawings=drawings, force=force)
    if is_remote(output):
        _require_folder(output)
        with Store(output) as store:
            folder = store.folder
            yield replace(made, folder=folder, identity=_identity(folder), store=store)
        return
    if output and output != "-" and _is_folder(output):
        yield replace(made, folder=path, identity=_prepared(path))
        return
    _require_one(forms, documents)
    if output and is_file(path):
        yield replace(made, file=path, identity=_prepared(path.parent))
        return
    with open_output(path if output else None) as stream:
        yield replace(made, stream=stream)


def stems(paths: Iterable[str]) -> list[str]:
    """File names without ending, each once: of equal ones, the later get a number."""
    taken: set[str] = set()
    names = []
    for path in paths:
        own = _shown(Path(path).stem)
        stem = name = "stdin" if path == STDIN else own or "document"
        number = 2
        while _folded(name) in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(_folded(name))
        names.append(name)
    return names


def _shown(stem: str) -> str:
    """A name as text, which it need not be, with room for endings."""
    text = os.fsencode(stem).decode("utf-8", "replace")
    return text.encode()[:LONGEST_STEM].decode("utf-8", "ignore")


def _folded(name: str) -> str:
    """What file systems that know no case, or no ways to compose a letter, make of a name."""
    return unicodedata.normalize("NFC", name.casefold())


def _is_folder(output: str) -> bool:
    path = Path(output)
    return not _would_be_file(output) or not (path.exists() or path.suffix)


def _would_be_file(output: str) -> bool:
    """Whether a name after ``-o`` is that of a file, as far as its form and the disk tell."""
    return not (output in ("", "-") or output.endswith(("/", "\\")) or Path(output).is_dir())


def _prepared(folder: Path) -> tuple[int, int]:
    """Makes a folder ready to be written to, and tells it from others."""
    make_folder(folder)
    remove_stale(folder)
    return _identity(folder)


def _identity(folder: Path) -> tuple[int, int]:
    try:
        found = folder.stat()
    except OSError:
        return (0, 0)
    return found.st_dev, found.st_ino


def _require_folder(address: str) -> None:
    if PurePosixPath(address).suffix and not address.endswith("/"):
        raise UsageError(
            f"{address!r} looks like a file", f"A store holds folders of results: -o {address}/"
        )


def _require_one(forms: tuple[str, ...], documents: int) -> None:
    if documents > 1:
        raise UsageError(f"{documents} documents need a folder", "Give one with: -o DIR/")
    if len(forms) > 1:
        raise UsageError(f"{len(forms)} formats need a folder", "Give one with: -o DIR/")
