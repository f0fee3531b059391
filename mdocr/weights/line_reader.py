"""Line readers on disk: a folder with ``config.json`` and half-precision ``model.safetensors``."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor

from mdocr.errors import WeightsError
from mdocr.files import write_text, written_whole
from mdocr.models.line_reader import LineReader, LineReaderConfig, config_record
from mdocr.models.sdar import SDARConfig
from mdocr.models.svtrv2 import EncoderConfig
from mdocr.weights.keys import WithoutDraws
from mdocr.weights.mineru_diffusion import check_shapes, read_json, stored_shapes, tensors

MODEL_TYPE = "mdocr_line_reader"


def save_line_reader(
    weights: dict[str, Tensor], config: LineReaderConfig, folder: Path, training: dict[str, Any]
) -> None:
    """Writes a line reader; matrices in half precision, vectors as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {
        name: (value.half() if value.ndim > 1 else value).contiguous().clone()
        for name, value in weights.items()
    }
    with written_whole(folder / "model.safetensors") as temporary:
        save_file(halves, temporary, metadata={"training": json.dumps(training)})
    record = {**config_record(config), "training": training}
    write_text(folder / "config.json", json.dumps(record, ensure_ascii=False, indent=1))


def is_line_reader(folder: Path) -> bool:
    """Whether a folder says that it holds a line reader."""
    if not (folder / "config.json").is_file():
        return False
    return bool(read_json(folder / "config.json").get("model_type") == MODEL_TYPE)


def load_line_reader(folder: Path, device: torch.device | str = "cpu") -> LineReader:
    """The line reader of a folder, in float32, ready to predict.

    Raises:
        WeightsError: a file is missing or damaged, or its keys or shapes are not the model's.
    """
    config = read_config(read_json(folder / "config.json"))
    with torch.device("meta"), WithoutDraws():
        model = LineReader(config)
    files = [folder / "model.safetensors"]
    check_shapes(stored_shapes(files), model, folder)
    weights = {name: _whole(value) for name, value in tensors(files, torch.device(device), None)}
    model.load_state_dict(weights, strict=True, assign=True)
    return model.eval().requires_grad_(False)


def read_config(record: dict[str, Any]) -> LineReaderConfig:
    """A configuration from the content of ``config.json``.

    Raises:
        WeightsError: keys are missing or unknown.
    """
    try:
        encoder = {key: _frozen(value) for key, value in record["encoder"].items()}
        text = {f.name: record["text"][f.name] for f in fields(SDARConfig)}
        return LineReaderConfig(
            record["symbols"], EncoderConfig(**encoder), SDARConfig(**text), tuple(record["tasks"])
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise WeightsError(
            f"config.json is not that of a line reader: {error}", "Copy the model's folder again."
        ) from error


def _whole(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
