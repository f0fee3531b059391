"""Every default of the pipelines, in one place: frozen, validated, free of heavy imports."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from numbers import Integral
from typing import Any, TypedDict, TypeVar

from mdocr.document.block_types import BLOCK_TYPES
from mdocr.errors import UsageError

WORD_DECODERS = (
    "block-low-confidence",
    "low-confidence",
    "parallel",
    "autoregressive",
    "refine",
    "random",
)
STEPPED_DECODERS = ("block-low-confidence", "low-confidence", "random")
"""Decoders whose number of passes can be chosen; the others take as many as they need."""
ENGINES = ("auto", "torch", "onnx")
INT8 = "int8"
"""Matrices in eight bits, all else as for ``auto``."""
PAGE_DTYPES = ("auto", "float32", "bfloat16", "float16", INT8)
"""Precision of page models; ``auto`` is that of the weights, or single precision."""
WORD_DRAFTS = ("auto", "none", "ctc")
DRAFTS = ("auto", "none", "ctc", "lite", "text-layer")
"""What decoding starts from: masks; what the CTC head of the lite model is sure of; or, for the
large model, what the lite model has read, or what a PDF says, to be verified."""
LAYOUTS = ("model", "lite")
"""Who finds the regions of a page: the model itself, or the lite model for it."""
TEXT_LAYERS = ("verify", "trust", "ignore")
"""What to do with the text that a PDF carries: take what the picture confirms, all, or nothing."""
BOXES = ("block", "line", "word")
"""What the place is kept of: blocks, also their lines, also the words in them."""
DOUBT = 0.8
"""Confidence below which a word is doubtful, if no other is asked for."""
TABLE_FORMS = ("html", "markdown")
MATH_FORMS = ("dollars", "brackets")
PARSE_ENGINES = ("auto", "torch", "onnx", "server")
PARSE_TARGETS = ("layout", *BLOCK_TYPES)
"""What is requested of a page model: the layout of a page, and the content of its regions."""

MAX_TOKENS = {"layout": 2048, "table": 2048}
"""Maximum number of tokens of each target."""

MAX_TEXT_TOKENS = 1024
"""The same for all others."""

LONGEST_BLOCK = 2048
"""Tokens; as many as the longest texts have. Memory grows with the length of a block."""

PageNumbers = str | int | Sequence[int]
"""Pages of a document, from 1: ``"1-3,7,12-end"``, one number, or several; empty for all."""

Options = TypeVar("Options")


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
        lexicon: known words, by which unclear words are read: ``english``, other languages whose
            list of words this machine has (``decoding.lexicons.LANGUAGES``), the path of a file
            with a word a line, or several of these with commas; ``none``; or ``auto``: english
            with the model in the package, none with others.
        draft: ``ctc``: words that the model's CTC head is sure of need no decoder, if it has one;
            ``none``; or ``auto``: ctc, unless another decoder, a trace or ``revise`` is asked for.
            What another reader has read is given to ``Recognizer.recognize`` instead, as a list.
    """

    decoder: str = "block-low-confidence"
    steps: int = 3
    batch_size: int = 64
    revise: bool = False
    seed: int = 0
    trace: bool = False
    lexicon: str = "auto"
    draft: str = "auto"

    def __post_init__(self) -> None:
        if self.decoder not in WORD_DECODERS:
            raise UsageError(
                f"unknown decoder {self.decoder!r}", f"Choose one of: {', '.join(WORD_DECODERS)}"
            )
        if self.draft not in WORD_DRAFTS:
            raise UsageError(
                f"unknown draft {self.draft!r}",
                f"Choose one of: {', '.join(WORD_DRAFTS)}; or give what another has read as a "
                "list, one text a picture.",
            )
        if not 1 <= self.steps <= 26:
            raise UsageError(f"steps must be between 1 and 26, not {self.steps}")
        if self.batch_size < 1:
            raise UsageError(f"batch size must be at least 1, not {self.batch_size}")

    @property
    def drafts(self) -> bool:
        """Whether words begin with what the CTC head reads."""
        is_plain = self.decoder == type(self).decoder and not self.trace and not self.revise
        return self.draft == "ctc" or (self.draft == "auto" and is_plain)


