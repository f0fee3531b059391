"""The routes of jobs."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from mdocr.errors import UsageError
from mdocr.serve.answers import rendered
from mdocr.serve.fields import ParseFields, request_body
from mdocr.serve.jobs import Jobs, ReadingJob
from mdocr.serve.page import section_of
from mdocr.serve.uploads import Uploads

MOST_DIGITS = 9
"""Of a number in a question."""

SIGN_SECONDS = 15
"""Silence after which a stream shows that it is alive, so that no proxy ends it."""


def add_jobs(app: FastAPI, jobs: Jobs, uploads: Uploads) -> None:
    """Adds the routes of jobs to an application."""

    @app.post("/v1/jobs", openapi_extra=request_body(ParseFields), status_code=HTTPStatus.ACCEPTED)
    async def start(request: Request) -> JSONResponse:
        """Begins to read a document, and answers at once."""
        upload, fields = await uploads.take(request, ParseFields)
        job = jobs.start(upload, fields.options(), fields.format)
        headers = {"Location": f"/v1/jobs/{job.id}"}
        return JSONResponse(job.to_dict(), HTTPStatus.ACCEPTED, headers)

    @app.get("/v1/jobs/{job_id}")
    async def state(job_id: str) -> dict[str, Any]:
        """How far a job is."""
        return jobs.find(job_id).to_dict()

    @app.get("/v1/jobs/{job_id}/result", response_class=Response)
    async def result(job_id: str) -> Response:
        """The document, in the format that was asked for; 409 until it is read."""
        job = jobs.find(job_id)
        return await rendered(job.result(), job.form)

    @app.get("/v1/jobs/{job_id}/events", response_class=StreamingResponse)
    async def events(job_id: str) -> StreamingResponse:
        """Progress as server-sent events, until the job ends."""
        return StreamingResponse(_stream(jobs.find(job_id)), media_type="text/event-stream")

    @app.get("/v1/jobs/{job_id}/pages")
    async def pages(job_id: str, after: str = "0") -> dict[str, Any]:
        """The pages of a report as they come, as HTML; those after the first so many."""
        job = jobs.find(job_id)
        if not after.isdecimal() or len(after) > MOST_DIGITS:
            raise UsageError(f"'after' must be a whole number from 0, not {after!r}")
        fresh = job.arrived[int(after) :]  # now: more may come while these are written
        sections = await asyncio.to_thread(list, map(section_of, fresh))
        return {"arrived": int(after) + len(fresh), "pages": sections}

    @app.delete("/v1/jobs/{job_id}", status_code=HTTPStatus.NO_CONTENT)
    async def remove(job_id: str) -> None:
        """Cancels a job, and forgets it."""
        jobs.remove(job_id)


async def _stream(job: ReadingJob) -> AsyncGenerator[str, None]:
    async with aclosing(job.changes(SIGN_SECONDS)) as changes:
        async for has_changed in changes:
            yield (
                f"event: progress\ndata: {json.dumps(job.to_dict())}\n\n"
                if has_changed
                else ":\n\n"
            )
