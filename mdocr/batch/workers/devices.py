"""Which device each worker computes on: one of its own, as far as there are enough."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence

from mdocr.engines.exported import has_torch
from mdocr.engines.onnx_sessions import may_have_gpu

VISIBLE = "CUDA_VISIBLE_DEVICES"
"""The variable by which CUDA, and so torch and ONNX Runtime, know the devices of a process."""


def visible_devices(device: str = "auto") -> tuple[str, ...]:
    """The CUDA devices that workers share out, as the variable names them.

    Args:
        device: as asked for; one that is named by its number is not shared out.
    """
    if device not in ("auto", "cuda") or not may_have_gpu() or not has_torch():
        return ()
    import torch  # slow; only where there may be one

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    named = [name.strip() for name in os.environ.get(VISIBLE, "").split(",") if name.strip()]
    return tuple(named or map(str, range(count)))[:count]


def least_used(devices: Sequence[str], taken: Iterable[str]) -> str:
    """The device that the fewest workers have; the first of several; empty where there is none."""
    counts = Counter(taken)
    return min(devices, key=counts.__getitem__, default="")


def use_device(name: str) -> None:
    """Makes a device the only one of this process; does nothing for an empty name.

    Has no effect on a library that has used a device before.
    """
    if name:
        os.environ[VISIBLE] = name


def share_of_each(devices: float, workers: int | None) -> float:
    """The part of a device that each worker takes: a whole one, or less where there are too few."""
    return min(1.0, devices / workers) if workers else 1.0
