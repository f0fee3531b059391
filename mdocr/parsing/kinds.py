"""Whether a file is a document or the picture of a word."""

import warnings
from pathlib import Path

from PIL import Image

from mdocr.errors import MdocrError
from mdocr.inputs.formats import PAGED, open_image

PAGE_EDGE = 400
"""Pixels of the shorter edge from which a picture is taken for a page."""

PAGE_RATIO = 3.0
"""Long edge to short edge up to which it is."""


def kind_of(path: str) -> str:
    """``page`` or ``word``.

    A PDF is a page; so is a file of several frames, and a picture whose shorter edge has at least
    400 pixels and whose longer edge is at most 3 times as long. What cannot be opened is a page,
    whose reader says what is wrong with it.
    """
    if Path(path).suffix.lower() == ".pdf" or not Path(path).is_file():  # a pipe is read but once
        return "page"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with open_image(path) as picture:
                frames = getattr(picture, "n_frames", 1) if picture.format in PAGED else 1
                short, long = sorted(picture.size)
    except (OSError, ValueError, SyntaxError, MdocrError, Image.DecompressionBombError):
        return "page"
    return "page" if frames > 1 or (short >= PAGE_EDGE and long <= PAGE_RATIO * short) else "word"
