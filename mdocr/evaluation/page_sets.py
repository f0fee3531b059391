"""Pages with ground truth, from a folder.

Three layouts are known:
- OmniDocBench: a JSON list of pages with ``layout_dets`` and ``page_info``, and ``images/``;
- images or PDFs, each beside ``<name>.json`` (``mdocr.document/1``) or ``<name>.md``;
- the same beside a plain text, ``<name>.gt.txt`` or ``<name>.txt``, in which tables and formulas
  are not marked: all output counts as text.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mdocr.document.document import DOCUMENT_SCHEMA
from mdocr.errors import InputError
from mdocr.evaluation.page_parts import PagePart, from_markdown, from_text
from mdocr.inputs.find import natural_order
from mdocr.inputs.formats import PICTURE_SUFFIXES
from mdocr.render import Document

ENDINGS = (".json", ".md", ".gt.txt", ".txt")
"""Suffixes of ground truth, in order of preference."""

SOURCES = PICTURE_SUFFIXES | {".pdf"}
OMNIDOCBENCH_KINDS = {
    **dict.fromkeys(("text_block", "title", "reference", "code_txt", "code_algorithm"), "text"),
    **dict.fromkeys(("code_txt_caption", "code_algorithm_caption", "equation_caption"), "text"),
    **dict.fromkeys(("figure_caption", "figure_footnote", "table_caption"), "text"),
    "table_footnote": "text",
    "table": "table",
    "equation_isolated": "formula",
}
"""Categories that OmniDocBench compares; headers, footers and page numbers are not among them."""


@dataclass(frozen=True)
class TruePage:
    """An image or document with its ground truth.

    Attributes:
        name: file name without suffix.
        path: of the image or PDF.
        parts: in reading order.
        is_plain: whether tables and formulas are not marked in the text.
        kind: category of the page, if known.
    """

    name: str
    path: Path
    parts: tuple[PagePart, ...]
    is_plain: bool = False
    kind: str = ""


def load_pages(folder: Path) -> list[TruePage]:
    """The pages of a folder with ground truth, in natural order.

    Raises:
        InputError: there are none, or a file is damaged.
    """
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}", "Name a folder of pages.")
    listing = _listing(folder)
    pages = [*(_omnidocbench(folder, listing) if listing else _beside(folder))]
    if not pages:
        raise InputError(
            f"{folder} holds no pages with ground truth",
            f"Put NAME{', NAME'.join(ENDINGS)} beside the image NAME.png.",
        )
    return pages


def _beside(folder: Path) -> Iterator[TruePage]:
    kinds = _kinds(folder)
    for path in sorted(folder.iterdir(), key=lambda path: natural_order(str(path))):
        if path.suffix.lower() in SOURCES:
            truths = (path.with_name(path.stem + ending) for ending in ENDINGS)
            truth = next((truth for truth in truths if truth.is_file()), None)
            if truth:
                parts, is_plain = _read(truth)
                yield TruePage(path.stem, path, tuple(parts), is_plain, kinds.get(path.stem, ""))


def _read(truth: Path) -> tuple[list[PagePart], bool]:
    try:
        text = truth.read_text(encoding="utf-8")
        if truth.suffix == ".json":
            return from_markdown(Document.from_dict(json.loads(text)).render()), False
    except (OSError, ValueError) as error:
        raise InputError(
            f"cannot read the ground truth {truth}: {error}",
            "Give UTF-8 text or Markdown, or JSON as mdocr parse writes it.",
        ) from error
    return (from_markdown(text), False) if truth.suffix == ".md" else (from_text(text), True)


def _kinds(folder: Path) -> dict[str, str]:
    """Categories of pages, from the columns ``name`` and ``kind`` of a ``manifest.tsv``."""
    manifest = folder / "manifest.tsv"
    if not manifest.is_file():
        return {}
    try:
        lines = manifest.read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read {manifest}: {error}", "Save it as UTF-8 text.") from error
    head, *rows = [line.split("\t") for line in lines or [""]]
    records = [dict(zip(head, row, strict=False)) for row in rows]
    return {row["name"]: row["kind"] for row in records if "name" in row and "kind" in row}


def _listing(folder: Path) -> list[dict[str, Any]]:
    """The records of an OmniDocBench listing; empty if there is none."""
    for path in sorted(folder.glob("*.json")):
        try:
            records = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(
                f"cannot read {path}: {error}",
                "JSON files there are a listing of OmniDocBench or documents; move others away.",
            ) from error
        if isinstance(records, list) and any(map(_is_listed, records)):
            return records
        if isinstance(records, dict) and records.get("schema") == DOCUMENT_SCHEMA:
            return []
    return []


def _is_listed(record: Any) -> bool:
    return isinstance(record, dict) and "layout_dets" in record


def _omnidocbench(folder: Path, records: list[dict[str, Any]]) -> Iterator[TruePage]:
    for number, record in enumerate(records):
        try:
            yield _listed_page(folder, record)
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(
                f"record {number} of the listing in {folder} is not one of OmniDocBench: {error!r}",
                "Download the listing again, or correct the record.",
            ) from error


def _listed_page(folder: Path, record: dict[str, Any]) -> TruePage:
    info = record["page_info"]
    name = Path(info["image_path"])
    candidates = (folder / "images" / name.name, folder / name, folder / name.name)
    path = next((file for file in candidates if file.is_file()), None)
    if path is None:
        raise InputError(
            f"the image {name} of {folder} is missing", "Is the data set complete? Check its size."
        )
    kind = str(info.get("page_attribute", {}).get("data_source", ""))
    return TruePage(name.stem, path, tuple(_parts(record["layout_dets"])), kind=kind)


def _parts(regions: list[dict[str, Any]]) -> Iterator[PagePart]:
    """Parts of an OmniDocBench page, in its reading order."""
    ordered = [region for region in regions if region.get("order") is not None]
    for region in sorted(ordered, key=lambda region: region["order"]):
        kind = OMNIDOCBENCH_KINDS.get(region["category_type"])
        if kind is None or region.get("ignore"):
            continue
        key = {"text": "text", "table": "html", "formula": "latex"}[kind]
        if content := str(region.get(key) or "").strip():
            yield PagePart(kind, content)
