"""A document as text, in each format.

Every renderer is ``render(document, options) -> str``; it finishes the document for its format, so
it takes one as it was read.
"""

from collections.abc import Callable

from mdocr.document.model import Document
from mdocr.errors import UsageError
from mdocr.options import RenderOptions
from mdocr.render import content_list, documents_json, html, latex, markdown

Renderer = Callable[[Document, RenderOptions], str]

RENDERERS: dict[str, Renderer] = {
    "md": markdown.render,
    "json": documents_json.render,
    "latex": latex.render,
    "html": html.render,
    "content-list": content_list.render,
}
ENDINGS = {
    "md": ".md",
    "json": ".json",
    "latex": ".tex",
    "html": ".html",
    "content-list": ".content_list.json",
}


def render(document: Document, form: str = "md", options: RenderOptions | None = None) -> str:
    """The document in one format.

    Args:
        document: as it was read.
        form: a key of ``RENDERERS``.
        options: how tables, formulas and paratext are written, and where the pictures are.

    Raises:
        UsageError: there is no such format.
    """
    if form not in RENDERERS:
        raise UsageError(f"unknown format {form!r}", f"Choose of: {', '.join(RENDERERS)}")
    return RENDERERS[form](document, options or RenderOptions())
