"""A document in each format.

A format is one module with ``render(document, options)`` and one line in ``FORMATS``; the
command line takes its choices, help and file endings from there. A renderer finishes the document
itself, so it takes one as it was read. ``mdocr.Document`` comes from here, so that whoever has a
document has its formats too: ``Document.render`` writes them all.
"""

from collections.abc import Iterable

from mdocr.document.document import Document
from mdocr.document.formats import FORMATS, Format, Renderer, find_format, format_of_file
from mdocr.render import (
    alto,
    chunks,
    content_list,
    documents_json,
    hocr,
    html,
    latex,
    markdown,
    pdf,
    report,
    rows,
    text,
)

__all__ = [
    "FORMATS",
    "Document",
    "Format",
    "Renderer",
    "find_format",
    "format_of_file",
    "needed_boxes",
]

FORMATS.update(
    {
        "md": Format(markdown.render, (".md", ".markdown")),
        "txt": Format(text.render, (".txt",), links_pictures=False),
        "json": Format(documents_json.render, (".json",)),
        "latex": Format(latex.render, (".tex",)),
        "html": Format(html.render, (".html", ".htm")),
        "hocr": Format(hocr.render, (".hocr",), links_pictures=False, needs_words=True),
        "alto": Format(alto.render, (".alto.xml",), links_pictures=False, needs_words=True),
        "pdf": Format(
            pdf.render, (".pdf",), links_pictures=False, needs_words=True, is_binary=True
        ),
        "report": Format(report.render, (".report.html",), links_pictures=False, needs_words=True),
        "chunks": Format(chunks.render, (".chunks.jsonl",), links_pictures=False),
        "jsonl": Format(rows.render_lines, (".pages.jsonl", ".jsonl")),
        "parquet": Format(rows.render_parquet, (".parquet",), is_binary=True, extra="parquet"),
        "content-list": Format(content_list.render, (".content_list.json",)),
    }
)


def needed_boxes(forms: Iterable[str]) -> str:
    """The value of ``ParseOptions.boxes`` that formats need."""
    return "word" if any(find_format(form).needs_words for form in forms) else "block"
