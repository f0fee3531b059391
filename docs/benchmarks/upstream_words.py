"""The same pictures and weights through OpenOCR's code and through ours, for the benchmarks page.

OpenOCR's code is not part of this project: the caller names a checkout of it.
"""

import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch

from mdocr.decoding.word_state import EOS
from mdocr.decoding.words import decode
from mdocr.inputs.find import find_files
from mdocr.options import RecognizeOptions
from mdocr.recognizer import Crop, Recognizer, load_recognizer, make_crop

SHIPPED = "configs/rec/mdiff4str/svtrv2_mdiffdecoder_small.yml"
CLASSES = 97
"""Of the English models: end, 94 characters, mask and padding."""

FLAGS = {"parallel": "pd", "block-low-confidence": "semiar", "autoregressive": "ar"}
"""Our names of decoders, and OpenOCR's switches."""

BATCHES = {1: 8, 64: 2}
"""Sizes of batches, and how many of them are read."""
DTYPES = ("float32", "bfloat16")
REPEATS, STEPS = 3, 3


Reader = Callable[[torch.Tensor], torch.Tensor]
"""Pictures [B, 3, H, W] to probabilities [B, L, classes]."""


@dataclass(frozen=True)
class Read:
    """Median seconds a batch, probabilities [B, L, classes] of each."""

    seconds: float
    probabilities: list[torch.Tensor]


def compare(checkout: Path, weights: Path | None, words: Path) -> list[str]:
    """A Markdown table of words a second, and what differs.

    Args:
        checkout: of OpenOCR.
        weights: a released ``best.pth``; random ones in the small model's shape if None.
        words: a folder of pictures.
    """
    sys.path.insert(0, str(checkout))
    # OpenOCR asks tensors for the number of their GPU, which those on a CPU do not have.
    torch.Tensor.get_device = lambda tensor: tensor.device  # type: ignore[assignment,method-assign,return-value]
    with tempfile.TemporaryDirectory() as folder:
        path = weights or _random_weights(checkout, Path(folder) / "best.pth")
        theirs = _upstream(path)
        ours = {dtype: load_recognizer(path, "cpu", "torch", dtype) for dtype in DTYPES}
    pictures = _commonest_shape(words)
    rows = [
        _row(theirs, ours, list(torch.split(pictures, size)[:count]), decoder)
        for decoder in FLAGS
        for size, count in BATCHES.items()
    ]
    name = "released weights" if weights else "random weights, the small model's shape"
    shape = " × ".join(map(str, pictures.shape[:1:-1]))
    return [
        f"Encoder and decoder on pictures of {shape} pixels, {name}, {STEPS} steps where there are",
        "steps; words a second by the medians. OpenOCR needs a patch of one line to run on a CPU.",
        "",
        "| decoder | batch | OpenOCR | mdocr | faster | difference | equal texts "
        "| mdocr, bfloat16 | faster | equal texts |",
        "|" + " --- |" * 10,
        *rows,
    ]


def _commonest_shape(words: Path) -> torch.Tensor:
    """As many pictures [N, 3, H, W] of one shape as the largest batches need."""
    shapes: dict[tuple[int, ...], list[torch.Tensor]] = defaultdict(list)
    for number, path in enumerate(find_files([str(words)])):
        if isinstance(path, str) and isinstance(crop := make_crop((number, path)), Crop):
            shapes[crop.pixels.shape].append(torch.from_numpy(crop.pixels))
            if len(shapes[crop.pixels.shape]) == max(size * n for size, n in BATCHES.items()):
                break
    return torch.stack(max(shapes.values(), key=len))


def _row(
    theirs: Any, ours: dict[str, Recognizer], batches: list[torch.Tensor], decoder: str
) -> str:
    options = RecognizeOptions(decoder, STEPS, together=True)
    for flag in FLAGS.values():
        setattr(theirs.decoder, flag, flag == FLAGS[decoder])
    theirs.decoder.sampler_step = STEPS

    def read_theirs(images: torch.Tensor) -> torch.Tensor:
        return torch.as_tensor(theirs(images)).float()

    def read_with(engine: Any, images: torch.Tensor) -> torch.Tensor:
        blank = engine.blank(len(images))
        return torch.as_tensor(decode(engine.encode(images).predict, blank, options).probabilities)

    readers: list[Reader] = [
        read_theirs,
        *(partial(read_with, ours[dtype].engine) for dtype in DTYPES),
    ]
    known, single, half = _timed(readers, batches)
    rate = len(batches[0]) / known.seconds
    return (
        f"| {decoder} | {len(batches[0])} | {rate:.2f} /s "
        f"| {len(batches[0]) / single.seconds:.2f} /s | {known.seconds / single.seconds:.2f} × "
        f"| {_furthest(known, single):.1e} | {_equal(known, single)} "
        f"| {len(batches[0]) / half.seconds:.2f} /s | {known.seconds / half.seconds:.2f} × "
        f"| {_equal(known, half)} |"
    )


@torch.no_grad()
def _timed(readers: Sequence[Reader], batches: list[torch.Tensor]) -> list[Read]:
    """Each reader over the batches; they take turns, so that all meet the same machine."""
    found = [[read(batch) for batch in batches] for read in readers]
    times: list[list[float]] = [[] for _ in readers]
    for batch in batches * REPEATS:
        for number, read in enumerate(readers):
            begin = time.perf_counter()
            read(batch)
            times[number].append(time.perf_counter() - begin)
    return [Read(statistics.median(each), told) for each, told in zip(times, found, strict=True)]


def _furthest(one: Read, other: Read) -> float:
    pairs = zip(one.probabilities, other.probabilities, strict=True)
    return max(float((left - right).abs().max()) for left, right in pairs)


def _equal(one: Read, other: Read) -> str:
    """How many texts are the same, up to their ends."""
    pairs = zip(_texts(one), _texts(other), strict=True)
    same = [left == right for left, right in pairs]
    return f"{sum(same)} of {len(same)}"


def _texts(read: Read) -> Iterator[list[int]]:
    for batch in read.probabilities:
        for row in batch.argmax(-1).tolist():
            yield row[: row.index(EOS)] if EOS in row else row


def _upstream(path: Path) -> Any:
    """OpenOCR's model with the weights of a checkpoint."""
    from openrec.modeling import build_model

    saved = torch.load(path, map_location="cpu", weights_only=True)
    architecture = saved["config"]["Architecture"]
    architecture["Decoder"].setdefault("out_channels", CLASSES)
    model = build_model(architecture)
    model.load_state_dict(saved["state_dict"])
    return model.eval()


def _random_weights(checkout: Path, path: Path) -> Path:
    """A checkpoint of the released format with random weights, from OpenOCR's own code."""
    import yaml
    from openrec.modeling import build_model

    config = yaml.safe_load((checkout / SHIPPED).read_text(encoding="utf-8"))
    config["Architecture"]["Decoder"]["out_channels"] = CLASSES
    torch.manual_seed(0)
    state = build_model(config["Architecture"]).state_dict()
    torch.save({"state_dict": state, "config": config}, path)
    return path
