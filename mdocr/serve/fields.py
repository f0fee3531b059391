"""The fields of requests, and what they are in OpenAPI."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from mdocr.errors import UsageError
from mdocr.options import STEPPED_DECODERS, WORD_DECODERS, ParseOptions, RecognizeOptions
from mdocr.render import FORMATS, needed_boxes

TEXT_FORMATS = tuple(name for name, form in FORMATS.items() if not form.is_binary)
"""What documents are written as; formats that copy the file itself would have to open it here."""

BASE64 = "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

PAGES = ParseOptions()
WORDS = RecognizeOptions()


class Fields(BaseModel):
    """What every request may hold, beside the file."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field("", max_length=255, description="The file's name, for the answer.")

    def options(self) -> Any:
        """How the file is read.

        Raises:
            UsageError: a value makes no sense.
        """
        raise NotImplementedError


class ParseFields(Fields):
    """What may be asked of a document."""

    pages: str = Field("", max_length=1000, description="Such as 1-3,7,12-end; all by default.")
    threshold: float = Field(
        PAGES.threshold, ge=0, le=1, description="Higher is slower and better."
    )
    format: str = Field(
        "json", description="Of the answer.", json_schema_extra={"enum": list(TEXT_FORMATS)}
    )
    password: str = Field("", max_length=1000, description="Of an encrypted PDF.")

    def options(self) -> ParseOptions:
        """How the document is read.

        Raises:
            UsageError: there is no such format, or a value makes no sense.
        """
        if self.format not in TEXT_FORMATS:
            raise UsageError(
                f"unknown format {self.format!r}", f"Choose one of: {', '.join(TEXT_FORMATS)}"
            )
        return ParseOptions(
            pages=self.pages,
            threshold=self.threshold,
            password=self.password,
            boxes=needed_boxes((self.format,)),
            page_pictures=self.format == "report",
        )


class RecognizeFields(Fields):
    """What may be asked of a picture of a word."""

    decoder: str = Field(
        WORDS.decoder, description="Strategy.", json_schema_extra={"enum": list(WORD_DECODERS)}
    )
    steps: int = Field(
        WORDS.steps, ge=1, le=26, description=f"Of the decoders {', '.join(STEPPED_DECODERS)}."
    )

    def options(self) -> RecognizeOptions:
        """How the word is read.

        Raises:
            UsageError: there is no such decoder.
        """
        return RecognizeOptions(self.decoder, self.steps)


def request_body(fields: type[Fields]) -> dict[str, Any]:
    """A request in OpenAPI: a form with a file, or JSON with the file as base64."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _with_file(fields, {"format": "binary"})},
                "application/json": {
                    "schema": _with_file(fields, {"contentEncoding": "base64", "pattern": BASE64}),
                },
            },
        }
    }


def _with_file(fields: type[Fields], encoding: dict[str, Any]) -> dict[str, Any]:
    schema = fields.model_json_schema()
    file = {"type": "string", "description": "The document or picture itself.", **encoding}
    schema["properties"] = {"file": file, **schema["properties"]}
    schema["required"] = ["file"]
    return schema


class ErrorText(BaseModel):
    """What went wrong, and what to do next."""

    message: str
    hint: str


class ErrorAnswer(BaseModel):
    """The form of every answer that is none of 200."""

    error: ErrorText


ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer, "description": text}
    for status, text in {
        400: "The request makes no sense.",
        401: "The token is missing or wrong.",
        403: "Without a token, only localhost is answered.",
        404: "There is no such job.",
        409: "The job has not ended.",
        410: "The job was cancelled.",
        413: "Too many bytes or pages.",
        422: "The document or picture cannot be read.",
        429: "The queue is full; the header Retry-After says when to come again.",
        500: "A fault of the server.",
        503: "The model cannot be loaded.",
        504: "It took too long.",
    }.items()
}
