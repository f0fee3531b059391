"""Every default of the pipelines, in one place: frozen, validated, free of heavy imports."""

from dataclasses import dataclass

from mdocr.errors import UsageError

WORD_DECODERS = (
    "block-low-confidence",
    "low-confidence",
    "parallel",
    "autoregressive",
    "refine",
    "random",
)
ENGINES = ("auto", "torch", "onnx")


@dataclass(frozen=True)
class RecognizeOptions:
    """How words are read.

    Attributes:
        decoder: a name of ``WORD_DECODERS``.
        steps: denoising steps of the decoders that have them (paper: K), 1 to 26.
        batch_size: pictures of one shape read together.
        revise: predict every position anew in each step, committed ones too (paper, figure 5).
        seed: seed of the ``random`` decoder.
        trace: keep the text after every step.
    """

    decoder: str = "block-low-confidence"
    steps: int = 3
    batch_size: int = 64
    revise: bool = False
    seed: int = 0
    trace: bool = False

    def __post_init__(self) -> None:
        if self.decoder not in WORD_DECODERS:
            raise UsageError(
                f"unknown decoder {self.decoder!r}", f"Choose one of: {', '.join(WORD_DECODERS)}"
            )
        if not 1 <= self.steps <= 26:
            raise UsageError(f"steps must be between 1 and 26, not {self.steps}")
        if self.batch_size < 1:
            raise UsageError(f"batch size must be at least 1, not {self.batch_size}")
