"""What the text layers of PDFs bring and cost: words and CPU-seconds of their first pages.

    OMP_NUM_THREADS=1 python docs/benchmarks/text_layers.py FOLDER
    OMP_NUM_THREADS=1 python docs/benchmarks/text_layers.py FOLDER --lies

The first compares ``verify`` with ``ignore``: seconds, and the words (F1) of what was read with
those of the file. The second garbles each layer in five ways, and compares what is read then with
what is read without it.
"""

import argparse
import random
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import mean
from unittest import mock

import numpy as np

from mdocr import load_parser
from mdocr.document.model import Page
from mdocr.evaluation.metrics import edit_similarity
from mdocr.inputs import pdf
from mdocr.inputs.text_layer import TextLayer, read_text_layer
from mdocr.parsing.parser import Parser

Lie = Callable[[str], str]
"""Of the characters of a layer, without its spaces."""


def shuffled(text: str) -> str:
    """Its words in another order."""
    parts = [text[at : at + 6] for at in range(0, len(text), 6)]
    random.Random(0).shuffle(parts)
    return "".join(parts)


def misread(text: str) -> str:
    """As a poor reader of another language has it."""
    return text.translate(str.maketrans("eclsoIrtaWE", "ée1ßö|ṛťāМΞ"))


OF_FONTS = ("shifted encoding", "no ToUnicode")
"""Lies of text that is shown; the others are invisible text over a scan."""

LIES: dict[str, Lie] = {
    "shifted encoding": lambda text: "".join(chr(ord(one) + 1) for one in text),
    "no ToUnicode": lambda text: "".join(chr(0xE000 + ord(one) % 4096) for one in text),
    "read in another language": misread,
    "shuffled words": shuffled,
    "stale": lambda text: text[len(text) // 2 :] + text[: len(text) // 2],
}


def garbled(page: object, name: str) -> TextLayer | None:
    """The layer of a page of MuPDF's, in its places, with other characters."""
    layer = read_text_layer(page)
    if layer is None:
        return None
    text = iter(LIES[name]("".join(one for one in layer.characters if not one.isspace())))
    characters = (one if one.isspace() else next(text, "x") for one in layer.characters)
    shown = layer.shown if name in OF_FONTS else np.zeros_like(layer.shown)
    rules = layer.rules if name in OF_FONTS else layer.rules[:0]
    return replace(layer, characters=tuple(characters), shown=shown, rules=rules)


def words(text: str) -> Counter[str]:
    """Its words, without the marks of scripts, signs around them, and hyphens at ends of lines."""
    text = unicodedata.normalize("NFKC", re.sub(r"[\^_]\(([^()]*)\)|[\^_]", r"\1", text))
    text = re.sub(r"(\w)[-\u00ad]\s*\n\s*(\w)", r"\1\2", text)
    return Counter(re.findall(r"\w+(?:[^\w\s]\w+)*", text))


def f1(found: Counter[str], true: Counter[str]) -> float:
    """Of bags of words."""
    return 2 * (found & true).total() / max(found.total() + true.total(), 1)


def read(parser: Parser, path: Path, how: str) -> tuple[str, float, Page]:
    """The text of a first page, the CPU-seconds that it took, and the page."""
    start = time.process_time()
    document = parser.parse(path, pages="1", text_layer=how)
    seconds = time.process_time() - start
    return document.to_text(keep_paratext=True), seconds, document.pages[0]


def compare(parser: Parser, paths: Sequence[Path]) -> None:
    """Prints seconds and words of each file."""
    rows = []
    print("| file | ignore, s | verify, s | words, ignore | words, verify | lines refused |")
    print("|---|---|---|---|---|---|")
    for path in paths:
        plain, plain_seconds, _ = read(parser, path, "ignore")
        text, seconds, page = read(parser, path, "verify")
        if page.text_layer is None:
            continue
        own = words(_text_of(path))
        rows.append((plain_seconds, seconds, f1(words(plain), own), f1(words(text), own)))
        use = page.text_layer
        kept = f"{use.refused} of {use.lines}" if use.used else "all"
        print(f"| {path.stem} | {_cells(rows[-1])} | {kept} |", flush=True)
    print(f"| mean | {_cells([mean(column) for column in zip(*rows, strict=True)])} | |")


def _cells(row: Sequence[float]) -> str:
    return f"{row[0]:.1f} | {row[1]:.1f} | {row[2]:.3f} | {row[3]:.3f}"


def _text_of(path: Path) -> str:
    import pymupdf

    with pymupdf.open(path) as document:
        return str(document[0].get_text())


def lie(parser: Parser, paths: Sequence[Path]) -> None:
    """Prints what becomes of garbled layers."""
    print("| layer | noticed | similarity to the reading without it, mean | least |")
    print("|---|---|---|---|")
    plain = {path: read(parser, path, "ignore")[0] for path in paths}
    for name in LIES:
        noticed, alike = 0, []
        for path in paths:
            with mock.patch.object(pdf, "read_text_layer", partial(garbled, name=name)):
                text, _, page = read(parser, path, "verify")
            noticed += page.text_layer is not None and not page.text_layer.used
            alike.append(edit_similarity(text, plain[path]))
        print(
            f"| {name} | {noticed} of {len(paths)} | {mean(alike):.3f} | {min(alike):.3f} |",
            flush=True,
        )


def main() -> None:
    """Prints a table."""
    parse = argparse.ArgumentParser()
    parse.add_argument("folder", type=Path)
    parse.add_argument("--lies", action="store_true")
    options = parse.parse_args()
    paths = sorted(options.folder.glob("*.pdf"))
    parser = load_parser("lite", "cpu", engine="torch")
    (lie if options.lies else compare)(parser, paths)


if __name__ == "__main__":
    main()
