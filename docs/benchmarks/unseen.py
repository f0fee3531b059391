"""Random pages of PDFs that nobody chose, as pictures beside the text that their files hold.

Documentation packages of Debian bring hundreds of PDFs:

    apt-get download texlive-music texlive-games texlive-lang-german gnuplot-doc octave-doc
    for package in *.deb; do dpkg-deb -x "$package" documents; done
    python docs/benchmarks/unseen.py documents -o unseen --count 150 --seed 7
    python docs/benchmarks --only pages --pages unseen

The text is in the order in which the file draws it, which is that of its author but for floats,
margin notes and labels in drawings.
"""

import csv
import random
import re
from pathlib import Path
from typing import Annotated

import pymupdf
import typer

LEAST_LETTERS, LATIN = 200, 0.97
"""Letters of a page at least, and the share of them that is of the Latin script."""

RESOLUTIONS = (150, 200, 300)
TRIED = 30
"""Pages of a file looked at before it is passed over."""


def main(
    documents: Annotated[Path, typer.Argument(help="Folder with PDFs, at any depth.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of pages.")] = Path(
        "unseen"
    ),
    count: Annotated[int, typer.Option(help="Pages.")] = 150,
    seed: Annotated[int, typer.Option(help="Of the choice.")] = 7,
) -> None:
    """Writes one random page of each of some random PDFs."""
    rng = random.Random(seed)
    paths = sorted(path for path in documents.rglob("*.pdf") if path.is_file())
    rng.shuffle(paths)
    output.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    for path in paths:
        if len(names) < count and (page := chosen(path, rng)):
            names.append(f"{len(names):03d}_{re.sub('[^a-z0-9]+', '-', path.stem.lower())}"[:40])
            resolution = rng.choice(RESOLUTIONS)
            page.get_pixmap(dpi=resolution, alpha=False).save(output / f"{names[-1]}.png")
            (output / f"{names[-1]}.gt.txt").write_text(page.get_text(), encoding="utf-8")
    with (output / "manifest.tsv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, "excel-tab")
        rows.writerows([("name", "kind", "language"), *((name, "unseen", "") for name in names)])


def chosen(path: Path, rng: random.Random) -> pymupdf.Page | None:
    """A random page with enough text in Latin letters, if the file has one."""
    try:
        pages = list(pymupdf.open(path))
    except pymupdf.FileDataError:
        return None
    rng.shuffle(pages)
    return next((page for page in pages[:TRIED] if _is_text(page.get_text())), None)


def _is_text(text: str) -> bool:
    letters = [sign for sign in text if sign.isalpha()]
    latin = sum(sign < "\u0250" for sign in letters)
    return "\ufffd" not in text and len(letters) > LEAST_LETTERS and latin > LATIN * len(letters)


if __name__ == "__main__":
    typer.run(main)
