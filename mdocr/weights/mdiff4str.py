"""Our checkpoints of word models: one safetensors file with its configuration inside.

The metadata of the file holds ``format``, ``config`` (JSON of ``MDiff4STRConfig``) and ``training``
(JSON: scores, steps, and whatever else was recorded). Tensors may be in half precision; a loaded
model is in float32.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from mdocr.errors import WeightsError, reason_of
from mdocr.files import written_whole
from mdocr.models.mdiff4str import MDiff4STR
from mdocr.models.mdiff4str_config import MDiff4STRConfig
from mdocr.weights import cache, configuration
from mdocr.weights.cache import find_weights
from mdocr.weights.keys import build, require_same
from mdocr.weights.mdiff4str_released import load_released

logger = logging.getLogger(__name__)

FORMAT = "mdocr.mdiff4str/1"


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint file says of itself.

    Attributes:
        config: sizes and characters.
        training: what the training recorded; for a converted file, which file it was made from.
    """

    config: MDiff4STRConfig
    training: dict[str, Any] = field(default_factory=dict)


def load_mdiff4str(path: str | Path) -> MDiff4STR:
    """Loads a word model, in float32, on the CPU, in evaluation mode.

    Args:
        path: a checkpoint of ours (``.safetensors``), a published one (``.pth``), or a folder that
            holds one. A ``.pth`` is converted when first loaded; the result is cached.

    Raises:
        WeightsError: missing, damaged, or of another model.
    """
    file = find_weights(Path(path).expanduser())
    try:
        return _load(file) if file.suffix == ".safetensors" else _load_released(file)
    except OSError as error:
        raise WeightsError(
            f"{file} cannot be read: {error.strerror or error}", "Name a file that you may read."
        ) from error


def read_mdiff4str(path: Path) -> Checkpoint:
    """What a checkpoint of ours says of itself, without its tensors.

    Raises:
        WeightsError: damaged, or not a word model of ours.
    """
    return _described(_metadata(path), path)


def unreadable_tensors(folder: Path) -> list[str]:
    """Names of the safetensors files in ``folder`` that are truncated or not safetensors at all."""
    bad = []
    for path in sorted(folder.glob("*.safetensors")):
        try:
            _metadata(path)
        except WeightsError:
            bad.append(path.name)
    return bad


def save_mdiff4str(
    state: Mapping[str, Tensor],
    config: MDiff4STRConfig,
    path: str | Path,
    training: Mapping[str, Any] | None = None,
    dtype: torch.dtype = torch.float16,
) -> None:
    """Writes a checkpoint, whole or not at all.

    Args:
        state: ``MDiff4STR.state_dict()``, on any device and in any precision.
        config: the model's configuration.
        path: the file to write; its folder is made if need be.
        training: what to record of the training; anything that JSON can hold.
        dtype: precision of matrices and convolutions. Vectors (biases, norms and their statistics)
            stay in float32: they are few, and half precision could overflow a variance.

    Raises:
        WeightsError: the tensors are not those of a model of ``config``, or the disk refuses.
    """
    path = Path(path)
    _require_fit(config, state, path)
    metadata = {
        "format": FORMAT,
        "config": json.dumps(configuration.to_dict(config), ensure_ascii=False),
        "training": json.dumps(dict(training or {}), ensure_ascii=False),
    }
    tensors = {key: _stored(tensor, dtype) for key, tensor in state.items()}
    try:
        with written_whole(path) as temporary:
            save_file(tensors, temporary, metadata)
    except (OSError, SafetensorError) as error:
        raise WeightsError(
            f"cannot write {path}: {reason_of(error)}",
            "Give a place that you may write to, with room for the file.",
        ) from error


def _load(path: Path) -> MDiff4STR:
    config = read_mdiff4str(path).config
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            state = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise _damaged(path, error) from error
    _require_fit(config, state, path)
    return _filled(config, state)


def _filled(config: MDiff4STRConfig, state: Mapping[str, Tensor]) -> MDiff4STR:
    model = build(config)
    single = {key: _single(tensor) for key, tensor in state.items()}
    model.load_state_dict(single, strict=True, assign=True)
    return model.eval()


def _single(tensor: Tensor) -> Tensor:
    return tensor.float() if tensor.is_floating_point() else tensor


def _stored(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    kept = tensor.detach().to("cpu")
    if kept.is_floating_point():
        kept = kept.to(dtype if kept.ndim > 1 else torch.float32)
    return kept.clone(memory_format=torch.contiguous_format)


def _require_fit(config: MDiff4STRConfig, state: Mapping[str, Tensor], path: Path) -> None:
    expected = {key: tensor.shape for key, tensor in build(config).state_dict().items()}
    require_same(expected, {key: tensor.shape for key, tensor in state.items()}, path)


def _metadata(path: Path) -> dict[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise _damaged(path, error) from error


def _described(metadata: Mapping[str, str], path: Path) -> Checkpoint:
    if metadata.get("format") != FORMAT:
        page_model = (path.parent / "config.json").exists()
        raise WeightsError(
            f"{path} is not a word model of mdocr (its format is {metadata.get('format')!r}, "
            f"not {FORMAT!r})",
            "If it is a page model, give its folder to `mdocr parse`." if page_model else "",
        )
    try:
        config = json.loads(metadata.get("config", ""))
        training = json.loads(metadata.get("training", "{}"))
    except ValueError as error:
        raise _damaged(path, error) from error
    return Checkpoint(configuration.from_dict(config, path), training)


def _damaged(path: Path, error: Exception) -> WeightsError:
    logger.debug("reading %s failed: %s", path, error)
    return WeightsError(
        f"{path} cannot be read: it is damaged or incomplete ({error})",
        "Copy or download it again; `mdocr models verify` finds damaged downloads.",
    )


def _load_released(path: Path) -> MDiff4STR:
    """Loads the conversion of a ``.pth``, which is written now if need be."""
    in_cache = path.resolve().is_relative_to((cache.cache_dir() / "models").resolve())
    source = _identity(path) if in_cache else cache.file_sha256(path)
    target = path.with_name(cache.CONVERTED) if in_cache else cache.converted_path(source)
    if _is_made_from(target, source):
        return _load(target)
    config, state = load_released(path)
    try:
        save_mdiff4str(state, config, target, {"source": source}, torch.float32)
    except WeightsError as error:
        logger.warning("the converted weights are not cached: %s", error.message)
    return _filled(config, state)


def _is_made_from(converted: Path, source: str) -> bool:
    if not converted.is_file():
        return False
    try:
        return read_mdiff4str(converted).training.get("source") == source
    except WeightsError:
        return False


def _identity(path: Path) -> str:
    """Identifies a state of a file in the cache without reading the file."""
    found = path.stat()
    return f"{found.st_size} bytes, {found.st_mtime_ns}"
