"""The logs of a run: ``log.jsonl`` for programs, log lines for people."""

import contextlib
import json
import logging
import math
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

from mdocr.errors import MissingExtraError
from mdocr.files import write_text

logger = logging.getLogger(__name__)

LOG = "log.jsonl"


class Journal:
    """Averages losses between log lines and writes them.

    Args:
        folder: of ``log.jsonl``; lines there of later steps are dropped.
        step: step at which the run starts or resumes.
        enabled: whether this process writes at all.
        board: also write to TensorBoard.
    """

    def __init__(self, folder: Path, step: int, enabled: bool = True, board: bool = False) -> None:
        self.path = folder / LOG
        self.step = step
        self.enabled, self.board = enabled, board
        self._board: Any = None
        self._file: TextIO | None = None
        self._sums: dict[str, float] = defaultdict(float)
        self._steps = self._samples = 0
        self._since = time.monotonic()

    def __enter__(self) -> "Journal":
        if self.enabled:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _drop_after(self.path, self.step)
            self._file = self.path.open("a", encoding="utf-8")
        if self.enabled and self.board:
            # steps that an interrupted run logged after its last checkpoint are purged
            self._board = summary_writer()(str(self.path.parent), purge_step=self.step + 1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()
        if self._board is not None:
            self._board.close()

    def count(self, losses: dict[str, float], samples: int) -> None:
        """Adds the losses of one step of ``samples`` samples."""
        for name, value in losses.items():
            self._sums[name] += value
        self._steps += 1
        self._samples += samples

    def means(self) -> dict[str, float]:
        """Mean losses of this process since the last line."""
        return {name: total / self._steps for name, total in self._sums.items()}

    def write_step(self, step: int, steps: int, values: dict[str, float], seconds: float) -> None:
        """Writes a line and resets the means.

        Args:
            step: completed steps.
            steps: length of the run.
            values: losses, gradient norm and learning rate by name.
            seconds: time spent in the run.
        """
        speed = self._samples / max(time.monotonic() - self._since, 1e-9)
        shown = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        if self.enabled:
            logger.info("step %d/%d  %s  %.0f/s", step, steps, shown, speed)
        self._write(
            {"step": step, **values, "per_second": round(speed, 1), "seconds": round(seconds, 1)}
        )
        self._plot("train", step, {**values, "per_second": speed})
        self._sums.clear()
        self._steps = self._samples = 0
        self._since = time.monotonic()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Excludes the time spent inside from that of the steps."""
        begin = time.monotonic()
        yield
        self._since += time.monotonic() - begin

    def write_scores(self, step: int, scores: dict[str, float]) -> None:
        """Writes the scores of an evaluation."""
        shown = "  ".join(f"{name} {value:.4f}" for name, value in scores.items())
        logger.info("step %d  %s", step, shown)
        self._write({"step": step, "scores": scores})
        self._plot("validation", step, scores)

    def _plot(self, group: str, step: int, values: dict[str, float]) -> None:
        if self._board is not None:
            for name, value in values.items():
                self._board.add_scalar(f"{group}/{name}", value, step)

    def _write(self, record: dict[str, Any]) -> None:
        if self._file is not None:
            finite = {k: None if _is_infinite(v) else v for k, v in record.items()}
            self._file.write(json.dumps(finite, allow_nan=False) + "\n")
            self._file.flush()


def summary_writer() -> Any:
    """TensorBoard's writer of event files.

    Raises:
        MissingExtraError: TensorBoard is not installed.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise MissingExtraError("tensorboard", "tensorboard", "run.tensorboard") from error
    return SummaryWriter


def _is_infinite(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _drop_after(path: Path, step: int) -> None:
    """Keeps the lines up to ``step``: a killed run resumes from an earlier checkpoint."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if 0 < _step_of(line) <= step]
    write_text(path, "".join(kept))


def _step_of(line: str) -> int:
    """The step of a line; 0 if it is truncated."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return 0
