"""A document as text, in each format.

A format is one module with ``render(document, options) -> str`` and one line in ``FORMATS``; the
command line takes its choices, help and file endings from there. A renderer finishes the document
itself, so it takes one as it was read.
"""

from collections.abc import Callable
from typing import NamedTuple

from mdocr.document.document import Document
from mdocr.errors import UsageError
from mdocr.options import RenderOptions
from mdocr.render import content_list, documents_json, html, latex, markdown

Renderer = Callable[[Document, RenderOptions], str]


class Format(NamedTuple):
    """One format of documents.

    Attributes:
        render: writes a document.
        endings: of its files, lower case; the first is the one that mdocr gives them.
    """

    render: Renderer
    endings: tuple[str, ...]


FORMATS: dict[str, Format] = {
    "md": Format(markdown.render, (".md", ".markdown")),
    "json": Format(documents_json.render, (".json",)),
    "latex": Format(latex.render, (".tex",)),
    "html": Format(html.render, (".html", ".htm")),
    "content-list": Format(content_list.render, (".content_list.json",)),
}
"""Every format by its name, in the order of the help."""


def render(document: Document, form: str = "md", options: RenderOptions | None = None) -> str:
    """The document in one format.

    Args:
        document: as it was read.
        form: a key of ``FORMATS``.
        options: how tables, formulas and paratext are written, and where the pictures are.

    Raises:
        UsageError: there is no such format.
    """
    return find_format(form).render(document, options or RenderOptions())


def find_format(name: str) -> Format:
    """The format of a name.

    Raises:
        UsageError: there is no such format.
    """
    if name not in FORMATS:
        raise UsageError(f"unknown format {name!r}", f"Choose from: {', '.join(FORMATS)}")
    return FORMATS[name]


def format_of_file(name: str) -> str | None:
    """The name of the format that a file name ends in; the longest ending counts."""
    lower = name.lower()
    endings = [
        (len(ending), form)
        for form, known in FORMATS.items()
        for ending in known.endings
        if lower.endswith(ending)
    ]
    return max(endings)[1] if endings else None
