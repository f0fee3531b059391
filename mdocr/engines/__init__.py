"""Where a model runs: the same few calls over torch and, later, ONNX Runtime.

An engine knows nothing of strategies and of files: pixels and tokens in, logits out.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from mdocr.errors import UsageError
from mdocr.options import ENGINES

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from mdocr.decoding.draft import Predict
    from mdocr.models.charset import Charset
    from mdocr.models.mdiff4str import MDiff4STR


class WordEngine(Protocol):
    """What the recognizer asks of an engine."""

    charset: "Charset"
    device: "torch.device"

    def encode(self, images: "Tensor") -> "Predict":
        """Looks at pictures [B, 3, height, width] in -1..1 once; returns what predicts words."""

    def blank(self, words: int) -> "Tensor":
        """Fully masked words [B, L] on the engine's device."""

    def move(self, device: "torch.device") -> None:
        """Goes on on another device."""


def word_engine(name: str) -> Callable[["MDiff4STR", "torch.device", str], WordEngine]:
    """The maker of an engine of that name from a model, a device and a dtype.

    Raises:
        UsageError: the engine is unknown, or cannot run word models.
    """
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}", f"Choose one of: {', '.join(ENGINES)}")
    if name == "onnx":
        raise UsageError(
            "the engine onnx is not available for word models yet", "Use --engine torch, or auto."
        )
    from mdocr.engines.torch_words import TorchWordEngine

    return TorchWordEngine
