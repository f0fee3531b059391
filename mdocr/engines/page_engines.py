"""Chooses the engine of a page model."""

import logging
from pathlib import Path

from mdocr.engines.exported import exported_on_cpu, has_torch, open_exported, require_torch
from mdocr.engines.memory import memory_errors
from mdocr.engines.onnx_line_reader import OnnxLineReaderEngine
from mdocr.engines.onnx_mineru_diffusion import OnnxMinerUDiffusionEngine
from mdocr.engines.onnx_sessions import candidates
from mdocr.engines.protocols import SINGLE, PageEngine, check_onnx_dtype
from mdocr.errors import UsageError
from mdocr.options import ENGINES, INT8, PAGE_DTYPES
from mdocr.weights import onnx_files
from mdocr.weights.checkpoint_folder import is_line_reader
from mdocr.weights.onnx_files import LINE_READER_FORMAT, MINERU_DIFFUSION_FORMAT, OnnxModel

logger = logging.getLogger(__name__)


def check_settings(model: str | Path, device: str, dtype: str, engine: str) -> None:
    """Checks the arguments of ``page_engine``, before anything is downloaded.

    Raises:
        DeviceError: the device is absent.
        UsageError: an argument makes no sense.
    """
    if dtype not in PAGE_DTYPES:
        raise UsageError(f"unknown dtype {dtype!r}", f"Choose one of: {', '.join(PAGE_DTYPES)}")
    if engine not in ENGINES:
        raise UsageError(f"unknown engine {engine!r}", f"Choose one of: {', '.join(ENGINES)}")
    exported = onnx_files.is_onnx(Path(model).expanduser()) or not has_torch()
    if engine == "onnx" or (engine == "auto" and exported):
        check_onnx_dtype(dtype)
        candidates(device)
    elif device not in ("auto", "cpu"):
        require_torch()
        from mdocr.engines.device import choose_device

        if choose_device(device).type == "mps" and dtype == INT8:
            raise UsageError("int8 runs on the CPU and on CUDA only", "Use --dtype float16.")


def page_engine(
    folder: Path,
    device: str = "auto",
    dtype: str = "auto",
    engine: str = "auto",
    *,
    cuda_graphs: bool = False,
) -> PageEngine:
    """The engine that reads pages with the model of a folder.

    Args:
        folder: a checkpoint folder of a line reader or of MinerU-Diffusion, or exported files.
        device: see ``mdocr.load_parser``, as for the others.
        dtype: see there.
        engine: see there.
        cuda_graphs: see there.

    Raises:
        WeightsError: the weights are missing, damaged, or of another model.
        DeviceError: the device is absent or out of memory.
        UsageError: an argument makes no sense.
        MissingPackageError: it needs torch, which is not installed.
    """
    exported = onnx_files.is_onnx(folder) or not has_torch()
    if engine == "onnx" or (engine == "auto" and exported):
        check_onnx_dtype(dtype)
        return _onnx(folder, device, dtype)
    if engine == "auto" and dtype in SINGLE and not cuda_graphs and is_line_reader(folder):
        found = _exported_beside(folder, device, dtype)
        if found is not None:
            return found
    return _torch(folder, device, dtype, cuda_graphs)


def _torch(folder: Path, device: str, dtype: str, cuda_graphs: bool) -> PageEngine:
    require_torch()
    from mdocr.engines.device import choose_device
    from mdocr.engines.torch_pages import load_torch_engine

    chosen = choose_device(device)
    if cuda_graphs and chosen.type != "cuda":
        raise UsageError(f"there are no CUDA graphs on {chosen}", "Leave out --cuda-graphs.")
    with memory_errors():
        engine = load_torch_engine(folder, chosen, dtype, cuda_graphs)
    logger.info("loaded %s on %s as %s", folder.name, chosen, dtype)
    return engine


def _onnx(folder: Path, device: str, dtype: str) -> PageEngine:
    exported = onnx_files.is_onnx(folder)
    large = onnx_files.is_mineru_diffusion(folder) if exported else not is_line_reader(folder)
    form = MINERU_DIFFUSION_FORMAT if large else LINE_READER_FORMAT
    kind = OnnxMinerUDiffusionEngine if large else OnnxLineReaderEngine

    def start(files: OnnxModel) -> PageEngine:
        return kind(files, device, dtype)

    with memory_errors():
        return open_exported(folder, form, start)


def _exported_beside(folder: Path, device: str, dtype: str) -> PageEngine | None:
    """The engine of the files that are exported already, if no faster device is present."""

    def start(files: OnnxModel) -> PageEngine:
        return OnnxLineReaderEngine(files, "cpu", dtype)

    with memory_errors():
        return exported_on_cpu(folder, LINE_READER_FORMAT, device, start)
