"""The story of ``mdocr recognize``: pictures → crops → batches of one shape → words, in order."""

import dataclasses
import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mdocr.decoding.correction import correct
from mdocr.decoding.draft import EOS, Array, Decoding
from mdocr.decoding.lexicon import load_lexicon
from mdocr.decoding.words import decode
from mdocr.document.words import Character, Word
from mdocr.engines.memory import MemoryGuard
from mdocr.engines.protocols import WordEngine
from mdocr.engines.word_engines import word_engine
from mdocr.errors import InputError
from mdocr.inputs import pictures
from mdocr.inputs.find import FailedInput
from mdocr.inputs.pictures import Picture
from mdocr.models.charset import Charset
from mdocr.options import RecognizeOptions
from mdocr.preprocessing.mdiff4str import preprocess
from mdocr.weights.resolve import resolve

MANY = 128
"""Words over which torch makes up for its start of seconds, as it reads batches faster."""


@dataclass(frozen=True, eq=False)
class Crop:
    """A picture made ready for the model.

    Attributes:
        number: its place in the input, from 0.
        path: where it came from.
        pixels: [3, height, width] in -1..1.
    """

    number: int
    path: str
    pixels: NDArray[np.float32]


@dataclass(frozen=True)
class Result:
    """What became of the picture at place ``number`` of the input."""

    number: int
    outcome: Word | FailedInput


class Recognizer:
    """Reads pictures of single words.

    Args:
        engine: the model, on a device.
        model: its name, as the results show it.
        lexicon: what the lexicon ``auto`` means for it.
    """

    def __init__(self, engine: WordEngine, model: str, lexicon: str = "none") -> None:
        self.engine = engine
        self.model = model
        self.lexicon = lexicon
        self._guard = MemoryGuard(engine)

    def recognize(
        self,
        images: Picture | Iterable[Picture],
        options: RecognizeOptions | None = None,
        **changes: Any,
    ) -> list[Word]:
        """Reads all pictures.

        Args:
            images: paths, PIL pictures or arrays; one, or many.
            options: how to read; the defaults if left out.
            **changes: single options by name, such as ``decoder`` and ``steps``.

        Returns:
            One word a picture, in the same order.

        Raises:
            InputError: a picture cannot be read.
            UsageError: an option makes no sense.
            DeviceError: out of memory.
        """
        words = []
        for outcome in self.stream(images, options, **changes):
            if isinstance(outcome, FailedInput):
                raise outcome.error
            words.append(outcome)
        return words

    def stream(
        self,
        images: Picture | Iterable[Picture],
        options: RecognizeOptions | None = None,
        **changes: Any,
    ) -> Iterator[Word | FailedInput]:
        """Reads pictures lazily and gives each word, in the order of the input, once it is known.

        Takes what ``recognize`` takes. Holds a few batches of pictures at a time, however many
        there are. A picture that cannot be read gives a ``FailedInput`` in its place.
        """
        options = dataclasses.replace(options or RecognizeOptions(), **changes)
        numbered = enumerate(pictures.as_iterable(images))
        crops = pictures.read_ahead(
            make_crop,
            numbered,
            depth=2 * options.batch_size,
            may_wait=lambda item: pictures.may_wait(item[1]),
        )
        return in_order(self._read_all(crops, options))

    def words(self, decoding: Decoding, options: RecognizeOptions) -> list[Word]:
        """The words of a decoded batch, unclear ones as the lexicon has them."""
        name = self.lexicon_of(options)
        if name != "none":
            decoding = correct(decoding, self.engine.charset, load_lexicon(name))
        return words_of(decoding, self.engine.charset, self.model, options.decoder)

    def lexicon_of(self, options: RecognizeOptions) -> str:
        """Name or path of the lexicon that is read with; ``none`` for none."""
        return self.lexicon if options.lexicon == "auto" else options.lexicon

    def _read_all(
        self, crops: Iterable[Crop | Result], options: RecognizeOptions
    ) -> Iterator[Result]:
        for batch in batches(crops, options.batch_size):
            if isinstance(batch, Result):
                yield batch
                continue
            words = self._guard.run(lambda part: self._read(part, options), batch)
            for crop, word in zip(batch, words, strict=True):
                yield Result(crop.number, dataclasses.replace(word, path=crop.path))

    def _read(self, crops: Sequence[Crop], options: RecognizeOptions) -> list[Word]:
        images = np.stack([crop.pixels for crop in crops])
        return self.words(read(self.engine, images, options), options)


