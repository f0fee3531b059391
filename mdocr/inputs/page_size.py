"""Whether a picture is large enough for a page, by its header alone."""

import warnings
from pathlib import Path

from PIL import Image

from mdocr.errors import MdocrError
from mdocr.inputs.formats import PAGED, open_image
from mdocr.inputs.page_picture import PIXEL_LIMIT

PAGE_EDGE = 400
"""Pixels of the shorter edge from which a picture is taken for a page."""

PAGE_RATIO = 3.0
"""Long edge to short edge up to which it is."""

LEAST_HEIGHT, LEAST_WIDTH = 68, 600
"""Pixels from which there is room for two lines, or for one of several words."""

UNREADABLE = (OSError, ValueError, SyntaxError, MdocrError, Image.DecompressionBombError)
"""What opening a picture ends with that is none."""


def is_large(path: str) -> bool:
    """Whether the frames and the size of a picture make it a page; not if it cannot be opened."""
    frames, width, height = _size(path)
    short, long = sorted((width, height))
    is_page = short >= PAGE_EDGE and long <= PAGE_RATIO * short
    return frames > 1 or is_page or width * height > PIXEL_LIMIT


def frames_of(path: str) -> int:
    """How many frames a picture has that would be pages; 0 if it cannot be opened."""
    return _size(path)[0]


def is_huge(path: str) -> bool:
    """Whether a picture has more pixels than a page may; not if it cannot be opened."""
    _, width, height = _size(path)
    return width * height > PIXEL_LIMIT


def has_room_for_lines(path: str) -> bool:
    """Whether a picture can show more than one word; not if it cannot be opened."""
    _, width, height = _size(path)
    return height >= LEAST_HEIGHT or width >= LEAST_WIDTH


def _size(path: str) -> tuple[int, int, int]:
    """Frames, width and height of a picture; zeros if it cannot be opened, or is read but once."""
    if not Path(path).is_file():
        return 0, 0, 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with open_image(path) as picture:
                frames = getattr(picture, "n_frames", 1) if picture.format in PAGED else 1
                return frames, *picture.size
    except UNREADABLE:
        return 0, 0, 0
