"""Stand-ins for what a worker does: documents are text files that say what befalls who reads them.

Each line is a page. ``hang``, ``hang in C``, ``crash``, ``swell``, ``flood``, ``die once`` and
``exit`` befall the worker, ``refuse`` is an ordinary failure, ``device`` is read as the CUDA
devices that it sees, anything else as it stands. A first line ``open: WORD`` does it to who opens
the document, and a page ``again: WORD`` to who writes the formats ``again`` and ``shown``, for
which the document is opened once more.
"""

import ctypes
import logging
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from multiprocessing import parent_process
from pathlib import Path
from typing import ClassVar

from mdocr.batch.workers.messages import Assignment, Found
from mdocr.batch.workers.reader import file_state
from mdocr.document.document import Document
from mdocr.document.formats import FORMATS, Format
from mdocr.document.model import Block, Box, Page, Source
from mdocr.errors import InputError, WeightsError
from mdocr.options import RenderOptions
from mdocr.parsing.page_work import ReadPage, failed


@dataclass(frozen=True)
class StandInMaker:
    """Makes stand-ins; a page takes ``seconds``, and ``loading`` befalls who loads the model."""

    seconds: float = 0.0
    loading: str = ""

    def __call__(self) -> "StandIn":
        if parent_process() is not None or "pytest" not in sys.modules:
            FORMATS.update(SECOND_LOOKS)  # of this worker; tests have them for a while
        return StandIn(self)


class StandIn:
    def __init__(self, maker: StandInMaker) -> None:
        self.maker = maker

    def load(self) -> None:
        befall(self.maker.loading, Path())
        if self.maker.loading == "refuse":
            raise WeightsError("there are no weights", "Get some.")

    def find(self, assignment: Assignment) -> Found:
        path = Path(assignment.path)
        lines = path.read_text(errors="replace").splitlines()
        if not lines:
            raise InputError("empty")
        if lines[0].startswith("open: "):
            befall(lines[0].removeprefix("open: "), path)
            lines = lines[1:]
        digest = sha256(path.read_bytes()).hexdigest()
        source = Source(assignment.path, len(lines), digest)
        return Found(source, tuple(range(1, len(lines) + 1)), file_state(assignment.path))

    def read(self, assignment: Assignment) -> Iterator[ReadPage]:
        path = Path(assignment.path)
        text = path.read_text(errors="replace")
        lines = [x for x in text.splitlines() if not x.startswith("open: ")]
        for number in assignment.pages:
            line = lines[number - 1]
            key = assignment.number, number
            time.sleep(self.maker.seconds)
            befall(line, path)
            if line == "refuse":
                yield failed(key, InputError("refused"))
                continue
            if line == "device":
                line = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
            block = Block("text", Box(0.1, 0.1, 0.9, 0.2), line, order=1)
            yield ReadPage(key, Page(number, 100, 100, (block,)))


def befall(word: str, path: Path) -> None:
    if word == "hang":
        time.sleep(3600)
    elif word == "hang in C":
        ctypes.PyDLL(None).sleep(3600)  # holds Python's lock, so that no thread gives signs of life
    elif word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif word == "exit":
        os._exit(3)
    elif word == "swell":
        held = []
        while True:
            held.append(b"x" * (64 << 20))
    elif word == "flood":
        for number in range(20_000):
            logging.getLogger("mdocr.flood").warning("warning %d", number)
            sys.stdout.write("x" * 1000)
            os.write(2, b"y" * 1000)
    elif word == "die once":
        mark = path.with_suffix(".died")
        if not mark.exists():
            mark.touch()
            os._exit(1)


def write_again(document: Document, options: RenderOptions) -> str:
    """The process that wrote it, and the file as it was found there."""
    if not options.opens_source:
        return "without the file"
    path = Path(document.source.path)
    lines = path.read_text().splitlines()
    for line in lines:
        if line.startswith("again: "):
            befall(line.removeprefix("again: "), path)
    return "\n".join([str(os.getpid()), *lines])


SECOND_LOOKS = {
    "again": Format(write_again, (".again",), file="needed"),
    "shown": Format(write_again, (".shown",), file="shown"),
}


class StandInModel:
    """What a run asks of its model while workers read."""

    name = "stand-in"
    identity: ClassVar = {"name": "stand-in"}

    def expect(self, pages: int) -> None:
        pass
