"""Chooses one of torch's devices."""

import logging

import torch

from mdocr.errors import DeviceError, UsageError

logger = logging.getLogger(__name__)


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; ``auto`` takes the first that works of cuda, mps and cpu.

    Raises:
        UsageError: no such kind of device.
        DeviceError: this machine has no such device.
    """
    if name == "auto":
        device = next(device for device in _candidates() if _works(device))
        logger.info("running on %s", device)
        return device
    device = _parse(name)
    _check_presence(device)
    return device


def _candidates() -> list[torch.device]:
    present = [("cuda", torch.cuda.is_available()), ("mps", torch.backends.mps.is_available())]
    return [torch.device(kind) for kind, there in [*present, ("cpu", True)] if there]


def _works(device: torch.device) -> bool:
    try:
        torch.zeros(1, device=device).item()
    except RuntimeError as error:
        logger.warning("%s is present but fails; trying the next device: %s", device, error)
        return False
    return True


def _parse(name: str) -> torch.device:
    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda", "mps"):
        raise UsageError(f"unknown device {name!r}", "Choose one of: auto, cpu, cuda, cuda:N, mps")
    return device


def _check_presence(device: torch.device) -> None:
    hint = "Use --device auto, or --device cpu."
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("this machine, or this build of torch, has no mps device", hint)
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise DeviceError(f"there is no device {device}: torch sees {count} CUDA devices", hint)
