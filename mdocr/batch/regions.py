"""Pictures of single regions: each is read whole, as what the user says it is."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from mdocr.batch.words import one_line
from mdocr.errors import MdocrError, UsageError
from mdocr.options import ParseOptions
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.regions import read_layout, read_prompt, read_region
from mdocr.parsing.single_formulas import TOGETHER, read_formulas

Outcome = tuple[str, str | MdocrError]
"""A path, and what was read or why nothing was."""


@dataclass(frozen=True)
class RegionReader:
    """Reads pictures of regions.

    Attributes:
        parser: the page model.
        options: how to read.
        task: a name of ``TASKS`` in ``mdocr.parsing.regions``.
        prompt: asked instead of the prompt of a task, if not empty.
    """

    parser: PageModel
    options: ParseOptions
    task: str
    prompt: str = ""

    def read(self, paths: Sequence[str]) -> Iterator[Outcome]:
        """Text, HTML of tables, LaTeX of formulas, or JSON of layouts, of each picture.

        Raises:
            UsageError: the model takes no prompts, or does not know the task.
        """
        if self.task == "formula" and not self.prompt:
            yield from self._formulas(paths)
            return
        for path in paths:
            try:
                yield path, self._content(path)
            except UsageError:
                raise
            except MdocrError as error:
                yield path, error

    def _content(self, path: str) -> str:
        if self.prompt:
            return read_prompt(self.parser, path, self.prompt, self.options).content
        if self.task == "layout":
            blocks = read_layout(self.parser, path, self.options)
            record = {"path": path, "blocks": [block.to_dict() for block in blocks]}
            return json.dumps(record, ensure_ascii=False)
        return read_region(self.parser, path, self.task, self.options).content

    def _formulas(self, paths: Sequence[str]) -> Iterator[Outcome]:
        threshold = self.options.threshold_of("equation")
        for start in range(0, len(paths), TOGETHER):
            part = paths[start : start + TOGETHER]
            for path, read in zip(part, read_formulas(self.parser, part, threshold), strict=True):
                yield path, read if isinstance(read, MdocrError) else " ".join(read.text.split())


def region_writer(task: str, stream: TextIO, alone: bool) -> Callable[[str, str], None]:
    """Writes what was read: alone as it is, else formulas and texts with their path.

    Args:
        task: a name of ``TASKS``.
        stream: where to.
        alone: there is a single input.
    """

    def write(path: str, content: str) -> None:
        if task == "formula" and not alone:
            content = f"{one_line(path)}\t{content}"
        elif task != "layout" and not alone:
            content = f"<!-- {comment(path)} -->\n{content}"
        print(content, file=stream)

    return write


def comment(path: str) -> str:
    """A path that cannot end an HTML comment."""
    return one_line(path).replace("--", "- -")
