"""Draws speed.svg: how many tokens the lite model commits in a pass, and how many it misreads.

Reads lines in fonts that it was not trained in (``mdocr.evaluation.lines``) one token a pass, at
several thresholds, and as ``mdocr parse`` does, from the draft of the CTC head. Counts depend on no
machine. Run from the root of the project: python docs/pictures/speed.py
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import mdocr
from mdocr.decoding.requests import BlockOptions, Request
from mdocr.evaluation.lines import SyntheticLine, error_rate, synthetic_lines
from mdocr.models.line_reader_config import LineReaderConfig

LINES, BATCH, BLOCK = 200, 32, 16
THRESHOLDS = (0.3, 0.5, 0.7, 0.9, 0.95, 0.99)
ENDS = {
    "one token a pass": BlockOptions(block_length=1),
    "from CTC drafts": BlockOptions(block_length=BLOCK, draft="ctc"),
}
WAYS = {
    **{f"{bar:g}": BlockOptions(block_length=BLOCK, threshold=bar) for bar in THRESHOLDS},
    **ENDS,
}
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 320, 60, 110, 50, 40
MOST_TOKENS = BLOCK
SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" \
height="{height}" role="img" aria-label="Misread characters over tokens a pass">
<style>
svg {{ --paper: #fff; --ink: #1c1d1f; --faint: #868e96; --rule: #dee2e6; --mark: #1f6feb; }}
@media (prefers-color-scheme: dark) {{
svg {{ --paper: #16181b; --ink: #e4e3df; --faint: #9a9da3; --rule: #34383e; --mark: #6cb0ff; }}
}}
text {{ font: 12px system-ui, sans-serif; fill: var(--ink); stroke: var(--paper); \
stroke-width: 4px; paint-order: stroke; }}
.faint {{ fill: var(--faint); }}
line {{ stroke: var(--rule); }}
circle {{ fill: var(--mark); }}
</style>
<rect width="{width}" height="{height}" rx="8" fill="var(--paper)" stroke="var(--rule)"/>
{marks}
</svg>
"""


@dataclass(frozen=True)
class Point:
    """What one way of decoding gives: tokens a pass, and misread characters in percent."""

    name: str
    tokens: float
    errors: float


def main() -> None:
    """Reads the lines in each way, prints a table and draws it."""
    parser = mdocr.load_parser("lite", engine="torch")
    lines = synthetic_lines(cast(LineReaderConfig, parser.engine.config), LINES)
    points = [measured(parser, lines, name, options) for name, options in WAYS.items()]
    print(f"{'threshold':>18} tokens a pass  misread")
    for point in points:
        print(f"{point.name:>18} {point.tokens:13.1f} {point.errors:7.2f}%")
    Path(__file__).with_suffix(".svg").write_text(drawn(points), "utf-8")


def measured(
    parser: mdocr.Parser, lines: list[SyntheticLine], name: str, options: BlockOptions
) -> Point:
    """Reads all lines in one way."""
    requests = (
        Request(
            tuple(parser.tokenizer.encode("text", line.picture.tokens)),
            options,
            parser.tokenizer.stop_ids,
            line.picture,
        )
        for line in lines
    )
    made = dict(parser.denoise(requests, BATCH))
    read = [made[number].text for number in range(len(lines))]
    tokens, passes = (
        sum(count(one) for one in made.values())
        for count in (lambda one: len(one.tokens), lambda one: one.passes)
    )
    wrong = error_rate(read, [line.text for line in lines])
    return Point(name, tokens / max(passes, 1), 100 * wrong)


def drawn(points: list[Point]) -> str:
    """The points as an SVG; tokens on a logarithmic scale."""
    most = math.ceil(max(point.errors for point in points))

    def x(tokens: float) -> float:
        share = math.log(max(tokens, 1)) / math.log(MOST_TOKENS)
        return LEFT + (WIDTH - LEFT - RIGHT) * share

    def y(errors: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * errors / most

    marks = [said(16, 26, "misread characters, by threshold", "faint")]
    for percent in range(most + 1):
        marks.append(rule(LEFT, y(percent), WIDTH - RIGHT, y(percent)))
        marks.append(said(LEFT - 8, y(percent) + 4, f"{percent} %", "faint", "end"))
    for tokens in (1, 2, 4, 8, 16):
        marks.append(said(x(tokens), HEIGHT - BOTTOM + 20, str(tokens), "faint", "middle"))
    marks.append(said(WIDTH - RIGHT + 16, HEIGHT - BOTTOM + 20, "tokens a pass", "faint"))
    for point in points:
        marks.append(f'<circle cx="{x(point.tokens):.1f}" cy="{y(point.errors):.1f}" r="4"/>')
        below = 20 if point.name in ENDS else -10
        anchor = "start" if point.tokens < 2 else "middle"
        marks.append(said(x(point.tokens), y(point.errors) + below, point.name, anchor=anchor))
    return SVG.format(width=WIDTH, height=HEIGHT, marks="\n".join(marks))


def said(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    """A text at a place."""
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">{text}</text>'


def rule(x0: float, y0: float, x1: float, y1: float) -> str:
    """A line."""
    return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"/>'


if __name__ == "__main__":
    main()
