"""Corrected lines as samples of the line reader: in pieces as it reads them, jittered.

A long line is read in pieces. How its text falls to them is told by the CTC head of the model that
is trained further: of the borders between words near by, the one by which the text fits best.
"""

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from mdocr.decoding.ctc import Claim, log_softmax, shortfalls
from mdocr.errors import InputError
from mdocr.models.line_reader import LineReader
from mdocr.models.line_reader_config import LINE_HEIGHT
from mdocr.parsing.line_reader.pieces import LinePiece, split_line
from mdocr.preprocessing.line_images import prepare_line
from mdocr.training.corrections.pictures import corrected_pictures, known_part

Pixels = NDArray[np.uint8]
Sample = tuple[Pixels, str]
Fit = Callable[[Image.Image, Sequence[str]], NDArray[np.float32]]
"""How badly each of several texts fits a picture, in nats."""

REACH = 3
"""Words on each side of the likeliest border that are tried too."""

STRETCH, SHADE, LIGHT = 0.06, 0.15, 24.0
"""Largest change of a line's width, of its contrast, as shares, and of its brightness."""

logger = logging.getLogger(__name__)


class CorrectedLines:
    """Corrected lines, as many as there are, in pieces.

    Args:
        tables: CSVs of corrections.
        symbols: the characters of the model.
        fit: of the model.

    Raises:
        InputError: see ``corrected_pictures``; or the model can write none of them.
    """

    def __init__(self, tables: Iterable[Path], symbols: Iterable[str], fit: Fit) -> None:
        known = frozenset(symbols)
        self.samples = [
            sample
            for table in tables
            for picture, text in corrected_pictures(table)
            if known_part(text, known)
            for sample in line_samples(picture, text, fit)
        ]
        if not self.samples:
            raise InputError(
                "there is no corrected line that the model can learn from",
                "The warnings above say why they were left out.",
            )
        self.samples.sort(key=lambda sample: sample[0].shape[1])
        logger.info("%d corrected lines or pieces of lines", len(self.samples))

    def draw(self, rng: np.random.Generator, area: int) -> tuple[list[Sample], int]:
        """Lines of about one width, jittered, and the width that holds them all.

        Args:
            rng: of all randomness.
            area: pixels of width of all together.
        """
        last = int(rng.integers(len(self.samples)))
        widest = padded(self.samples[last][0].shape[1] * (1 + STRETCH))
        count = max(1, round(area / widest))
        chosen = rng.integers(max(0, last - count + 1), last + 1, count - 1)
        rows = [last, *chosen.tolist()]
        return [(jittered(rng, pixels), text) for pixels, text in map(self._sample, rows)], widest

    def _sample(self, number: int) -> Sample:
        return self.samples[number]


def padded(width: float) -> int:
    """A width as batches have them."""
    return 64 * math.ceil(width / 64)


def line_samples(picture: Image.Image, text: str, fit: Fit) -> Iterator[Sample]:
    """A line in pieces as they are read, each with its part of the text."""
    pieces = split_line(np.asarray(picture.convert("RGB")))
    if any(not piece.joint for piece in pieces[1:]):
        logger.warning("left out: %r cannot be parted between words", text)
        return
    words = text.split()
    for number, piece in enumerate(pieces):
        rest = pieces[number:]
        count = len(words) if len(rest) == 1 else _words_in(rest, words, fit)
        if count:
            yield _scaled(piece.pixels), " ".join(words[:count])
        words = words[count:]


def _words_in(pieces: Sequence[LinePiece], words: list[str], fit: Fit) -> int:
    """How many of the words stand in the first of some pieces."""
    share = pieces[0].pixels.shape[1] / sum(piece.pixels.shape[1] for piece in pieces)
    lengths = np.cumsum([len(word) + 1 for word in words])
    likeliest = int(np.searchsorted(lengths, share * lengths[-1])) if words else 0
    counts = range(max(0, likeliest - REACH), min(len(words), likeliest + REACH) + 1)
    texts = [" ".join(words[:count]) for count in counts]
    return counts[int(fit(Image.fromarray(pieces[0].pixels), texts).argmin())]


def _scaled(pixels: NDArray[np.uint8]) -> Pixels:
    width = max(1, round(pixels.shape[1] * LINE_HEIGHT / pixels.shape[0]))
    size = (width, LINE_HEIGHT)
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))


def jittered(rng: np.random.Generator, pixels: Pixels) -> Pixels:
    """A line a little wider or narrower, higher or lower, lighter or darker."""
    width = max(1, round(pixels.shape[1] * (1 + STRETCH * rng.uniform(-1, 1))))
    scaled = Image.fromarray(pixels).resize((width, LINE_HEIGHT), Image.Resampling.BICUBIC)
    up = int(rng.integers(-1, 2))
    moved = np.roll(np.asarray(scaled, np.float32), up, axis=0)
    if up:
        moved[0 if up > 0 else -1] = moved[1 if up > 0 else -2]
    lit = (moved - 128) * (1 + SHADE * rng.uniform(-1, 1)) + 128 + LIGHT * rng.uniform(-1, 1)
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def fit_of(model: LineReader) -> Fit:
    """How badly texts fit pictures, by the CTC head of a model."""
    charset = model.config.charset
    space = next(iter(charset.encode(" ")), 0)

    @torch.inference_mode()
    def fit(picture: Image.Image, texts: Sequence[str]) -> NDArray[np.float32]:
        was_training = model.training
        pixels = torch.from_numpy(prepare_line(picture).pixels)[None].to(model.device)
        logits = model.eval().encode(pixels).ctc_logits[0].float().cpu().numpy()
        model.train(was_training)
        ids = [tuple(charset.encode(text)) for text in texts]
        claims = [Claim(each, (False,) * len(each), space) for each in ids]
        return shortfalls([log_softmax(logits)] * len(texts), claims)

    return fit
