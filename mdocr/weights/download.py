"""All files of a model from the hub into the cache."""

import os
from pathlib import Path
from typing import Any

from mdocr.errors import WeightsError
from mdocr.weights import cache, hub
from mdocr.weights.registry import ReleasedModel

CHARSET_URL = "https://raw.githubusercontent.com/Topdu/OpenOCR/main/tools/utils/ppocr_keys_v1.txt"


def download(model: ReleasedModel) -> Path:
    """Brings every missing file of ``model`` into the cache.

    Two processes may ask at once: the second waits for the first.

    Returns:
        The model's folder.

    Raises:
        WeightsError: the model should be inside the package, or a file cannot be had.
    """
    folder = cache.model_dir(model)
    if cache.is_installed(model):
        return folder
    if model.packaged:
        raise WeightsError(
            f"{model.name} is not in this installation of mdocr",
            "Install mdocr again, or choose another model: mdocr models list",
        )
    from filelock import FileLock

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WeightsError(
            f"cannot make the folder {folder}: {error.strerror}",
            "Set MDOCR_CACHE to a folder that can be written.",
        ) from error
    try:
        with FileLock(folder.with_name(f".{model.name}.lock")):
            _fetch_missing(model)
    except hub.UnreachableError as error:
        raise WeightsError(error.message, _offline_hint(model)) from error
    return folder


def _fetch_missing(model: ReleasedModel) -> None:
    manifest = cache.read_manifest(model) or {"repo": model.repo, "files": {}}
    for name in model.files:
        _fetch(model, name, manifest)
    for name in cache.shards(cache.model_dir(model) / model.files[0]):
        _fetch(model, name, manifest)
    for name in model.optional:
        _fetch(model, name, manifest, optional=True)
    if model.chinese:
        _fetch_charset()


def _fetch(
    model: ReleasedModel, name: str, manifest: dict[str, Any], optional: bool = False
) -> None:
    target = cache.model_dir(model) / name
    if target.is_file():
        return
    path = f"{model.folder}/{name}" if model.folder else name
    try:
        remote = hub.locate(model.repo, path, manifest.get("revision", "main"))
    except hub.MissingError:
        if optional:
            return
        raise
    hub.fetch(remote, target)
    manifest["revision"] = remote.revision  # the other files are taken from the same commit
    manifest["files"][name] = {"size": remote.size, "sha256": cache.file_sha256(target)}
    cache.write_manifest(model, manifest)


def _fetch_charset() -> None:
    if cache.has_sha256(cache.charset_path(), cache.CHARSET_SHA256):
        return
    url = os.environ.get("MDOCR_CHARSET_URL", CHARSET_URL)
    remote = hub.RemoteFile(url, cache.CHARSET_FILE, cache.CHARSET_BYTES, cache.CHARSET_SHA256)
    hub.fetch(remote, cache.charset_path())


def _offline_hint(model: ReleasedModel) -> str:
    charset = f" (and {cache.charset_path()})" if model.chinese else ""
    return (
        f"Run `mdocr models download {model.name}` where there is a network; for a machine without "
        f"one, copy the folder {cache.model_dir(model)}{charset} to it."
    )
