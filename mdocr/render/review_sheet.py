"""The sheet of a review: doubtful lines, each with its picture and a field to correct it in."""

from collections.abc import Sequence
from html import escape

from mdocr.document.corrections import Correction
from mdocr.render.report_assets import asset
from mdocr.render.report_blocks import text

_SHEET = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Review</title>
<style>
{style}
</style>
</head>
<body>
<header>
<h1>Review</h1>
<span>{summary}</span>
<span id="said" role="status" aria-live="polite"></span>
<span class="gap"></span>
<button id="save" disabled>Save corrections</button>
<span class="keys"><kbd>Tab</kbd> next <kbd>Enter</kbd> next, as it is right</span>
</header>
<main class="review" data-name="{table}">
{rows}
</main>
<script>
{script}
</script>
</body>
</html>
"""


def render_sheet(rows: Sequence[Correction], table: str, below: float) -> str:
    """The sheet as HTML, beside the folder of its pictures.

    Args:
        rows: what is to be reviewed.
        table: file name of the CSV, under which the sheet saves corrections.
        below: confidence below which they are doubtful.
    """
    count = f"{len(rows)} line{'' if len(rows) == 1 else 's'} below {below:g}"
    return _SHEET.format(
        style=asset("report.css"),
        script=asset("corrections.js") + asset("review.js"),
        summary=count,
        table=escape(table),
        rows="\n".join(map(_row, rows)) or "<p>Nothing was read with doubt.</p>",
    )


def _row(row: Correction) -> str:
    place = f"{text(row.source)}{f', page {row.page}' if row.page else ''}"
    picture = f'<img src="{escape(row.picture)}" alt="" loading="lazy">' if row.picture else ""
    data = "".join(f' data-{name}="{text(value)}"' for name, value in row.row().items())
    about = f"{place}, {100 * row.confidence:.0f} % sure"
    return (
        f'<div class="line"{data}>\n<span class="kind">{about}</span>\n{picture}\n'
        f'<input value="{text(row.text)}" aria-label="What stands there, {about}" lang="" '
        'spellcheck="false">\n</div>'
    )