def load_recognizer(
    model: str | os.PathLike[str] = "auto",
    device: str = "auto",
    engine: str = "auto",
    dtype: str = "auto",
    words: int = 1,
) -> Recognizer:
    """Loads a recognizer.

    Args:
        model: a name, the path of a checkpoint, or ``auto``: the best model on this machine.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.
        engine: ``torch``; ``onnx``, for exported files (``mdocr export``); or ``auto``: for up to
            ``MANY`` words onnx on a CPU, if the exported files are there, else torch.
        dtype: ``auto``, ``float32`` or ``bfloat16``.
        words: about how many will be read.

    Raises:
        WeightsError: the weights are missing, damaged, or of another model.
        DeviceError: the device is absent.
        UsageError: an argument makes no sense.
    """
    # Finds errors before a download in vain.
    load = word_engine(engine, device, dtype, many=words > MANY)
    resolved = resolve(os.fspath(model), "recognizer")
    return Recognizer(load(resolved.path), resolved.name, resolved.lexicon)


def recognize(
    images: Picture | Iterable[Picture],
    model: str | os.PathLike[str] = "auto",
    device: str = "auto",
    engine: str = "auto",
    dtype: str = "auto",
    **options: Any,
) -> list[Word]:
    """Loads a recognizer and reads pictures: ``load_recognizer``, then ``Recognizer.recognize``."""
    return load_recognizer(model, device, engine, dtype).recognize(images, **options)


def read(engine: WordEngine, images: Array, options: RecognizeOptions) -> Decoding:
    """Reads one batch of pictures [B, 3, height, width] in -1..1."""
    encoded = engine.encode(images)
    decoding = decode(encoded.predict, engine.blank(len(images)), options)
    return dataclasses.replace(decoding, columns=encoded.ctc)


def make_crop(numbered: tuple[int, Picture]) -> Crop | Result:
    """Loads a picture and brings it to a size of the model; a ``FailedInput`` if it cannot be read."""
    number, source = numbered
    path = pictures.name_of(source)
    try:
        return Crop(number, path, preprocess(pictures.open_picture(source)))
    except InputError as error:
        return Result(number, FailedInput(path, error))


def batches(crops: Iterable[Crop | Result], size: int) -> Iterator[list[Crop] | Result]:
    """Gathers crops of one shape; what is no crop any more passes at once.

    A crop waits for ``4 * size`` others at most: then those of its shape go, few as they be.
    """
    waiting: dict[tuple[int, ...], list[Crop]] = defaultdict(list)  # the longest waiting first
    for crop in crops:
        if isinstance(crop, Result):
            yield crop
            continue
        shape = crop.pixels.shape
        waiting[shape].append(crop)
        if len(waiting[shape]) == size:
            yield waiting.pop(shape)
        oldest = next(iter(waiting.values()), [crop])[0]
        if crop.number - oldest.number >= 4 * size:
            yield waiting.pop(oldest.pixels.shape)
    yield from waiting.values()


def in_order(results: Iterable[Result]) -> Iterator[Word | FailedInput]:
    """The outcomes in the order of the input, each as soon as all before it are known."""
    early: dict[int, Word | FailedInput] = {}
    number = 0
    for result in results:
        early[result.number] = result.outcome
        while number in early:
            yield early.pop(number)
            number += 1


def words_of(decoding: Decoding, charset: Charset, model: str, decoder: str) -> list[Word]:
    """The words of a decoded batch, each up to its end mark."""
    confidences = decoding.confidences.tolist()
    steps, passes = decoding.steps.tolist(), decoding.passes.tolist()
    traces = [ids.tolist() for ids in decoding.trace]
    words = []
    for row, ids in enumerate(decoding.tokens.tolist()):
        end = ids.index(EOS) if EOS in ids else len(ids)
        text = [charset.symbols[index - 1] for index in ids[:end]]
        characters = tuple(map(Character, text, confidences[row], steps[row]))
        confidence = sum(confidences[row][:end]) / max(end, 1)
        trace = tuple(_written(ids[row], charset, end) for ids in traces[: passes[row]])
        if trace:
            trace = (*trace[:-1], "".join(text))  # the last pass also settles what was left masked
        words.append(
            Word("", "".join(text), confidence, characters, model, decoder, passes[row], trace)
        )
    return words


def _written(ids: list[int], charset: Charset, end: int) -> str:
    """A word in the making, ``_`` for a masked position before the ``end`` that it will have."""
    written = ids[: ids.index(EOS)] if EOS in ids else ids
    while len(written) > end and written[-1] == charset.mask_id:
        written = written[:-1]
    return "".join("_" if i == charset.mask_id else charset.symbols[i - 1] for i in written)
