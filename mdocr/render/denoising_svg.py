"""A record of denoising as an SVG that plays it: a picture for each step, the last one longest.

It needs no script, follows the dark mode, and stands still for who wants no motion.
"""

from collections.abc import Sequence
from itertools import groupby
from xml.sax.saxutils import escape

from mdocr.document.characters import for_xml
from mdocr.render.denoising import Denoised, Shown, lines_of

COLUMNS, COLUMN, ROW, MARGIN = 84, 8.0, 20, 24
"""Characters of a line, and pixels of a character, a line and the margin."""

SECONDS, HOLD = 0.7, 4
"""Of a step, and steps for which the end stays."""

MOST_LINES = 48

_SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}" role="img" aria-label="{label}">
<style>
svg {{ --paper: #fff; --ink: #1c1d1f; --faint: #868e96; --mask: #ced4da; --new: #2b8a3e; \
--rule: #dee2e6; }}
@media (prefers-color-scheme: dark) {{
svg {{ --paper: #16181b; --ink: #e4e3df; --faint: #9a9da3; --mask: #495057; --new: #69db7c; \
--rule: #34383e; }}
}}
text {{ font: 13px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: var(--ink); \
white-space: pre; }}
.title {{ fill: var(--faint); }}
.masked {{ fill: var(--mask); }}
.proposed {{ fill: var(--faint); font-style: italic; }}
.new {{ fill: var(--new); }}
.frame {{ opacity: 0; animation: step {period:g}s step-end infinite; }}
.frame.last {{ animation-name: end; }}
@keyframes step {{ 0% {{ opacity: 1 }} {share:.3f}% {{ opacity: 0 }} }}
@keyframes end {{ 0% {{ opacity: 1 }} {end_share:.3f}% {{ opacity: 0 }} }}
@media (prefers-reduced-motion: reduce) {{
.frame {{ animation: none; }}
.frame.last {{ opacity: 1; }}
}}
</style>
<rect width="{width}" height="{height}" rx="8" fill="var(--paper)" stroke="var(--rule)"/>
{frames}
</svg>
"""


def render_svg(texts: Sequence[Denoised], title: str) -> str:
    """The denoising of texts, all at the same time, one below the other.

    Args:
        texts: what was read; what has no room is left out.
        title: stands above them.
    """
    last = max((text.last for text in texts), default=0)
    frames = [_lines(texts, step) for step in range(last + 1)]
    rows = max(len(lines) for lines in frames)
    slots = last + 1 + HOLD
    drawn = [
        _frame(lines, f"{title} · step {step} of {last}", step, is_last=step == last)
        for step, lines in enumerate(frames)
    ]
    return _SVG.format(
        width=round(COLUMNS * COLUMN + 2 * MARGIN),
        height=(rows + 2) * ROW + 2 * MARGIN,
        label=_text(f"{title}, denoised in {last} steps"),
        period=slots * SECONDS,
        share=100 / slots,
        end_share=100 * (1 + HOLD) / slots,
        frames="\n".join(drawn),
    )


def _lines(texts: Sequence[Denoised], step: int) -> list[list[Shown]]:
    """Lines are broken as they are at the end, so that nothing moves."""
    found: list[list[Shown]] = []
    for text in texts:
        pairs = zip(text.tokens, text.after(step), strict=True)
        tokens = (shown for token, shown in pairs if token.text != "\n")
        for line in lines_of(text.after(text.last), COLUMNS):
            found.append([next(tokens) for _ in line])
        found.append([])
    return found[: min(MOST_LINES, len(found) - 1)]


def _frame(lines: Sequence[Sequence[Shown]], title: str, step: int, *, is_last: bool) -> str:
    rows = [f'<text class="title" x="{MARGIN}" y="{MARGIN + ROW // 2}">{_text(title)}</text>']
    for number, line in enumerate(lines):
        if line:
            y = MARGIN + (number + 2) * ROW
            length = round(COLUMN * sum(len(one.text) for one in line), 1)
            rows.append(
                f'<text x="{MARGIN}" y="{y}" textLength="{length}" '
                f'lengthAdjust="spacingAndGlyphs">{_spans(line)}</text>'
            )
    kind = "frame last" if is_last else "frame"
    delay = f"animation-delay:{step * SECONDS:g}s"
    return f'<g class="{kind}" style="{delay}">\n' + "\n".join(rows) + "\n</g>"


def _spans(line: Sequence[Shown]) -> str:
    parts = []
    for state, group in groupby(line, key=lambda one: one.state):
        text = _text("".join(one.text for one in group))
        parts.append(text if state == "committed" else f'<tspan class="{state}">{text}</tspan>')
    return "".join(parts)


def _text(text: str) -> str:
    return escape(for_xml(text), {'"': "&quot;"})
