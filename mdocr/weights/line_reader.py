"""Line readers on disk: ``config.json`` and ``model.safetensors`` in half precision."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from mdocr.files import write_text, written_whole
from mdocr.models.line_reader import LineReader
from mdocr.models.line_reader_config import LineReaderConfig, line_reader_record
from mdocr.weights.checkpoint_folder import read_json
from mdocr.weights.keys import SkipInitialisation
from mdocr.weights.mineru_diffusion import check_shapes, stored_shapes, tensors
from mdocr.weights.page_configuration import line_reader_config


def save_line_reader(
    weights: dict[str, Tensor], config: LineReaderConfig, folder: Path, training: dict[str, Any]
) -> None:
    """Writes a checkpoint folder: matrices in half precision, vectors in their own."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {
        name: (value.half() if value.ndim > 1 else value).contiguous().clone()
        for name, value in weights.items()
    }
    with written_whole(folder / "model.safetensors") as temporary:
        save_file(halves, temporary, metadata={"training": json.dumps(training)})
    record = {**line_reader_record(config), "training": training}
    write_text(folder / "config.json", json.dumps(record, ensure_ascii=False, indent=1))


def load_line_reader(folder: Path, device: torch.device | str = "cpu") -> LineReader:
    """The line reader of a folder, in float32, ready to predict.

    Raises:
        WeightsError: a file is missing or damaged, or its keys or shapes are not the model's.
    """
    path = folder / "config.json"
    config = line_reader_config(read_json(path), path)
    with torch.device("meta"), SkipInitialisation():
        model = LineReader(config)
    files = [folder / "model.safetensors"]
    check_shapes(stored_shapes(files), model, folder)
    weights = {name: _single(value) for name, value in tensors(files, torch.device(device), None)}
    model.load_state_dict(weights, strict=True, assign=True)
    return model.eval().requires_grad_(False)


def _single(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value
