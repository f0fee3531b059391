"""Remakes ``docs/benchmarks.md``: runs the commands, and writes what they print.

    PYTHONPATH=. python docs/benchmarks --words DIR --words DIR --pages DIR

``--only`` remakes single sections and leaves the others as they are; so does a section that needs
what is not given. A reader that is not installed is left out with a sentence that says so.
Tesseract is run through its command, RapidOCR through its package in an environment of its own (its
``onnxruntime`` cannot stand beside ``onnxruntime-gpu``), both on the pictures that mdocr reads, and
scored by the same functions. About twenty minutes for 80 pages and 2,257 words on two cores that do
nothing else:

    python -m venv rapid && rapid/bin/pip install rapidocr onnxruntime
    PYTHONPATH=. python docs/benchmarks --words DIR --pages DIR --rapidocr-python rapid/bin/python
"""

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import engines
import pages
import words
from report import Lines, NotMeasured, setup_line

PAGE = Path(__file__).parents[1] / "benchmarks.md"
SECTIONS: dict[str, tuple[str, Callable[[argparse.Namespace], Lines]]] = {
    "words": ("Words: accuracy", words.accuracy),
    "word-peers": ("Words: beside other readers", words.beside_others),
    "latency": ("Words: latency", words.latency),
    "word-engines": ("Words: engines", engines.words),
    "openocr": ("Words: beside OpenOCR's code", words.upstream),
    "pages": ("Pages: beside other readers", pages.beside_others),
    "profile": ("Pages: where the time goes", pages.profile),
    "page-engines": ("Pages: engines", engines.pages),
    "throughput": ("Pages: speed against threshold", pages.throughput),
    "mineru": ("Pages: beside MinerU-Diffusion's code", pages.upstream),
    "shuffle": ("Pages: shuffled words", pages.shuffle),
}
HEAD = [
    "# Benchmarks",
    "",
    "Made by `python docs/benchmarks`; nothing here is typed by hand. Every table stands",
    "below the command that made it; `mdocr bench --help` and `mdocr eval --help` explain the",
    "figures. Rates are compared with the limits of the machine, measured in the same run.",
]


def main() -> None:
    """Measures section by section; the page holds what is known so far."""
    options = arguments()
    (options.output.parent / "pictures").mkdir(parents=True, exist_ok=True)
    known = read_sections(options.output)
    for key in options.only.split(",") if options.only else SECTIONS:
        title, section = SECTIONS[key]
        begin = time.perf_counter()
        try:
            known[title] = "\n".join([setup_line(), "", *section(options)])
        except NotMeasured as error:
            print(f"{key}: left as it is: {error}", file=sys.stderr, flush=True)
            continue
        print(f"{key}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
        titles = [title for title, _ in SECTIONS.values() if title in known]
        parts = ["\n".join(HEAD), *(f"## {title}\n\n{known[title]}" for title in titles)]
        options.output.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def read_sections(page: Path) -> dict[str, str]:
    """The page as it is: what stands under each title."""
    text = page.read_text(encoding="utf-8") if page.exists() else ""
    parts = (part.partition("\n") for part in text.split("\n## ")[1:])
    return {title: body.strip() for title, _, body in parts}


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    add = parser.add_argument
    add("--only", default="", help=f"sections, with commas: {', '.join(SECTIONS)}")
    add("--words", type=Path, action="append", default=[], help="folder with labels.tsv")
    add("--pages", type=Path, help="folder of pages with ground truth")
    add("--recognizer", default="mdiff4str-lite", help="model of the word tables")
    add("--parser", default="mineru-diffusion-lite", help="model of the page tables")
    add("--count", type=int, default=10, help="pictures of the latency table")
    add("--speed-pages", type=int, default=3, help="pages of the tables of speed")
    add("--profile-pages", type=int, default=8, help="pages of the profile")
    add("--peer-words", type=int, default=250, help="words of each set that all readers read")
    add("--rapidocr-python", default=sys.executable, help="interpreter that has RapidOCR")
    add("--languages", default="eng", help="of Tesseract, joined by +")
    add("--peer-pages", type=int, default=None, help="pages that all readers read")
    add("--output", type=Path, default=PAGE, help="page to write; its plots go beside it")
    add("--openocr", type=Path, help="checkout of OpenOCR")
    add("--openocr-weights", type=Path, help="best.pth of MDiff4STR; random weights without")
    add("--mineru", type=Path, help="checkout of MinerU-Diffusion")
    add("--mineru-document", type=Path, help="document whose first page both sides read")
    add("--mineru-options", action="append", default=[], help="further options of a run of it")
    return parser.parse_args()


if __name__ == "__main__":
    main()
