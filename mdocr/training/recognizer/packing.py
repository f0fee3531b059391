"""A labelled folder as an LMDB, laid out as scene-text collections are.

Keys count from 1: ``image-%09d`` the file as it is, ``label-%09d`` its text, ``wh-%09d`` its
``width_height``, and ``num-samples``.
"""

import mmap
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mdocr.errors import InputError, MissingExtraError, UsageError
from mdocr.files import written_folder
from mdocr.inputs.labelled import HINT, FolderCollection

ROOM = 1 << 24
"""Bytes beyond the pictures: keys, labels and the tree over them."""
TOGETHER = 1000
"""Samples written in one transaction."""


@dataclass(frozen=True)
class Packed:
    """What became of a folder.

    Attributes:
        count: samples in the LMDB.
        failures: pictures that could not be read.
    """

    count: int
    failures: tuple[InputError, ...]


def pack_folder(folder: Path, target: Path) -> Packed:
    """Makes an LMDB of a folder with ``labels.tsv``; it stands there whole or not at all.

    Raises:
        UsageError: ``target`` exists.
        InputError: the folder has no ``labels.tsv`` or no readable picture, or the disk refuses.
    """
    if target.exists():
        raise UsageError(f"{target} exists", "Name another LMDB, or remove this one first.")
    collection = FolderCollection(folder)
    if len(collection) == 0:
        raise InputError(f"{folder} holds no labelled pictures", HINT)
    lmdb = _lmdb()
    try:
        with written_folder(target) as temporary:
            return _Packer(collection, lmdb.open(str(temporary), **_settings(collection))).pack()
    except (OSError, lmdb.Error) as error:
        raise InputError(f"cannot write {target}: {error}", "Is there room on the disk?") from error


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
            width, height = self.collection.picture(number).size  # read whole: it may be cut off
        except InputError as error:
            self.failures.append(error)
            return
        self.count += 1
        size = f"{width}_{height}"
        values = {"image": path.read_bytes(), "label": text.encode(), "wh": size.encode()}
        for name, value in values.items():
            transaction.put(f"{name}-{self.count:09d}".encode(), value)


def _settings(collection: FolderCollection) -> dict[str, Any]:
    """Nobody else sees the LMDB yet, so it is neither locked nor synchronised before its end."""
    sizes = [path.stat().st_size for path, _ in collection.rows if path.is_file()]
    room = ROOM + sum(size + 2 * mmap.PAGESIZE for size in sizes)  # a picture takes whole pages
    return {"map_size": room, "lock": False, "sync": False}


def _lmdb() -> Any:
    try:
        import lmdb
    except ImportError as error:
        raise MissingExtraError("lmdb", "train", "Writing an LMDB") from error
    return lmdb
