"""Everything that was read in one document."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from typing_extensions import Unpack

from mdocr.document.formats import FORMATS, find_format, format_of_file
from mdocr.document.model import Failure, Page, Source
from mdocr.document.saving import write_files
from mdocr.errors import InputError, UsageError
from mdocr.options import RenderChanges, RenderOptions, changed

DOCUMENT_SCHEMA = "mdocr.document/1"


@dataclass(frozen=True)
class Document:
    """Everything that was read in one document.

    Attributes:
        source: the file.
        model: name of the model that read it.
        pages: in the order of the file.
        failures: pages and blocks that could not be read.
        pictures: encoded pictures by file name, as the blocks name them; not part of the JSON.
    """

    source: Source
    model: str
    pages: tuple[Page, ...] = ()
    failures: tuple[Failure, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict, compare=False)

    @property
    def name(self) -> str:
        """Its file's name without folder and ending; ``document`` for one held in memory."""
        return Path(self.source.path).stem or "document"

    def render(self, form: str = "md", options: RenderOptions | None = None) -> Any:
        """The document in one format.

        Args:
            form: the name of a format: ``md``, ``txt``, ``html``, ``latex``, ``json`` ...
            options: how tables, formulas and paratext are written, and where the pictures are.

        Returns:
            A text; bytes for formats that are none, such as ``pdf``.

        Raises:
            UsageError: there is no such format.
        """
        return find_format(form).render(self, options or RenderOptions())

    def to_markdown(self, **changes: Unpack[RenderChanges]) -> str:
        """The document as Markdown; single options of ``RenderOptions`` by name."""
        text: str = self.render("md", changed(RenderOptions(), changes))
        return text

    def to_text(self, **changes: Unpack[RenderChanges]) -> str:
        """The document as plain text."""
        text: str = self.render("txt", changed(RenderOptions(), changes))
        return text

    def to_html(self, **changes: Unpack[RenderChanges]) -> str:
        """The document as an HTML page."""
        text: str = self.render("html", changed(RenderOptions(), changes))
        return text

    def to_latex(self, **changes: Unpack[RenderChanges]) -> str:
        """The document as a LaTeX file."""
        text: str = self.render("latex", changed(RenderOptions(), changes))
        return text

    def chunks(self, max_tokens: int = RenderOptions.chunk_tokens) -> list[dict[str, Any]]:
        """The text in parts for retrieval.

        Args:
            max_tokens: of a chunk, as ``mdocr.render.chunks`` counts them; a longer table is one
                chunk.

        Returns:
            Records with ``headings``, ``text`` (Markdown), ``pages``, ``boxes`` and ``tokens``.
        """
        lines = self.render("chunks", RenderOptions(chunk_tokens=max_tokens))
        return [json.loads(line) for line in lines.split("\n") if line]

    def save(self, path: str | os.PathLike[str], **changes: Unpack[RenderChanges]) -> Path:
        """Writes the format that the ending names, and the pictures to ``<stem>_images/`` beside.

        Raises:
            UsageError: no format has this ending, or the file cannot be written.
        """
        path = Path(path)
        name = format_of_file(path.name)
        if name is None:
            endings = ", ".join(ending for form in FORMATS.values() for ending in form.endings)
            raise UsageError(
                f"no format is known by the ending of {str(path)!r}", f"Known endings: {endings}"
            )
        options = replace(changed(RenderOptions(), changes), images=f"{path.stem}_images")
        form = find_format(name)
        pictures = self.pictures if form.links_pictures else {}
        write_files({path: form.render(self, options)}, pictures, path.parent / options.images)
        return path

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

    def __repr__(self) -> str:
        failed = f", {len(self.failures)} failures" if self.failures else ""
        return f"<Document {self.source.path!r}: {len(self.pages)} pages by {self.model}{failed}>"
