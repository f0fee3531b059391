"""The application: routes, and what answers them."""

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.requests import ClientDisconnect

import mdocr
from mdocr.document.document import Document
from mdocr.serve.desk import Desk
from mdocr.serve.errors import show_errors
from mdocr.serve.fields import ERRORS, ParseFields, RecognizeFields, request_body
from mdocr.serve.gate import Gate
from mdocr.serve.metrics import Metrics
from mdocr.serve.options import ServeOptions
from mdocr.serve.service import Service, answered
from mdocr.serve.uploads import Uploads

MEDIA_TYPES = {
    "md": "text/markdown",
    "html": "text/html",
    "json": "application/json",
    "latex": "application/x-tex",
    "hocr": "text/html",
    "alto": "application/xml",
    "report": "text/html",
    "content-list": "application/json",
}
FAILURES = "Mdocr-Failures"
"""Header: how many pages and blocks of a document could not be read; JSON lists them."""


def make_app(desk: Desk, uploads: Uploads, options: ServeOptions, model: str) -> FastAPI:
    """The application of a server.

    Args:
        desk: reads, while it is open.
        uploads: keeps files.
        options: what is accepted.
        model: name of the page model.
    """
    metrics = Metrics()
    app = FastAPI(title="mdocr", version=mdocr.__version__, responses=ERRORS)
    app.add_middleware(
        Gate, options=options, metrics=metrics, unread_jobs=lambda: 0, workers=desk.workers
    )
    show_errors(app)
    metrics.watch("unread", "Requests and jobs that have not ended.", lambda: desk.unread)
    metrics.watch("workers", "Worker processes.", lambda: len(desk.pids))
    _add_reading(app, Service(desk, metrics, model), uploads, options)
    _add_state(app, desk, metrics)
    return app


def _add_reading(app: FastAPI, service: Service, uploads: Uploads, options: ServeOptions) -> None:
    @app.post("/v1/parse", openapi_extra=request_body(ParseFields), response_class=Response)
    async def parse(request: Request) -> Response:
        """Reads a document, and answers in the format that is asked for."""
        upload, fields = await uploads.take(request, ParseFields)
        work = service.document(upload, fields.options())
        return await rendered(await answered(request, work, options.timeout), fields.format)

    @app.post("/v1/recognize", openapi_extra=request_body(RecognizeFields))
    async def recognize(request: Request) -> dict[str, Any]:
        """Reads a picture of a word."""
        upload, fields = await uploads.take(request, RecognizeFields)
        work = service.word(upload, fields.options())
        return (await answered(request, work, options.timeout)).to_dict()

    @app.exception_handler(ClientDisconnect)
    async def gone(request: Request, error: ClientDisconnect) -> Response:
        return Response(status_code=499)  # nobody reads it


def _add_state(app: FastAPI, desk: Desk, metrics: Metrics) -> None:
    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Whether the server answers."""
        return {"status": "ok", "version": mdocr.__version__, "unread": desk.unread}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def figures() -> Response:
        """Figures for Prometheus."""
        return PlainTextResponse(metrics.text())


async def rendered(document: Document, form: str) -> Response:
    """A document as an answer."""
    text = await asyncio.to_thread(document.render, form)
    kind = MEDIA_TYPES.get(form, "text/plain")
    return Response(text, media_type=kind, headers={FAILURES: str(len(document.failures))})
