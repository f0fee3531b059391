"""Speed of page models: tokens per second and accuracy by threshold."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from statistics import mean
from typing import Any

import torch

from mdocr.bench.cost import count_parameters, weight_bytes
from mdocr.bench.limits import Limits, measure_limits, peak_memory, synchronise
from mdocr.bench.options import AUTOREGRESSIVE, ThroughputOptions
from mdocr.decoding.requests import Feed, Generation, Predict, Request
from mdocr.engines.torch_pages import TorchPageEngine
from mdocr.errors import UsageError
from mdocr.evaluation.page_sets import TruePage
from mdocr.evaluation.pages import read_pages, score_page
from mdocr.models.line_reader import LineReader
from mdocr.models.linear import Int8Linear
from mdocr.models.mineru_diffusion import MinerUDiffusion
from mdocr.models.sdar import SDAR
from mdocr.options import ParseOptions
from mdocr.parsing.parser import Parser

PUBLISHED = (
    ("MinerU2.5, autoregressive", 51.5, 93.44),
    ("threshold 0.6", 165.0, 90.5),
    ("threshold 0.75", 155.0, 92.3),
    ("threshold 0.9", 130.0, 93.05),
    ("threshold 0.95", 109.0, 93.37),
)
"""Tokens a second and OmniDocBench's overall (arXiv 2603.22458): one H200, batch 1."""


@dataclass
class Work:
    """Work of a model.

    Attributes:
        tokens: generated, without stop tokens.
        passes: denoising steps, summed over sequences.
        calls: of the language model, each for all concurrent sequences.
        fed: tokens that these took in, prompts and pictures included.
        queries: positions that these predicted.
        seconds: spent on generation, without preparation of pages.
    """

    tokens: int = 0
    passes: int = 0
    calls: int = 0
    fed: int = 0
    queries: int = 0
    seconds: float = 0.0


class Meter(Parser):
    """A page model that counts its work."""

    def __init__(self, parser: Parser) -> None:
        super().__init__(parser.engine, parser.tokenizer, parser.pictures, parser.name)
        self.work = Work()

    def denoise(
        self, requests: Iterator[Request], batch_size: int
    ) -> Iterator[tuple[int, Generation]]:
        """See ``Parser.denoise``."""
        stream = super().denoise(_Untimed(requests, self.work), batch_size)
        while True:
            begin = time.perf_counter()
            found = next(stream, None)
            synchronise(on_torch(self).device)
            self.work.seconds += time.perf_counter() - begin
            if found is None:
                return
            self.work.tokens += len(found[1].tokens)
            self.work.passes += found[1].passes
            yield found

    def predictor(self, batch_size: int) -> Predict:
        """See ``Parser.predictor``."""
        predict = super().predictor(batch_size)

        def counted(feeds: Sequence[Feed]) -> Any:
            self.work.calls += 1
            self.work.fed += sum(len(feed.tokens) for feed in feeds)
            self.work.queries += sum(len(feed.queries) for feed in feeds)
            return predict(feeds)

        return counted


class _Untimed(Iterator[Request]):
    """Requests, whose preparation time is not counted.

    Not a generator, which would end for good when there is no request for the moment.
    """

    def __init__(self, requests: Iterator[Request], work: Work) -> None:
        self.requests, self.work = requests, work

    def __next__(self) -> Request:
        begin = time.perf_counter()
        try:
            return next(self.requests)
        finally:
            self.work.seconds -= time.perf_counter() - begin


