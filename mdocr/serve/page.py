"""The page at ``/``: a file is dropped on it, and its report grows as pages are read."""

from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

import mdocr
from mdocr.document.document import Document
from mdocr.document.model import Source
from mdocr.parsing.page_work import ReadPage
from mdocr.postprocess import finish
from mdocr.render.report import report_page
from mdocr.render.report_blocks import failure_note, page_section, placed_page
from mdocr.render.report_pictures import data_url, picture_name

TOOLS = """<progress id="bar" aria-label="Pages that have been read" hidden></progress>
<button id="stop" hidden>Stop</button>
<button id="whole" hidden>Save report</button>
<form id="asking" hidden><input id="token" type="password" placeholder="Token" aria-label="Token"
autocomplete="off"></form>"""

DROP = """<form id="drop"><p>Drop a PDF or a picture of a page here, or
<label><input id="file" type="file" accept=".pdf,image/*"> choose a file</label>.</p>
<p class="more">Its text, tables and formulas will stand beside its pages,
as this server reads them.</p>
</form>"""


def add_page(app: FastAPI) -> None:
    """Adds the page to an application."""
    page = report_page(
        title="mdocr",
        tools=TOOLS,
        pages=DROP,
        footer=f'mdocr {mdocr.__version__} · <a href="/docs">for programs</a>',
        scripts=("live.js",),
        connects=True,
    )

    @app.get("/", response_class=HTMLResponse)
    async def whole() -> HTMLResponse:
        """The page for people."""
        return HTMLResponse(page)


def section_of(read: ReadPage) -> dict[str, Any]:
    """A page that was read as a section of the report; a note where it failed."""
    number = read.key[1]
    if read.page is None:
        notes = "".join(map(failure_note, read.failures))
        return {"number": number, "html": f'<div class="note" data-n="{number}">{notes}</div>'}
    (page,) = finish(Document(Source(""), "", (read.page,)), keep_paratext=True).pages
    data = read.pictures.get(picture_name(number), b"")
    picture = data_url(data) if data else ""
    return {"number": number, "html": page_section(placed_page(page), picture)}
