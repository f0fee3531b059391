"""What lies over a page of a PDF and is no text of it: comments, files, fields without a value."""

from collections.abc import Iterator
from typing import Any

from mdocr.document.model import Box, Unread

NOTE, FREE_TEXT, POPUP, FILE = 0, 2, 16, 17
"""MuPDF's types of annotations."""

HIDDEN = 2
"""Flag of an annotation that is not shown."""

BLANKS = ("Text", "ComboBox")
"""Kinds of fields that show nothing but their frame while they have no value."""


def take_off(page: Any) -> tuple[Unread, ...]:
    """Takes off a page of MuPDF's what hides its text, or is like text.

    These are the icons of notes and files, and the frames of fields without a value, which a
    reader takes for signs. They stay in the file.

    Returns:
        The comments, and the names of the files that are attached to places on the page.
    """
    for field in list(page.widgets() or ()):
        if field.field_type_string in BLANKS and not str(field.field_value or "").strip():
            page.delete_widget(field)
    annotations = list(page.annots() or ())
    said = tuple(_said(page, annotations))
    for one in annotations:
        if one.type[0] in (NOTE, FILE):
            one.set_flags(one.flags | HIDDEN)
    return said


def _said(page: Any, annotations: list[Any]) -> Iterator[Unread]:
    """Of notes, and of marks on the text to which something is written; free text is shown."""
    for one in annotations:
        kind, text = one.type[0], one.info["content"].strip()
        if kind == FILE:
            yield Unread(_place(page, one), "attachment", one.file_info["filename"] or text, 1.0)
        elif text and kind not in (FREE_TEXT, POPUP):
            yield Unread(_place(page, one), "comment", text, 1.0)


def _place(page: Any, annotation: Any) -> Box:
    """Where it lies on the page as it is shown, and not beyond its edges."""
    place = annotation.rect * page.rotation_matrix
    edges = place.x0, place.y0, place.x1, place.y1
    sizes = page.rect.width, page.rect.height, page.rect.width, page.rect.height
    return Box(*(min(max(edge / size, 0.0), 1.0) for edge, size in zip(edges, sizes, strict=True)))
