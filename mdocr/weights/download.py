"""Downloads all files of a model from the hub into the cache."""

import os
from pathlib import Path
from typing import Any

from mdocr.errors import WeightsError
from mdocr.weights import cache, hub, transfer
from mdocr.weights.cache import CachedModel
from mdocr.weights.model_code import code_files
from mdocr.weights.registry import INDEX, UNSHARDED, ReleasedModel

CHARSET_URL = "https://raw.githubusercontent.com/Topdu/OpenOCR/main/tools/utils/ppocr_keys_v1.txt"

LARGEST_JSON = 128 << 20
"""Bytes; such files are read at once, and the largest tokenizers have some 20 MB."""


def download(model: ReleasedModel) -> Path:
    """Downloads every missing file of ``model`` into the cache.

    Of two processes that ask at once, the second waits for the first.

    Returns:
        The model's folder.

    Raises:
        WeightsError: the model should be inside the package, or a file cannot be downloaded.
    """
    cached = CachedModel(model)
    if cached.installed:
        return cached.folder
    if model.packaged:
        raise WeightsError(
            f"{model.name} is not in this installation of mdocr",
            "Install mdocr again, or choose another model: mdocr models list",
        )
    folder = cached.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsError(
            f"cannot make the folder {folder}: {error.strerror}",
            "Set MDOCR_CACHE to a writable folder.",
        ) from error
    from filelock import FileLock  # not at start-up: most models are there

    try:
        with FileLock(folder.with_name(f".{model.name}.lock")):
            _fetch_missing(cached)
    except transfer.UnreachableError as error:
        raise WeightsError(error.message, _offline_hint(cached)) from error
    return folder


def _fetch_missing(cached: CachedModel) -> None:
    model = cached.model
    manifest = cached.manifest or {"repo": model.repo, "files": {}}
    try:
        _fetch(cached, model.files[0], manifest)
    except transfer.MissingError:
        if model.files[0] != INDEX:
            raise
        _fetch(cached, UNSHARDED, manifest)
    for name in cached.missing:  # shards too, now that their index is there
        _fetch(cached, name, manifest)
    for name in model.optional:
        _fetch(cached, name, manifest, optional=True)
    if model.task == "parser":
        _fetch_code(cached, manifest)
    if model.chinese:
        _fetch_charset()


def _fetch_code(cached: CachedModel, manifest: dict[str, Any]) -> None:
    """The modules that the settings name, and those that they import, until all are there."""
    asked: set[str] = set()
    while new := code_files(cached.folder) - asked:
        for name in sorted(new):
            _fetch(cached, name, manifest, optional=True)
        asked |= new


def _fetch(
    cached: CachedModel, name: str, manifest: dict[str, Any], optional: bool = False
) -> None:
    model, target = cached.model, cached.folder / name
    if target.is_file():
        return
    path = f"{model.folder}/{name}" if model.folder else name
    try:
        remote = hub.locate(model.repo, path, manifest.get("revision", "main"))
    except transfer.MissingError:
        if optional:
            return
        raise
    if name.endswith(".json") and remote.size > LARGEST_JSON:
        raise WeightsError(
            f"{remote.label} is said to have {remote.size / 1e6:.0f} MB, too many for its kind",
            "Is HF_ENDPOINT right? It must be a hub, or a mirror of one.",
        )
    transfer.fetch(remote, target)
    manifest["revision"] = remote.revision  # all files come from the same commit
    manifest["files"][name] = {"size": remote.size, "sha256": cache.file_sha256(target)}
    cached.record(manifest)


def _fetch_charset() -> None:
    if cache.has_sha256(cache.charset_path(), cache.CHARSET_SHA256):
        return
    url = os.environ.get("MDOCR_CHARSET_URL", CHARSET_URL)
    remote = transfer.RemoteFile(url, cache.CHARSET_FILE, cache.CHARSET_BYTES, cache.CHARSET_SHA256)
    transfer.fetch(remote, cache.charset_path())


def _offline_hint(cached: CachedModel) -> str:
    model = cached.model
    charset = f" (and {cache.charset_path()})" if model.chinese else ""
    return (
        f"Run `mdocr models download {model.name}` where there is a network; for a machine without "
        f"one, copy the folder {cached.folder}{charset} to it."
    )
