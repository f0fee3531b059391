r"""How well tables are found and parted into cells: the ICDAR 2013 table competition, in PDFs.

The 67 documents and their truth (``*-str.xml``) are among the test files of Tabula:

    git clone --depth 1 https://github.com/tabulapdf/tabula-java
    find tabula-java -path '*icdar2013*' \( -name '*.pdf' -o -name '*-str.xml' \) \
      -exec cp -t icdar {} +
    python docs/benchmarks/tables.py icdar

A table is compared by its adjacency relations (M. Göbel et al., 2012): each cell with text and the
next one at its right, and below, blank ones passed over. What is no table in the truth has none. A
document counts once; the means over documents are those of the competition's complete task.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise, product
from pathlib import Path
from statistics import mean
from typing import Annotated, NamedTuple
from xml.etree import ElementTree

import pymupdf
import typer

import mdocr
from mdocr.document.tables import Cell, Table, parse

Relation = tuple[str, str, str]
Relations = Counter[Relation]
Reader = Callable[[Path], Iterable[Table]]


class Score(NamedTuple):
    """Of one document: relations that were found and are true, all found, all true."""

    right: int
    found: int
    true: int

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return 2 * self.right / (self.found + self.true) if self.found + self.true else 1.0


def main(
    documents: Annotated[Path, typer.Argument(help="Folder of the competition's PDFs and XML.")],
    pictures: Annotated[bool, typer.Option(help="Read pictures of the pages too.")] = False,
    each: Annotated[bool, typer.Option(help="A line for each document.")] = False,
) -> None:
    """Prints precision, recall and F1 of mdocr and of PyMuPDF's finder of tables."""
    readers: dict[str, Reader] = {
        "mdocr": by_mdocr("verify"),
        "PyMuPDF, ruled": by_pymupdf("lines"),
        "PyMuPDF, text": by_pymupdf("text"),
    }
    if pictures:
        readers["mdocr, pictures"] = by_mdocr("ignore")
    paths = [path for path in sorted(documents.glob("*.pdf")) if truth_of(path).exists()]
    print(f"{len(paths)} documents")
    print("| reader | precision | recall | F1 |\n| --- | --- | --- | --- |")
    for name, reader in readers.items():
        scores = [score(path, reader) for path in paths]
        if each:
            for path, own in sorted(zip(paths, scores, strict=True), key=lambda two: two[1].f1):
                print(f"  {path.stem:8} {own.f1:.3f}  {own}")
        precision = mean(own.right / own.found if own.found else 0.0 for own in scores)
        recall = mean(own.right / own.true for own in scores)
        shares = (precision, recall, mean(own.f1 for own in scores))
        print(f"| {name} | {' | '.join(f'{share:.1%}' for share in shares)} |")


def score(path: Path, reader: Reader) -> Score:
    """Relations of all tables of a document, compared."""
    found, true = all_relations(reader(path)), all_relations(truth(truth_of(path)))
    return Score((found & true).total(), found.total(), true.total())


def truth_of(path: Path) -> Path:
    """The file of a document's truth."""
    return path.with_name(f"{path.stem}-str.xml")


def truth(path: Path) -> Iterator[Table]:
    """The competition's tables; one that goes on on a further page goes on."""
    for table in ElementTree.parse(path).getroot().iter("table"):
        yield Table(tuple(cell for region in table.iter("region") for cell in cells_of(region)))


def cells_of(region: ElementTree.Element) -> Iterator[Cell]:
    """Cells of the part of a table on one page."""
    down, right = (int(region.get(f"{name}-increment") or 0) for name in ("row", "col"))
    for cell in region.iter("cell"):
        row, column = int(cell.attrib["start-row"]), int(cell.attrib["start-col"])
        rows = int(cell.get("end-row", row)) - row + 1
        columns = int(cell.get("end-col", column)) - column + 1
        yield Cell(cell.findtext("content") or "", row + down, column + right, rows, columns)


def all_relations(tables: Iterable[Table]) -> Relations:
    """Adjacency relations of some tables."""
    return Counter(relation for table in tables for relation in relations(table))


def relations(table: Table) -> Iterator[Relation]:
    """The texts of each two cells that follow one another in a row or column, and which it is."""
    cells = {cell: text for cell in table.cells if (text := plain(cell.text))}
    places = {place: cell for cell in cells for place in positions(cell)}
    height, width = table.height, table.width
    rows = [[places.get((row, column)) for column in range(width)] for row in range(height)]
    for name, lines in (("right", rows), ("below", zip(*rows, strict=True))):
        pairs = {pair for line in lines for pair in pairwise(distinct(line))}
        yield from ((name, cells[first], cells[second]) for first, second in pairs)


def positions(cell: Cell) -> Iterator[tuple[int, int]]:
    """The places of the grid that a cell covers."""
    rows = range(cell.row, cell.row + cell.rows)
    yield from product(rows, range(cell.column, cell.column + cell.columns))


def distinct(line: Iterable[Cell | None]) -> list[Cell]:
    """The cells of a row or column in order, each once."""
    return list(dict.fromkeys(cell for cell in line if cell))


def plain(text: str) -> str:
    """Letters and figures alone, as the competition compares them."""
    text = unicodedata.normalize("NFKC", re.sub("<[^>]+>", "", text)).casefold()
    return "".join(character for character in text if character.isalnum())


def by_mdocr(text_layer: str) -> Reader:
    """Tables of documents read with their text layers, or without."""

    def read(path: Path) -> list[Table]:
        document = mdocr.parse(path, text_layer=text_layer)
        blocks = [block for page in document.pages for block in page.blocks]
        return [parse(block.content, block.format) for block in blocks if block.type == "table"]

    return read


def by_pymupdf(strategy: str) -> Reader:
    """Tables that PyMuPDF finds; cells that it joins hold ``None`` in the places they cover."""

    def read(path: Path) -> list[Table]:
        with pymupdf.open(path) as document:
            found = [page.find_tables(strategy=strategy).tables for page in document]
            grids = [table.extract() for tables in found for table in tables]
        return [
            Table(
                tuple(
                    Cell(text or "", row, column)
                    for row, line in enumerate(grid)
                    for column, text in enumerate(line)
                )
            )
            for grid in grids
        ]

    return read


if __name__ == "__main__":
    typer.run(main)
