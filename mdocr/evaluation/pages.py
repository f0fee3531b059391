"""Scores of pages, by the metrics of OmniDocBench that need no TeX."""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median
from typing import Any, NamedTuple

from mdocr.batch.results import without_pictures
from mdocr.errors import InputError
from mdocr.evaluation.metrics import edit_similarity, formula_similarity, order_distance, plain
from mdocr.evaluation.page_parts import PagePart, from_markdown, joined
from mdocr.evaluation.page_sets import TruePage
from mdocr.evaluation.table_trees import teds
from mdocr.files import write_text
from mdocr.options import ParseOptions
from mdocr.parsing.events import collect
from mdocr.parsing.parser import Parser
from mdocr.parsing.pipeline import DocumentTask, read_documents

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class PageScores:
    """Scores of a page.

    Attributes:
        name: of the page.
        kind: of the page, if known.
        text: edit similarity of the text, 0 to 1.
        order: edit distance of the reading order, 0 (equal) to 1.
        teds: of each table of the ground truth, 0 to 1; 0 for a missing one.
        teds_s: the same without texts.
        formulas: edit similarity of each formula of the ground truth.
    """

    name: str
    kind: str
    text: float
    order: float
    teds: tuple[float, ...] = ()
    teds_s: tuple[float, ...] = ()
    formulas: tuple[float, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The page as a record; tables and formulas by their means, None if there are none."""
        return {
            "page": self.name,
            "kind": self.kind,
            "text": round(self.text, 5),
            "order_distance": round(self.order, 5),
            "tables": len(self.teds),
            "teds": _mean(self.teds),
            "teds_s": _mean(self.teds_s),
            "formulas": len(self.formulas),
            "formula": _mean(self.formulas),
        }


def score_page(markdown: str, page: TruePage) -> PageScores:
    """Scores the output of a page.

    Args:
        markdown: predicted page; empty if it failed.
        page: the ground truth.
    """
    read = from_markdown(markdown)
    true = list(page.parts)
    if page.is_plain:
        text, paragraphs = joined(read), [part.content for part in true]
    else:
        text = joined(_of_kind(read, "text"))
        paragraphs = [part.content for part in _of_kind(true, "text")]
    true_tables, read_tables = _of_kind(true, "table"), _of_kind(read, "table")
    pairs = matched(read_tables, true_tables, lambda a, b: edit_similarity(a.text, b.text))
    sums = matched(
        _of_kind(read, "formula"),
        _of_kind(true, "formula"),
        lambda a, b: formula_similarity(a.content, b.content),
    )
    return PageScores(
        page.name,
        page.kind,
        edit_similarity(plain(text), plain("\n".join(paragraphs))),
        order_distance(text, paragraphs),
        tuple(teds(a, b) for a, b in pairs),
        tuple(teds(a, b, structure_only=True) for a, b in pairs),
        tuple(formula_similarity(a, b) for a, b in sums),
    )


def matched(
    read: Sequence[PagePart], true: Sequence[PagePart], alike: Callable[[PagePart, PagePart], float]
) -> list[tuple[str, str]]:
    """Greedily matches each true part with the most similar predicted part.

    Returns pairs of predicted and true contents; a true part without match has an empty text.
    """
    pairs = sorted(
        ((alike(a, b), -i, -j) for i, a in enumerate(read) for j, b in enumerate(true)),
        reverse=True,
    )
    taken: dict[int, int] = {}
    for likeness, i, j in pairs:
        if likeness > 0 and -j not in taken and -i not in taken.values():
            taken[-j] = -i
    return [
        (read[taken[number]].content if number in taken else "", part.content)
        for number, part in enumerate(true)
    ]


def summary(scores: Sequence[PageScores]) -> dict[str, Any]:
    """Scores of a set.

    ``text`` and ``order_distance`` are means over pages, ``text_median`` is the median; the others
    are means over all tables and formulas. ``overall`` is OmniDocBench's formula in per cent, with
    edit similarity of formulas instead of CDM; None unless there are tables and formulas.
    """
    tables = [value for score in scores for value in score.teds]
    structures = [value for score in scores for value in score.teds_s]
    formulas = [value for score in scores for value in score.formulas]
    text = mean(score.text for score in scores)
    parts = (text, _mean(tables), _mean(formulas))
    whole = [part for part in parts if part is not None]
    return {
        "pages": len(scores),
        "text": round(text, 5),
        "text_median": round(median(score.text for score in scores), 5),
        "order_distance": round(mean(score.order for score in scores), 5),
        "tables": len(tables),
        "teds": _mean(tables),
        "teds_s": _mean(structures),
        "formulas": len(formulas),
        "formula": _mean(formulas),
        "overall": round(100 * mean(whole), 3) if len(whole) == len(parts) else None,
    }


def by_kind(scores: Iterable[PageScores]) -> dict[str, list[PageScores]]:
    """The pages of each kind, sorted by kind."""
    kinds: dict[str, list[PageScores]] = {}
    for score in scores:
        kinds.setdefault(score.kind, []).append(score)
    return dict(sorted(kinds.items()))


def records(scores: Sequence[PageScores], per_page: bool) -> list[dict[str, Any]]:
    """A record of each page; or of each kind of page, if there are several, and of all."""
    if per_page:
        return [score.to_dict() for score in scores]
    kinds = by_kind(scores)
    groups = {**(kinds if len(kinds) > 1 else {}), "all": scores}
    return [{"group": name, **summary(found)} for name, found in groups.items()]


class ReadText(NamedTuple):
    """The output of a page, or of a document of several.

    Attributes:
        page: the ground truth.
        text: Markdown; empty if reading failed.
        pages: number of pages read.
    """

    page: TruePage
    text: str
    pages: int


def read_pages(
    parser: Parser, pages: Sequence[TruePage], options: ParseOptions
) -> Iterator[ReadText]:
    """Reads pages, with many regions in flight.

    A page that fails gives an empty text and a warning.
    """
    tasks = [DocumentTask(str(page.path)) for page in pages]
    for read in collect(read_documents(lambda: parser, tasks, options), pictures=False):
        page = pages[read.number]
        for failure in read.failures:
            logger.warning("%s: %s", page.path, failure.message)
        document = without_pictures(read.document(parser.name))
        yield ReadText(page, document.render() if read.pages else "", len(read.pages))


def saved(pages: Sequence[TruePage], folder: Path) -> Iterator[tuple[TruePage, str]]:
    """Saved outputs of pages, ``NAME.md`` or ``NAME.txt``; empty if missing.

    Raises:
        InputError: a file is not text.
    """
    for page in pages:
        found = [folder / f"{page.name}{ending}" for ending in (".md", ".txt")]
        path = next((path for path in found if path.is_file()), None)
        if path is None:
            logger.warning("%s has nothing for the page %s", folder, page.name)
        try:
            yield page, path.read_text(encoding="utf-8") if path else ""
        except ValueError as error:
            raise InputError(f"{path} is not UTF-8", "Save it as UTF-8 text.") from error


def save(markdown: str, page: TruePage, folder: Path) -> Path:
    """Writes an output as ``NAME.md``, as OmniDocBench's scripts expect it."""
    path = folder / f"{page.name}.md"
    write_text(path, markdown)
    return path


def _of_kind(parts: Sequence[PagePart], kind: str) -> list[PagePart]:
    return [part for part in parts if part.kind == kind]


def _mean(values: Sequence[float]) -> float | None:
    return round(mean(values), 5) if values else None
