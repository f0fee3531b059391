"""What the ``config.json`` of a page model's folder says. Free of torch."""

import json
from pathlib import Path
from typing import Any

from mdocr.errors import WeightsError
from mdocr.models.line_reader_config import LINE_READER


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object of a model's folder.

    Raises:
        WeightsError: the file is missing or is not a JSON object.
    """
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise WeightsError(
            f"{path.parent} has no {path.name}", "Give a folder of the released layout."
        ) from error
    except (OSError, ValueError) as error:
        raise WeightsError(f"{path} cannot be read: {error}", "Download it again.") from error
    if not isinstance(record, dict):
        raise WeightsError(f"{path} is not a JSON object", "Download it again.")
    return record


def is_line_reader(folder: Path) -> bool:
    """Whether a folder says that it holds a line reader."""
    if not (folder / "config.json").is_file():
        return False
    return bool(read_json(folder / "config.json").get("model_type") == LINE_READER)
