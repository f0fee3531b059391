"""Documents as answers."""

import asyncio

from fastapi.responses import Response

from mdocr.document.document import Document
from mdocr.options import RenderOptions

MEDIA_TYPES = {
    "md": "text/markdown",
    "html": "text/html",
    "json": "application/json",
    "latex": "application/x-tex",
    "hocr": "text/html",
    "alto": "application/xml",
    "report": "text/html",
    "content-list": "application/json",
    "chunks": "application/jsonl",
    "jsonl": "application/jsonl",
}
FAILURES = "Mdocr-Failures"
"""Header: how many pages and blocks of a document could not be read; JSON lists them."""


async def rendered_text(document: Document, form: str) -> str:
    """A document in a format; its path is only a name, and is not opened."""
    return str(await asyncio.to_thread(document.render, form, RenderOptions(opens_source=False)))


async def rendered(document: Document, form: str) -> Response:
    """A document as an answer."""
    text = await rendered_text(document, form)
    kind = MEDIA_TYPES.get(form, "text/plain")
    return Response(text, media_type=kind, headers={FAILURES: str(len(document.failures))})
