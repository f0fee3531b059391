"""What the text layers of PDFs bring and cost: words and CPU-seconds of their first pages.

    OMP_NUM_THREADS=1 python docs/benchmarks/text_layers.py FOLDER --truth TRUTHS
    OMP_NUM_THREADS=1 python docs/benchmarks/text_layers.py FOLDER --lies

The first compares ``verify`` with ``ignore``: seconds, and the words (F1) of what was read with
those of the file. Lines where the layer has no character, as of letters in a picture, are left out.
Of scripts without spaces each character is a word, and hyphens do not count. Where TRUTHS has
``NAME.gt.txt``, the text of a page in reading order, that page is read instead of the first, and
its edit similarity to what was read is told too. The second garbles each layer in five ways, and
compares what is read then, and the seconds it takes, with what is read without it.
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
from typing import NamedTuple
from unittest import mock

import numpy as np

from mdocr import load_parser
from mdocr.document.model import Page
from mdocr.evaluation.metrics import edit_similarity, plain
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


GOOD = 0.995

LESS = 0.005
"""Similarity to the truth that a page may lose."""

LEAST = 0.25
"""Share of the characters that a lie has to change; that of Latin letters is none in Chinese."""

LEADER = re.compile(r"(?:[.…·]\s?){4,}|_{2,}")
"""Dots that lead the eye, and rules to write on."""

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


NO_SPACES = r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Letters of scripts that put no spaces between words."""

WORD = re.compile(rf"[{NO_SPACES}]|[^\W{NO_SPACES}]+(?:[^\w\s+=−][^\W{NO_SPACES}]+)*")


def words(text: str) -> Counter[str]:
    """Its words, without the marks of scripts, signs around them, and hyphens."""
    text = re.sub(r"[\^_](?:\(([^()]*)\)|\{([^{}]*)\})|[\^_]", r"\1\2", text)
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"(\w)[-\u00ad\u2010\u2011]\s*\n?\s*(?=\w)", r"\1", text)
    return Counter(WORD.findall(text))


def beside(page: Page, layer: TextLayer) -> Counter[str]:
    """Words of lines in which the layer has no character."""
    x, y = layer.boxes.reshape(-1, 2, 2).mean(axis=1).T
    found: Counter[str] = Counter()
    for line in (line for block in page.blocks for line in block.lines):
        box = line.box
        if not ((box.x0 <= x) & (x <= box.x1) & (box.y0 <= y) & (y <= box.y1)).any():
            found += words(line.text)
    return found


def f1(found: Counter[str], true: Counter[str]) -> float:
    """Of bags of words."""
    return 2 * (found & true).total() / max(found.total() + true.total(), 1)


def read(parser: Parser, path: Path, how: str, number: int = 1) -> tuple[str, float, Page]:
    """The text of a page, the CPU-seconds that it took, and the page."""
    start = time.process_time()
    document = parser.parse(path, pages=str(number), text_layer=how, boxes="line")
    seconds = time.process_time() - start
    return document.to_text(keep_paratext=True), seconds, document.pages[0]


class Compared(NamedTuple):
    """A page, read without its layer and with it: seconds, words, and how it reads in order."""

    seconds: float
    seconds_verified: float
    words: float
    words_verified: float
    text: float | None = None
    text_verified: float | None = None

    def cells(self) -> str:
        """As a row of the table."""
        known = [value for value in self if value is not None]
        return " | ".join(f"{value:.{1 if n < 2 else 3}f}" for n, value in enumerate(known))


def compare(parser: Parser, paths: Sequence[Path], truths: Path | None) -> None:
    """Prints seconds, words and likeness to the truth of each file."""
    rows = []
    heads = ["ignore, s", "verify, s", "words, ignore", "words, verify"]
    heads += ["in order, ignore", "in order, verify"] if truths else []
    print(f"| file | {' | '.join(heads)} | lines refused |\n|{'---|' * (len(heads) + 2)}")
    for path in paths:
        truth = truth_of(path, truths)
        number = page_of(path, truth) if truth else 1
        own, layer = layer_of(path, number)
        if layer is None:
            continue
        plain_text, plain_seconds, without = read(parser, path, "ignore", number)
        text, seconds, page = read(parser, path, "verify", number)
        rows.append(
            Compared(
                plain_seconds,
                seconds,
                f1(words(plain_text) - beside(without, layer), own),
                f1(words(text) - beside(page, layer), own),
                *(likeness(one, truth) for one in (plain_text, text) if truth),
            )
        )
        use = page.text_layer
        kept = f"{use.refused} of {use.lines}" if use.used else "all"
        print(f"| {path.stem} | {rows[-1].cells()} | {kept} |", flush=True)
    _tell(rows)


