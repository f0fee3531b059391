"""What the ``config.json`` of a page model's checkpoint folder says. Free of torch."""

import json
from pathlib import Path
from typing import Any

from mdocr.errors import WeightsError
from mdocr.models.line_reader_config import LINE_READER
from mdocr.models.mineru_diffusion_config import MODEL_TYPES


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a checkpoint folder.

    Raises:
        WeightsError: the file is missing or is not a JSON object.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WeightsError(
            f"{path.parent} has no {path.name}",
            "Give a checkpoint folder: config.json, safetensors and the tokenizer.",
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise WeightsError(f"{path} cannot be read: {error}", "Download it again.") from error
    if not isinstance(record, dict):
        raise WeightsError(f"{path} is not a JSON object", "Download it again.")
    return record


def is_line_reader(folder: Path) -> bool:
    """Whether a folder says that it holds a line reader."""
    return bool(_model_type(folder) == LINE_READER)


def is_mineru_diffusion(folder: Path) -> bool:
    """Whether a folder says that it holds MinerU-Diffusion."""
    return _model_type(folder) in MODEL_TYPES


def _model_type(folder: Path) -> Any:
    path = folder / "config.json"
    return read_json(path).get("model_type") if path.is_file() else None
