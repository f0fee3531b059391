"""Which signs are read wrong: sheets of ordinals, fractions, prices, code, and of 24 languages.

    python docs/benchmarks/signs.py
    python docs/benchmarks/signs.py --kinds ordinals,fractions -o sheets

Each kind of text in ``signs.toml`` is set as a page, in every look below, and read. A word is right
if all its signs are; words are compared in order. Fonts are named in docs/fonts.md, and found by
fontconfig.
"""

import html
import io
import re
import subprocess
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path
from typing import Annotated

import pymupdf
import tomllib
import typer
from PIL import Image

import mdocr
from mdocr.parsing.parser import Parser

LOOKS = (
    *(("Liberation Serif", 11, 200), ("Liberation Serif", 8, 200), ("Liberation Sans", 10, 150)),
    *(("Liberation Sans", 8, 200), ("DejaVu Sans", 9, 200), ("EB Garamond", 12, 200)),
    *(("CMU Serif", 10, 300), ("Open Sans", 10, 150), ("Liberation Mono", 10, 200)),
)
"""Family, points and dots per inch."""

WIDTH, HEIGHT, MARGIN = 420, 595, 36
"""Of a page, in points."""

FACES = (("regular", "normal"), ("regular", "italic"), ("bold", "normal"))
"""Weight and style of the faces of a family."""

FC_NAMES = {"regular": "regular", "bold": "bold", "normal": "roman", "italic": "italic"}
"""What fontconfig calls them."""

STYLE = (
    "".join(
        f'@font-face {{font-family: face; src: url("{weight}-{style}"); font-style: {style};'
        f" font-weight: {weight.replace('regular', 'normal')}}}"
        for weight, style in FACES
    )
    + "p {font-family: face; font-size: %dpt; line-height: 1.4} sup, sub {font-size: .65em}"
)

SHOWN = 4
"""Errors shown of each kind."""

SCRIPT = re.compile(r"[\^_]\(([^()]*)\)|\^(?=[a-z])")


def main(
    kinds: Annotated[str, typer.Option(help="Kinds of text, with commas.")] = "",
    model: Annotated[str, typer.Option(help="Name, or a folder of weights.")] = "lite",
    output: Annotated[Path | None, typer.Option("-o", help="Folder to keep the sheets in.")] = None,
) -> None:
    """Prints a table: words and right words of each kind, and what is read wrong most often."""
    texts = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    chosen = kinds.split(",") if kinds else list(texts)
    parser = mdocr.load_parser(model=model)
    print("| kind | words | right | | wrong most often |\n|---|---|---|---|---|")
    total: Counter[str] = Counter()
    for kind in chosen:
        errors: Counter[str] = Counter()
        count: Counter[str] = Counter()
        for number, look in enumerate(LOOKS):
            sheet = drawn(texts[kind], *look)
            if output:
                output.mkdir(parents=True, exist_ok=True)
                sheet.save(output / f"{kind}_{number}.png")
            compare(words(texts[kind]), read(parser, sheet), count, errors)
        total += count
        print(row(kind, count, errors))
    print(row("all", total, Counter()))


def row(kind: str, count: Mapping[str, int], errors: Counter[str]) -> str:
    """A row of the table."""
    share = count["right"] / count["words"]
    shown = ", ".join(f"{error} {times}" for error, times in errors.most_common(SHOWN))
    return f"| {kind} | {count['words']} | {count['right']} | {share:.1%} | {shown} |"


def words(text: str) -> list[str]:
    """The words of a text with tags; superscripts and subscripts as plain letters."""
    return _plain(html.unescape(re.sub("<[^>]+>", "", text))).split()


def read(parser: Parser, sheet: Image.Image) -> list[str]:
    """The words that are read on a sheet."""
    return _plain(SCRIPT.sub(r"\1", parser.parse(sheet).to_text())).split()


def _plain(text: str) -> str:
    """With plain letters for those of superscripts and subscripts, which may be either."""
    return "".join(
        unicodedata.normalize("NFKC", sign)
        if unicodedata.decomposition(sign).startswith(("<super>", "<sub>"))
        else sign
        for sign in text
    )


def compare(true: list[str], found: list[str], count: Counter[str], errors: Counter[str]) -> None:
    """Counts words, right words, and errors as ``true → found``."""
    count["words"] += len(true)
    for kind, a, b, c, d in SequenceMatcher(None, true, found, autojunk=False).get_opcodes():
        if kind == "equal":
            count["right"] += b - a
        else:
            errors.update(_pairs(true[a:b], found[c:d]))


def _pairs(true: list[str], found: list[str]) -> Iterator[str]:
    if len(true) == len(found):
        yield from (f"`{a}` → `{b}`" for a, b in zip(true, found, strict=True))
    else:
        yield f"`{' '.join(true)}` → `{' '.join(found)}`"


def drawn(text: str, family: str, size: int, resolution: int) -> Image.Image:
    """A page of the text."""
    archive = pymupdf.Archive()
    for weight, style in FACES:
        archive.add(face_file(family, weight, style), f"{weight}-{style}")
    story = pymupdf.Story(f"<p>{text}</p>", STYLE % size, archive=archive)
    file = io.BytesIO()
    writer = pymupdf.DocumentWriter(file)
    device = writer.begin_page(pymupdf.Rect(0, 0, WIDTH, HEIGHT))
    story.place(pymupdf.Rect(MARGIN, MARGIN, WIDTH - MARGIN, HEIGHT - MARGIN))
    story.draw(device)
    writer.end_page()
    writer.close()
    return pymupdf.open(stream=file.getvalue())[0].get_pixmap(dpi=resolution).pil_image()


@cache
def face_file(family: str, weight: str, style: str) -> bytes:
    """The file of a face.

    Raises:
        SystemExit: fontconfig has no such family.
    """
    pattern = f"{family}:weight={FC_NAMES[weight]}:slant={FC_NAMES[style]}"
    command = ["fc-match", "-f", "%{family}\t%{file}", pattern]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    known, path = found.split("\t")
    if family not in known:
        raise SystemExit(f"no font {family!r}: install the fonts of docs/fonts.md")
    return Path(path).read_bytes()


if __name__ == "__main__":
    typer.run(main)
