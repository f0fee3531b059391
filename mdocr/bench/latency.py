"""Latency of words by decoder and steps, stage by stage.

A batch is timed in four stages, as ``mdocr recognize`` goes through them: pictures are opened and
resized (preprocessing), the encoder looks at them, the decoder writes, and ids become words
(postprocessing).
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from mdocr.bench.cost import Shape, WordCost
from mdocr.bench.limits import Limits, measure_limits, peak_memory, synchronise
from mdocr.bench.options import LatencyOptions
from mdocr.decoding.arrays import Array
from mdocr.decoding.word_state import Predict
from mdocr.decoding.words import decode
from mdocr.engines.torch_words import DTYPES, TorchWordEngine
from mdocr.errors import MdocrError
from mdocr.inputs.pictures import Picture
from mdocr.inputs.word_crops import make_crop
from mdocr.options import STEPPED_DECODERS, RecognizeOptions
from mdocr.recognizer import Recognizer, load_recognizer

STAGES = ("preprocessing", "encoder", "decoder", "postprocessing")

PUBLISHED = (
    ("parallel", 1, 10.5),
    ("block-low-confidence", 3, 19.2),
    ("autoregressive", None, 57.9),
)
"""Mean milliseconds a word of the base model (arXiv 2512.01422), on the authors' GPU."""


def published() -> list[dict[str, Any]]:
    """The published figures, as records."""
    return [dict(zip(("decoder", "steps", "mean"), point, strict=True)) for point in PUBLISHED]


@dataclass(frozen=True)
class Timed:
    """One batch: seconds of each stage, and the work that the model did.

    Attributes:
        seconds: of each of ``STAGES``.
        shape: of its pictures, [3, height, width].
        words: pictures in it.
        calls: passes through the decoder.
        rows: words that these passes predicted, all in all.
        passes: of each word, all in all.
    """

    seconds: tuple[float, ...]
    shape: Shape
    words: int
    calls: int
    rows: int
    passes: int


@dataclass(frozen=True)
class LatencyRow:
    """One line of the table; milliseconds are those of a batch.

    Attributes:
        steps: None for a decoder that has none.
        median: milliseconds of a batch, all stages; p90 and p99 are percentiles, mean the mean.
        images_per_second: pictures over the time of all batches.
        preprocessing: median milliseconds, as of the other stages.
        passes: mean of a word.
        gigaflops: floating-point operations a second that encoder and decoder do, in 10^9; None
            where the model cannot be counted.
        of_arithmetic: these as a share of the machine's arithmetic limit, 0 to 1.
        of_bandwidth: bytes of weights that are read at least, a second, as a share of the machine's
            memory bandwidth; above 1 where the weights stay in a cache.
    """

    engine: str
    device: str
    decoder: str
    steps: int | None
    batch_size: int
    batches: int
    median: float
    p90: float
    p99: float
    mean: float
    images_per_second: float
    preprocessing: float
    encoder: float
    decoding: float
    postprocessing: float
    passes: float
    gigaflops: float | None
    of_arithmetic: float | None
    of_bandwidth: float | None

    def to_dict(self) -> dict[str, Any]:
        """The row as a record of JSON or CSV."""
        return {field.name: _rounded(getattr(self, field.name)) for field in fields(self)}


@dataclass(frozen=True)
class Subject:
    """A model on an engine and device, ready to be timed.

    Attributes:
        reader: with its engine.
        engine: name of the engine.
        limits: of the device.
        cost: of the model's passes; None where they cannot be counted.
    """

    reader: Recognizer
    engine: str
    limits: Limits
    cost: WordCost | None

    def to_dict(self) -> dict[str, Any]:
        """Values common to all rows."""
        return {
            "engine": self.engine,
            "device": str(self.reader.engine.device),
            "model": self.reader.model,
            "parameters": self.cost and self.cost.parameters,
            "weight_bytes": self.cost and self.cost.parameters * self.cost.bytes_per_parameter,
            "peak_memory": peak_memory(device_of(self.reader)),
            "limits": self.limits.to_dict(),
        }


def load_subject(model: str, device: str, engine: str, dtype: str = "auto") -> Subject:
    """Loads a model, and measures the limits of its device.

    Raises:
        MdocrError: whatever ``load_recognizer`` raises.
    """
    reader = load_recognizer(model, device, engine, dtype)
    limits = measure_limits(device_of(reader), DTYPES[dtype])
    return Subject(reader, _name(reader), limits, _cost(model, DTYPES[dtype].itemsize))


def device_of(reader: Recognizer) -> torch.device:
    """Where a reader's engine computes; engines without torch only name it."""
    return torch.device(str(reader.engine.device))


