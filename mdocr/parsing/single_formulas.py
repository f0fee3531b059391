"""Pictures of single formulas to LaTeX."""

from collections.abc import Sequence

from mdocr.decoding.requests import BlockOptions, Generation
from mdocr.parser import Parser, Picture
from mdocr.parsing import lite, prompted

LONGEST = 256
"""Tokens of a formula, at most."""


def read_formulas(
    parser: Parser, pictures: Sequence[Picture], threshold: float = BlockOptions.threshold
) -> list[Generation]:
    """Formulas in LaTeX, without delimiters, in the order of their pictures.

    Raises:
        UsageError: the model reads no formulas.
        InputError: a picture cannot be read.
    """
    length = (lite if parser.reads_lines else prompted).BLOCK_LENGTH
    return parser.generate(
        pictures, "formula", threshold=threshold, block_length=length, max_tokens=LONGEST
    )
