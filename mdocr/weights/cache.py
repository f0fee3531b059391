"""The folder in which downloaded weights are kept, and what is recorded about them.

    <cache>/models/<name>/...           files of a model, and mdocr.json: size and sha256 of each
    <cache>/charsets/...                the Chinese list of keys
    <cache>/converted/<sha256>.safetensors   the conversion of a ``.pth`` from elsewhere

The cache knows nothing of the network. A file under its own name is complete.
"""

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

import mdocr
from mdocr.errors import WeightsError
from mdocr.files import write_text
from mdocr.weights.registry import INDEX, UNSHARDED, ReleasedModel

MANIFEST = "mdocr.json"
CHARSET_FILE = "ppocr_keys_v1.txt"
CHARSET_SHA256 = "28b2362ad4ab2dc38769aa72feb535e3a9ddb3fd2a7585a05920e6393b1dc7f7"
CHARSET_BYTES = 26_249
CONVERTED = "best.safetensors"
"""The converted ``best.pth``, written when it is first loaded."""


def cache_dir() -> Path:
    """The cache folder: ``MDOCR_CACHE``, or the user's cache folder of this platform."""
    moved = os.environ.get("MDOCR_CACHE")
    if moved:
        return Path(moved).expanduser()
    return Path(platformdirs.user_cache_dir("mdocr", appauthor=False))


def assets_dir() -> Path:
    """The folder of the files that come with the package."""
    return Path(mdocr.__file__).parent / "assets"


def charset_path() -> Path:
    """Where the Chinese list of keys is kept."""
    return cache_dir() / "charsets" / CHARSET_FILE


def converted_path(sha256: str) -> Path:
    """Where the conversion of a ``.pth`` of this content is kept."""
    return cache_dir() / "converted" / f"{sha256}.safetensors"


@dataclass(frozen=True)
class CachedModel:
    """The files of a named model on this machine.

    Attributes:
        model: which one.
    """

    model: ReleasedModel

    @property
    def folder(self) -> Path:
        """The folder that holds, or will hold, the files: in the cache, or in the package."""
        if self.model.packaged:
            return assets_dir() / self.model.folder
        return cache_dir() / "models" / self.model.name

    @property
    def path(self) -> Path:
        """What to load: the weights file of a recognizer, the folder of a parser."""
        if self.model.task == "parser":
            return self.folder
        released = self.folder / self.model.files[0]
        converted = self.folder / CONVERTED
        return converted if converted.exists() and not released.exists() else released

    @property
    def installed(self) -> bool:
        """Whether every file is there; their contents are not checked."""
        if self.model.task == "recognizer":
            path = self.path
            converted = path.name == CONVERTED
            has_charset = not self.model.chinese or converted or charset_path().exists()
            return path.is_file() and has_charset
        with contextlib.suppress(WeightsError):
            return not self.missing
        return False

    @property
    def files(self) -> list[str]:
        """Names of the required files, shards included once their index is there.

        Raises:
            WeightsError: the index is damaged.
        """
        weights, *others = self.model.files
        if weights == INDEX and self._has(UNSHARDED) and not self._has(INDEX):
            return [UNSHARDED, *others]
        return [weights, *others, *shards(self.folder / weights)]

    @property
    def missing(self) -> list[str]:
        """Required files that are not there.

        Raises:
            WeightsError: the index of the shards is damaged.
        """
        return [name for name in self.files if not self._has(name)]

    def _has(self, name: str) -> bool:
        return (self.folder / name).is_file()

    @property
    def manifest(self) -> dict[str, Any]:
        """What was recorded at the download: ``repo``, ``revision``, ``files``; else empty."""
        try:
            manifest = json.loads((self.folder / MANIFEST).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return manifest if isinstance(manifest, dict) else {}

    def record(self, manifest: Mapping[str, Any]) -> None:
        """Writes the manifest, whole or not at all."""
        write_text(self.folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")

    def verify(self) -> tuple[list[str], list[str]]:
        """Compares the files with what was recorded when they were downloaded.

        Returns:
            Files that are missing or differ from the record, and files without a record.

        Raises:
            WeightsError: the index of the shards is damaged.
        """
        recorded = self.manifest.get("files", {})
        damaged = self.missing
        damaged += [
            name
            for name, record in recorded.items()
            if name not in damaged and not _matches(self.folder / name, record)
        ]
        if self.model.chinese and not has_sha256(charset_path(), CHARSET_SHA256):
            damaged.append(CHARSET_FILE)
        return damaged, [n for n in self.files if n not in recorded and n not in damaged]

    def remove(self) -> int:
        """Removes the files of a downloaded model; bytes set free.

        Raises:
            WeightsError: the model is inside the package, or a file cannot be removed.
        """
        if self.model.packaged:
            raise WeightsError(
                f"{self.model.name} is part of the package and stays",
                "Name a downloaded model: `mdocr models list` shows them.",
            )
        return _remove_folder(self.folder)


def find_weights(path: Path) -> Path:
    """The checkpoint file at ``path``, or in the folder ``path``.

    In a folder, ``best`` is preferred to other names, and safetensors to ``.pth``.

    Raises:
        WeightsError: there is none, or several without a ``best`` among them.
    """
    if path.is_file():
        if path.suffix not in (".safetensors", ".pth"):
            raise WeightsError(
                f"{path} is no checkpoint, which ends in .safetensors or .pth",
                "Name one, or the folder that holds it.",
            )
        return path
    if not path.is_dir():
        raise WeightsError(
            f"there is no file or folder {path}",
            "Give the path of a checkpoint, or a name that `mdocr models list` shows.",
        )
    for suffix in (".safetensors", ".pth"):
        found = sorted(file for file in path.iterdir() if file.suffix == suffix)
        best = [file for file in found if file.stem == "best"] or found
        if len(best) > 1:
            listed = ", ".join(file.name for file in best)
            raise WeightsError(f"{path} holds several checkpoints: {listed}", "Name one of them.")
        if best:
            return best[0]
    raise WeightsError(
        f"the folder {path} holds no checkpoint (.safetensors or .pth)",
        "Give the folder that contains it, or a name that `mdocr models list` shows.",
    )


def shards(index: Path) -> list[str]:
    """Names of the weight files that a sharded model's index lists; none without an index.

    Raises:
        WeightsError: the index is damaged, or names a file outside its folder.
    """
    if not index.name.endswith(".index.json") or not index.is_file():
        return []
    try:
        found = sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"{index} is damaged: {error}", "Download it again.") from error
    if any(not isinstance(name, str) or Path(name).name != name for name in found):
        raise WeightsError(f"{index} names a file outside its folder", "Download it again.")
    return found


def file_sha256(path: Path) -> str:
    """The sha256 of a file, in hexadecimal digits."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in iter(lambda: file.read(1 << 20), b""):
            digest.update(chunk)
    return digest.hexdigest()


def has_sha256(path: Path, sha256: str) -> bool:
    """Whether the file is there and has this content."""
    return path.is_file() and file_sha256(path) == sha256


def _remove_folder(folder: Path) -> int:
    """Removes a folder, if it is there; bytes set free.

    Raises:
        WeightsError: a file cannot be removed.
    """
    if not folder.exists():
        return 0
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise WeightsError(
            f"cannot remove {folder}: {error.strerror}",
            "Remove it by hand, or as the user that it belongs to.",
        ) from error
    return size


def _matches(path: Path, record: dict[str, Any]) -> bool:
    if not path.is_file() or path.stat().st_size != record.get("size"):
        return False
    return file_sha256(path) == record.get("sha256")