@dataclass(frozen=True)
class ThroughputRow:
    """One line of the table.

    Attributes:
        mode: ``threshold T`` or ``autoregressive``.
        threshold: None for autoregressive decoding.
        pages: number of pages read.
        seconds: for all of them, layout and rendering included.
        generating: seconds of it in which texts were generated.
        tokens: generated.
        tokens_per_second: over the time of generating.
        passes: denoising steps, summed over sequences.
        tokens_per_pass: tokens committed per step and sequence.
        calls: passes of the language model, each for all concurrent sequences.
        pages_per_minute: over all the time.
        similarity: mean edit similarity of the pages' text, 0 to 1; None without ground truth.
        speed_up: tokens a second over those of autoregressive decoding; None if that was not timed.
        gigaflops: floating-point operations a second, in 10^9; see ``cost``.
        of_arithmetic: these as a share of the machine's arithmetic limit.
        of_bandwidth: bytes of the language model that are read at least, a second, as a share of
            the machine's memory bandwidth; above 1 where the weights stay in a cache.
    """

    mode: str
    threshold: float | None
    pages: int
    seconds: float
    generating: float
    tokens: int
    tokens_per_second: float
    passes: int
    tokens_per_pass: float
    calls: int
    pages_per_minute: float
    similarity: float | None
    gigaflops: float
    of_arithmetic: float
    of_bandwidth: float
    speed_up: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The row as a record of JSON or CSV."""
        record = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            key: float(f"{value:.5g}") if isinstance(value, float) else value
            for key, value in record.items()
        }


def on_torch(parser: Parser) -> MinerUDiffusion | LineReader:
    """The parser's model.

    Raises:
        UsageError: it runs on ONNX Runtime, whose calls cannot be counted.
    """
    if isinstance(parser.engine, TorchPageEngine):
        return parser.engine.model
    raise UsageError("an exported model cannot be measured pass by pass", "Name its weights.")


def subject(parser: Parser, limits: Limits) -> dict[str, Any]:
    """Values common to all rows."""
    model = on_torch(parser)
    return {
        "model": parser.name,
        "device": str(model.device),
        "dtype": str(product_type(model)).removeprefix("torch."),
        "parameters": count_parameters(model),
        "weight_bytes": weight_bytes(model),
        "peak_memory": peak_memory(parser.engine.device),
        "limits": limits.to_dict(),
    }


def limits_of(parser: Parser) -> Limits:
    """The limits of the machine for this model."""
    model = on_torch(parser)
    return measure_limits(model.device, product_type(model))


def product_type(model: MinerUDiffusion | LineReader) -> torch.dtype:
    """The dtype of the model's matrix products."""
    quantized = any(isinstance(part, Int8Linear) for part in model.modules())
    return torch.int8 if quantized else model.dtype


def measure(
    parser: Parser,
    pages: Sequence[TruePage],
    options: ThroughputOptions,
    limits: Limits,
    progress: Callable[[str], None] = lambda message: None,
) -> list[ThroughputRow]:
    """Measures every decoder.

    Args:
        parser: the page model.
        pages: with their ground truth; without parts where there is none.
        options: what is timed.
        limits: of the machine.
        progress: called with the next step.
    """
    rows = []
    for mode, run in options.runs():
        progress(f"reading {len(pages)} pages: {mode}")
        list(read_pages(parser, pages[: options.warm_up], run))
        timed = [_row(parser, pages, (mode, run), limits) for _ in range(options.repeats)]
        timed.sort(key=lambda row: row.tokens_per_second)
        rows.append(timed[len(timed) // 2])
    slowest = next((row for row in rows if row.mode == AUTOREGRESSIVE), None)
    if slowest is None or not slowest.tokens_per_second:
        return rows
    return [replace(r, speed_up=r.tokens_per_second / slowest.tokens_per_second) for r in rows]


def published() -> list[dict[str, Any]]:
    """The published points, as records."""
    keys = ("label", "tokens_per_second", "score")
    return [dict(zip(keys, point, strict=True)) for point in PUBLISHED]


def _row(
    parser: Parser,
    pages: Sequence[TruePage],
    run: tuple[str, ParseOptions],
    limits: Limits,
) -> ThroughputRow:
    mode, options = run
    meter = Meter(parser)
    begin = time.perf_counter()
    read = list(read_pages(meter, pages, options))
    seconds = time.perf_counter() - begin
    work = meter.work
    count = sum(found.pages for found in read)
    scores = [score_page(found.text, found.page).text for found in read if found.page.parts]
    generating = max(work.seconds, 1e-9)
    operations, moved = cost(on_torch(parser).language_model, work)
    return ThroughputRow(
        mode=mode,
        threshold=None if mode == AUTOREGRESSIVE else options.threshold,
        pages=count,
        seconds=seconds,
        generating=work.seconds,
        tokens=work.tokens,
        tokens_per_second=work.tokens / generating,
        passes=work.passes,
        tokens_per_pass=work.tokens / max(work.passes, 1),
        calls=work.calls,
        pages_per_minute=60 * count / seconds,
        similarity=mean(scores) if scores else None,
        gigaflops=operations / generating / 1e9,
        of_arithmetic=operations / generating / limits.arithmetic,
        of_bandwidth=moved / generating / limits.bandwidth,
    )


def cost(model: SDAR, work: Work) -> tuple[int, int]:
    """Floating-point operations and bytes of weights that the work takes at least.

    The language model's matrix products are counted; attention and the vision tower are left out.
    """
    body, head = model.model.layers, model.lm_head
    fed, queries = work.fed * count_parameters(body), work.queries * count_parameters(head)
    return 2 * (fed + queries), work.calls * (weight_bytes(body) + weight_bytes(head))
