"""What is made from a document's file once its pages are read: by who reads them, not here."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from mdocr.document.document import Document
from mdocr.document.model import Failure
from mdocr.errors import MdocrError
from mdocr.options import RenderOptions
from mdocr.parsing.events import Errand
from mdocr.parsing.page_work import failure_of
from mdocr.render import find_format

Outcomes = Mapping[str, Any]
"""What came of errands, by their names: what was made, or the error."""


def rendering_errands(
    document: Document, forms: Iterable[str], options: RenderOptions
) -> Iterator[Errand]:
    """Those of the formats that are made from the document's file too, named after them."""
    for form in forms:
        if find_format(form).file:
            yield Errand(form, partial(document.render, form, options), len(document.pages))


def writable(forms: Iterable[str], outcomes: Outcomes) -> list[str]:
    """The formats that can be written: not those that need the file, where that has failed."""
    forms = list(forms)
    made = made_forms(forms, outcomes)
    return [form for form in forms if find_format(form).file != "needed" or form in made]


def made_forms(forms: Iterable[str], outcomes: Outcomes) -> dict[str, str | bytes]:
    """The formats that have been made."""
    made = {form: outcomes[form] for form in forms if form in outcomes}
    return {form: text for form, text in made.items() if not isinstance(text, MdocrError)}


def failures_of(outcomes: Outcomes) -> list[Failure]:
    """The errands that have failed, each named."""
    return [
        replace(failure_of(made, 0), message=f"{name}: {made.message}")
        for name, made in outcomes.items()
        if isinstance(made, MdocrError)
    ]
