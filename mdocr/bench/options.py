"""Options of the benchmarks: frozen, validated, free of heavy imports."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from mdocr.errors import UsageError
from mdocr.options import STEPPED_DECODERS, WORD_DECODERS, ParseOptions, RecognizeOptions

THRESHOLDS = (0.5, 0.6, 0.7, 0.75, 0.8, 0.9, 0.95, 0.99)
AUTOREGRESSIVE = "autoregressive"
"""The same model with blocks of one token."""
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def listed(numbers: Iterable[float]) -> str:
    """Numbers as they are typed: with commas."""
    return ",".join(f"{number:g}" for number in numbers)


@dataclass(frozen=True)
class LatencyOptions:
    """What is timed, and how.

    Attributes:
        decoders: names of ``WORD_DECODERS``.
        steps: of decoders with steps.
        batch_sizes: images of one shape in a batch.
        warm_up: batches before the clock starts, for each row.
        repeats: times all images are read, for each row.
    """

    decoders: tuple[str, ...] = WORD_DECODERS
    steps: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 7, 8)
    batch_sizes: tuple[int, ...] = (1,)
    warm_up: int = 3
    repeats: int = 3

    def __post_init__(self) -> None:
        for name, numbers in (("steps", self.steps), ("batch sizes", self.batch_sizes)):
            if not numbers or min(numbers) < 1:
                raise UsageError(f"{name} must be numbers from 1, not {listed(numbers)}")
        if not self.decoders:
            raise UsageError("no decoder is named", f"Choose of: {', '.join(WORD_DECODERS)}")
        if self.warm_up < 0 or self.repeats < 1:
            raise UsageError("repeats must be at least 1, and warm-up not negative")
        list(self.runs(1))  # refuses unknown decoders and too many steps

    def runs(self, batch_size: int) -> Iterator[RecognizeOptions]:
        """The ways to read that are compared."""
        for decoder in self.decoders:
            for steps in self.steps if decoder in STEPPED_DECODERS else self.steps[:1]:
                yield RecognizeOptions(decoder, steps, batch_size)


PAPER = LatencyOptions(batch_sizes=(1,), warm_up=10, repeats=1)
"""The paper's protocol: the mean over the 3,000 images of IIIT5K, one at a time."""

PROTOCOLS = ("free", "paper")


def by_protocol(name: str, options: LatencyOptions, has_data: bool) -> LatencyOptions:
    """The options as a name of ``PROTOCOLS`` has them.

    Raises:
        UsageError: there is no such protocol, or it needs data.
    """
    if name not in PROTOCOLS:
        raise UsageError(f"unknown protocol {name!r}", f"Choose one of: {', '.join(PROTOCOLS)}")
    if name == "free":
        return options
    if not has_data:
        raise UsageError("the paper's protocol reads IIIT5K", "Name its folder or LMDB as DATA.")
    return replace(PAPER, decoders=options.decoders, steps=options.steps)


@dataclass(frozen=True)
class ThroughputOptions:
    """What is timed, and how.

    Attributes:
        thresholds: of the diffusion decoding.
        autoregressive: also decode with the same model, one token after another.
        batch_size: concurrent sequences; 1 as in the published figures.
        warm_up: pages, or documents of several, read before the clock starts, each way to decode.
        repeats: how often all pages are read; the median counts.
        parse: all other options of reading.
    """

    thresholds: tuple[float, ...] = THRESHOLDS
    autoregressive: bool = True
    batch_size: int = 1
    warm_up: int = 1
    repeats: int = 1
    parse: ParseOptions = field(default_factory=ParseOptions)

    def __post_init__(self) -> None:
        if not self.thresholds and not self.autoregressive:
            raise UsageError("there is nothing to time", "Name a threshold.")
        if self.warm_up < 0 or self.repeats < 1:
            raise UsageError("repeats must be at least 1, and warm-up not negative")
        list(self.runs())  # refuses thresholds and batch sizes that make no sense

    def runs(self) -> Iterator[tuple[str, ParseOptions]]:
        """The ways to decode that are compared, with their names.

        All from masks: what a draft settles takes no pass, whatever the threshold.
        """
        base = replace(self.parse, batch_size=self.batch_size, draft="none", text_layer="ignore")
        for threshold in self.thresholds:
            yield f"threshold {threshold:g}", replace(base, threshold=threshold)
        if self.autoregressive:
            yield AUTOREGRESSIVE, replace(base, block_length=1, steps=None)


@dataclass(frozen=True)
class ShuffleOptions:
    """Options of Semantic Shuffle.

    Attributes:
        shares: of shuffled words, 0 to 1.
        pages: how many.
        threshold: of the diffusion decoding.
        batch_size: concurrent sequences; None: as many as fit the device.
        seed: of texts and shuffling.
    """

    shares: tuple[float, ...] = SHARES
    pages: int = 4
    threshold: float = 0.95
    batch_size: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.shares or not all(0 <= share <= 1 for share in self.shares):
            raise UsageError(f"shares of words are between 0 and 1, not {listed(self.shares)}")
        if self.pages < 1:
            raise UsageError(f"pages must be at least 1, not {self.pages}")
        dict(self.runs())  # refuses thresholds and batch sizes that make no sense

    def runs(self) -> Iterator[tuple[str, ParseOptions]]:
        """The two ways to decode."""
        base = ParseOptions(threshold=self.threshold, batch_size=self.batch_size)
        yield "diffusion", base
        yield AUTOREGRESSIVE, replace(base, block_length=1)
