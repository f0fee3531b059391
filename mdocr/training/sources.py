"""Where training words come from: synthesis, a labelled folder, an LMDB."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image

from mdocr.errors import InputError, MissingExtraError, UsageError
from mdocr.models.word_pictures import ratio_bucket
from mdocr.training.batches import Sample, Source
from mdocr.training.config import DataConfig, SourceConfig

BUCKET_SHARES = {1: 0.06, 2: 0.20, 3: 0.30, 4: 0.44}
"""Share of made batches of each ratio; about that of scene-text collections."""

Augment = Callable[[Image.Image, np.random.Generator], Image.Image]


class SynthesisSource:
    """Words drawn by ``mdocr.synthesis``; difficulty rises as the run goes on.

    Args:
        data: fonts, and how difficulty rises.
        symbols: characters of the model.
        seed: of everything drawn.
    """

    def __init__(self, data: DataConfig, symbols: str, seed: int) -> None:
        self.data, self.symbols, self.seed = data, symbols, seed

    def samples(self, index: int, rows: range, progress: float) -> Sequence[Sample]:
        """See ``Source``."""
        buckets, shares = list(BUCKET_SHARES), list(BUCKET_SHARES.values())
        ratio = int(np.random.default_rng((self.seed, 2, index)).choice(buckets, p=shares))
        difficulty = self.difficulty(progress)
        made = []
        for row in rows:
            rng = np.random.default_rng((self.seed, 3, index, row))
            picture, text = self._synthesizer.draw(rng, ratio, difficulty * rng.random() ** 0.5)
            made.append((Image.fromarray(picture), text))
        return made

    def difficulty(self, progress: float) -> float:
        """Difficulty of the hardest made words at ``progress`` of the run, both 0 to 1."""
        start = self.data.start_difficulty
        rise = min(progress / self.data.easy_share, 1.0) if self.data.easy_share else 1.0
        return start + (1 - start) * rise

    @cached_property
    def _synthesizer(self) -> Any:
        from mdocr.synthesis.fonts import load_fonts
        from mdocr.synthesis.vocabulary import load_vocabulary
        from mdocr.synthesis.words import WordSynthesizer

        folders = [Path(folder) for folder in self.data.fonts] or None
        return WordSynthesizer(load_fonts(folders), load_vocabulary(), self.symbols)


class Collection(Protocol):
    """Pictures and labels by number, from 0."""

    def __len__(self) -> int: ...

    def picture(self, number: int) -> Image.Image:
        """The picture, RGB."""
        ...

    def text(self, number: int) -> str:
        """Its label."""
        ...

    def size(self, number: int) -> tuple[int, int]:
        """Width and height, read cheaply."""
        ...


@dataclass(frozen=True)
class FolderCollection:
    """A folder with ``labels.tsv``: ``path<TAB>text`` a line, paths relative to the folder."""

    folder: Path

    @cached_property
    def rows(self) -> list[tuple[Path, str]]:
        """Paths and texts."""
        labels = self.folder / "labels.tsv"
        try:
            lines = labels.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise InputError(
                f"cannot read {labels}: {error.strerror}",
                "A labelled folder holds labels.tsv with path<TAB>text lines.",
            ) from error
        pairs = [line.split("\t", 1) for line in lines if "\t" in line]
        return [(self.folder / path, text) for path, text in pairs]

    def __len__(self) -> int:
        return len(self.rows)

    def picture(self, number: int) -> Image.Image:
        """See ``Collection``."""
        with Image.open(self.rows[number][0]) as picture:
            return picture.convert("RGB")

    def text(self, number: int) -> str:
        """See ``Collection``."""
        return self.rows[number][1]

    def size(self, number: int) -> tuple[int, int]:
        """See ``Collection``."""
        with Image.open(self.rows[number][0]) as picture:
            return picture.size


class LmdbCollection:
    """An LMDB of scene text: ``image-%09d``, ``label-%09d``, ``num-samples``, counted from 1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "_environment": None}  # opened anew in each process

    def __len__(self) -> int:
        return int(self._read("num-samples"))

    def picture(self, number: int) -> Image.Image:
        """See ``Collection``."""
        with Image.open(io.BytesIO(self._read(f"image-{number + 1:09d}"))) as picture:
            return picture.convert("RGB")

    def text(self, number: int) -> str:
        """See ``Collection``."""
        return self._read(f"label-{number + 1:09d}").decode("utf-8")

    def size(self, number: int) -> tuple[int, int]:
        """See ``Collection``."""
        with Image.open(io.BytesIO(self._read(f"image-{number + 1:09d}"))) as picture:
            return picture.size

    def _read(self, key: str) -> bytes:
        if self._environment is None:
            self._environment = _open_lmdb(self.folder)
        with self._environment.begin() as transaction:
            value = transaction.get(key.encode())
        if value is None:
            raise InputError(f"{self.folder}: the LMDB has no key {key}")
        return bytes(value)


