"""Plain text: paragraphs between blank lines, the cells of a table between tabs, no markup."""

from mdocr.document import table_writers
from mdocr.document.block_types import CODE_TYPES
from mdocr.document.characters import printable
from mdocr.document.document import Document
from mdocr.document.inline import plain_script, write_spans
from mdocr.document.latex.tokens import Span, strip_delimiters
from mdocr.document.model import Block
from mdocr.options import RenderOptions
from mdocr.postprocess.captions import Figure
from mdocr.render.flow import Element, Items, PageMark, elements, table_of


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document as plain text; of pictures there are the labels, formulas stay LaTeX."""
    options = options or RenderOptions()
    parts = (_element(element) for element in elements(document, options))
    body = "\n\n".join(part for part in parts if part)
    return body + "\n" if body else ""


def running(text: str) -> str:
    """Text with its formulas as LaTeX and its scripts as Unicode has them."""
    return write_spans(printable(text), _span).strip("\n")


def _span(span: Span) -> str:
    return plain_script(span) if span.kind in ("sup", "sub") else span.content


def _line(text: str) -> str:
    return " ".join(running(text).split())


def _element(element: Element) -> str:
    if isinstance(element, PageMark):
        return f"--- page {element.number} ---"
    if isinstance(element, Items):
        return "\n".join(f"{marker} {running(text)}".strip() for marker, text in element.entries)
    if isinstance(element, Figure):
        return _figure(element)
    if element.type == "equation" and element.format == "latex":
        return strip_delimiters(element.content)
    return _line(element.content) if element.type == "title" else running(element.content)


def _figure(figure: Figure) -> str:
    above, below = ([running(b.content) for b in side] for side in (figure.above, figure.below))
    return "\n\n".join(filter(None, [*above, _body(figure.body), *below]))


def _body(body: Block) -> str:
    if body.type == "table" and (table := table_of(body)):
        return table_writers.to_text(table, _line)
    if body.type in CODE_TYPES:
        return printable(body.content).strip("\n")
    return running(body.content)
