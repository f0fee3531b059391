"""Pictures of single regions: each is read whole, as what the user says it is."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TextIO

from mdocr.batch.words import one_line
from mdocr.errors import MdocrError, UsageError
from mdocr.options import ParseOptions
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.regions import Reading, formulas, read_layout, read_prompt, read_region
from mdocr.parsing.single_formulas import TOGETHER


@dataclass(frozen=True)
class ReadRegion:
    """The outcome of one picture.

    Attributes:
        path: of the picture.
        content: what was read; None if nothing could be.
        errors: why nothing was read, or what is missing of it.
    """

    path: str
    content: str | None
    errors: tuple[MdocrError, ...] = ()


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

    def read(self, paths: Sequence[str]) -> Iterator[ReadRegion]:
        """Text, HTML of tables, LaTeX of formulas, or JSON of layouts, of each picture.

        Raises:
            UsageError: the model takes no prompts, or does not know the task.
        """
        if self.task == "formula" and not self.prompt:
            yield from self._formulas(paths)
            return
        for path in paths:
            try:
                read = self._read(path)
            except UsageError:
                raise
            except MdocrError as error:
                yield ReadRegion(path, None, (error,))
            else:
                yield ReadRegion(path, self._content(path, read), read.failures)

    def _read(self, path: str) -> Reading:
        if self.prompt:
            return read_prompt(self.parser, path, self.prompt, self.options)
        if self.task == "layout":
            return read_layout(self.parser, path, self.options)
        return read_region(self.parser, path, self.task, self.options)

    def _content(self, path: str, read: Reading) -> str:
        if self.task != "layout" or self.prompt:
            return read.content
        record = {"path": path, "blocks": [block.to_dict() for block in read.blocks]}
        return json.dumps(record, ensure_ascii=False)

    def _formulas(self, paths: Sequence[str]) -> Iterator[ReadRegion]:
        for start in range(0, len(paths), TOGETHER):
            part = paths[start : start + TOGETHER]
            for path, read in zip(part, formulas(self.parser, part, self.options), strict=True):
                if isinstance(read, MdocrError):
                    yield ReadRegion(path, None, (read,))
                else:
                    yield ReadRegion(path, " ".join(read.content.split()), read.failures)


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
