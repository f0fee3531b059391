"""Where a model runs: the same few calls over torch and ONNX Runtime.

An engine knows nothing of strategies and of files: pixels and tokens in, logits out.
"""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mdocr.errors import UsageError, WeightsError
from mdocr.options import ENGINES
from mdocr.weights import cache, onnx_files

if TYPE_CHECKING:
    from mdocr.decoding.draft import Array, Predict
    from mdocr.models.charset import Charset

log = logging.getLogger(__name__)

Export = Callable[[Path, Path], None]
"""``export(weights, folder)`` writes the ONNX files of a model to a folder."""


class WordEngine(Protocol):
    """What the recognizer asks of an engine; its arrays are tensors or NumPy arrays."""

    charset: "Charset"
    device: Any

    def encode(self, images: "Array") -> "Predict":
        """Looks at pictures [B, 3, height, width] in -1..1 once; returns what predicts words."""

    def blank(self, words: int) -> "Array":
        """Fully masked words [B, L] on the engine's device."""

    def move(self, device: str) -> None:
        """Goes on on another device."""


Load = Callable[[Path], WordEngine]
"""Makes an engine from the weights, or the ONNX files, at a path."""


SINGLE = ("auto", "float32")
"""Names of the precision that ONNX Runtime computes in."""


def check_onnx_dtype(dtype: str) -> None:
    """Refuses precisions that the engine onnx does not have.

    Raises:
        UsageError: this is one.
    """
    if dtype not in SINGLE:
        raise UsageError(f"the engine onnx has no dtype {dtype!r}", "Use --engine torch.")


def word_engine(name: str, device: str, dtype: str, export: Export, many: bool = False) -> Load:
    """What loads word models into the engine of that name.

    Args:
        name: ``torch``, ``onnx``, or ``auto``: onnx on a CPU if the exported files are at hand.
        device: a name of a device, or ``auto``.
        dtype: ``auto``, ``float32`` or ``bfloat16``.
        export: called by the engine onnx for a model that was not yet exported.
        many: so many words that ``auto`` takes torch, which is slow to start and then faster.

    Raises:
        UsageError: an argument is unknown, or is not for this engine.
        DeviceError: the device is absent.
    """
    if name not in ENGINES:
        raise UsageError(f"unknown engine {name!r}", f"Choose one of: {', '.join(ENGINES)}")
    if name == "onnx":
        check_onnx_dtype(dtype)
        return _onnx(device, export)
    if name == "auto" and dtype in SINGLE and device in ("auto", "cpu"):
        return lambda path: _exported_on_cpu(path, device, many) or _torch(device, dtype)(path)
    return _torch(device, dtype)


def _torch(device: str, dtype: str) -> Load:
    from mdocr.engines.device import choose_device
    from mdocr.engines.torch_words import TorchWordEngine
    from mdocr.weights.checkpoint import load_recognizer_weights

    place = choose_device(device)

    def load(path: Path) -> WordEngine:
        if onnx_files.is_onnx(path):
            raise WeightsError(f"{path} holds an exported model", "Use --engine onnx.")
        return TorchWordEngine(load_recognizer_weights(path), place, dtype)

    return load


def _onnx(device: str, export: Export) -> Load:
    from mdocr.engines.onnx_sessions import candidates

    candidates(device)

    def load(path: Path) -> WordEngine:
        if onnx_files.is_onnx(path):
            return _opened(onnx_files.read_onnx(path), device)
        weights = cache.find_weights(path)
        return _first_sound(onnx_files.find_onnx(weights), device) or _exported(
            weights, device, export
        )

    return load


def _exported(weights: Path, device: str, export: Export) -> WordEngine:
    folder = onnx_files.onnx_folder(cache.file_sha256(weights))
    log.warning("exporting %s to ONNX, once; the files are kept in %s", weights.name, folder)
    export(weights, folder)
    return _opened(onnx_files.read_onnx(folder), device)


def _exported_on_cpu(path: Path, device: str, many: bool) -> WordEngine | None:
    """The engine of files that are exported already, if nothing faster is there."""
    if onnx_files.is_onnx(path):
        return _opened(onnx_files.read_onnx(path), device)
    if many:
        return None
    models = list(onnx_files.find_onnx(cache.find_weights(path)))
    if not models or (device == "auto" and _has_accelerator()):
        return None
    return _first_sound(models, "cpu")


def _has_accelerator() -> bool:
    """Asks torch, which takes long to import, only if the answer may be yes."""
    from mdocr.engines.onnx_sessions import may_have_gpu

    if not may_have_gpu():
        return False
    from mdocr.engines.device import choose_device

    return choose_device().type != "cpu"


def _first_sound(models: Iterable[onnx_files.OnnxModel], device: str) -> WordEngine | None:
    for model in models:
        try:
            return _opened(model, device)
        except WeightsError as error:
            log.warning("passed over: %s", error.message)
    return None


def _opened(model: onnx_files.OnnxModel, device: str) -> WordEngine:
    from mdocr.engines.onnx_words import OnnxWordEngine

    return OnnxWordEngine(model, device)