def _open_lmdb(folder: Path) -> Any:
    try:
        import lmdb
    except ImportError as error:
        raise MissingExtraError("lmdb", "train", "reading an LMDB") from error
    try:
        return lmdb.open(str(folder), readonly=True, lock=False, readahead=False, meminit=False)
    except lmdb.Error as error:
        raise InputError(f"cannot open the LMDB {folder}: {error}") from error


class CollectionSource:
    """Batches of a collection: shuffled anew each epoch, pictures of one ratio together.

    Args:
        collection: pictures and labels.
        batch_rows: samples of a whole batch, over all processes.
        seed: of the order and of the augmentation.
        augment: changes a picture; None: leave it.
    """

    def __init__(
        self, collection: Collection, batch_rows: int, seed: int, augment: Augment | None
    ) -> None:
        self.collection, self.batch_rows = collection, batch_rows
        self.seed, self.augment = seed, augment
        self._epoch = -1
        self._order: list[np.ndarray[Any, np.dtype[np.int64]]] = []

    @cached_property
    def _buckets(self) -> dict[int, list[int]]:
        buckets: dict[int, list[int]] = {}
        for number in range(len(self.collection)):
            buckets.setdefault(ratio_bucket(*self.collection.size(number)), []).append(number)
        return buckets

    @cached_property
    def batches_per_epoch(self) -> int:
        """Batches in which every picture comes once; the last of a ratio is filled up."""
        return sum(-(-len(numbers) // self.batch_rows) for numbers in self._buckets.values())

    def samples(self, index: int, rows: range, progress: float) -> Sequence[Sample]:
        """See ``Source``."""
        epoch, place = divmod(index, self.batches_per_epoch)
        if epoch != self._epoch:
            self._order, self._epoch = self._shuffle(epoch), epoch
        made = []
        for row in rows:
            number = int(self._order[place][row])
            picture = self.collection.picture(number)
            if self.augment is not None:
                rng = np.random.default_rng((self.seed, 4, index, row))
                picture = self.augment(picture, rng)
            made.append((picture, self.collection.text(number)))
        return made

    def _shuffle(self, epoch: int) -> list[np.ndarray[Any, np.dtype[np.int64]]]:
        rng = np.random.default_rng((self.seed, 5, epoch))
        batches = []
        for _, numbers in sorted(self._buckets.items()):
            count = -(-len(numbers) // self.batch_rows) * self.batch_rows
            order = np.resize(rng.permutation(numbers), count)
            batches += np.split(order, count // self.batch_rows)
        return [batches[i] for i in rng.permutation(len(batches))]


def open_source(
    source: SourceConfig, data: DataConfig, symbols: str, batch_rows: int, seed: int
) -> Source:
    """The source that a run's configuration names.

    Raises:
        UsageError: its kind is unknown.
        InputError: it is empty or cannot be read.
    """
    if source.kind == "synthesis":
        return SynthesisSource(data, symbols, seed)
    collection = open_collection(source.kind, Path(source.path))
    augment = None
    if data.augment:
        from mdocr.training.augmentation import rand_augment

        augment = rand_augment
    return CollectionSource(collection, batch_rows, seed, augment)


def open_collection(kind: str, path: Path) -> Collection:
    """A folder or LMDB of labelled pictures, never empty."""
    kinds: dict[str, Callable[[Path], Collection]] = {
        "folder": FolderCollection,
        "lmdb": LmdbCollection,
    }
    if kind not in kinds:
        raise UsageError(f"unknown source kind {kind!r}", "Use synthesis, folder or lmdb.")
    collection = kinds[kind](path)
    if len(collection) == 0:
        raise InputError(f"{path} holds no labelled pictures")
    return collection
