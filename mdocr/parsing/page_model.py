"""What pages are read with: a model at hand, or one behind a server."""

from collections.abc import Iterable, Iterator
from typing import Protocol

from PIL import Image

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.errors import MdocrError


class Speller(Protocol):
    """Turns tokens into text."""

    def decode(self, tokens: Iterable[int]) -> str:
        """The text."""


class PageModel(Protocol):
    """What pages are read with: a model at hand (``Parser``), or behind a server."""

    @property
    def name(self) -> str:
        """Of the model, for results."""

    @property
    def reads_lines(self) -> bool:
        """Whether it reads single lines, and must be told where they are."""

    @property
    def reads_formulas(self) -> bool:
        """Whether it knows the task "formula"."""

    @property
    def block_length(self) -> int:
        """Tokens of a block, as it was trained."""

    @property
    def tokenizer(self) -> Speller:
        """Spells tokens."""

    def request(self, image: Image.Image, prompt: str, options: BlockOptions) -> Request:
        """Prepares one picture and its prompt."""

    def denoise(
        self, requests: Iterator[Request], batch_size: int
    ) -> Iterator[tuple[int, Generation | MdocrError]]:
        """Texts of requests, or why there is none, drawn when there is room, as they end.

        Raises:
            OutOfMemoryError: there is not room for so many texts.
        """

    def batch_size(self, max_tokens: int) -> int:
        """Texts of so many tokens that there is room for at the same time."""