@dataclass(frozen=True)
class ParseOptions:
    """How documents are read.

    Attributes:
        pages: which, such as ``"1-3,7,12-end"``, ``3`` or ``[1, 2]``; empty for all. Kept as text.
        password: of an encrypted PDF.
        dpi: resolution at which a PDF is rendered.
        threshold: a token is committed as soon as its probability is above it, 0 to 1. Higher is
            slower and better.
        thresholds: the same for single targets, by names of ``PARSE_TARGETS``.
        block_length: tokens that are denoised together; what the model was trained with if None.
        steps: passes in which a block is complete at the latest; ``block_length`` if None.
        max_tokens: maximum number of tokens of single targets, by names of ``PARSE_TARGETS``.
        revise: a step that finds too few masked tokens decides committed ones anew.
        draft: a name of ``DRAFTS``. ``auto`` is ctc with the lite model. With the large one it is
            the text layer; on a CPU only if ``acceptance`` is below the threshold, which saves
            arithmetic, and then, where a page has no layer, what the lite model reads.
        acceptance: of the large model's drafts: a token that is the likeliest in its place is
            committed from this probability on. At 1 texts are as without drafts.
        layout: a name of ``LAYOUTS``.
        text_layer: a name of ``TEXT_LAYERS``; only readers of lines use it.
        emphasis: keep the bold, italic and monospace letters and the links of a text layer.
        keep_unsure: also write what the model is unsure of, which else is only in ``Page.unread``.
        batch_size: concurrent sequences; as many as the device can hold if None.
        jobs: threads that prepare pages for the model.
        trace: keep every token with its confidence and step.
        boxes: a name of ``BOXES``.
        draw_layout: keep a picture of each page with its regions.
        page_pictures: keep a small picture of each page, for a report without its file.
    """

    pages: PageNumbers = ""
    password: str = field(default="", repr=False)
    dpi: float = 200
    threshold: float = 0.95
    thresholds: Mapping[str, float] = field(default_factory=dict)
    block_length: int | None = None
    steps: int | None = None
    max_tokens: Mapping[str, int] = field(default_factory=dict)
    revise: bool = False
    draft: str = "auto"
    acceptance: float = 1.0
    layout: str = "model"
    text_layer: str = "verify"
    emphasis: bool = True
    keep_unsure: bool = False
    batch_size: int | None = None
    jobs: int = 1
    trace: bool = False
    boxes: str = "block"
    draw_layout: bool = False
    page_pictures: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "pages", page_ranges(self.pages))
        if not 1 <= self.dpi <= 2400:
            raise UsageError(f"dpi must be between 1 and 2400, not {self.dpi:g}")
        for value in (self.threshold, *self.thresholds.values()):
            check_share("threshold", value)
        for target in (*self.thresholds, *self.max_tokens):
            _choose("region type", target, PARSE_TARGETS)
        _choose("draft", self.draft, DRAFTS)
        check_share("acceptance", self.acceptance)
        _choose("layout", self.layout, LAYOUTS)
        _choose("text layer", self.text_layer, TEXT_LAYERS)
        _choose("boxes", self.boxes, BOXES)
        _at_least_one("block length", self.block_length)
        if self.block_length and self.block_length > LONGEST_BLOCK:
            raise UsageError(f"block length must be at most {LONGEST_BLOCK}")
        _at_least_one("steps", self.steps)
        _at_least_one("batch size", self.batch_size)
        _at_least_one("jobs", self.jobs)
        for tokens in self.max_tokens.values():
            _at_least_one("max tokens", tokens)
        if self.steps and self.block_length and self.steps > self.block_length:
            raise UsageError(
                f"steps must be between 1 and the block length {self.block_length}, "
                f"not {self.steps}"
            )

    def threshold_of(self, target: str) -> float:
        """The threshold of a name of ``PARSE_TARGETS``."""
        return self.thresholds.get(target, self.threshold)

    def longest(self, target: str) -> int:
        """Maximum number of tokens of a name of ``PARSE_TARGETS``."""
        return self.max_tokens.get(target, MAX_TOKENS.get(target, MAX_TEXT_TOKENS))


