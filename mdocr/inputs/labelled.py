"""Collections of labelled pictures on disk: folders with ``labels.tsv``, and LMDBs."""

import bisect
import io
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Protocol
from weakref import WeakValueDictionary

from PIL import Image, UnidentifiedImageError

from mdocr.errors import InputError, MissingExtraError, UsageError
from mdocr.inputs.formats import open_image
from mdocr.inputs.pairs import path_text_lines
from mdocr.inputs.pictures import open_picture

LABELS = "labels.tsv"
ORIENTATION = 0x0112
"""The EXIF tag; from 5 on, width and height change places."""
HINT = f"A labelled folder holds {LABELS} with path<TAB>text lines."
PACK = "Make one with: mdocr train pack FOLDER -o LMDB"


class Collection(Protocol):
    """Pictures and labels by number, from 0."""

    def __len__(self) -> int: ...

    def picture(self, number: int) -> Image.Image:
        """The picture, upright, RGB.

        Raises:
            InputError: it cannot be read.
        """
        ...

    def text(self, number: int) -> str:
        """Its label.

        Raises:
            InputError: it cannot be read.
        """
        ...

    def size(self, number: int) -> tuple[int, int]:
        """Width and height, read cheaply.

        Raises:
            InputError: it is not a picture.
        """
        ...


@dataclass(frozen=True)
class FolderCollection:
    """A folder with ``labels.tsv``: ``path<TAB>text`` a line, paths relative to the folder."""

    folder: Path

    @cached_property
    def rows(self) -> list[tuple[Path, str]]:
        """Paths and texts.

        Raises:
            InputError: ``labels.tsv`` is missing, is not text, or has a line without a tab.
        """
        if not self.folder.is_dir():
            raise InputError(f"there is no folder {str(self.folder)!r}", HINT)
        lines = path_text_lines(self.folder / LABELS, HINT)
        return [(self.folder / path, text) for _, path, text in lines]

    def __len__(self) -> int:
        return len(self.rows)

    def picture(self, number: int) -> Image.Image:
        """See ``Collection``."""
        return open_picture(self.rows[number][0])

    def text(self, number: int) -> str:
        """See ``Collection``."""
        return self.rows[number][1]

    def size(self, number: int) -> tuple[int, int]:
        """See ``Collection``."""
        path = self.rows[number][0]
        try:
            with path.open("rb") as file:
                return _header_size(file, str(path))
        except OSError as error:
            raise InputError(f"cannot read {str(path)!r}: {error.strerror}") from error