def _tell(rows: Sequence[Compared]) -> None:
    """Prints the means, and of how many files the words and their order are right."""
    columns = [[one for one in column if one is not None] for column in zip(*rows, strict=True)]
    means = Compared(*(mean(column) for column in columns if column))
    print(f"| mean | {means.cells()} | |")
    good = sum(row.words_verified >= GOOD for row in rows)
    print(f"\n{good} of {len(rows)} files have {GOOD} or more.")
    pairs = [(row.text, row.text_verified) for row in rows]
    worse = [
        before - after
        for before, after in pairs
        if before is not None and after is not None and before - after > LESS
    ]
    print(f"In order, {len(worse)} are worse with their layer by more than {LESS}.")


def likeness(text: str, truth: str) -> float:
    """Edit similarity of two texts in reading order, without leaders."""
    bare = (plain(LEADER.sub(" ", one)) for one in (text, truth))
    return edit_similarity(*bare)


def truth_of(path: Path, truths: Path | None) -> str:
    """The text of one of its pages in reading order; empty where that is not known."""
    file = truths / f"{path.stem}.gt.txt" if truths else None
    return file.read_text(encoding="utf-8") if file and file.is_file() else ""


def page_of(path: Path, truth: str) -> int:
    """The number of the page that has the most words of a truth."""
    import pymupdf

    wanted = words(truth)
    with pymupdf.open(path) as document:
        scores = [f1(words(page.get_text()), wanted) for page in document]
    return scores.index(max(scores)) + 1


def layer_of(path: Path, number: int = 1) -> tuple[Counter[str], TextLayer | None]:
    """The words of a page by its file, and its layer."""
    import pymupdf

    with pymupdf.open(path) as document:
        page = document[number - 1]
        return words(page.get_text()), read_text_layer(page)


def lie(parser: Parser, paths: Sequence[Path]) -> None:
    """Prints what becomes of garbled layers."""
    print("| layer | noticed | similarity to the reading without it, mean | least | seconds |")
    print("|---|---|---|---|---|")
    plain = {path: read(parser, path, "ignore") for path in paths}
    for name in LIES:
        lying = [path for path in paths if changed(path, name) >= LEAST]
        noticed, alike, seconds = 0, [], 0.0
        for path in lying:
            with mock.patch.object(pdf, "read_text_layer", partial(garbled, name=name)):
                text, spent, page = read(parser, path, "verify")
            noticed += page.text_layer is not None and not page.text_layer.used
            alike.append(edit_similarity(text, plain[path][0]))
            seconds += spent
        cost = seconds / sum(plain[path][1] for path in lying)
        print(
            f"| {name} | {noticed} of {len(lying)} | {mean(alike):.3f} | {min(alike):.3f} "
            f"| {cost:.2f} × |",
            flush=True,
        )


def changed(path: Path, name: str) -> float:
    """Share of the characters of a first page that a lie changes."""
    import pymupdf

    with pymupdf.open(path) as document:
        layer, lying = read_text_layer(document[0]), garbled(document[0], name)
    pairs = zip(layer.characters, lying.characters, strict=True) if layer and lying else ()
    differ = [one != other for one, other in pairs if not one.isspace()]
    return sum(differ) / max(len(differ), 1)


def main() -> None:
    """Prints a table."""
    parse = argparse.ArgumentParser()
    parse.add_argument("folder", type=Path)
    parse.add_argument("--lies", action="store_true")
    parse.add_argument("--truth", type=Path, help="folder with NAME.gt.txt")
    parse.add_argument("--every", type=int, default=1, help="of so many files, the first")
    options = parse.parse_args()
    paths = sorted(options.folder.glob("*.pdf"))[:: options.every]
    parser = load_parser("lite", "cpu")
    parser.parse(paths[0], pages="1")  # what is loaded once is not counted
    if options.lies:
        lie(parser, paths)
    else:
        compare(parser, paths, options.truth)


if __name__ == "__main__":
    main()
