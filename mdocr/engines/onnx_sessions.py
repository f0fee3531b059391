"""ONNX Runtime: its devices, its sessions, and what its errors mean."""

import contextlib
import ctypes
import logging
import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import onnxruntime
from numpy.typing import NDArray
from onnxruntime import InferenceSession, IOBinding, OrtValue, SessionOptions

from mdocr.errors import DeviceError, UsageError, WeightsError

logger = logging.getLogger(__name__)

CPU_FACTS = Path("/proc/cpuinfo")

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"

_MEMORY_MESSAGES = ("out of memory", "Failed to allocate", "bad_alloc", "bad allocation")
_DRIVERS = {"linux": ("libcuda.so.1", "libamdhip64.so"), "win32": ("nvcuda.dll",)}


def may_have_gpu() -> bool:
    """Whether torch may find a faster device than the CPU; cheap to ask, and a no is certain."""
    if sys.platform == "darwin":
        return os.uname().machine == "arm64"
    return any(_loads(name) for name in _DRIVERS.get(sys.platform, ()))


def candidates(device: str) -> list[str]:
    """The devices to try in turn, ``cuda:N`` and ``cpu``, for a requested one.

    Raises:
        UsageError: no such kind of device.
        DeviceError: ONNX Runtime has no such device.
    """
    if device in ("auto", "cpu"):
        return ["cuda:0", "cpu"] if device == "auto" and _has_cuda() else ["cpu"]
    if device == "mps":
        raise DeviceError("the engine onnx does not run on mps", "Use --engine torch.")
    if not re.fullmatch(r"cuda(:\d+)?", device):
        raise UsageError(f"unknown device {device!r}", "Choose one of: auto, cpu, cuda, cuda:N")
    if not _has_cuda():
        raise DeviceError(
            f"there is no device {device} for the engine onnx",
            "Use --device auto or cpu, or install a driver and the package onnxruntime-gpu.",
        )
    return [device if ":" in device else "cuda:0"]


def first_that_works(device: str, start: Callable[[str], None]) -> str:
    """Starts a model on the first device that works, of those that ``device`` means.

    Args:
        device: a name, or ``auto``.
        start: opens the model on a device; raises if that, or a trial, fails.

    Returns:
        The device in use.
    """
    *better, last = candidates(device)
    for name in better:
        try:
            start(name)
        except Exception as error:  # a provider can fail in any way, even at its first run
            logger.warning("%s does not work; trying the next device: %s", name, _first_line(error))
        else:
            return name
    start(last)
    return last


def takes_eight_bits(device: str, dtype: str) -> bool:
    """Whether graphs in eight bits are to be used, which are faster where the CPU has VNNI.

    Without VNNI two products are added in 16 bits, which overflows.

    Args:
        device: ``cuda:N`` or ``cpu``.
        dtype: ``auto``; or ``float32``: no.
    """
    return device == "cpu" and dtype == "auto" and _has_vnni()


def open_session(
    path: Path,
    device: str,
    weights: Mapping[str, NDArray[Any]] | None = None,
    *,
    few_sizes: bool = False,
) -> InferenceSession:
    """Opens a file on a device, ``cuda:N`` or ``cpu``.

    Args:
        path: the file.
        device: where to run.
        weights: initializers that are not in the file.
        few_sizes: whether inputs come in few sizes, so that memory is worth keeping between runs;
            with many it would only grow.

    Raises:
        WeightsError: the file is missing or damaged.
        DeviceError: the device refuses.
        MemoryError: the memory does not suffice.
    """
    options = SessionOptions()
    options.log_severity_level = 3  # it warns of nodes that stay on the CPU, and the like
    options.enable_cpu_mem_arena = few_sizes
    options.intra_op_num_threads = int(os.environ.get("OMP_NUM_THREADS") or 0)  # 0: all cores
    # Threads that wait by spinning take the cores from other work, twice the CPU-seconds of a line.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    given = {name: OrtValue.ortvalue_from_numpy(value) for name, value in (weights or {}).items()}
    options.add_external_initializers(list(given), list(given.values()))
    providers: list[object] = [CPU]
    if device != "cpu":
        _preload()
        providers.insert(0, (CUDA, {"device_id": int(device.partition(":")[2])}))
    try:
        # Given a path, ONNX Runtime would look for the weights on the disk.
        model = path.read_bytes() if given else path
        session = InferenceSession(model, options, providers=providers, enable_fallback=0)
    except Exception as error:  # its errors have no base of their own
        if isinstance(error, MemoryError) or _is_shortage(error):
            raise MemoryError(_first_line(error)) from error
        if device != "cpu":
            raise DeviceError(f"ONNX Runtime cannot use {device}: {_first_line(error)}") from error
        raise WeightsError(
            f"{path} cannot be read: it is damaged or incomplete ({_first_line(error)})",
            "Write it again with: mdocr export MODEL -o FOLDER",
        ) from error
    if device != "cpu" and session.get_providers()[0] != CUDA:
        raise DeviceError(f"ONNX Runtime cannot use {device}: its libraries are missing")
    return session


def run(session: InferenceSession, binding: IOBinding) -> None:
    """Runs a model on its bound inputs.

    Raises:
        MemoryError: the device's memory does not suffice.
    """
    try:
        session.run_with_iobinding(binding)
    except Exception as error:
        if _is_shortage(error):
            raise MemoryError(_first_line(error)) from error
        raise


def _is_shortage(error: Exception) -> bool:
    return any(message in str(error) for message in _MEMORY_MESSAGES)


def _has_cuda() -> bool:
    return CUDA in onnxruntime.get_available_providers() and may_have_gpu()


@cache
def _has_vnni() -> bool:
    """Whether Linux says so; elsewhere no."""
    try:
        facts = CPU_FACTS.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    flags = next((line for line in facts if line.startswith("flags")), "")
    return not {"avx512_vnni", "avx_vnni"}.isdisjoint(flags.split())


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _preload() -> None:
    """CUDA's libraries may be in torch's packages, where the linker does not look."""
    preload = getattr(onnxruntime, "preload_dlls", None)
    with contextlib.redirect_stdout(sys.stderr):  # it prints what is missing
        if preload is not None:
            preload()


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