class LmdbCollection:
    """An LMDB of scene text: ``image-%09d``, ``label-%09d``, ``num-samples``, counted from 1.

    If there is also ``wh-%09d`` (``width_height``), sizes are known without opening pictures.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._environment: Any = None

    def __getstate__(self) -> dict[str, Any]:
        return {"folder": self.folder, "_environment": None}  # opened anew in each process

    def __len__(self) -> int:
        return int(self._read("num-samples"))

    def picture(self, number: int) -> Image.Image:
        """See ``Collection``."""
        try:
            with open_image(self._image(number)) as picture:
                return open_picture(picture)
        except (InputError, OSError) as error:  # name the key, which PIL does not know
            raise InputError(f"{self._name(number)} cannot be read: {error}") from error

    def text(self, number: int) -> str:
        """See ``Collection``."""
        key = f"label-{number + 1:09d}"
        try:
            return self._read(key).decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(f"{key} of {self.folder} is not UTF-8", PACK) from error

    def size(self, number: int) -> tuple[int, int]:
        """See ``Collection``."""
        known = self._find(f"wh-{number + 1:09d}")
        if known is not None:
            width, _, height = known.decode().partition("_")
            return int(width), int(height)
        return _header_size(io.BytesIO(self._image(number)), self._name(number))

    def _name(self, number: int) -> str:
        return f"image-{number + 1:09d} of {self.folder}"

    def _image(self, number: int) -> bytes:
        return self._read(f"image-{number + 1:09d}")

    def _read(self, key: str) -> bytes:
        value = self._find(key)
        if value is None:
            raise InputError(f"{self.folder}: the LMDB has no key {key}", PACK)
        return value

    def _find(self, key: str) -> bytes | None:
        if self._environment is None:
            self._environment = _open_lmdb(self.folder)
        with self._environment.begin() as transaction:
            value = transaction.get(key.encode())
        return None if value is None else bytes(value)


class JoinedCollection:
    """Several collections, one behind the other."""

    def __init__(self, parts: Sequence[LmdbCollection]) -> None:
        self.parts = parts
        self._starts = list(itertools.accumulate((len(part) for part in parts), initial=0))

    def __len__(self) -> int:
        return self._starts[-1]

    def picture(self, number: int) -> Image.Image:
        """See ``Collection``."""
        part, inside = self._place(number)
        return part.picture(inside)

    def text(self, number: int) -> str:
        """See ``Collection``."""
        part, inside = self._place(number)
        return part.text(inside)

    def size(self, number: int) -> tuple[int, int]:
        """See ``Collection``."""
        part, inside = self._place(number)
        return part.size(inside)

    def _place(self, number: int) -> tuple[LmdbCollection, int]:
        index = bisect.bisect_right(self._starts, number) - 1
        return self.parts[index], number - self._starts[index]


def open_collection(kind: str, path: Path) -> Collection:
    """A folder or LMDB of labelled pictures, never empty.

    Args:
        kind: ``folder`` or ``lmdb``; empty: whatever lies there.
        path: where it lies; below it there may be several LMDBs, which are read as one.

    Raises:
        UsageError: the kind is unknown.
        InputError: there is nothing that could be read.
    """
    if kind not in ("", "folder", "lmdb"):
        raise UsageError(f"unknown kind of collection {kind!r}", "Use folder or lmdb.")
    if kind == "lmdb" or (not kind and not (path / LABELS).exists() and _lmdbs(path)):
        collection: Collection = _open_lmdbs(path)
    else:
        collection = FolderCollection(path)
    if len(collection) == 0:
        raise InputError(f"{path} holds no labelled pictures", HINT)
    return collection


def _open_lmdbs(path: Path) -> LmdbCollection | JoinedCollection:
    found = _lmdbs(path)
    if not found:
        raise InputError(f"there is no LMDB in {path}", PACK)
    parts = [LmdbCollection(folder) for folder in found]
    return parts[0] if len(parts) == 1 else JoinedCollection(parts)


def _lmdbs(path: Path) -> list[Path]:
    return sorted(file.parent for file in path.rglob("data.mdb"))


_ENVIRONMENTS: "WeakValueDictionary[str, Any]" = WeakValueDictionary()
"""LMDB refuses to open a file twice in a process, so collections of one file share it."""


def _open_lmdb(folder: Path) -> Any:
    place = str(folder.resolve())
    environment = _ENVIRONMENTS.get(place)
    if environment is None:
        environment = _ENVIRONMENTS[place] = _environment(place)
    return environment


def _environment(place: str) -> Any:
    try:
        import lmdb
    except ImportError as error:
        raise MissingExtraError("lmdb", "train", "Reading an LMDB") from error
    try:
        return lmdb.open(place, readonly=True, lock=False, readahead=False, meminit=False)
    except lmdb.Error as error:
        raise InputError(f"cannot open the LMDB {place}: {error}", PACK) from error


def _header_size(file: BinaryIO, name: str) -> tuple[int, int]:
    """Width and height as the picture stands upright, from its header."""
    try:
        with open_image(file) as picture:
            turned = picture.getexif().get(ORIENTATION, 1) >= 5
            width, height = picture.size
            return (height, width) if turned else (width, height)
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise InputError(f"{name} is not a picture that can be read") from error
    except Exception as error:  # decoders raise nearly anything on a damaged file
        raise InputError(f"{name} cannot be read: {error}") from error
