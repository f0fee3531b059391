"""Pictures of single formulas to LaTeX."""

from collections.abc import Iterator, Sequence

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.document.latex.tokens import strip_delimiters
from mdocr.errors import InputError, MdocrError
from mdocr.inputs.pictures import Picture, open_picture
from mdocr.options import ParseOptions
from mdocr.parsing.line_reader.formulas import FORMULA_BLOCK
from mdocr.parsing.line_reader.formulas import LONGEST as LONGEST_NOTATION
from mdocr.parsing.line_reader.questions import formula_draft
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.texts import is_at_limit
from mdocr.preprocessing.formula_rows import cut_rows, join_rows

TOGETHER = 32
"""Pictures to hand over at a time by those who have many."""


def read_formulas(
    model: PageModel, pictures: Sequence[Picture], options: ParseOptions
) -> list[Generation | MdocrError]:
    """LaTeX of formulas, without delimiters, in the order of their pictures; or why there is none.

    Those that were cut at their limit are ``truncated``.

    Raises:
        UsageError: the model reads no formulas.
        OutOfMemoryError: the device has not enough memory for so many.
    """
    each = _block_options(model, options)
    missed: dict[int, MdocrError] = {}
    rows: list[list[int]] = [[] for _ in pictures]  # numbers of requests

    def requests() -> Iterator[Request]:
        count = 0
        for number, picture in enumerate(pictures):
            try:
                made = _requests(model, picture, each)
            except InputError as error:
                missed[number] = error
                continue
            rows[number] = [*range(count, count + len(made))]
            count += len(made)
            yield from made

    batch_size = min(model.batch_size(each.max_tokens), max(1, len(pictures)))
    read = dict(model.denoise(requests(), batch_size))
    return [
        missed[number]
        if number in missed
        else _joined(model, [read[index] for index in indices], each.max_tokens)
        for number, indices in enumerate(rows)
    ]


def _block_options(model: PageModel, options: ParseOptions) -> BlockOptions:
    length, longest, draft = model.block_length, options.longest("equation"), "none"
    if model.reads_lines:
        length, longest = FORMULA_BLOCK, min(longest, LONGEST_NOTATION)
        draft = formula_draft(options.draft)
    threshold = options.threshold_of("equation")
    return BlockOptions(threshold, block_length=length, max_tokens=longest, draft=draft)


def _requests(model: PageModel, picture: Picture, options: BlockOptions) -> list[Request]:
    """One for the formula, or for each of its rows where the model reads single rows."""
    image = open_picture(picture)
    rows = cut_rows(image) if model.reads_lines else [image]
    return [model.request(row, "formula", options) for row in rows]


def _joined(
    model: PageModel, rows: Sequence[Generation | MdocrError], longest: int
) -> Generation | MdocrError:
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
        truncated=any(is_at_limit(row, longest) for row in whole),
    )
