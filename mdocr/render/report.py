"""The report: one HTML file in which each page stands beside what was read on it.

Nothing is loaded from elsewhere; the pictures, the style and the script
(``mdocr/assets/report``) are in the file.
"""

import logging
from base64 import b64encode
from collections.abc import Iterator
from html import escape
from io import BytesIO
from pathlib import Path

from mdocr import __version__
from mdocr.document import tables
from mdocr.document.block_types import CODE_TYPES, PARATEXT_TYPES, PICTURE_TYPES
from mdocr.document.characters import printable
from mdocr.document.document import Document
from mdocr.document.model import Block, Box, Page, PageLine, PageWord, Unread
from mdocr.document.table_heads import head_height
from mdocr.errors import MdocrError
from mdocr.inputs.page_picture import PagePicture
from mdocr.inputs.pages import PageError, open_pages
from mdocr.options import RenderOptions
from mdocr.postprocess import finish
from mdocr.render import html
from mdocr.render.flow import table_of
from mdocr.render.placed import placed_lines

ASSETS = Path(__file__).parents[1] / "assets/report"
DPI, QUALITY = 110, 70
"""Of the pictures of pages."""

DOUBT = 0.8
"""Confidence below which a word is doubtful."""

TINTS = ((0.6, "d3"), (DOUBT, "d2"), (0.95, "d1"))
"""Confidences below which words are tinted, and how."""

_PAGE = """<!doctype html>
<html lang="">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body>
<header>
<h1 title="{path}">{title}</h1>
<span>{summary}</span>
<span id="said" role="status" aria-live="polite"></span>
<span class="gap"></span>
<button id="previous" title="p">◀ doubtful</button>
<button id="next" title="n">doubtful ▶</button>
<input id="search" type="search" placeholder="Search" aria-label="Search in the text">
<span class="keys"><kbd>n p</kbd> doubt <kbd>← →</kbd> word <kbd>↑ ↓</kbd> block \
<kbd>j k</kbd> page <kbd>/</kbd> search</span>
</header>
{notes}
<main>
{pages}
</main>
<footer>Read by {model}, mdocr {version}.</footer>
<script>
{script}
</script>
</body>
</html>
"""

