"""Two logs of a run: ``log.jsonl`` for programs, log lines for people."""

import json
import logging
import time
from collections import defaultdict
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

logger = logging.getLogger(__name__)


class Journal:
    """Collects losses between two lines and writes them out.

    Args:
        folder: where ``log.jsonl`` grows.
        step: step at which the run starts or goes on.
        enabled: whether this process writes at all.
    """

    def __init__(self, folder: Path, step: int, enabled: bool = True) -> None:
        self.folder = folder
        self.enabled = enabled
        self._file: TextIO | None = None
        self._sums: dict[str, float] = defaultdict(float)
        self._steps = self._samples = 0
        self._since = time.monotonic()

    def __enter__(self) -> "Journal":
        if self.enabled:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._file = (self.folder / "log.jsonl").open("a", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def count(self, parts: dict[str, float], samples: int) -> None:
        """Adds the losses of one step."""
        for name, value in parts.items():
            self._sums[name] += value
        self._steps += 1
        self._samples += samples

    def write_step(self, step: int, steps: int, rate: float, seconds: float) -> None:
        """Writes the mean losses since the last line."""
        means = {name: total / max(self._steps, 1) for name, total in self._sums.items()}
        speed = self._samples / max(time.monotonic() - self._since, 1e-9)
        shown = "  ".join(f"{name} {value:.4f}" for name, value in means.items())
        if self.enabled:
            logger.info("step %d/%d  %s  rate %.2e  %.0f/s", step, steps, shown, rate, speed)
        self._write(
            {"step": step, **means, "rate": rate, "per_second": round(speed, 1), "seconds": seconds}
        )
        self._sums.clear()
        self._steps = self._samples = 0
        self._since = time.monotonic()

    def write_scores(self, step: int, scores: dict[str, float]) -> None:
        """Writes the scores of an evaluation."""
        shown = "  ".join(f"{name} {value:.4f}" for name, value in scores.items())
        logger.info("step %d  %s", step, shown)
        self._write({"step": step, "scores": scores})
        self._since = time.monotonic()

    def _write(self, record: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()
