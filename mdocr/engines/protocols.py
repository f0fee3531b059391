"""What readers ask of an engine, whatever runs it: torch, ONNX Runtime or a server."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mdocr.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mdocr.decoding.arrays import Array
    from mdocr.decoding.requests import Predict as BlockPredict
    from mdocr.decoding.word_state import Predict
    from mdocr.models.charset import Charset
    from mdocr.models.line_reader_config import LineReaderConfig
    from mdocr.models.mineru_diffusion_config import MinerUDiffusionConfig
    from mdocr.preprocessing.line_images import LineImage

CPU_BATCH_SIZE, DEVICE_BATCH_SIZE = 4, 32
"""Concurrent sequences on a CPU, and elsewhere if there is memory for them."""

SINGLE = ("auto", "float32")
"""Names of the precision that ONNX Runtime computes in."""


@dataclass(frozen=True, eq=False)
class EncodedWords:
    """A batch of encoded word images.

    Attributes:
        predict: predicts their words: tokens [B', L] of the images ``rows`` [B'] → logits.
        ctc: probabilities [B, T, V] of the model's CTC head at each frame, where class 0 is the
            blank; None if it has none.
    """

    predict: "Predict"
    ctc: "Array | None" = None

    def part(self, rows: "Array") -> "EncodedWords":
        """The images ``rows`` [B'] of the batch."""

        def predict(tokens: "Array", chosen: "Array | None") -> "Array":
            return self.predict(tokens, rows if chosen is None else rows[chosen])

        return EncodedWords(predict, None if self.ctc is None else self.ctc[rows])


@dataclass(frozen=True, eq=False)
class EncodedLine:
    """A line or a formula after the encoder, in arrays of the engine.

    Attributes:
        features: of its image tokens [P, D].
        positions: expected number of characters up to each [P].
        ctc_logits: [P, characters + 1]; class 0 is the blank.
    """

    features: "Array"
    positions: "Array"
    ctc_logits: "Array"


class WordEngine(Protocol):
    """What the recognizer asks of an engine; its arrays are tensors or NumPy arrays."""

    charset: "Charset"
    device: Any

    def encode(self, images: "Array") -> EncodedWords:
        """Encodes images [B, 3, height, width] in -1..1, once for all passes."""

    def blank(self, words: int) -> "Array":
        """Fully masked words [B, L] on the engine's device."""

    def move(self, device: str) -> None:
        """Moves the model to another device."""


class PageEngine(Protocol):
    """What the parser asks of an engine."""

    @property
    def config(self) -> "LineReaderConfig | MinerUDiffusionConfig":
        """Sizes and special tokens."""

    @property
    def device(self) -> Any:
        """Where the model runs, as ``str`` names it."""

    @property
    def verifies_drafts(self) -> bool:
        """Whether a pass may hold masks beside a draft (``Feed.slots``)."""

    @property
    def folder(self) -> Path:
        """Where its tokenizer and preprocessor configuration are."""

    def blocks(self, batch_size: int) -> "BlockPredict":
        """The ``predict`` of ``mdocr.decoding.blocks`` for this many concurrent sequences."""

    def batch_size(self, longest: int) -> int:
        """Maximum number of concurrent sequences of ``longest`` tokens."""


class LineEngine(PageEngine, Protocol):
    """A page engine that runs a reader of lines."""

    def encode_lines(self, images: "Sequence[LineImage]") -> list[EncodedLine]:
        """Lines and formulas after the encoder; those of one size are encoded together."""


def all_encoded(
    pictures: "Sequence[LineImage | EncodedLine]",
    encode: "Callable[[Sequence[LineImage]], list[EncodedLine]]",
) -> list[EncodedLine]:
    """The pictures after the encoder; those that have not been encoded are so together."""
    raw = [one for one in pictures if not isinstance(one, EncodedLine)]
    made = iter(encode(raw) if raw else ())
    return [one if isinstance(one, EncodedLine) else next(made) for one in pictures]


def check_onnx_dtype(dtype: str) -> None:
    """Refuses precisions that the engine onnx does not have.

    Raises:
        UsageError: this is one.
    """
    if dtype not in SINGLE:
        raise UsageError(f"the engine onnx has no dtype {dtype!r}", "Use --engine torch.")
