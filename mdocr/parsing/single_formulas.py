"""Pictures of single formulas to LaTeX."""

import logging
from collections.abc import Iterable, Iterator, Sequence

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.document.latex.tokens import strip_delimiters
from mdocr.errors import InputError, MdocrError
from mdocr.inputs.pictures import Picture, open_picture
from mdocr.parsing.line_reader.formulas import FORMULA_BLOCK
from mdocr.parsing.line_reader.formulas import LONGEST as LONGEST_NOTATION
from mdocr.parsing.page_model import PageModel
from mdocr.preprocessing.formula_rows import cut_rows, join_rows

LONGEST = 1024
"""Maximum number of tokens of a formula; the line reader's notation has a limit of its own."""

TOGETHER = 32
"""Pictures to hand over at a time by those who have many."""

logger = logging.getLogger(__name__)


def read_formulas(
    model: PageModel, pictures: Sequence[Picture], threshold: float = BlockOptions.threshold
) -> list[Generation | MdocrError]:
    """LaTeX of formulas, without delimiters, in the order of their pictures; or why there is none.

    Raises:
        UsageError: the model reads no formulas.
        OutOfMemoryError: the device has not enough memory for so many.
    """
    options = _options(model, threshold)
    missed: dict[int, MdocrError] = {}
    rows: list[list[int]] = [[] for _ in pictures]  # numbers of requests

    def requests() -> Iterator[Request]:
        count = 0
        for number, picture in enumerate(pictures):
            try:
                made = _requests(model, picture, options)
            except InputError as error:
                missed[number] = error
                continue
            rows[number] = [*range(count, count + len(made))]
            count += len(made)
            yield from made

    batch_size = min(model.batch_size(options.max_tokens), max(1, len(pictures)))
    read = dict(model.denoise(requests(), batch_size))
    _warn_of_cuts(read.values(), options.max_tokens)
    return [
        missed[number] if number in missed else _joined(model, [read[index] for index in indices])
        for number, indices in enumerate(rows)
    ]


def _warn_of_cuts(read: Iterable[Generation | MdocrError], longest: int) -> None:
    lengths = (len(made.tokens) for made in read if isinstance(made, Generation))
    if max(lengths, default=0) >= longest:
        logger.warning("a formula was longer than %d tokens and is cut short", longest)


def _options(model: PageModel, threshold: float) -> BlockOptions:
    length, longest = (
        (FORMULA_BLOCK, LONGEST_NOTATION) if model.reads_lines else (model.block_length, LONGEST)
    )
    return BlockOptions(threshold=threshold, block_length=length, max_tokens=longest)


def _requests(model: PageModel, picture: Picture, options: BlockOptions) -> list[Request]:
    """One for the formula, or for each of its rows where the model reads single rows."""
    image = open_picture(picture)
    rows = cut_rows(image) if model.reads_lines else [image]
    return [model.request(row, "formula", options) for row in rows]


def _joined(model: PageModel, rows: Sequence[Generation | MdocrError]) -> Generation | MdocrError:
    """The rows of one formula as one text, in LaTeX; the first error if a row has failed."""
    whole = [row for row in rows if isinstance(row, Generation)]
    errors = [row for row in rows if isinstance(row, MdocrError)]
    if errors:
        return errors[0]
    texts = [row.text for row in whole]
    latex = join_rows(texts) if model.reads_lines else texts[0]
    return Generation(
        text=strip_delimiters(latex),
        tokens=tuple(token for row in whole for token in row.tokens),
        steps=tuple(step for row in whole for step in row.steps),
        confidences=tuple(each for row in whole for each in row.confidences),
        passes=sum(row.passes for row in whole),
    )
