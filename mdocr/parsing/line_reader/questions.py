"""What a page asks of the line reader, and how its lines are decoded."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from mdocr.decoding.requests import BlockOptions, Request
from mdocr.models.line_reader_config import LINE_HEIGHT
from mdocr.options import ParseOptions
from mdocr.parsing.texts import block_options

BLOCK_LENGTH = 16
"""Tokens that the line reader was trained to denoise together."""

NARROWEST_LETTER = 3
"""Pixels at the reader's height; a piece holds no more letters than its width has room for."""


@dataclass(frozen=True)
class Question:
    """A text that is asked for.

    Attributes:
        number: by which the reading knows the answer; negative for formulas.
        make: prepares the request.
        size: width in pixels; texts of about one size are generated together.
    """

    number: int
    make: Callable[[], Request]
    size: int


def piece_options(options: ParseOptions, target: str, width: int, draft: str) -> BlockOptions:
    """How a piece of a line is decoded: with no more tokens than there is room for.

    So noise does not take long.

    Args:
        options: of the document.
        target: type of its region.
        width: in pixels, at the reader's height.
        draft: as in ``BlockOptions``.
    """
    room = BLOCK_LENGTH * math.ceil(max(width, LINE_HEIGHT) / NARROWEST_LETTER / BLOCK_LENGTH)
    longest = min(room, options.longest(target))
    return replace(block_options(options, target, BLOCK_LENGTH, longest), draft=draft)


def formula_draft(draft: str) -> str:
    """The draft of formulas, in ``BlockOptions``, where that of lines is this one."""
    return draft if draft == "none" else "ctc-level"
