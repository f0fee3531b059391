"""What is done with a mutant, in a worker: what mdocr does with a file of its ending.

All that is needed for it is imported at once, before the clock of a worker's first mutant begins.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mdocr.batch.inputs import listed
from mdocr.batch.manifest import Manifest
from mdocr.batch.resume import PageRecords
from mdocr.batch.workers.messages import Assignment, Found
from mdocr.document.model import Source
from mdocr.inputs.pages import PageError, open_pages
from mdocr.layout import analyse
from mdocr.options import ParseOptions
from mdocr.parsing.page_work import ReadPage
from mdocr.training.config import RecognizerConfig
from mdocr.training.parser import load_parser_run
from mdocr.training.run_files import load_config
from mdocr.weights.line_reader import load_line_reader
from mdocr.weights.mdiff4str_released import load_released


@dataclass(frozen=True)
class FuzzReaderMaker:
    """Makes readers that only open what they are given."""

    def __call__(self) -> "FuzzReader":
        return FuzzReader()


class FuzzReader:
    def load(self) -> None:
        pass

    def find(self, assignment: Assignment) -> Found:
        path = Path(assignment.path)
        TARGETS.get(path.suffix, document)(path)
        return Found(Source(assignment.path), (), (0, 0))

    def read(self, assignment: Assignment) -> Iterator[ReadPage]:
        raise NotImplementedError


def document(path: Path) -> None:
    """Every page is rendered and its layout analysed."""
    refused: PageError | None = None
    with open_pages(str(path), dpi=72) as pages:
        while True:
            try:
                page = next(pages, None)
            except PageError as error:
                refused = error
                continue
            if page is None:
                break
            analyse(np.asarray(page.picture))
    if refused:
        raise refused


def weights(path: Path) -> None:
    load_line_reader(beside(path, "model.safetensors"))


def configuration(path: Path) -> None:
    load_line_reader(beside(path, "config.json"))


def released(path: Path) -> None:
    load_released(path)


def run_file(path: Path) -> None:
    load_config(path, [], RecognizerConfig)


def parser_run_file(path: Path) -> None:
    load_parser_run(path, [])


def progress(path: Path) -> None:
    records = PageRecords(path, {"name": "fuzz"}, ParseOptions())
    records.open(Source("a.pdf", 3, "0"), lambda page: True)


def manifest(path: Path) -> None:
    folder = path.with_suffix("")
    folder.mkdir(exist_ok=True)
    shutil.copy(path, folder / "mdocr.jsonl")
    made = Manifest(folder)
    made.state("a.pdf")
    made.end()
    shutil.rmtree(folder)


def listing(path: Path) -> None:
    list(listed([str(path)]))


def beside(path: Path, name: str) -> Path:
    """A folder of a model in which one file is the mutant."""
    folder = path.with_suffix("")
    if not folder.exists():
        shutil.copytree(path.parent / "model", folder)
    shutil.copy(path, folder / name)
    return folder


TARGETS: dict[str, Callable[[Path], None]] = {
    ".safetensors": weights,
    ".json": configuration,
    ".pth": released,
    ".toml": run_file,
    ".run": parser_run_file,
    ".progress": progress,
    ".manifest": manifest,
    ".txt": listing,
}
