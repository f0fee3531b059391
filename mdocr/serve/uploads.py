"""Files that clients send, kept in a folder of our own while they are read.

A client's file name is a label in the answer: no path of a client is ever opened.
"""

import asyncio
import base64
import binascii
import json
import re
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, BinaryIO, TypeVar

from starlette.datastructures import UploadFile
from starlette.requests import Request

from mdocr.document.model import Failure
from mdocr.errors import MdocrError, UsageError
from mdocr.serve.errors import too_large
from mdocr.serve.fields import Fields, ParseFields, RecognizeFields

FORM = "multipart/form-data"
HINT = f"Send {FORM} with the part 'file', or JSON with the file as base64 under 'file'."

OPTION = re.compile(r"--([a-z][a-z-]*)")
FIELDS = frozenset(ParseFields.model_fields) | frozenset(RecognizeFields.model_fields)

Asked = TypeVar("Asked", bound=Fields)


@dataclass(frozen=True)
class Upload:
    """A file that a client sent.

    Attributes:
        number: of the request, from 1.
        path: where it lies here.
        name: what the client calls it.
    """

    number: int
    path: Path
    name: str

    def remove(self) -> None:
        """Deletes it."""
        self.path.unlink(missing_ok=True)

    def shown(self, failure: Failure) -> Failure:
        """A failure as the client can understand it, see ``renamed``."""
        message, hint = self._renamed(failure.message), self._advice(failure.hint)
        return replace(failure, message=message, hint=hint)

    def renamed(self, error: MdocrError) -> MdocrError:
        """An error as the client can understand it: by its own names of the file and of fields."""
        error.message, error.hint = self._renamed(error.message), self._advice(error.hint)
        return error

    def _advice(self, hint: str) -> str:
        """A hint that names fields in the place of options of the command line."""
        options = OPTION.findall(hint)
        if not all(option in FIELDS for option in options):
            return f"On the command line: {self._renamed(hint)}"
        return OPTION.sub(r"'\1'", self._renamed(hint))

    def _renamed(self, text: str) -> str:
        return text.replace(str(self.path), self.name)


class Uploads:
    """The folder of the files that are being read.

    Args:
        max_bytes: of a file.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._folder = TemporaryDirectory(prefix="mdocr-serve-")
        self._numbers = count(1)

    @property
    def folder(self) -> Path:
        """Where they lie."""
        return Path(self._folder.name)

    def close(self) -> None:
        """Deletes the folder."""
        self._folder.cleanup()

    async def take(self, request: Request, fields: type[Asked]) -> tuple[Upload, Asked]:
        """The file of a request, and its other fields.

        Raises:
            UsageError: there is no file in it, its type is unknown, or an option makes no sense.
            Refusal: the file is too large.
            ValidationError: a field is unknown, or its value makes no sense.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == FORM:
            return await self._from_form(request, fields)
        if kind == "application/json":
            return await self._from_json(await request.body(), fields)
        raise UsageError(f"a request of the type {kind or 'unknown'!r} cannot be read", HINT)

    async def _from_form(self, request: Request, fields: type[Asked]) -> tuple[Upload, Asked]:
        async with request.form(max_files=1, max_fields=32) as form:
            others: dict[str, Any] = dict(form)
            file = others.pop("file", None)
            if not isinstance(file, UploadFile):
                raise UsageError("there is no file in the request", HINT)
            asked = _checked(fields, others)
            if (file.size or 0) > self._max_bytes:
                raise too_large("the file", self._max_bytes, "bytes")
            upload = self._new(asked.name or file.filename or "")
            await asyncio.to_thread(_copy, file.file, upload.path)
            return upload, asked

    async def _from_json(self, body: bytes, fields: type[Asked]) -> tuple[Upload, Asked]:
        record = _object(body)
        file = record.pop("file", None)
        if not isinstance(file, str):
            raise UsageError("there is no file in the request", HINT)
        asked = _checked(fields, record)
        content = _decoded(file)
        if len(content) > self._max_bytes:
            raise too_large("the file", self._max_bytes, "bytes")
        upload = self._new(asked.name)
        await asyncio.to_thread(upload.path.write_bytes, content)
        return upload, asked

    def _new(self, name: str) -> Upload:
        number = next(self._numbers)
        label = name.replace("\\", "/").rpartition("/")[2]
        return Upload(number, self.folder / f"upload-{number}", label or "document")


def _checked(fields: type[Asked], record: Mapping[str, Any]) -> Asked:
    """The fields, if they make sense: before anything is kept."""
    asked = fields.model_validate(record)
    asked.options()
    return asked


def _copy(source: BinaryIO, path: Path) -> None:
    with path.open("wb") as file:
        shutil.copyfileobj(source, file)


def _object(body: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        record = json.loads(body)
        if isinstance(record, Mapping):
            return dict(record)
    raise UsageError("the request is no JSON object", HINT)


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UsageError(f"'file' is not base64: {error}", HINT) from error