@dataclass(frozen=True)
class RenderOptions:
    """How a document is written.

    Attributes:
        tables: in Markdown: ``markdown`` for pipe tables where no cell spans others, or ``html``.
        math: what formulas stand between in Markdown: ``dollars``, or ``brackets`` (as MathJax).
        keep_paratext: keep headers, footers, page numbers, margin notes and page footnotes.
        page_marks: mark where each page begins.
        mark_doubt: in Markdown and HTML, mark words with a confidence below this, 0 to 1.
        chunk_tokens: most tokens of a chunk; a longer table is one by itself.
        redo: in a searchable PDF, replace the invisible text that an earlier reading has left.
        password: of an encrypted PDF that is written again.
        images: folder of the pictures, relative to the file that is written.
        file: where the document lies, if not at its path, such as a copy of one in a store.
        opens_source: whether the document's file may be opened: for the pictures of a report, and
            for a searchable PDF, which cannot be made without.
    """

    tables: str = "markdown"
    math: str = "dollars"
    keep_paratext: bool = False
    page_marks: bool = False
    mark_doubt: float = 0.0
    chunk_tokens: int = 512
    redo: bool = False
    password: str = field(default="", repr=False)
    images: str = "images"
    file: str = ""
    opens_source: bool = True

    def __post_init__(self) -> None:
        _choose("tables", self.tables, TABLE_FORMS)
        _choose("math", self.math, MATH_FORMS)
        _at_least_one("chunk tokens", self.chunk_tokens)
        check_share("mark doubt", self.mark_doubt)


class RecognizeChanges(TypedDict, total=False):
    """Single options of ``RecognizeOptions``, as keywords; ``draft`` may also be texts."""

    decoder: str
    steps: int
    batch_size: int
    revise: bool
    seed: int
    trace: bool
    lexicon: str
    draft: str | Iterable[str | None]


class ParseChanges(TypedDict, total=False):
    """Single options of ``ParseOptions``, as keywords."""

    pages: PageNumbers
    password: str
    dpi: float
    threshold: float
    thresholds: Mapping[str, float]
    block_length: int | None
    steps: int | None
    max_tokens: Mapping[str, int]
    revise: bool
    draft: str
    acceptance: float
    layout: str
    text_layer: str
    emphasis: bool
    keep_unsure: bool
    batch_size: int | None
    jobs: int
    trace: bool
    boxes: str
    draw_layout: bool
    page_pictures: bool


class RenderChanges(TypedDict, total=False):
    """Single options of ``RenderOptions``, as keywords."""

    tables: str
    math: str
    keep_paratext: bool
    page_marks: bool
    mark_doubt: float
    chunk_tokens: int
    redo: bool
    password: str
    images: str
    file: str
    opens_source: bool


def changed(options: Options, changes: Mapping[str, Any]) -> Options:
    """The options with single ones changed by name.

    Raises:
        UsageError: there is no such option, or its value makes no sense.
    """
    names = [one.name for one in fields(options)]  # type: ignore[arg-type]
    for name in changes:
        if name not in names:
            near = get_close_matches(name, names, n=1, cutoff=0.6)
            known = f"Known are: {', '.join(names)}"
            raise UsageError(
                f"unknown option {name!r}", f"Did you mean {near[0]!r}?" if near else known
            )
    return replace(options, **changes)  # type: ignore[type-var]


def page_ranges(pages: PageNumbers) -> str:
    """Page numbers as text, such as ``1-3,7``.

    Raises:
        UsageError: they are neither text nor whole numbers from 1.
    """
    if isinstance(pages, str):
        return pages
    numbers: list[object] = list(pages) if isinstance(pages, Iterable) else [pages]
    if not numbers or not all(map(_is_page, numbers)):
        raise UsageError(
            f"pages must be text or numbers from 1, not {pages!r}",
            "Write them like '1-3,7', 3, or [1, 2].",
        )
    return ",".join(map(str, numbers))


def _is_page(number: object) -> bool:
    return isinstance(number, Integral) and not isinstance(number, bool) and int(number) >= 1


def check_share(option: str, value: float) -> None:
    """Refuses what is no share; of a percentage, says how it is written.

    Raises:
        UsageError: it is not between 0 and 1.
    """
    if 0 <= value <= 1:
        return
    hint = f"It is a share: for {value:g} %, write {value / 100:g}." if 1 < value <= 100 else ""
    raise UsageError(f"{option} must be between 0 and 1, not {value:g}", hint)


def _choose(option: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"unknown {option} {value!r}", f"Choose one of: {', '.join(choices)}")


def _at_least_one(option: str, value: int | None) -> None:
    if value is not None and value < 1:
        raise UsageError(f"{option} must be at least 1, not {value}")
