"""The interface of page models: one on this machine (``Parser``), or behind a server."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from PIL import Image

from mdocr.decoding.requests import BlockOptions, Generation, Request
from mdocr.errors import MdocrError
from mdocr.models.charset import Charset


class Detokenizer(Protocol):
    """Turns tokens into text."""

    def decode(self, tokens: Iterable[int]) -> str:
        """The text."""


class PageModel(Protocol):
    """A model that generates texts from pictures and prompts."""

    @property
    def name(self) -> str:
        """Name of the model, for results."""

    @property
    def reads_lines(self) -> bool:
        """Whether it reads single lines, which have to be found first."""

    @property
    def reads_formulas(self) -> bool:
        """Whether it knows the prompt "formula"."""

    @property
    def block_length(self) -> int:
        """Tokens of a block, as it was trained."""

    @property
    def tokenizer(self) -> Detokenizer:
        """Turns its tokens into text."""

    @property
    def verifies_drafts(self) -> bool:
        """Whether a request may come with a draft."""

    @property
    def is_slow(self) -> bool:
        """Whether the lite model reads a page in a fraction of its time."""

    def lite(self) -> "PageModel":
        """The lite model, for drafts and layouts; loaded with the first call."""

    def request(
        self, image: Image.Image, prompt: str, options: BlockOptions, *, draft: str | None = None
    ) -> Request:
        """Prepares one picture and its prompt, and what the text is expected to be."""

    def denoise(
        self, requests: Iterator[Request], batch_size: int
    ) -> Iterator[tuple[int, Generation | MdocrError]]:
        """Generates texts, as they end, with the numbers of their requests, or errors instead.

        Requests are drawn when there is room for them.

        Raises:
            OutOfMemoryError: the device has not enough memory for this batch size.
        """

    def batch_size(self, max_tokens: int) -> int:
        """Texts of so many tokens that there is room for at the same time."""


@runtime_checkable
class LineModel(PageModel, Protocol):
    """A page model that reads lines, and can tell how well a text fits one."""

    @property
    def charset(self) -> Charset:
        """Its characters."""

    def encoded(self, requests: Sequence[Request]) -> list[Request]:
        """The same requests, each with an ``EncodedLine`` as its picture."""
