"""Trials: a few lines of a page, or of a part of it, read in all directions.

The CTC head tells how sure the reader would be, so a trial takes no pass of the decoder. A view and
the same upside down have the same lines, so one layout serves two directions.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from PIL import Image

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.document.model import Box
from mdocr.errors import MdocrError
from mdocr.fragments.geometry import Pixels
from mdocr.layout import Line, cut
from mdocr.models.line_reader_config import LINE_HEIGHT
from mdocr.options import ParseOptions
from mdocr.parsing.line_reader.noise import mean_confidence
from mdocr.parsing.line_reader.pieces import split_line
from mdocr.parsing.line_reader.questions import Question, piece_options
from mdocr.parsing.line_reader.views import View, view_of
from mdocr.parsing.page_model import PageModel
from mdocr.parsing.texts import Text, text_of

FEWEST_LINES, MOST_LINES = 3, 8
"""Lines that are read in each direction, of those that there are."""

ENOUGH = 640
"""Pixels at the reader's height, of these lines together: forty letters or more."""


class Trial:
    """The longest lines of a view, this way up or upside down.

    Args:
        view: a page or an area of it.
        parser: the model.
        options: how to read.
        upside_down: the view is turned by another 180 degrees.
        mirrored: its lines are read from right to left, as in a mirror.

    Attributes:
        texts: what was read.
    """

    def __init__(
        self,
        view: View,
        parser: PageModel,
        options: ParseOptions,
        *,
        upside_down: bool = False,
        mirrored: bool = False,
    ) -> None:
        self.view = view
        self.parser, self.options = parser, options
        self.upside_down, self.mirrored = upside_down, mirrored
        self.texts: list[Text] = []
        self._longest: list[int] = []

    @property
    def angle(self) -> int:
        """Degrees counter-clockwise by which the page is turned."""
        return (self.view.angle + 180 * self.upside_down) % 360

    @property
    def confidence(self) -> float:
        """Mean over the characters, 0 to 1."""
        return mean_confidence(self.texts)

    @property
    def letters(self) -> int:
        """Letters and digits that were read."""
        return sum(character.isalnum() for text in self.texts for character in text.content)

    def ask(self) -> list[Question]:
        """Asks for the lines, piece by piece."""
        questions: list[Question] = []
        for number, pixels in enumerate(self._lines(), start=1):
            questions += [self._question(piece.pixels) for piece in split_line(pixels)]
            width = sum(question.size for question in questions)
            if number >= FEWEST_LINES and width >= ENOUGH:
                break
        return questions

    def take(self, number: int, made: Generation) -> list[Question]:
        """Takes an answer; it leads to no further question."""
        self.texts.append(text_of(made, self.parser, self._longest[number], trace=False))
        return []

    def miss(self, number: int, error: MdocrError) -> None:
        """Called when a request failed: what cannot be read speaks for no direction."""

    def _lines(self) -> Iterator[Pixels]:
        """Pictures of the longest lines, in heights."""
        lines = [line for region in self.view.layout.regions for line in region.lines]
        for line in sorted(lines, key=_length, reverse=True)[:MOST_LINES]:
            pixels = cut(self.view.pixels, line)
            pixels = np.rot90(pixels, 2) if self.upside_down else pixels
            yield np.ascontiguousarray(pixels[:, ::-1] if self.mirrored else pixels)

    def _question(self, pixels: Pixels) -> Question:
        width = pixels.shape[1] * LINE_HEIGHT // pixels.shape[0]
        options = piece_options(self.options, "text", width, draft="ctc-only")
        self._longest.append(options.max_tokens)
        return Question(len(self._longest) - 1, partial(self._request, pixels, options), width)

    def _request(self, pixels: Pixels, options: BlockOptions) -> Request:
        return self.parser.request(Image.fromarray(pixels), "text", options)


def trials_of(
    page: Pixels, view: View, area: Box, parser: PageModel, options: ParseOptions
) -> list[Trial]:
    """Trials of an area of a page in all directions, that of its view first.

    Args:
        page: [H, W, 3] RGB.
        view: of the area, in the direction in which it was read.
        area: what to read of the page.
        parser: the model.
        options: how to read.
    """
    beside = view_of(page, (view.angle + 90) % 360, area)
    return [
        Trial(each, parser, options, upside_down=upside_down)
        for each in (view, beside)
        for upside_down in (False, True)
    ]


def _length(line: Line) -> float:
    return line.box.width / max(line.box.height, 1.0)
