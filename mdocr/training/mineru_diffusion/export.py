"""Writes checkpoint folders, which ``mdocr parse --model FOLDER`` loads."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from mdocr.files import write_text, written_whole
from mdocr.weights.checkpoint_folder import read_json
from mdocr.weights.mineru_diffusion import tensors, weight_files

COPIED = (
    "tokenizer.json",
    "tokenizer_config.json",
    "preprocessor_config.json",
    "special_tokens_map.json",
    "generation_config.json",
    "chat_template.json",
    "chat_template.jinja",
)
"""Copied from the checkpoint folder that the run started from, if present."""


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
    cast = {name: value.to("cpu", dtype).contiguous() for name, value in weights.items()}
    with written_whole(target / "model.safetensors") as temporary:
        save_file(cast, temporary, metadata={"format": "pt", "training": json.dumps(training)})
    for name in COPIED:
        if (start / name).is_file():
            with written_whole(target / name) as temporary:
                shutil.copyfile(start / name, temporary)
    record = {**read_json(start / "config.json"), "training": training}
    write_text(target / "config.json", json.dumps(record, ensure_ascii=False, indent=1))


def _dtype(folder: Path) -> torch.dtype:
    """The dtype of a folder's first weight."""
    _, value = next(tensors(weight_files(folder)[:1], torch.device("cpu"), None))
    return value.dtype
