r"""A standalone HTML page without scripts; what was read is text, and cannot become a tag.

Formulas are MathML. What MathML cannot be had of stands as ``\( ... \)`` and ``\[ ... \]``, for
MathJax or KaTeX where the reader adds one.
"""

import re
from html import escape
from urllib.parse import quote

from mdocr.document import table_writers
from mdocr.document.block_types import CODE_TYPES
from mdocr.document.characters import printable
from mdocr.document.document import Document
from mdocr.document.inline import write_spans
from mdocr.document.latex.sanitize import is_harmless
from mdocr.document.latex.tokens import Span, strip_delimiters
from mdocr.document.model import Block
from mdocr.document.table_heads import head_height
from mdocr.options import RenderOptions
from mdocr.postprocess.captions import Figure
from mdocr.postprocess.lists import CHECK_BOXES
from mdocr.render.flow import (
    TAGS,
    Element,
    Items,
    PageMark,
    elements,
    labels,
    picture_path,
    table_of,
)
from mdocr.render.mathml import mathml

_PAGE = """<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ max-width: 46em; margin: 2em auto; padding: 0 1em; font-family: serif; line-height: 1.5; }}
figure {{ margin: 1.5em 0; overflow-x: auto; }}
img {{ max-width: 100%; }}
table {{ border-collapse: collapse; }}
td, th {{ border: 1px solid #999; padding: 0.2em 0.5em; }}
figcaption {{ font-size: 0.9em; }}
.formula {{ text-align: center; overflow-x: auto; }}
.page {{ border: 0; border-top: 1px dashed #999; }}
ul.boxes {{ list-style: none; padding-left: 1em; }}
sup, sub {{ line-height: 0; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document as one HTML page; pictures are linked."""
    options = options or RenderOptions()
    parts = (_element(element, options) for element in elements(document, options, marks=True))
    body = "\n".join(part for part in parts if part)
    return _PAGE.format(title=escape(document.name), body=body)


def running(text: str) -> str:
    """Text with formulas in it, escaped; a line break that was meant is ``<br>``."""
    return write_spans(text, _span)


def _span(span: Span) -> str:
    if span.kind == "formula":
        return formula(span.content)
    text = _text(span.content)
    tags = [TAGS[mark] for mark in span.marks]
    for tag in reversed(tags if span.kind == "text" else [*tags, span.kind]):
        text = f"<{tag}>{text}</{tag}>"
    return f'<a href="{escape(span.link)}">{text}</a>' if span.link else text


def _text(text: str) -> str:
    """Escaped; a read bracket that a formula renderer would take for a formula's is parted."""
    parted = re.sub(r"\\(?=[()\[\]])", "\\\\<wbr>", escape(printable(text)))
    return parted.replace("$$", "$<wbr>$").replace("\n", "<br>\n")


def formula(latex: str, *, display: bool = False) -> str:
    """A formula as MathML; as LaTeX where that cannot be had."""
    latex = strip_delimiters(latex)
    if not is_harmless(latex):
        return f"<code>{escape(latex)}</code>"
    if written := mathml(latex, display=display):
        return written
    opening, closing = ("\\[", "\\]") if display else ("\\(", "\\)")
    return f'<span class="math">{opening}{escape(latex)}{closing}</span>'


def _element(element: Element, options: RenderOptions) -> str:
    if isinstance(element, PageMark):
        return f'<hr class="page" id="page-{element.number}">'
    if isinstance(element, Items):
        return _list(element)
    if isinstance(element, Figure):
        return _figure(element, options)
    if element.type == "title":
        level = min(element.level or 1, 6)
        return f"<h{level}>{running(element.content)}</h{level}>"
    if element.type == "equation" and element.format == "latex":
        return f'<p class="formula">{formula(element.content, display=True)}</p>'
    return "\n".join(f"<p>{running(text)}</p>" for text in re.split(r"\n{2,}", element.content))


def _list(items: Items) -> str:
    if items.is_ordered:
        start = items.entries[0][0].strip("().")
        lines = [f"<li>{running(text)}</li>" for _, text in items.entries]
        return "\n".join([f'<ol start="{int(start)}">', *lines, "</ol>"])
    boxes = all(marker in CHECK_BOXES for marker, _ in items.entries)
    lines = [f"<li>{_item(*entry)}</li>" for entry in items.entries]
    return "\n".join(['<ul class="boxes">' if boxes else "<ul>", *lines, "</ul>"])


def _item(marker: str, text: str) -> str:
    if marker not in CHECK_BOXES:
        return running(_with_marker(marker, text))
    ticked = " checked" if CHECK_BOXES[marker] else ""
    return f'<input type="checkbox" disabled{ticked}> {running(text)}'


def _with_marker(marker: str, text: str) -> str:
    return f"{marker} {text}" if any(map(str.isalnum, marker)) else text


def _figure(figure: Figure, options: RenderOptions) -> str:
    caption = "<br>\n".join(running(block.content) for block in figure.captions)
    notes = [f'<p class="note">{running(block.content)}</p>' for block in figure.footnotes]
    said = "\n".join(part for part in [caption, *notes] if part)
    parts = _body(figure.body, options), f"<figcaption>{said}</figcaption>" if said else ""
    inside = "\n".join(part for part in parts if part)
    return f"<figure>\n{inside}\n</figure>" if inside else ""


def _body(body: Block, options: RenderOptions) -> str:
    if body.type == "table" and (table := table_of(body)):
        return table_writers.to_html(table, running, head_height(table))
    if body.type in CODE_TYPES and body.content.strip():
        return f"<pre><code>{escape(body.content)}</code></pre>"
    path = picture_path(body, options)
    if body.type == "image":
        described = escape(labels(body))
        source = f' src="{escape(quote(path))}"' if path else ""
        return f'<img{source} alt="{described}">' if path or described else ""
    picture = f'<img src="{escape(quote(path))}" alt="">' if path else ""
    return picture + (f"<p>{running(body.content)}</p>" if body.content.strip() else "")