def measure(
    subject: Subject,
    sources: Sequence[Picture],
    options: LatencyOptions,
    progress: Callable[[str], None] = lambda message: None,
) -> Iterator[LatencyRow]:
    """Measures every decoder.

    Args:
        subject: what reads.
        sources: pictures or their paths; at least one.
        options: what is timed.
        progress: called with the next step.

    Raises:
        InputError: a picture cannot be read.
    """
    for size in options.batch_sizes:
        batches = batches_of(sources, size)
        for run in options.runs(size):
            stepped = run.decoder in STEPPED_DECODERS
            counted = f", {run.steps} steps" if stepped else ""
            progress(f"{subject.engine}, batch {size}: {run.decoder}{counted}")
            for batch in batches[: options.warm_up]:
                time_batch(subject.reader, batch, run)
            timed = [
                time_batch(subject.reader, batch, run)
                for _ in range(options.repeats)
                for batch in batches
            ]
            yield _row(subject, run, timed)


def batches_of(sources: Sequence[Picture], size: int) -> list[list[Picture]]:
    """Batches of ``size`` pictures of one shape each; where some are missing, the first fill up."""
    by_shape: dict[Shape, list[Picture]] = defaultdict(list)
    for number, source in enumerate(sources):
        by_shape[make_crop(number, source).pixels.shape].append(source)
    batches = []
    for alike in by_shape.values():
        count = -(-len(alike) // size)
        filled = (alike * (size + 1))[: count * size]
        batches += [filled[start : start + size] for start in range(0, count * size, size)]
    return batches


def time_batch(reader: Recognizer, sources: Sequence[Picture], options: RecognizeOptions) -> Timed:
    """Reads one batch and times its stages."""
    engine, device = reader.engine, device_of(reader)
    marks = [time.perf_counter()]

    def mark() -> None:
        synchronise(device)
        marks.append(time.perf_counter())

    crops = [make_crop(number, source) for number, source in enumerate(sources)]
    images = np.stack([crop.pixels for crop in crops])
    mark()
    work: Counter[str] = Counter()
    encoded = engine.encode(images)
    predict = _counted(encoded.predict, work)
    mark()
    decoding = decode(predict, engine.blank(len(images)), options)
    mark()
    reader.words(replace(decoding, ctc=encoded.ctc), options)
    mark()
    seconds = tuple(after - before for before, after in pairwise(marks))
    passes = int(decoding.passes.sum())
    return Timed(seconds, crops[0].pixels.shape, len(crops), work["calls"], work["rows"], passes)


def _counted(predict: Predict, work: "Counter[str]") -> Predict:
    def counting(tokens: Array, rows: Array | None) -> Array:
        work.update(calls=1, rows=len(tokens))
        return predict(tokens, rows)

    return counting


def _row(subject: Subject, run: RecognizeOptions, timed: Sequence[Timed]) -> LatencyRow:
    stages = 1000 * np.array([batch.seconds for batch in timed])
    totals = stages.sum(1)
    words = sum(batch.words for batch in timed)
    median, p90, p99 = (float(np.percentile(totals, share)) for share in (50, 90, 99))
    preprocessing, encoder, decoding, postprocessing = map(float, np.median(stages, axis=0))
    flops, arithmetic, bandwidth = _rates(subject, timed)
    return LatencyRow(
        engine=subject.engine,
        device=str(subject.reader.engine.device),
        decoder=run.decoder,
        steps=run.steps if run.decoder in STEPPED_DECODERS else None,
        batch_size=run.batch_size,
        batches=len(timed),
        median=median,
        p90=p90,
        p99=p99,
        mean=float(totals.mean()),
        images_per_second=1000 * words / float(totals.sum()),
        preprocessing=preprocessing,
        encoder=encoder,
        decoding=decoding,
        postprocessing=postprocessing,
        passes=sum(batch.passes for batch in timed) / words,
        gigaflops=flops,
        of_arithmetic=arithmetic,
        of_bandwidth=bandwidth,
    )


def _rates(
    subject: Subject, timed: Sequence[Timed]
) -> tuple[float | None, float | None, float | None]:
    """10^9 operations a second of the model, and its shares of both limits."""
    cost, limits = subject.cost, subject.limits
    if cost is None:
        return None, None, None
    seconds = sum(sum(batch.seconds[1:3]) for batch in timed)
    operations = sum(
        batch.words * cost.operations(batch.shape)[0] + batch.rows * cost.operations(batch.shape)[1]
        for batch in timed
    )
    moved = sum(cost.moved(batch.calls) for batch in timed)
    rate = operations / seconds
    return rate / 1e9, rate / limits.arithmetic, moved / seconds / limits.bandwidth


def _name(reader: Recognizer) -> str:
    return "onnx" if "onnx" in type(reader.engine).__module__ else "torch"


def _cost(model: str, bytes_per_parameter: int) -> WordCost | None:
    """The cost of a model that torch can run; None for others, such as a bare ONNX file."""
    try:
        engine = load_recognizer(model, "cpu", "torch").engine
    except MdocrError:
        return None
    if not isinstance(engine, TorchWordEngine):
        return None
    return WordCost(engine, bytes_per_parameter)


def _rounded(value: Any) -> Any:
    return float(f"{value:.5g}") if isinstance(value, float) else value
