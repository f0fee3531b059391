"""Pictures of single formulas to LaTeX."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace

from mdocr import formulas
from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.errors import InputError
from mdocr.parser import Parser, Picture
from mdocr.parsing import lite_formulas, prompted

LONGEST = 1024
"""Tokens of a formula, at most, where they are not characters of the lite model's notation."""

TOGETHER = 32
"""Pictures that those who have many hand over at a time."""

logger = logging.getLogger(__name__)


def read_formulas(
    parser: Parser, pictures: Sequence[Picture], threshold: float = BlockOptions.threshold
) -> list[Generation | InputError]:
    """LaTeX of formulas, without delimiters, in the order of their pictures; or why there is none.

    Raises:
        UsageError: the model reads no formulas.
        OutOfMemoryError: there is not room for so many.
    """
    length, longest = (
        (lite_formulas.FORMULA_BLOCK, lite_formulas.LONGEST)
        if parser.reads_lines
        else (prompted.BLOCK_LENGTH, LONGEST)
    )
    options = BlockOptions(threshold=threshold, block_length=length, max_tokens=longest)
    found: dict[int, Generation | InputError] = {}
    asked: list[int] = []

    def requests() -> Iterator[Request]:
        for number, picture in enumerate(pictures):
            try:
                request = parser.request(picture, "formula", options)
            except InputError as error:
                found[number] = error
                continue
            asked.append(number)
            yield request

    slots = min(parser.slots(longest), max(1, len(pictures)))
    for index, made in parser.denoise(requests(), slots):
        if len(made.tokens) >= longest:
            logger.warning("a formula was longer than %d tokens and is cut short", longest)
        latex = parser.in_latex(made, "formula").text
        found[asked[index]] = replace(made, text=formulas.bare(latex))
    return [found[number] for number in range(len(pictures))]
