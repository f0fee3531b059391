"""Finds the exported files of a model for ONNX Runtime."""

import logging
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TypeVar

from mdocr.engines.onnx_sessions import candidates, may_have_gpu
from mdocr.errors import MissingPackageError, WeightsError
from mdocr.weights import onnx_files
from mdocr.weights.onnx_files import OnnxFormat, OnnxModel

logger = logging.getLogger(__name__)

Engine = TypeVar("Engine")


def open_exported(path: Path, form: OnnxFormat, start: Callable[[OnnxModel], Engine]) -> Engine:
    """Starts an exported model.

    Args:
        path: exported files, or a checkpoint that has them beside it.
        form: the format that the files must have.
        start: makes the engine from the files; raises a ``WeightsError`` if they are damaged.

    Raises:
        WeightsError: there are no exported files, or they are damaged.
        MdocrError: what ``start`` raises.
    """
    if onnx_files.is_onnx(path):
        return start(onnx_files.read_onnx(path, form))
    found = onnx_files.find_onnx(path, form)
    if found is None:
        raise WeightsError(
            f"{path} has not been exported to ONNX",
            f"Run: mdocr export {path} -o {onnx_files.beside(path)}; or use --engine torch.",
        )
    return start(found)


def exported_on_cpu(
    weights: Path, form: OnnxFormat, device: str, start: Callable[[OnnxModel], Engine]
) -> Engine | None:
    """Starts the exported files beside a checkpoint, if the CPU is the device to use.

    Args:
        weights: the checkpoint.
        form: the format that the files must have.
        device: a name of a device, or ``auto``.
        start: see ``open_exported``; on the CPU.

    Returns:
        The engine; None if there are no sound files, or another device is to be used.
    """
    if device not in ("auto", "cpu"):
        return None
    found = onnx_files.find_onnx(weights, form)
    if found is None or has_accelerator(device):
        return None
    try:
        return start(found)
    except WeightsError as error:
        logger.warning("skipped: %s", error.message)
        return None


def has_accelerator(device: str = "auto") -> bool:
    """Whether a device, or the one that ``auto`` takes, is faster than the CPU.

    Asks torch, which is slow to import, only if the answer may be yes.
    """
    if device != "auto" or not may_have_gpu():
        return device not in ("auto", "cpu")
    if not has_torch():
        return candidates(device) != ["cpu"]
    from mdocr.engines.device import choose_device

    return choose_device().type != "cpu"


def has_torch() -> bool:
    """Whether torch is installed; without it, everything that has been exported still runs."""
    try:
        return find_spec("torch") is not None
    except ValueError:  # ``sys.modules`` holds something else under its name
        return False


def require_torch() -> None:
    """Checks that torch is installed.

    Raises:
        MissingPackageError: it is not.
    """
    if not has_torch():
        raise MissingPackageError(
            "the engine torch needs the package 'torch', which is not installed",
            "Install it with: pip install torch; or use exported files with: --engine onnx",
        )
