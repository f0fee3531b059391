"""Finds the exported files of a model for ONNX Runtime, or has them made."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from mdocr.errors import WeightsError
from mdocr.weights import onnx_files
from mdocr.weights.onnx_files import OnnxModel

log = logging.getLogger(__name__)

Engine = TypeVar("Engine")

Export = Callable[[Path, Path], None]
"""``export(weights, folder)`` writes the ONNX files of a model to a folder."""


def open_exported(
    path: Path, form: str, start: Callable[[OnnxModel], Engine], export: Export
) -> Engine:
    """Starts an exported model; a checkpoint that was not exported yet is, once, to the cache.

    Args:
        path: exported files, a checkpoint, or the folder of a page model.
        form: what the files must be (``mdocr.weights.onnx_files``).
        start: makes the engine of files; raises a ``WeightsError`` if they are damaged.
        export: see ``Export``.

    Returns:
        The engine.

    Raises:
        WeightsError: files that were named are damaged, or the cache cannot be written to.
        MdocrError: what ``start`` and ``export`` raise.
    """
    if onnx_files.is_onnx(path):
        return start(onnx_files.read_onnx(path, form))
    found = _first_sound(onnx_files.find_onnx(path, form), start)
    if found is not None:
        return found
    source = onnx_files.source_of(path)
    folder = onnx_files.onnx_folder(source)
    with onnx_files.alone(folder):  # another process may have exported it meanwhile
        found = _first_sound(onnx_files.onnx_of(folder, form, source), start)
        if found is not None:
            return found
        name = path.resolve().name
        log.warning("exporting %s to ONNX, once; the files are kept in %s", name, folder)
        export(path, folder)
        return start(onnx_files.read_onnx(folder, form))


def exported_on_cpu(
    weights: Path, form: str, device: str, start: Callable[[OnnxModel], Engine]
) -> Engine | None:
    """Starts what is exported already, if the CPU was asked for or nothing faster is there.

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
    from mdocr.engines.onnx_sessions import may_have_gpu

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
            log.warning("passed over: %s", error.message)
    return None
