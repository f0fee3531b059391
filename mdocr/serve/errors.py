"""Errors as HTTP answers: ``{"error": {"message": ..., "hint": ...}}``."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from mdocr.errors import (
    DeviceError,
    InputError,
    MdocrError,
    MissingPackageError,
    TimeLimitError,
    UsageError,
    WeightsError,
)

STATUSES: Mapping[type[MdocrError], HTTPStatus] = {
    TimeLimitError: HTTPStatus.GATEWAY_TIMEOUT,
    InputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UsageError: HTTPStatus.BAD_REQUEST,
    WeightsError: HTTPStatus.SERVICE_UNAVAILABLE,
    MissingPackageError: HTTPStatus.SERVICE_UNAVAILABLE,
    DeviceError: HTTPStatus.SERVICE_UNAVAILABLE,
    MdocrError: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""What each error is in HTTP; a class that is not named is what its base is."""


class Refusal(MdocrError):
    """The server does not do what a request asks for.

    Args:
        status: of the answer.
        message: why.
        hint: what the client can do next.
        headers: of the answer.
    """

    def __init__(
        self,
        status: HTTPStatus,
        message: str,
        hint: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.headers = dict(headers or {})


def too_large(what: str, most: int, unit: str) -> Refusal:
    """The answer to more than the server takes."""
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"{what} has more than {most:,} {unit}",
        "Send less at once, or ask who runs the server to raise the limit.",
    )


def response_of(error: MdocrError) -> JSONResponse:
    """The answer that tells a client of an error."""
    if isinstance(error, Refusal):
        return _response(error.status, error.message, error.hint, error.headers)
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    return _response(status, error.message, error.hint)


def show_errors(app: FastAPI) -> None:
    """Makes every failure of an application an answer of the one form."""
    app.add_exception_handler(MdocrError, _known)
    app.add_exception_handler(ValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


async def _known(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, MdocrError)
    return response_of(error)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ValidationError)
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"])) or "the request"
    hint = "The fields of each request are listed at /docs."
    return _response(HTTPStatus.BAD_REQUEST, f"{field}: {first['msg']}", hint)


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    hint = "What there is, and how it is asked for, is listed at /docs."
    return _response(HTTPStatus(error.status_code), str(error.detail), hint, error.headers)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    message = f"unexpected {type(error).__name__}"  # no more: it may tell of this machine
    return _response(HTTPStatus.INTERNAL_SERVER_ERROR, message, "The server's log tells more.")


def _response(
    status: HTTPStatus, message: str, hint: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    return JSONResponse(
        {"error": {"message": message, "hint": hint}}, status, dict(headers) if headers else None
    )
