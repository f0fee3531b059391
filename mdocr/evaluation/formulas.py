"""Scores of images of single formulas."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from mdocr.decoding.requests import Generation
from mdocr.errors import InputError
from mdocr.evaluation.metrics import formula_similarity, formula_tokens
from mdocr.inputs.labelled import Collection
from mdocr.options import ParseOptions
from mdocr.parsing import single_formulas
from mdocr.parsing.parser import Parser
from mdocr.preprocessing.formula_notation import to_notation
from mdocr.preprocessing.formula_rows import split_rows

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReadFormula:
    """A formula beside its ground truth, both in LaTeX."""

    read: str
    true: str
    passes: int

    @property
    def is_right(self) -> bool:
        """Whether both are equal, up to spaces, sizes of brackets and alignment."""
        return _normalised(self.read) == _normalised(self.true)


def read_formulas(
    parser: Parser, pictures: Collection, count: int, threshold: float
) -> Iterator[ReadFormula]:
    """Reads the first ``count`` images of a collection; an unreadable one gives an empty text."""
    options = ParseOptions(threshold=threshold)
    for start in range(0, count, single_formulas.TOGETHER):
        numbers = range(start, min(start + single_formulas.TOGETHER, count))
        opened = {number: found for number in numbers if (found := _open(pictures, number))}
        made = single_formulas.read_formulas(parser, list(opened.values()), options)
        read = dict(zip(opened, made, strict=True))
        for number in numbers:
            one = read.get(number)
            text, passes = (one.text, one.passes) if isinstance(one, Generation) else ("", 0)
            yield ReadFormula(text, pictures.text(number), passes)


def summary(found: Sequence[ReadFormula]) -> dict[str, Any]:
    """Share of correct formulas, mean edit similarity, mean passes of a formula."""
    count = max(len(found), 1)
    return {
        "formulas": len(found),
        "exact": sum(one.is_right for one in found) / count,
        "similarity": sum(formula_similarity(one.read, one.true) for one in found) / count,
        "passes": sum(one.passes for one in found) / max(sum(one.passes > 0 for one in found), 1),
    }


def _open(pictures: Collection, number: int) -> Image.Image | None:
    try:
        return pictures.picture(number)
    except InputError as error:
        logger.warning("counted as misread: %s", error.message)
        return None


def _normalised(latex: str) -> list[str]:
    """A form in which formulas that look alike are equal."""
    try:
        return [to_notation(row) for row in split_rows(latex)]
    except InputError:  # beyond the notation
        return formula_tokens(latex)
