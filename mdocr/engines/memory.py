"""Handles devices that run out of memory; imports none of the engines."""

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

from mdocr.errors import OutOfMemoryError

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

_MESSAGES = ("out of memory", "not enough memory", "allocate memory", "ALLOC_FAILED")


class Movable(Protocol):
    """Something that computes on a device, as ``str`` names it, and can be moved to another."""

    device: Any

    def move(self, device: str) -> None:
        """Moves it to another device."""


class MemoryGuard:
    """Processes batches; when memory runs out, halves them, and at last moves to the CPU.

    Args:
        engine: what computes; moved to the CPU when a single item is too large for its device.
    """

    def __init__(self, engine: Movable) -> None:
        self.engine = engine
        self.limit: int | None = None

    def run(
        self, work: Callable[[Sequence[Item]], list[Result]], batch: Sequence[Item]
    ) -> list[Result]:
        """``work(batch)``, in parts if need be; a limit that was found holds for later batches.

        Raises:
            OutOfMemoryError: one item is too large for the CPU's memory.
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
        device = str(self.engine.device)
        if size > 1:
            self.limit = size // 2
            logger.warning("out of memory on %s: continuing with batches of %d", device, self.limit)
        elif device != "cpu":
            self.limit = None
            logger.warning(
                "out of memory on %s for a single picture: continuing on the CPU", device
            )
            self.engine.move("cpu")
        else:
            raise OutOfMemoryError("out of memory", "Close other programs, or use a smaller model.")
        torch = sys.modules.get("torch")
        if torch is not None and device.startswith("cuda") and torch.cuda.is_available():
            torch.cuda.empty_cache()


def _attempt(
    work: Callable[[Sequence[Item]], list[Result]], part: Sequence[Item]
) -> list[Result] | None:
    """``work(part)``, or None when memory ran out.

    Returning releases the error, whose frames hold the arrays that filled the memory.
    """
    try:
        return work(part)
    except (RuntimeError, MemoryError) as error:
        if is_memory_error(error):
            return None
        raise


def is_memory_error(error: BaseException) -> bool:
    """Whether memory ran out; most engines say so only in the text of a ``RuntimeError``."""
    if isinstance(error, RuntimeError):  # as torch.OutOfMemoryError is
        return any(message in str(error) for message in _MESSAGES)
    return isinstance(error, MemoryError)


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turns the errors of a device without memory into an ``OutOfMemoryError``."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if not is_memory_error(error):
            raise
        reason = (str(error).splitlines() or ["no memory"])[0]
        raise OutOfMemoryError(
            f"the device is out of memory: {reason}",
            "Choose a smaller batch size, fewer tokens, or another device.",
        ) from error
