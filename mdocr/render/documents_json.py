"""JSON of the schema ``mdocr.document/1``: every block with its place, as it was read."""

import json

from mdocr.document.document import Document
from mdocr.options import RenderOptions
from mdocr.postprocess import finish


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document as JSON; blocks stay on their pages and are not joined."""
    options = options or RenderOptions()
    finished = finish(document, keep_paratext=options.keep_paratext)
    return json.dumps(finished.to_dict(), ensure_ascii=False, indent=2) + "\n"
