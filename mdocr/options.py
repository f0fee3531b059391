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
TABLE_FORMS = ("html", "markdown")
MATH_FORMS = ("dollars", "brackets")


@dataclass(frozen=True)
class RecognizeOptions:
    """How words are read.

    Attributes:
        decoder: a name of ``WORD_DECODERS``.
        steps: denoising steps of the decoders that have them (paper: K), 1 to 26.
        batch_size: pictures of one shape read together.
        revise: predict every position anew in each step, committed ones too (paper, figure 5), in
            the decoders that have steps.
        seed: seed of the ``random`` decoder.
        trace: keep the text after every step.
        together: let the words of a batch stop together, as upstream does, instead of each on its
            own; then what a word reads can depend on the other words of its batch.
    """

    decoder: str = "block-low-confidence"
    steps: int = 3
    batch_size: int = 64
    revise: bool = False
    seed: int = 0
    trace: bool = False
    together: bool = False

    def __post_init__(self) -> None:
        if self.decoder not in WORD_DECODERS:
            raise UsageError(
                f"unknown decoder {self.decoder!r}", f"Choose one of: {', '.join(WORD_DECODERS)}"
            )
        if not 1 <= self.steps <= 26:
            raise UsageError(f"steps must be between 1 and 26, not {self.steps}")
        if self.batch_size < 1:
            raise UsageError(f"batch size must be at least 1, not {self.batch_size}")


@dataclass(frozen=True)
class RenderOptions:
    """How a document is written.

    Attributes:
        tables: ``html``, or ``markdown`` for Markdown tables where no cell spans others.
        math: what formulas stand between in Markdown: ``dollars``, or ``brackets`` (as MathJax).
        keep_paratext: keep headers, footers, page numbers, margin notes and page footnotes.
        images: folder of the pictures, relative to the file that is written.
    """

    tables: str = "html"
    math: str = "dollars"
    keep_paratext: bool = False
    images: str = "images"

    def __post_init__(self) -> None:
        _choose("tables", self.tables, TABLE_FORMS)
        _choose("math", self.math, MATH_FORMS)


def _choose(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"unknown {option} {value!r}", f"Choose one of: {', '.join(choices)}")
