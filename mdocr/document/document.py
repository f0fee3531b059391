"""Everything that was read in one document."""

from dataclasses import dataclass
from typing import Any

from mdocr.document.model import Failure, Page, Source
from mdocr.errors import InputError

DOCUMENT_SCHEMA = "mdocr.document/1"


@dataclass(frozen=True)
class Document:
    """Everything that was read in one document.

    Attributes:
        source: the file.
        model: name of the model that read it.
        pages: in the order of the file.
        failures: pages and blocks that could not be read.
    """

    source: Source
    model: str
    pages: tuple[Page, ...] = ()
    failures: tuple[Failure, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The document in the form of the ``mdocr.document/1`` schema."""
        return {
            "schema": DOCUMENT_SCHEMA,
            "source": self.source.to_dict(),
            "model": self.model,
            "pages": [page.to_dict() for page in self.pages],
            "failures": [failure.to_dict() for failure in self.failures],
        }

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> "Document":
        """The inverse of ``to_dict``.

        Raises:
            InputError: ``record`` is not of the ``mdocr.document/1`` schema.
        """
        schema = record.get("schema")
        if schema != DOCUMENT_SCHEMA:
            raise InputError(
                f"expected a document of the schema {DOCUMENT_SCHEMA!r}, not {schema!r}",
                "Write it again with: mdocr parse FILE --format json",
            )
        try:
            return cls(
                Source(**record["source"]),
                record["model"],
                tuple(Page.from_dict(page) for page in record["pages"]),
                tuple(Failure(**failure) for failure in record["failures"]),
            )
        except (KeyError, TypeError) as error:
            raise InputError(
                f"the document does not follow the schema {DOCUMENT_SCHEMA!r}: {error}",
                "Write it again with: mdocr parse FILE --format json",
            ) from error
