"""Where a model runs: the same few calls over torch and ONNX Runtime.

An engine knows nothing of strategies and of files: pixels and tokens in, logits out.
"""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from mdocr.errors import UsageError, WeightsError
from mdocr.options import ENGINES
from mdocr.weights import cache, onnx_files
from mdocr.weights.onnx_files import WORDS, OnnxModel

if TYPE_CHECKING:
    from mdocr.decoding.draft import Array, Predict
    from mdocr.decoding.requests import Predict as BlockPredict
    from mdocr.models.charset import Charset
    from mdocr.models.page_config import LineReaderConfig, MinerUDiffusionConfig

log = logging.getLogger(__name__)

Engine = TypeVar("Engine")
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


class PageEngine(Protocol):
    """What the parser asks of an engine."""

    @property
    def config(self) -> "LineReaderConfig | MinerUDiffusionConfig":
        """Sizes and special tokens."""

    @property
    def device(self) -> Any:
        """Where the model runs, as ``str`` names it."""

    def blocks(self, slots: int) -> "BlockPredict":
        """The ``predict`` of ``mdocr.decoding.blocks`` for so many sequences at a time."""

    def slots(self, longest: int) -> int:
        """Sequences of so many tokens that there is room for at the same time."""


CPU_SLOTS, DEVICE_SLOTS = 4, 32
"""Texts that are in work at the same time on a CPU, and elsewhere if there is room."""

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
        return lambda path: _at_hand(path, device, many) or _torch(device, dtype)(path)
    return _torch(device, dtype)


def _at_hand(path: Path, device: str, many: bool) -> WordEngine | None:
    if onnx_files.is_onnx(path):
        return _opened(onnx_files.read_onnx(path, WORDS), device)
    if many:
        return None
    weights = cache.find_weights(path)
    return exported_on_cpu(weights, WORDS, device, lambda model: _opened(model, "cpu"))


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
        weights = path if onnx_files.is_onnx(path) else cache.find_weights(path)
        return open_exported(weights, WORDS, lambda model: _opened(model, device), export)

    return load


def open_exported(
    path: Path, form: str, start: Callable[[OnnxModel], Engine], export: Export
) -> Engine:
    """Starts an exported model; a checkpoint that was not exported yet is, once, to the cache.

    Args:
        path: exported files, a checkpoint, or the folder of a page model.
        form: what the files must be (``mdocr.weights.onnx_files``).
        start: makes the engine of files; raises a ``WeightsError`` if they are damaged.
        export: see ``Export``.
    """
    if onnx_files.is_onnx(path):
        return start(onnx_files.read_onnx(path, form))
    found = _first_sound(onnx_files.find_onnx(path, form), start)
    if found is not None:
        return found
    folder = onnx_files.onnx_folder(onnx_files.source_of(path))
    log.warning("exporting %s to ONNX, once; the files are kept in %s", path.name, folder)
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
        start: see ``open_exported``.
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


def _opened(model: OnnxModel, device: str) -> WordEngine:
    from mdocr.engines.onnx_words import OnnxWordEngine

    return OnnxWordEngine(model, device)
