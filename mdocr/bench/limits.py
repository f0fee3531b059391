"""Limits of the machine, measured in the same run as the rates compared with them.

Two limits bound every model: arithmetic (a large matrix product) and bandwidth (a large copy).
"""

import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch

SECONDS = 0.5
"""Time to measure each limit; the best repeat counts."""

LEAST_REPEATS = 4
SIDE = {"cpu": 2048, "cuda": 8192, "mps": 4096}
"""Rows and columns of the matrices."""

COPIED = {"cpu": 2**27, "cuda": 2**30, "mps": 2**28}
"""Bytes of the copy: far more than any cache holds."""


@dataclass(frozen=True)
class Limits:
    """Measured limits of a device.

    Attributes:
        device: as torch names it.
        name: of the processor.
        threads: that torch uses on the CPU.
        dtype: of the matrix product.
        arithmetic: floating-point operations per second, a multiply-add counted as two.
        bandwidth: bytes per second that are read or written.
    """

    device: str
    name: str
    threads: int
    dtype: str
    arithmetic: float
    bandwidth: float

    def to_dict(self) -> dict[str, Any]:
        """The limits as a record of JSON."""
        return asdict(self)


def measure_limits(device: torch.device, dtype: torch.dtype = torch.float32) -> Limits:
    """Measures both limits, about a second.

    Args:
        device: where.
        dtype: that of the model's matrix products; whole numbers too.
    """
    side, size = SIDE[device.type], COPIED[device.type]
    left, right = (torch.ones(side, side, dtype=dtype, device=device) for _ in range(2))
    multiply = torch._int_mm if dtype is torch.int8 else torch.matmul
    product = best_seconds(lambda: multiply(left, right), device)
    source = torch.zeros(size, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)
    copy = best_seconds(lambda: target.copy_(source), device)
    return Limits(
        device=str(device),
        name=processor_name(device),
        threads=torch.get_num_threads(),
        dtype=str(dtype).removeprefix("torch."),
        arithmetic=2 * side**3 / product,
        bandwidth=2 * size / copy,
    )


def best_seconds(work: Callable[[], object], device: torch.device) -> float:
    """The shortest of many repeats, after a warm-up."""
    work()
    times: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(times) < LEAST_REPEATS or time.perf_counter() < end:
        synchronise(device)
        begin = time.perf_counter()
        work()
        synchronise(device)
        times.append(time.perf_counter() - begin)
    return min(times)


def synchronise(device: torch.device) -> None:
    """Waits for the device to finish."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def processor_name(device: torch.device) -> str:
    """Model name of the processor."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in facts if line.startswith("model name")]
    return names[0] if names else platform.machine()


def peak_memory(device: torch.device) -> int | None:
    """Peak memory in bytes: of torch on a GPU, of this process on the CPU."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    try:
        import resource
    except ImportError:  # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) * (1 if platform.system() == "Darwin" else 1024)
