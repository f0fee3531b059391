"""Writes checkpoint folders, which ``mdocr parse --model FOLDER`` loads."""

import json
import logging
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from mdocr.files import write_text, written_whole
from mdocr.weights.checkpoint_folder import read_json
from mdocr.weights.mineru_diffusion import HEAD, tensors, weight_files

logger = logging.getLogger(__name__)

COPIED = ("*.py", "*.json", "*.jinja", "*.txt", "*.model", "LICENSE*")
"""Patterns of files that are copied from the checkpoint folder that the run started from: code,
tokenizer, settings of processor and generation, chat template."""

NOT_COPIED = frozenset(("config.json", "mdocr.json", "requirements.txt"))
WEIGHTS_INDEX = ".index.json"
"""Suffix of the index of sharded weights, which are written as one file."""


def save_folder(
    weights: dict[str, Tensor], start: Path, target: Path, training: dict[str, Any]
) -> None:
    """Writes a checkpoint folder.

    Args:
        weights: by their names in a checkpoint folder; cast to the dtype of ``start``.
        start: checkpoint folder whose tokenizer and settings are copied.
        target: folder to write.
        training: record of the run, for ``config.json``.
    """
    target.mkdir(parents=True, exist_ok=True)
    dtype = _dtype(start)
    kept = weights.items()
    if read_json(start / "config.json").get("tie_word_embeddings"):
        kept = {name: value for name, value in kept if name != HEAD}.items()
    cast = {name: value.to("cpu", dtype).contiguous() for name, value in kept}
    with written_whole(target / "model.safetensors") as temporary:
        save_file(cast, temporary, metadata={"format": "pt", "training": json.dumps(training)})
    for file in copied_files(start):
        with written_whole(target / file.name) as temporary:
            shutil.copyfile(file, temporary)
    record = {**read_json(start / "config.json"), "training": training}
    _check_code(record, target)
    write_text(target / "config.json", json.dumps(record, ensure_ascii=False, indent=1))


def copied_files(folder: Path) -> list[Path]:
    """What a checkpoint folder holds beside weights and ``config.json``."""
    found = {file for pattern in COPIED for file in folder.glob(pattern) if file.is_file()}
    return sorted(
        file
        for file in found
        if file.name not in NOT_COPIED and not file.name.endswith(WEIGHTS_INDEX)
    )


def _check_code(record: dict[str, Any], target: Path) -> None:
    """Warns if transformers would miss a module that ``auto_map`` names, such as ``a.Model``."""
    named = [str(name) for name in (record.get("auto_map") or {}).values()]
    local = {f"{name.partition('.')[0]}.py" for name in named if "--" not in name}
    missing = sorted(name for name in local if not (target / name).is_file())
    if missing:
        logger.warning(
            "%s lacks %s, which transformers needs: copy it from the model's repository",
            *(target, ", ".join(missing)),
        )


def _dtype(folder: Path) -> torch.dtype:
    """The dtype of a folder's first weight."""
    _, value = next(tensors(weight_files(folder)[:1], torch.device("cpu"), None))
    return value.dtype
