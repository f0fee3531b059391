"""Manifests: training samples of a page model, one JSON object a line.

``{"image": "pages/1.png", "task": "text", "text": "…", "box": [x0, y0, x1, y1], "weight": 1.0}``:
the image (a path relative to the manifest), the task and the answer. Optional are ``box`` (crops a
region, in fractions of the image), ``weight`` (of the sample's loss) and ``consistency`` (0 to 1,
found by mining).
"""

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mdocr.document.model import Box
from mdocr.errors import InputError
from mdocr.files import write_text

TASKS = ("layout", "text", "formula", "table")
HINT = "Make one with mdocr synth pages, or write your own: see docs/training.md."


@dataclass(frozen=True)
class ManifestSample:
    """One line of a manifest.

    Attributes:
        image: path of the image.
        task: one of ``TASKS``.
        text: ground truth.
        box: region to crop; None: the whole image.
        weight: of its loss.
        consistency: of the model's answers, 0 to 1; None if not measured.
    """

    image: Path
    task: str
    text: str
    box: Box | None = None
    weight: float = 1.0
    consistency: float | None = None

    def to_dict(self, folder: Path) -> dict[str, Any]:
        """The record of a manifest in ``folder``."""
        image = os.path.relpath(self.image, folder)
        record: dict[str, Any] = {"image": Path(image).as_posix(), "task": self.task}
        record["text"] = self.text
        if self.box is not None:
            record["box"] = self.box.as_list()
        if self.weight != 1.0:
            record["weight"] = round(self.weight, 6)
        if self.consistency is not None:
            record["consistency"] = round(self.consistency, 6)
        return record


def read_manifest(path: Path) -> list[ManifestSample]:
    """Reads a manifest of at least one sample; empty lines are skipped.

    Raises:
        InputError: the file cannot be read, or a line is malformed.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise InputError(
            f"cannot read the manifest {path}: {reason}",
            HINT,
        ) from error
    numbered = enumerate(lines, start=1)
    samples = [_sample(line, number, path) for number, line in numbered if line.strip()]
    if not samples:
        raise InputError(f"the manifest {path} is empty", HINT)
    return samples


def write_manifest(samples: Iterable[ManifestSample], path: Path) -> int:
    """Writes a manifest atomically; returns the number of samples."""
    folder = path.parent.resolve()
    lines = [json.dumps(sample.to_dict(folder), ensure_ascii=False) + "\n" for sample in samples]
    write_text(path, "".join(lines))
    return len(lines)


def _sample(line: str, number: int, path: Path) -> ManifestSample:
    try:
        record = json.loads(line)
        box = record.get("box")
        sample = ManifestSample(
            Path(os.path.normpath(path.parent.resolve() / record["image"])),
            str(record["task"]),
            str(record["text"]),
            None if box is None else Box(*(float(edge) for edge in box)),
            float(record.get("weight", 1.0)),
            record.get("consistency"),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(
            f"{path}, line {number} is not a sample: {_why(error)}",
            'A line looks like {"image": "pages/1.png", "task": "text", "text": "…"}.',
        ) from error
    if sample.task not in TASKS or not sample.weight >= 0:
        raise InputError(
            f"{path}, line {number}: task {sample.task!r}, weight {sample.weight:g}",
            f"A task is one of {', '.join(TASKS)}; a weight is at least 0.",
        )
    return sample


def _why(error: Exception) -> str:
    """What is wrong with a line, in words."""
    if isinstance(error, KeyError):
        return f"it has no {error.args[0]!r}"
    return "it is no JSON" if isinstance(error, json.JSONDecodeError) else str(error)
