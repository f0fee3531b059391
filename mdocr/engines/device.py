"""Which device to use, and what to do when its memory runs out."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import torch

from mdocr.errors import DeviceError, UsageError

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

_MEMORY_MESSAGES = ("out of memory", "can't allocate memory", "ALLOC_FAILED")


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; ``auto`` takes the first that works of cuda, mps and cpu.

    Raises:
        UsageError: no such kind of device.
        DeviceError: this machine has no such device.
    """
    if name == "auto":
        device = next(device for device in _candidates() if _works(device))
        log.info("running on %s", device)
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
        log.warning("%s is present but does not work, trying the next device: %s", device, error)
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


class Movable(Protocol):
    """Something that computes on a device and can go to another."""

    device: torch.device

    def move(self, device: torch.device) -> None:
        """Goes on on another device."""


class MemoryGuard:
    """Works through batches; when memory is short, halves them, and at last moves to the CPU.

    Args:
        engine: what computes; moved to the CPU when a single item is too much for its device.
    """

    def __init__(self, engine: Movable) -> None:
        self.engine = engine
        self.limit: int | None = None

    def run(
        self, work: Callable[[Sequence[Item]], list[Result]], batch: Sequence[Item]
    ) -> list[Result]:
        """``work(batch)``, in parts where needed; a limit once found holds for later batches.

        Raises:
            DeviceError: one item is too much for the CPU's memory.
        """
        results: list[Result] = []
        while len(results) < len(batch):
            part = batch[len(results) :][: self.limit]
            done = _attempt(work, part)
            if done is None:
                self._give_way(len(part))
            else:
                results += done
        return results

    def _give_way(self, size: int) -> None:
        device = self.engine.device
        if size > 1:
            self.limit = size // 2
            log.warning("out of memory on %s: going on with batches of %d", device, self.limit)
        elif device.type != "cpu":
            self.limit = None
            log.warning("out of memory on %s for a single picture: going on on the CPU", device)
            self.engine.move(torch.device("cpu"))
        else:
            raise DeviceError("out of memory", "Close other programs, or use a smaller model.")
        if device.type == "cuda" and torch.cuda.is_available():
            torch.cuda.empty_cache()


def _attempt(
    work: Callable[[Sequence[Item]], list[Result]], part: Sequence[Item]
) -> list[Result] | None:
    """``work(part)``, or None when memory ran out.

    Returning lets go of the error, whose frames hold the tensors that filled the memory.
    """
    try:
        return work(part)
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, torch.OutOfMemoryError | MemoryError):
            return None
        if any(message in str(error) for message in _MEMORY_MESSAGES):
            return None
        raise