logger = logging.getLogger(__name__)


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document beside the pictures of its pages; without them if its file is not there."""
    options = options or RenderOptions()
    finished = finish(document, keep_paratext=True)
    pictures = _pictures(document, options.password)
    pages = [_page(page, pictures.get(page.number, "")) for page in finished.pages]
    return _PAGE.format(
        title=_text(document.name),
        path=_text(document.source.path),
        style=(ASSETS / "report.css").read_text("utf-8"),
        script=(ASSETS / "report.js").read_text("utf-8"),
        summary=_summary(finished),
        notes=_notes(document),
        pages="\n".join(pages),
        model=_text(document.model),
        version=__version__,
    )


def _pictures(document: Document, password: str) -> dict[int, str]:
    """The pictures of the pages as data URLs, by number."""
    found: dict[int, str] = {}
    if not document.source.path or not document.pages:
        return found
    numbers = [page.number for page in document.pages]
    try:
        with open_pages(document.source.path, numbers, DPI, password) as pages:
            while True:
                try:
                    page = next(pages, None)
                except PageError as error:
                    logger.warning("%s", error)
                    continue
                if page is None:
                    return found
                found[page.number] = _url(page)
    except MdocrError as error:
        logger.warning("the report has no pictures of the pages: %s", error)
    return found


def _url(page: PagePicture) -> str:
    size = tuple(max(1, round(side * DPI / 72)) for side in (page.width, page.height))
    buffer = BytesIO()
    picture = page.picture
    if picture.width > size[0]:
        picture = picture.resize((size[0], size[1]))
    picture.save(buffer, "WEBP", quality=QUALITY, method=1)
    return "data:image/webp;base64," + b64encode(buffer.getvalue()).decode("ascii")


def _summary(document: Document) -> str:
    words = [
        word
        for page in document.pages
        for block in page.blocks
        for line in placed_lines(block)
        for word in line.words
    ]
    doubtful = sum(word.confidence < DOUBT for word in words)
    counts = (len(document.pages), "page"), (len(words), "word")
    shown = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts]
    return ", ".join([*shown, f"{doubtful} doubtful"])


def _notes(document: Document) -> str:
    """What failed."""
    notes = [
        f"<p>{f'Page {one.page}: ' if one.page else ''}{_text(one.message)} {_text(one.hint)}</p>"
        for one in document.failures
    ]
    return f'<div class="note" role="alert">{"".join(notes)}</div>' if notes else ""


def _page(page: Page, picture: str) -> str:
    ratio = f"--ratio:{page.width / max(page.height, 1):.4f}"
    image = f'<img src="{picture}" alt="Page {page.number}" loading="lazy">' if picture else ""
    holes = "".join(_hole(one) for one in page.unread)
    text = "\n".join(_block(block) for block in page.blocks)
    return (
        f'<section class="page" id="page-{page.number}" data-n="{page.number}" '
        f'aria-label="Page {page.number}">\n'
        f'<div class="scan"><div class="sheet" style="{ratio}">{image}{holes}'
        f'<i class="spot"></i></div></div>\n'
        f'<div class="column"><span class="kind">page {page.number}</span>\n'
        f"{text}{_unread(page)}</div>\n</section>"
    )


def _hole(unread: Unread) -> str:
    """What was seen and is not written, hatched on the picture."""
    x0, y0, x1, y1 = (100 * edge for edge in unread.box.as_list())
    place = f"left:{x0:.2f}%;top:{y0:.2f}%;width:{x1 - x0:.2f}%;height:{y1 - y0:.2f}%"
    return f'<i class="hole {unread.reason}" style="{place}"></i>'


def _unread(page: Page) -> str:
    rows = "".join(
        f"<li {_place(one.box)}>{one.reason}: {_text(one.text) or '(nothing read)'}</li>"
        for one in page.unread
    )
    return f'\n<div class="unread">Seen and not written:<ul>{rows}</ul></div>' if rows else ""


def _block(block: Block) -> str:
    kinds = (
        ["block", block.type, "aside"] if block.type in PARATEXT_TYPES else ["block", block.type]
    )
    if block.type == "equation":
        kinds.append("formula")
    label = f'<span class="kind">{block.type.replace("_", " ")}</span>'
    return f'<div class="{" ".join(kinds)}" {_place(block.box)}>{label}{_content(block)}</div>'


def _content(block: Block) -> str:
    if block.type == "table" and (table := table_of(block)):
        return tables.to_html(table, html.running, head_height(table))
    if block.type == "equation" and block.format == "latex":
        return html.formula(block.content, display=True)
    if block.type in PICTURE_TYPES:
        return ""
    joint = "\n" if block.type in CODE_TYPES else " "
    return joint.join(" ".join(_words(line)) for line in placed_lines(block))


def _words(line: PageLine) -> Iterator[str]:
    for word in line.words:
        about = f'class="{_classes(word)}" {_place(word.box)} {_sure(word)}'
        yield f"<span {about}>{_text(word.text)}</span>"


def _classes(word: PageWord) -> str:
    tint = next((name for bar, name in TINTS if word.confidence < bar), "")
    return " ".join(filter(None, ["w", tint, "doubt" if word.confidence < DOUBT else ""]))


def _sure(word: PageWord) -> str:
    return f'data-c="{100 * word.confidence:.0f}"'


def _place(box: Box) -> str:
    """A place in thousandths of the page."""
    return 'data-b="{:g} {:g} {:g} {:g}"'.format(*(round(1000 * edge, 1) for edge in box.as_list()))


def _text(text: str) -> str:
    return escape(printable(text))
