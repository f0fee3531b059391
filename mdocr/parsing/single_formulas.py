"""Pictures of single formulas to LaTeX."""

import logging
from collections.abc import Iterator, Sequence

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.document.latex.tokens import strip_delimiters
from mdocr.errors import InputError
from mdocr.inputs.pictures import open_picture
from mdocr.parsing import mineru_diffusion as prompted
from mdocr.parsing.line_reader import formulas as lite_formulas
from mdocr.parsing.parser import Parser, Picture
from mdocr.preprocessing.formula_rows import cut_rows, join_rows

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
    options = _options(parser, threshold)
    missed: dict[int, InputError] = {}
    rows: list[list[int]] = [[] for _ in pictures]  # numbers of requests

    def requests() -> Iterator[Request]:
        count = 0
        for number, picture in enumerate(pictures):
            try:
                made = _requests(parser, picture, options)
            except InputError as error:
                missed[number] = error
                continue
            rows[number] = [*range(count, count + len(made))]
            count += len(made)
            yield from made

    batch_size = min(parser.batch_size(options.max_tokens), max(1, len(pictures)))
    read = dict(parser.denoise(requests(), batch_size))
    if any(len(made.tokens) >= options.max_tokens for made in read.values()):
        logger.warning("a formula was longer than %d tokens and is cut short", options.max_tokens)
    return [
        missed[number] if number in missed else _joined(parser, [read[index] for index in indices])
        for number, indices in enumerate(rows)
    ]


def _options(parser: Parser, threshold: float) -> BlockOptions:
    length, longest = (
        (lite_formulas.FORMULA_BLOCK, lite_formulas.LONGEST)
        if parser.reads_lines
        else (prompted.BLOCK_LENGTH, LONGEST)
    )
    return BlockOptions(threshold=threshold, block_length=length, max_tokens=longest)


def _requests(parser: Parser, picture: Picture, options: BlockOptions) -> list[Request]:
    """One for each row that the model reads by itself."""
    image = open_picture(picture)
    rows = cut_rows(image) if parser.reads_lines else [image]
    return [parser.request(row, "formula", options) for row in rows]


def _joined(parser: Parser, rows: Sequence[Generation]) -> Generation:
    """The rows of one formula as one text, in LaTeX."""
    texts = [row.text for row in rows]
    latex = join_rows(texts) if parser.reads_lines else texts[0]
    return Generation(
        text=strip_delimiters(latex),
        tokens=tuple(token for row in rows for token in row.tokens),
        steps=tuple(step for row in rows for step in row.steps),
        confidences=tuple(each for row in rows for each in row.confidences),
        passes=sum(row.passes for row in rows),
    )
