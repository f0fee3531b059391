"""The training loop, shared by both models. It knows nothing of pictures or texts.

A ``Task`` supplies batches and losses; the loop steps, averages, logs, saves, and resumes exactly.
Started by ``torchrun`` it runs in several processes that share each batch.
"""

import logging
import math
import signal
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from mdocr.training.checkpoint import TrainingState, load_state, save_state
from mdocr.training.config import OptimizerConfig, RunConfig
from mdocr.training.journal import Journal
from mdocr.training.processes import Processes

logger = logging.getLogger(__name__)

NO_DECAY = ("stem", "downsample", "pos_embed")


class Task(Protocol):
    """What is trained. ``module`` computes the loss in its ``forward(batch, step)``."""

    module: nn.Module

    def batches(self, start: int) -> Iterator[Any]:
        """The batches of the run from step ``start``, for this process."""
        ...

    def evaluate(self, weights: dict[str, Tensor]) -> dict[str, float]:
        """Scores of the module with these averaged weights."""
        ...

    def export(self, weights: dict[str, Tensor], folder: Path, record: dict[str, Any]) -> Path:
        """Writes the model for use; returns the file or folder written."""
        ...


class Interrupted(Exception):
    """The run was stopped by a signal; its state is saved."""


def train(
    task: Task, run: RunConfig, optimizer: OptimizerConfig, processes: Processes, resume: bool = False
) -> Path:
    """Runs a task to its end.

    Args:
        task: what is trained.
        run: length, precision, output folder.
        optimizer: rates.
        processes: this process among its peers.
        resume: go on from ``checkpoint.pt`` in the output folder, if there is one.

    Returns:
        The exported model.

    Raises:
        Interrupted: a signal came; the state was saved and ``resume`` goes on from it.
    """
    output = Path(run.output)
    state = TrainingState.fresh(task.module, make_optimizer(task.module, optimizer), optimizer.average)
    checkpoint = output / "checkpoint.pt"
    if resume and checkpoint.exists():
        load_state(checkpoint, state)
        logger.info("resuming at step %d of %d", state.step, run.steps)
    with Journal(output, state.step, enabled=processes.first) as journal, _Signals() as signals:
        _Loop(task, run, optimizer, processes, state, journal, signals).run()
    record = {"steps": state.step, "seconds": round(state.seconds), **state.scores}
    return task.export(state.average, output, record)


class _Loop:
    """The state of one call of ``train``."""

    def __init__(
        self,
        task: Task,
        run: RunConfig,
        optimizer: OptimizerConfig,
        processes: Processes,
        state: TrainingState,
        journal: Journal,
        signals: "_Signals",
    ) -> None:
        self.task, self.run_config, self.rates = task, run, optimizer
        self.processes, self.state, self.journal, self.signals = processes, state, journal, signals
        self.module = processes.wrap(task.module)
        self.checkpoint = Path(run.output) / "checkpoint.pt"

    def run(self) -> None:
        run, state = self.run_config, self.state
        saved = started = time.monotonic()
        seconds = state.seconds
        for batch in self.task.batches(state.step):
            parts = self._step(batch)
            state.seconds = seconds + time.monotonic() - started
            self.journal.count(parts, run.batch_size * self.processes.world)
            if state.step % run.log_every == 0 or state.step == run.steps:
                self.journal.write_step(state.step, run.steps, self._rate(), state.seconds)
            if run.evaluate_every and state.step % run.evaluate_every == 0:
                self._evaluate()
            minutes = (time.monotonic() - saved) / 60
            if self.signals.received or minutes >= run.checkpoint_minutes:
                self._save()
                saved = time.monotonic()
            if self.signals.received:
                raise Interrupted
        self._evaluate()
        self._save()

    def _step(self, batch: Any) -> dict[str, float]:
        state = self.state
        for group in state.optimizer.param_groups:
            group["lr"] = self._rate()
        self.module.train()
        with training_precision(self.run_config.precision, self.processes.device):
            losses: dict[str, Tensor] = self.module(batch, state.step)
        total = sum(losses.values(), torch.zeros((), device=self.processes.device))
        total.backward()
        norm = nn.utils.clip_grad_norm_(self.task.module.parameters(), self.rates.clip)
        if bool(torch.isfinite(norm)):
            state.optimizer.step()
            state.update_average(self.task.module)
        else:
            logger.warning("step %d: the gradient is not finite; the step is left out", state.step)
        state.optimizer.zero_grad(set_to_none=True)
        state.step += 1
        parts = {"loss": total, **losses, "norm": norm}
        return {name: float(value.detach()) for name, value in parts.items()}

    def _rate(self) -> float:
        return one_cycle(self.state.step / self.run_config.steps, self.rates)

    def _evaluate(self) -> None:
        if self.processes.first and self.state.scores.get("step") != self.state.step:
            scores = self.task.evaluate(self.state.average)
            self.state.scores = {"step": self.state.step, **scores}
            self.journal.write_scores(self.state.step, scores)
        self.processes.wait()

    def _save(self) -> None:
        if self.processes.first:
            save_state(self.checkpoint, self.state)
            record = {"steps": self.state.step, "seconds": round(self.state.seconds)}
            self.task.export(self.state.average, self.checkpoint.parent, record | self.state.scores)
        self.processes.wait()


def one_cycle(progress: float, config: OptimizerConfig) -> float:
    """The learning rate at ``progress`` (0..1): a cosine up during the warm-up, a cosine down after."""
    low, high = config.learning_rate / 25, config.learning_rate
    if progress < config.warmup:
        return low + (high - low) * (1 - math.cos(math.pi * progress / config.warmup)) / 2
    rest = (progress - config.warmup) / max(1 - config.warmup, 1e-9)
    return high * (1 + math.cos(math.pi * min(rest, 1.0))) / 2 + low * 1e-4


def make_optimizer(module: nn.Module, config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW in two groups: vectors and the names in ``NO_DECAY`` are not decayed."""
    decayed, others = [], []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            vector = parameter.ndim <= 1 or any(part in name for part in NO_DECAY)
            (others if vector else decayed).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)


def training_precision(precision: str, device: torch.device) -> AbstractContextManager[Any]:
    """Autocast for the forward pass.

    On a CPU the fused attention's backward pass is several times slower than two matrix products, so
    attention is taken apart there.
    """
    stack = ExitStack()
    if precision == "bf16":
        stack.enter_context(torch.autocast(device.type, torch.bfloat16))
    if device.type == "cpu":
        torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # it rules the CPU path too
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
    return stack


class _Signals:
    """Remembers Ctrl-C and termination, so that the loop can save between two steps."""

    def __init__(self) -> None:
        self.received = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "_Signals":
        for number in (signal.SIGINT, signal.SIGTERM):
            self._previous[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received = True
