"""Pictures as documents: a file of one frame or several, or a list of page pictures."""

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from mdocr.errors import InputError
from mdocr.inputs.colours import stated_dpi, to_rgb
from mdocr.inputs.formats import PAGED, READABLE, open_image
from mdocr.inputs.page_picture import PagePicture, page_of, shrinking
from mdocr.inputs.pictures import Picture, open_picture

logger = logging.getLogger(__name__)


class PictureFile:
    """A picture file whose frames are pages; open only while a page is read.

    Args:
        name: of the file, for messages.
        path: the file; not opened where there is ``content``.
        dpi: what a picture is taken for that states no resolution.
        content: the file itself, where it is held in memory.

    Raises:
        InputError: it is no picture, or too large.
    """

    def __init__(self, name: str, path: Path, dpi: float, content: bytes | None = None) -> None:
        self._name, self._dpi = name, dpi
        self._source = path if content is None else content
        try:
            with self._open() as file:
                self.count = self._frames(file)
        except InputError:
            raise
        except Exception as error:  # plug-ins raise what they like on damaged files
            raise InputError(
                f"{name} is neither a PDF nor a picture that can be read", READABLE
            ) from error

    def _frames(self, file: Image.Image) -> int:
        """How many frames can be found."""
        if file.format not in PAGED:
            return 1
        if file.format != "TIFF":
            return int(getattr(file, "n_frames", 1))
        count = 1
        while True:  # one by one, since in a damaged file ``n_frames`` is all or nothing
            try:
                file.seek(count)
            except EOFError:
                return count
            except Exception as error:  # as above
                logger.warning("%s is cut short after page %d: %s", self._name, count, error)
                return count
            count += 1

    def _open(self) -> Image.Image:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                return open_image(self._source)
        except Image.DecompressionBombError as error:
            hint = "Scale it down, or cut it into pages."
            raise InputError(f"{self._name} has too many pixels", hint) from error

    def read(self, number: int) -> PagePicture:
        """Decodes one page."""
        with self._open() as file:
            file.seek(number - 1)
            dpi = stated_dpi(file) or self._dpi
            factor = shrinking(file.size)
            return page_of(number, to_rgb(file, factor), dpi / factor)

    def close(self) -> None:
        """Nothing is open between pages."""


class PictureList:
    """Page pictures that a program holds, or names; each is opened when it is read.

    Args:
        pictures: one a page.
        dpi: what a picture is taken for that states no resolution.
    """

    def __init__(self, pictures: Sequence[Picture], dpi: float) -> None:
        self._pictures, self._dpi = pictures, dpi
        self.count = len(pictures)

    def read(self, number: int) -> PagePicture:
        """One page."""
        picture = open_picture(self._pictures[number - 1])
        return page_of(number, picture, stated_dpi(picture) or self._dpi)

    def close(self) -> None:
        """Pictures of the caller stay open."""
