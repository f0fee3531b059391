"""The table of output formats: filled by ``mdocr.render``, used by documents to write themselves.

It lies below the renderers, and knows none of them, so that ``Document.to_markdown()`` needs no
import of what is built upon documents.
"""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

from mdocr.errors import MissingExtraError, UsageError
from mdocr.options import RenderOptions

Renderer = Callable[[Any, RenderOptions], Any]
"""Writes a ``Document``, as it was read: text, or bytes where ``Format.is_binary``."""


class Format(NamedTuple):
    """One format of documents.

    Attributes:
        render: writes a document.
        endings: of its files, lower case; the first is the one that mdocr gives them.
        links_pictures: whether its text names the files of the pictures.
        is_binary: whether it is bytes, and no text.
        needs_words: whether it is written from the places of words (``ParseOptions.boxes``).
        extra: the extra that it needs; empty for none.
        file: whether it is made from the document's file too: ``needed``, ``shown`` where it does
            without (``RenderOptions.opens_source``), or empty.
    """

    render: Renderer
    endings: tuple[str, ...]
    links_pictures: bool = True
    needs_words: bool = False
    is_binary: bool = False
    extra: str = ""
    file: str = ""


EXTRAS = {"parquet": "pyarrow"}
"""The package that an extra of a format brings."""

FORMATS: dict[str, Format] = {}
"""Every format by its name, in the order of the help."""


def find_format(name: str) -> Format:
    """The format of a name.

    Raises:
        UsageError: there is no such format.
        MissingExtraError: it needs a package that is not installed.
    """
    if name not in FORMATS:
        raise UsageError(f"unknown format {name!r}", f"Choose from: {', '.join(FORMATS)}")
    form = FORMATS[name]
    package = EXTRAS.get(form.extra)
    if package and find_spec(package) is None:
        raise MissingExtraError(package, form.extra, f"the format {name}")
    return form


def format_of_file(name: str) -> str | None:
    """The name of the format that a file name ends in; the longest ending counts."""
    lower = name.lower()
    endings = [
        (len(ending), form)
        for form, known in FORMATS.items()
        for ending in known.endings
        if lower.endswith(ending)
    ]
    return max(endings)[1] if endings else None
