"""Finds the exported files of a model for ONNX Runtime."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from mdocr.engines.onnx_sessions import may_have_gpu
from mdocr.errors import WeightsError
from mdocr.weights import onnx_files
from mdocr.weights.onnx_files import OnnxModel

logger = logging.getLogger(__name__)

Engine = TypeVar("Engine")


def open_exported(path: Path, form: str, start: Callable[[OnnxModel], Engine]) -> Engine:
    """Starts an exported model.

    Args:
        path: exported files; or a checkpoint, or the folder of a page model, that has them beside it.
        form: what the files must be (``mdocr.weights.onnx_files``).
        start: makes the engine of files; raises a ``WeightsError`` if they are damaged.

    Raises:
        WeightsError: there are no exported files, or those that were named are damaged.
        MdocrError: what ``start`` raises.
    """
    if onnx_files.is_onnx(path):
        return start(onnx_files.read_onnx(path, form))
    found = _first_sound(onnx_files.find_onnx(path, form), start)
    if found is None:
        raise WeightsError(
            f"{path} has not been exported to ONNX",
            "Export it with: mdocr export MODEL -o FOLDER; then use: --model FOLDER",
        )
    return found


def exported_on_cpu(
    weights: Path, form: str, device: str, start: Callable[[OnnxModel], Engine]
) -> Engine | None:
    """Starts exported files that lie beside the weights, if the CPU is the device to use.

    Args:
        weights: a checkpoint, or the folder of a page model.
        form: what the files must be (``mdocr.weights.onnx_files``).
        device: a name of a device, or ``auto``.
        start: see ``open_exported``; on the CPU.

    Returns:
        The engine; None if nothing sound is at hand, or another device is to be used.
    """
    if device not in ("auto", "cpu"):
        return None
    models = list(onnx_files.find_onnx(weights, form))
    if not models or (device == "auto" and _has_accelerator()):
        return None
    return _first_sound(models, start)


def _has_accelerator() -> bool:
    """Asks torch, which takes long to import, only if the answer may be yes."""
    if not may_have_gpu():
        return False
    from mdocr.engines.device import choose_device

    return choose_device().type != "cpu"


def _first_sound(
    models: Iterable[OnnxModel], start: Callable[[OnnxModel], Engine]
) -> Engine | None:
    for model in models:
        try:
            return start(model)
        except WeightsError as error:
            logger.warning("skipped: %s", error.message)
    return None
