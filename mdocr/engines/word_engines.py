"""Chooses the engine of a word model."""

from collections.abc import Callable
from pathlib import Path

from mdocr.engines.exported import exported_on_cpu, has_torch, open_exported, require_torch
from mdocr.engines.onnx_sessions import candidates
from mdocr.engines.onnx_words import OnnxWordEngine
from mdocr.engines.protocols import SINGLE, WordEngine, check_onnx_dtype
from mdocr.errors import UsageError, WeightsError
from mdocr.options import ENGINES
from mdocr.weights import cache, onnx_files
from mdocr.weights.onnx_files import MDIFF4STR_FORMAT, OnnxModel

Load = Callable[[Path], WordEngine]
"""Makes an engine from the weights, or the ONNX files, at a path."""


def word_engine(name: str, device: str, dtype: str) -> Load:
    """The function that loads a word model into the engine of that name.

    Args:
        name: ``torch``, ``onnx``, or ``auto``: onnx on a CPU if the model has been exported.
        device: a name of a device, or ``auto``.
        dtype: ``auto``, ``float32`` or ``bfloat16``.

    Raises:
        UsageError: an argument is unknown, or not for this engine.
        DeviceError: the device is absent.
        MissingPackageError: it needs torch, which is not installed.
    """
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}", f"Choose one of: {', '.join(ENGINES)}")
    if name == "onnx" or (name == "auto" and not has_torch()):
        check_onnx_dtype(dtype)
        return _onnx(device, dtype)
    if name == "auto" and dtype in SINGLE and device in ("auto", "cpu"):
        return lambda path: _exported_beside(path, device, dtype) or _torch(device, dtype)(path)
    return _torch(device, dtype)


def _exported_beside(path: Path, device: str, dtype: str) -> WordEngine | None:
    if onnx_files.is_onnx(path):
        return OnnxWordEngine(onnx_files.read_onnx(path, MDIFF4STR_FORMAT), device, dtype)

    def start(files: OnnxModel) -> WordEngine:
        return OnnxWordEngine(files, "cpu", dtype)

    return exported_on_cpu(cache.find_weights(path), MDIFF4STR_FORMAT, device, start)


def _torch(device: str, dtype: str) -> Load:
    require_torch()
    from mdocr.engines.device import choose_device
    from mdocr.engines.torch_words import TorchWordEngine
    from mdocr.weights.mdiff4str import load_mdiff4str

    chosen = choose_device(device)

    def load(path: Path) -> WordEngine:
        if onnx_files.is_onnx(path):
            raise WeightsError(f"{path} holds an exported model", "Use --engine onnx.")
        return TorchWordEngine(load_mdiff4str(path), chosen, dtype)

    return load


def _onnx(device: str, dtype: str) -> Load:
    candidates(device)

    def start(files: OnnxModel) -> WordEngine:
        return OnnxWordEngine(files, device, dtype)

    def load(path: Path) -> WordEngine:
        weights = path if onnx_files.is_onnx(path) else cache.find_weights(path)
        return open_exported(weights, MDIFF4STR_FORMAT, start)

    return load
