"""The application: routes, and what answers them."""

from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import PlainTextResponse, Response
from starlette.requests import ClientDisconnect

import mdocr
from mdocr.serve.answers import rendered
from mdocr.serve.desk import Desk
from mdocr.serve.errors import show_errors
from mdocr.serve.fields import ERRORS, ParseFields, RecognizeFields, request_body
from mdocr.serve.gate import Gate
from mdocr.serve.job_routes import add_jobs
from mdocr.serve.jobs import Jobs
from mdocr.serve.metrics import Metrics
from mdocr.serve.options import ServeOptions
from mdocr.serve.page import add_page
from mdocr.serve.service import Service, answered
from mdocr.serve.uploads import Uploads


def make_app(desk: Desk, uploads: Uploads, options: ServeOptions, model: str) -> FastAPI:
    """The application of a server.

    Args:
        desk: reads, while it is open.
        uploads: keeps files.
        options: what is accepted.
        model: name of the page model.
    """
    metrics = Metrics()
    service = Service(desk, metrics, model)
    jobs = Jobs(service, options)
    app = FastAPI(title="mdocr", version=mdocr.__version__, responses=ERRORS)
    app.add_middleware(
        Gate,
        options=options,
        metrics=metrics,
        unread_jobs=lambda: jobs.unread,
        workers=desk.workers,
        seconds_until_room=desk.seconds_until_room,
    )
    show_errors(app)
    metrics.watch("unread", "Requests and jobs that have not ended.", lambda: desk.unread)
    metrics.watch("workers", "Worker processes.", lambda: len(desk.pids))
    app.state.end_jobs, app.state.stop_reading = jobs.close, desk.stop
    _add_reading(app, service, uploads, options)
    add_jobs(app, jobs, uploads)
    _add_state(app, desk, metrics)
    add_page(app)
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
