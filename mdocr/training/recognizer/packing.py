"""Packs a labelled folder into an LMDB of the format of scene-text collections.

Keys count from 1: ``image-%09d`` holds the encoded image, ``label-%09d`` its text, ``wh-%09d`` its
``width_height``; ``num-samples`` holds their number.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mdocr.errors import InputError, MissingExtraError, UsageError, reason_of
from mdocr.files import written_folder
from mdocr.inputs.labelled import HINT, FolderCollection

ROOM = 1 << 24
"""Bytes besides the images: keys, labels, and the B-tree."""
TOGETHER = 1000
"""Samples per transaction."""


@dataclass(frozen=True)
class Packed:
    """Result of packing a folder.

    Attributes:
        count: samples in the LMDB.
        failures: unreadable images.
    """

    count: int
    failures: tuple[InputError, ...]


def pack_folder(folder: Path, target: Path) -> Packed:
    """Packs a folder with ``labels.tsv`` into an LMDB, atomically.

    Raises:
        UsageError: ``target`` exists.
        InputError: no ``labels.tsv``, no readable image, or ``target`` cannot be written.
    """
    if target.exists():
        raise UsageError(f"{target} exists", "Name another LMDB, or remove this one first.")
    collection = FolderCollection(folder)
    if len(collection) == 0:
        raise InputError(f"{folder} holds no labelled images", HINT)
    lmdb = _lmdb()
    try:
        with written_folder(target) as temporary:
            return _Packer(collection, lmdb.open(str(temporary), **_settings(collection))).pack()
    except (OSError, lmdb.Error) as error:
        raise InputError(
            f"cannot write {target}: {reason_of(error)}",
            "Give a place that you may write to, with room for the file.",
        ) from error


class _Packer:
    def __init__(self, collection: FolderCollection, environment: Any) -> None:
        self.collection, self.environment = collection, environment
        self.count = 0
        self.failures: list[InputError] = []

    def pack(self) -> Packed:
        numbers = range(len(self.collection))
        with self.environment as environment:
            for start in numbers[::TOGETHER]:
                with environment.begin(write=True) as transaction:
                    for number in numbers[start : start + TOGETHER]:
                        self._put(transaction, number)
            if not self.count:
                raise self.failures[0]
            with environment.begin(write=True) as transaction:
                transaction.put(b"num-samples", str(self.count).encode())
            environment.sync(True)
        return Packed(self.count, tuple(self.failures))

    def _put(self, transaction: Any, number: int) -> None:
        path, text = self.collection.rows[number]
        try:
            width, height = self.collection.picture(
                number
            ).size  # decoded in full: it may be truncated
        except InputError as error:
            self.failures.append(error)
            return
        self.count += 1
        size = f"{width}_{height}"
        values = {"image": path.read_bytes(), "label": text.encode(), "wh": size.encode()}
        for name, value in values.items():
            transaction.put(f"{name}-{self.count:09d}".encode(), value)


def _settings(collection: FolderCollection) -> dict[str, Any]:
    """Not locked or synchronised until complete, as no one else sees it before."""
    sizes = [path.stat().st_size for path, _ in collection.rows if path.is_file()]
    room = ROOM + sum(size + 2 * mmap.PAGESIZE for size in sizes)  # an image takes whole pages
    return {"map_size": room, "lock": False, "sync": False}


def _lmdb() -> Any:
    try:
        import lmdb
    except ImportError as error:
        raise MissingExtraError("lmdb", "train", "Writing an LMDB") from error
    return lmdb
