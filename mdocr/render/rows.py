"""A row for each page, for those who feed models: as JSON Lines, or as Parquet.

A page that could not be read is a row too, with its failures. Rows hold nothing that differs from
run to run, such as seconds.
"""

import io
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from mdocr.document.document import Document
from mdocr.document.model import Block, Page
from mdocr.options import RenderOptions
from mdocr.postprocess import finish
from mdocr.render import markdown, text

Row = dict[str, Any]


def render_lines(document: Document, options: RenderOptions | None = None) -> str:
    """The rows as JSON, one a line."""
    lines = (json.dumps(row, ensure_ascii=False) for row in rows(document, options))
    return "".join(f"{line}\n" for line in lines)


def render_parquet(document: Document, options: RenderOptions | None = None) -> bytes:
    """The rows as a Parquet file; needs the package ``pyarrow``."""
    import pyarrow
    from pyarrow import parquet

    schema = pyarrow.schema(
        {
            "path": pyarrow.string(),
            "sha256": pyarrow.string(),
            "page": pyarrow.int32(),
            "text": pyarrow.string(),
            "markdown": pyarrow.string(),
            "confidence": pyarrow.float32(),
            "unread": pyarrow.int32(),
            "failures": pyarrow.list_(pyarrow.string()),
            "model": pyarrow.string(),
        }
    )
    table = pyarrow.Table.from_pylist([_valid(row) for row in rows(document, options)], schema)
    made = io.BytesIO()
    parquet.write_table(table, made, compression="zstd")
    return made.getvalue()


def rows(document: Document, options: RenderOptions | None = None) -> Iterator[Row]:
    """The rows of a document, in the order of its pages; page 0 stands for the document."""
    options = options or RenderOptions()
    finished = finish(document, keep_paratext=options.keep_paratext)
    pages = {page.number: page for page in finished.pages}
    failures: dict[int, list[str]] = defaultdict(list)
    for failure in document.failures:
        failures[failure.page].append(failure.message)
    for number in sorted(pages.keys() | failures.keys()):
        page = pages.get(number)
        shown = replace(finished, pages=(page,) if page else (), failures=())
        yield {
            "path": document.source.path,
            "sha256": document.source.sha256,
            "page": number,
            "text": text.render(shown, options),
            "markdown": markdown.render(shown, options),
            "confidence": _confidence(page) if page else None,
            "unread": len(page.unread) if page else 0,
            "failures": failures[number],
            "model": document.model,
        }


def _confidence(page: Page) -> float | None:
    """The mean confidence of the characters; None where there are none."""
    blocks = [block for block in page.blocks if block.content]
    if not blocks:
        return None
    return round(sum(map(_weighted, blocks)) / sum(len(block.content) for block in blocks), 4)


def _weighted(block: Block) -> float:
    return block.confidence * len(block.content)


def _valid(row: Row) -> Row:
    """A row whose texts are Unicode: a file name need not be, and Parquet takes nothing else."""
    return {key: _unicode(value) if isinstance(value, str) else value for key, value in row.items()}


def _unicode(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
