"""How well the text of searchable PDFs lies over the words of their pages, by poppler's reckoning.

    python docs/searchable_pdf.py docs/samples/page.pdf
    python docs/searchable_pdf.py --ocrmypdf report.pdf book.pdf

Of each PDF that was made from text, every page becomes a picture; mdocr reads the pictures and
writes a searchable PDF; ``pdftotext -bbox`` lists the words of both. Printed are, for each document
and over all words:

- kept: share of the words that were read that pdftotext finds in the PDF;
- right: share of the words of the PDF from text that are found on their page;
- IoU: median intersection over union of the boxes of these, and the share above one half.

Needs poppler (pdftotext); with --ocrmypdf, OCRmyPDF writes the PDF (pip install '.[ocrmypdf]').
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path
from statistics import median

import pymupdf

import mdocr
from mdocr.document.model import Box
from mdocr.render.placed import placed_lines

DPI = 200
"""Of the pictures."""

WORD = re.compile(
    r'<word xMin="([-.\d]+)" yMin="([-.\d]+)" xMax="([-.\d]+)" yMax="([-.\d]+)">(.*?)</word>'
)

Words = list[list[tuple[str, Box]]]
"""The words of each page with their boxes, in points."""


@dataclass
class Figures:
    """Counts over words.

    Attributes:
        read: words that were read.
        kept: of these, those that pdftotext finds.
        given: words of the PDF from text.
        overlaps: intersection over union of each of these that is found.
    """

    read: int = 0
    kept: int = 0
    given: int = 0
    overlaps: list[float] = field(default_factory=list)

    def add(self, other: "Figures") -> None:
        """Adds those of another document."""
        self.read += other.read
        self.kept += other.kept
        self.given += other.given
        self.overlaps += other.overlaps

    def row(self, name: str) -> str:
        """A line of the table."""
        found = len(self.overlaps)
        above = sum(overlap > 0.5 for overlap in self.overlaps) / max(found, 1)
        middle = median(self.overlaps) if self.overlaps else 0.0
        return (
            f"{name[:40]:40} {self.given:6} {self.kept / max(self.read, 1):6.3f} "
            f"{found / max(self.given, 1):6.3f} {middle:6.3f} {above:6.3f}"
        )


def main() -> int:
    """Measures the PDFs on the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pdf", nargs="+", type=Path)
    parser.add_argument("--ocrmypdf", action="store_true", help="OCRmyPDF writes the PDF")
    given = parser.parse_args()
    print(f"{'':40} {'words':>6} {'kept':>6} {'right':>6} {'IoU':>6} {'> .5':>6}")
    whole = Figures()
    for path in given.pdf:
        found = measure(path, by_ocrmypdf=given.ocrmypdf)
        whole.add(found)
        print(found.row(path.name), flush=True)
    print(whole.row(f"all {len(given.pdf)}"))
    return 0


def measure(path: Path, *, by_ocrmypdf: bool = False) -> Figures:
    """The figures of one PDF that was made from text."""
    with tempfile.TemporaryDirectory() as folder:
        scan, made = Path(folder, "scan.pdf"), Path(folder, "made.pdf")
        as_pictures(path, scan)
        document = mdocr.parse(scan, boxes="word")
        if by_ocrmypdf:
            plugin = ["--plugin", "mdocr.ocrmypdf_plugin", "--output-type", "pdf", "--jobs", "1"]
            command = [sys.executable, "-m", "ocrmypdf", *plugin, str(scan), str(made)]
            subprocess.run(command, check=True, capture_output=True)
        else:
            document.save(made)
        read = [Counter(words_read(page)) for page in document.pages]
        return compared(read, words_of(made), words_of(path))


def as_pictures(path: Path, scan: Path) -> None:
    """The pages of a PDF as pictures, in a PDF of the same sizes."""
    with pymupdf.open(path) as given, pymupdf.open() as pictures:
        for page in given:
            picture = page.get_pixmap(dpi=DPI).tobytes("png")
            made = pictures.new_page(width=page.rect.width, height=page.rect.height)
            made.insert_image(made.rect, stream=picture)
        pictures.save(scan)


def words_read(page: mdocr.Page) -> list[str]:
    """The words that were read on a page."""
    lines = (line for block in page.blocks for line in placed_lines(block))
    return [word.text for line in lines for word in line.words]


def words_of(path: Path) -> Words:
    """The words of a PDF, as ``pdftotext -bbox`` lists them."""
    done = subprocess.run(
        ["pdftotext", "-cropbox", "-bbox", str(path), "-"],
        check=True,
        capture_output=True,
        text=True,
    )
    pages = done.stdout.split("<page ")[1:]
    return [
        [(unescape(text), Box(*map(float, edges))) for *edges, text in WORD.findall(page)]
        for page in pages
    ]


def compared(read: list[Counter[str]], made: Words, given: Words) -> Figures:
    """The figures of a document: what was read, what was made of it, what is given."""
    figures = Figures()
    for counts, own, true in zip(read, made, given, strict=True):
        figures.read += counts.total()
        figures.kept += (counts & Counter(text for text, _ in own)).total()
        figures.given += len(true)
        figures.overlaps += overlaps(own, true)
    return figures


def overlaps(own: list[tuple[str, Box]], true: list[tuple[str, Box]]) -> list[float]:
    """Intersection over union of words of the same text, each with the nearest one left."""
    boxes: dict[str, list[Box]] = defaultdict(list)
    for text, box in own:
        boxes[text].append(box)
    found = []
    for text, box in true:
        if boxes[text]:
            best = max(boxes[text], key=lambda one: (box.iou(one), -abs(one.y0 - box.y0)))
            boxes[text].remove(best)
            found.append(box.iou(best))
    return found


if __name__ == "__main__":
    sys.exit(main())
