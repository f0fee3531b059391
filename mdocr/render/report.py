"""The report: one HTML file in which each page stands beside what was read on it.

Nothing is loaded from elsewhere; the pictures, the style and the scripts
(``mdocr/assets/report``) are in the file.
"""

from mdocr import __version__
from mdocr.document.document import Document
from mdocr.options import DOUBT, RenderOptions
from mdocr.postprocess import finish
from mdocr.render.report_assets import asset
from mdocr.render.report_blocks import (
    PlacedPage,
    failure_note,
    page_section,
    placed_page,
    text,
)
from mdocr.render.report_pictures import page_pictures

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
{style}
</style>
</head>
<body data-name="{title}" data-source="{path}">
<header>
<h1 title="{path}">{title}</h1>
<span id="summary">{summary}</span>
<span id="said" role="status" aria-live="polite"></span>
<span class="gap"></span>
{tools}
<span id="replay" title="The steps of the denoising" hidden>\
<button aria-label="Replay the denoising">▶</button>
<input type="range" min="0" aria-label="Step of the denoising"> <output></output></span>
<span class="pair"><button id="previous" title="p" aria-label="Previous doubtful word">◀</button>
doubtful <button id="next" title="n" aria-label="Next doubtful word">▶</button></span>
<button id="correct" title="e" hidden>Correct line</button>
<button id="save" title="As a CSV for: mdocr train --corrections" hidden>Save corrections</button>
<span role="search"><input id="search" type="search" placeholder="Search" \
aria-label="Search in the text"></span>
<span class="keys" aria-hidden="true"><kbd>n</kbd> <kbd>p</kbd> doubtful \
<kbd>←</kbd> <kbd>→</kbd> word <kbd>↑</kbd> <kbd>↓</kbd> block <kbd>j</kbd> <kbd>k</kbd> page \
<kbd>e</kbd> correct <kbd>/</kbd> search</span>
</header>
{notes}
<main>
{pages}
</main>
<footer>{footer}</footer>
<script>
{script}
</script>
</body>
</html>
"""

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'{more}"
)
"""Of what a browser may load: nothing but what is in the file."""

SCRIPTS = ("corrections.js", "report.js", "edit.js", "replay.js")


def render(document: Document, options: RenderOptions | None = None) -> str:
    """The document beside the pictures of its pages; without them if its file is not there."""
    options = options or RenderOptions()
    finished = finish(document, keep_paratext=True)
    pictures = page_pictures(document, options)
    placed = [placed_page(page) for page in finished.pages]
    return report_page(
        title=document.name,
        path=document.source.path,
        summary=_summary(placed),
        notes=_notes(document),
        pages="\n".join(page_section(one, pictures.get(one.page.number, "")) for one in placed),
        footer=f"Read by {text(document.model)}, mdocr {__version__}.",
    )


def report_page(
    *,
    title: str,
    path: str = "",
    summary: str = "",
    notes: str = "",
    pages: str = "",
    footer: str = "",
    tools: str = "",
    scripts: tuple[str, ...] = (),
    connects: bool = False,
) -> str:
    """The page of a report.

    Args:
        title: of the page.
        path: of the document.
        summary: what it holds, in a few words.
        notes: what failed, as HTML.
        pages: sections, as HTML.
        footer: as HTML.
        tools: more of the header, as HTML.
        scripts: more files of ``mdocr/assets/report``.
        connects: whether they ask the server that the page comes from.
    """
    return _PAGE.format(
        policy=POLICY.format(more="; connect-src 'self'" if connects else ""),
        title=text(title),
        path=text(path),
        style=asset("report.css"),
        summary=summary,
        tools=tools,
        notes=notes,
        pages=pages,
        footer=footer,
        script="\n".join(map(asset, (*SCRIPTS, *scripts))),
    )


def _summary(pages: list[PlacedPage]) -> str:
    confidences = [word.confidence for page in pages for word in page.words]
    doubtful = sum(confidence < DOUBT for confidence in confidences)
    counts = (len(pages), "page"), (len(confidences), "word")
    shown = [f"{count} {name}{'' if count == 1 else 's'}" for count, name in counts]
    return ", ".join([*shown, f"{doubtful} doubtful"])


def _notes(document: Document) -> str:
    """What failed."""
    notes = map(failure_note, document.failures)
    return f'<div class="note" role="alert">{"".join(notes)}</div>' if document.failures else ""
