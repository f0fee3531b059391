"""A document in each format.

A format is one module with ``render(document, options)`` and one line in ``FORMATS``; the
command line takes its choices, help and file endings from there. A renderer finishes the document
itself, so it takes one as it was read. ``mdocr.Document`` comes from here, so that whoever has a
document has its formats too: ``Document.render`` writes them all.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from mdocr.document.document import Document
from mdocr.document.formats import FORMATS, Format, Renderer, find_format, format_of_file
from mdocr.options import RenderOptions

__all__ = [
    "FORMATS",
    "Document",
    "Format",
    "Renderer",
    "find_format",
    "format_of_file",
    "needed_boxes",
]


def _renderer(module: str, name: str = "render") -> Renderer:
    """The function of a format, whose module is imported when something is written in it."""

    def render(document: Document, options: RenderOptions) -> Any:
        return getattr(import_module(f"{__name__}.{module}"), name)(document, options)

    return render


FORMATS.update(
    {
        "md": Format(_renderer("markdown"), (".md", ".markdown")),
        "txt": Format(_renderer("text"), (".txt",), links_pictures=False),
        "json": Format(_renderer("documents_json"), (".json",)),
        "latex": Format(_renderer("latex"), (".tex",)),
        "html": Format(_renderer("html"), (".html", ".htm")),
        "hocr": Format(_renderer("hocr"), (".hocr",), links_pictures=False, needs_words=True),
        "alto": Format(_renderer("alto"), (".alto.xml",), links_pictures=False, needs_words=True),
        "pdf": Format(
            _renderer("pdf"),
            (".pdf",),
            links_pictures=False,
            needs_words=True,
            is_binary=True,
            file="needed",
        ),
        "report": Format(
            _renderer("report"),
            (".report.html",),
            links_pictures=False,
            needs_words=True,
            file="shown",
        ),
        "chunks": Format(_renderer("chunks"), (".chunks.jsonl",), links_pictures=False),
        "jsonl": Format(_renderer("rows", "render_lines"), (".pages.jsonl", ".jsonl")),
        "parquet": Format(
            _renderer("rows", "render_parquet"), (".parquet",), is_binary=True, extra="parquet"
        ),
        "content-list": Format(_renderer("content_list"), (".content_list.json",)),
    }
)


def needed_boxes(forms: Iterable[str]) -> str:
    """The value of ``ParseOptions.boxes`` that formats need."""
    return "word" if any(find_format(form).needs_words for form in forms) else "block"
