"""Lines and words that were read, with what they should say.

One CSV holds them, which spreadsheets open: a review writes it, a person fills in the column
``correction``, a training run reads it. The report saves the same.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mdocr.document.csv_cells import csv_cell, text_of_cell
from mdocr.document.model import Box
from mdocr.errors import InputError

COLUMNS = ("picture", "text", "confidence", "correction", "source", "page", "bbox", "angle")
HINT = f"It is a CSV with the columns {', '.join(COLUMNS)}, as --review and the report write it."
TURNS = (0, 90, 180, 270)


@dataclass(frozen=True)
class Correction:
    """A line of a document, or a picture of a word, and what it should say.

    Attributes:
        source: path of the document, or of the word's picture.
        text: what was read.
        correction: what stands there; empty where nobody has said.
        confidence: of the reading, 0 to 1.
        picture: path of the line's picture, relative to the CSV; empty without one.
        page: of the document, from 1; 0 for a word.
        box: of the line on its page; None for a word.
        angle: as of ``PageLine``.
    """

    source: str
    text: str = ""
    correction: str = ""
    confidence: float = 0.0
    picture: str = ""
    page: int = 0
    box: Box | None = None
    angle: int = 0

    def row(self) -> dict[str, str]:
        """What stands in the columns of the CSV."""
        place = " ".join(f"{edge:g}" for edge in self.box.as_list()) if self.box else ""
        record = {**vars(self), "bbox": place, "confidence": f"{self.confidence:.3f}"}
        return {name: str(record[name]) for name in COLUMNS}


def write_corrections(rows: Iterable[Correction]) -> str:
    """The CSV, with the mark by which spreadsheets know UTF-8."""
    stream = io.StringIO()
    table = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow({name: csv_cell(cell) for name, cell in row.row().items()})
    return "\ufeff" + stream.getvalue()


def read_corrections(path: Path) -> list[Correction]:
    """The rows of a CSV in which somebody has said what stands there.

    Raises:
        InputError: it cannot be read, is of another form, or has no correction.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise InputError(f"cannot read the corrections {path}: {reason}", HINT) from error
    head = text.partition("\n")[0]
    table = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    missing = {"correction", "source"} - set(table.fieldnames or ())
    if missing:
        raise InputError(f"{path} has no column {' and '.join(sorted(missing))}", HINT)
    found = [_correction(row, f"{path}, line {table.line_num}") for row in table]
    filled = [row for row in found if row.correction]
    if not filled:
        raise InputError(
            f"nothing is corrected in {path}", "Write what stands there into: correction"
        )
    return filled


def _correction(row: Mapping[str, str | None], place: str) -> Correction:
    cells = {key: text_of_cell((value or "").strip()) for key, value in row.items() if key}
    try:
        edges = [float(edge) for edge in cells.get("bbox", "").split()]
        made = Correction(
            source=cells["source"],
            text=cells.get("text", ""),
            correction=" ".join(cells["correction"].split()),
            confidence=float(cells.get("confidence") or 0),
            picture=cells.get("picture", ""),
            page=int(cells.get("page") or 0),
            box=Box(*edges) if edges else None,
            angle=int(cells.get("angle") or 0),
        )
    except (TypeError, ValueError) as error:
        raise InputError(f"{place} is not as it was written: {error}", HINT) from error
    if made.angle not in TURNS:
        raise InputError(f"{place}: the angle {made.angle} is none of {TURNS}", HINT)
    return made
