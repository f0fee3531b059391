"""The training loop of all models. It knows nothing of images or texts.

A ``TrainingTask`` supplies batches and losses; the loop steps, averages, logs, saves, and resumes
exactly. Started by ``torchrun`` it runs in several processes that share each batch.
"""

import logging
import math
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from mdocr.errors import MdocrError, UsageError
from mdocr.training.checkpoint import TrainingState, load_state, save_state
from mdocr.training.config import OptimizerConfig, RunConfig
from mdocr.training.journal import Journal, summary_writer
from mdocr.training.processes import Processes
from mdocr.training.shards import gathered, shard, whole

logger = logging.getLogger(__name__)

CHECKPOINT = "checkpoint.pt"
BEST = "best"
"""Folder in ``run.output`` of the exported model with the best validation so far."""
NO_DECAY = ("stem", "downsample", "pos_embed")


class TrainingTask(Protocol):
    """The subject of a run. Its ``module`` computes the losses in ``forward(batch, number)``."""

    @property
    def module(self) -> nn.Module:
        """On the CPU at first."""
        ...

    def batches(self, start: int) -> Iterator[Any]:
        """The batches of this process, from number ``start`` on."""
        ...

    def evaluate(self, weights: dict[str, Tensor]) -> dict[str, float]:
        """Scores of these averaged weights; empty without validation data."""
        ...

    def quality(self, scores: dict[str, float]) -> float:
        """The figure by which evaluations are compared; the highest is the best."""
        ...

    def export(self, weights: dict[str, Tensor], folder: Path, record: dict[str, Any]) -> Path:
        """Writes the model for inference; returns its file or folder."""
        ...


class TrainingInterrupted(MdocrError):
    """A signal stopped the run after its state was saved."""

    exit_code = 130


def train(
    task: TrainingTask,
    run: RunConfig,
    optimizer: OptimizerConfig,
    processes: Processes,
    resume: bool = False,
) -> Path:
    """Runs a task to its end.

    Args:
        task: what is trained.
        run: length, precision, output folder.
        optimizer: learning rates.
        processes: this process and its peers.
        resume: resume from the checkpoint in the output folder, if there is one.

    Returns:
        The exported model.

    Raises:
        UsageError: there is a checkpoint, but ``resume`` is false.
        MissingExtraError: ``run.tensorboard`` is set, but TensorBoard is not installed.
        WeightsError: the checkpoint is damaged or of another model.
        TrainingInterrupted: stopped by a signal; ``resume`` continues the saved run.
    """
    checkpoint = Path(run.output) / CHECKPOINT
    found = checkpoint.exists()
    if found and not resume:
        raise UsageError(
            f"{checkpoint} exists, from an earlier run",
            "Continue it with --resume, or name another run.output.",
        )
    if run.tensorboard:
        summary_writer()  # raises now if it is missing
    task.module.to(processes.device)
    run = replace(run, precision=usable_precision(run.precision, task.module, processes.device))
    if run.shard and processes.world > 1:
        shard(task.module, processes.device)
    state = TrainingState.fresh(
        task.module, make_optimizer(task.module, optimizer), optimizer.average
    )
    if found:
        load_state(checkpoint, state)
        logger.info("resuming at step %d of %d", state.step, run.steps)
    elif resume:
        logger.info("no %s to resume from: starting afresh", checkpoint)
    board = run.tensorboard and processes.first
    with Journal(checkpoint.parent, state.step, enabled=processes.first, board=board) as journal:
        return _Loop(task, run, optimizer, state, journal=journal, processes=processes).run()


class _Loop:
    """One call of ``train``."""

    def __init__(
        self,
        task: TrainingTask,
        run: RunConfig,
        rates: OptimizerConfig,
        state: TrainingState,
        *,
        journal: Journal,
        processes: Processes,
    ) -> None:
        self.task, self.settings, self.rates, self.state = task, run, rates, state
        self.journal, self.processes = journal, processes
        self.module = processes.wrap(task.module)
        self.output = Path(run.output)
        self.saved = time.monotonic()

    def run(self) -> Path:
        before, started = self.state.seconds, time.monotonic()
        steps = self._batches()  # may open sources for minutes: nothing to save yet
        with _Signals() as signals:
            for batches in steps:
                losses = self._step(batches)
                self.state.seconds = before + time.monotonic() - started
                self._report(losses)
                stop, due = self.processes.agree(signals.received, self._is_checkpoint_due())
                if stop or due:
                    self._save()
                if stop:
                    raise TrainingInterrupted(
                        f"interrupted at step {self.state.step} of {self.settings.steps}; "
                        f"the run is saved in {self.output}",
                        "Continue it with --resume.",
                    )
            self._evaluate()
            return self._save()

    def _batches(self) -> Iterator[tuple[Any, ...]]:
        """The batches of each remaining step."""
        count = self.settings.accumulate
        batches = self.task.batches(self.state.step * count)
        return zip(*[batches] * count, strict=True)

    def _step(self, batches: tuple[Any, ...]) -> dict[str, float]:
        state, count = self.state, len(batches)
        for group in state.optimizer.param_groups:
            group["lr"] = self._rate()
        self.module.train()
        parts: dict[str, Tensor] = {}
        for number, batch in enumerate(batches):
            with self.processes.sharing(self.module, last=number == count - 1):
                losses = self._backward(batch, state.step * count + number)
            parts = {name: parts.get(name, 0) + value / count for name, value in losses.items()}
        parameters = self.task.module.parameters()
        norm = whole(nn.utils.clip_grad_norm_(parameters, self.rates.clip))
        if bool(torch.isfinite(norm)):
            state.optimizer.step()
            state.update_average()
        else:
            logger.warning("step %d: the gradient is not finite; the step is skipped", state.step)
        state.optimizer.zero_grad(set_to_none=True)
        state.step += 1
        return {name: float(value) for name, value in (parts | {"norm": norm}).items()}

    def _backward(self, batch: Any, number: int) -> dict[str, Tensor]:
        """Accumulates the gradients of batch ``number`` of the run; returns its losses by name."""
        device = self.processes.device
        self._seed(number)
        with training_precision(self.settings.precision, device):
            losses: dict[str, Tensor] = self.module(batch, number)
        total = sum(losses.values(), torch.zeros((), device=device))
        torch.autograd.backward(total / self.settings.accumulate)
        return {name: value.detach() for name, value in {"loss": total, **losses}.items()}

    def _seed(self, number: int) -> None:
        """Makes dropout a function of seed, batch and process, so that resuming is exact."""
        number = number * self.processes.world + self.processes.rank
        torch.manual_seed(self.settings.seed * 1_000_003 + number)

    def _rate(self) -> float:
        return one_cycle(self.state.step / self.settings.steps, self.rates)

    def _report(self, losses: dict[str, float]) -> None:
        settings, step = self.settings, self.state.step
        samples = settings.batch_size * settings.accumulate * self.processes.world
        self.journal.count(losses, samples)
        if step % settings.log_every == 0 or step == settings.steps:
            means = self.processes.mean(self.journal.means())
            values = {**means, "rate": self._rate()}
            self.journal.write_step(step, settings.steps, values, self.state.seconds)
        if settings.evaluate_every and step % settings.evaluate_every == 0:
            self._evaluate()

    def _evaluate(self) -> None:
        average = gathered(self.state.average)
        with self.journal.paused():
            if self.processes.first and self.state.scores.get("step") != self.state.step:
                scores = self.task.evaluate(average)
                self.state.scores = {"step": self.state.step, **scores}
                if scores:
                    self.journal.write_scores(self.state.step, scores)
                    self._keep_if_best(average, scores)
            self.processes.wait()

    def _keep_if_best(self, average: dict[str, Tensor], scores: dict[str, float]) -> None:
        """Exports the model if no earlier evaluation was better; called in the first process."""
        quality = self.task.quality(scores)
        if quality > self.state.best:
            self.state.best = quality
            record = {"steps": self.state.step, "seconds": round(self.state.seconds), **scores}
            path = self.task.export(average, self.output / BEST, record)
            logger.info("step %d  best so far: %s", self.state.step, path)

    def _is_checkpoint_due(self) -> bool:
        return time.monotonic() - self.saved >= 60 * self.settings.checkpoint_minutes

    def _save(self) -> Path:
        state = self.state
        save_state(self.output / CHECKPOINT, state)
        record = {"steps": state.step, "seconds": round(state.seconds), **state.scores}
        exported = self.task.export(gathered(state.average), self.output, record)
        self.saved = time.monotonic()
        self.processes.wait()
        return exported


def one_cycle(progress: float, config: OptimizerConfig) -> float:
    """The learning rate at ``progress`` (0..1): cosine warm-up, then cosine decay."""
    low, high = config.learning_rate / 25, config.learning_rate
    if progress < config.warmup:
        return low + (high - low) * (1 - math.cos(math.pi * progress / config.warmup)) / 2
    rest = (progress - config.warmup) / max(1 - config.warmup, 1e-9)
    last = low / 10_000
    return last + (high - last) * (1 + math.cos(math.pi * min(rest, 1.0))) / 2


def make_optimizer(module: nn.Module, config: OptimizerConfig) -> torch.optim.AdamW:
    """AdamW without weight decay for vectors and the names in ``NO_DECAY``."""
    decayed: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            spared = parameter.ndim <= 1 or any(part in name for part in NO_DECAY)
            (others if spared else decayed).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)


def usable_precision(precision: str, module: nn.Module, device: torch.device) -> str:
    """The precision that was asked for, or ``fp32`` on a CPU that does not multiply bfloat16.

    It is emulated there, many times slower; weights that are stored in it need it all the same.
    """
    exact = all(one.dtype == torch.float32 for one in module.parameters())
    if precision != "bf16" or device.type != "cpu" or not exact or multiplies_bfloat16():
        return precision
    logger.info("this CPU does not multiply bfloat16: training in float32")
    return "fp32"


def multiplies_bfloat16() -> bool:
    """Whether the CPU has instructions that oneDNN multiplies bfloat16 with."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def training_precision(precision: str, device: torch.device) -> AbstractContextManager[Any]:
    """Autocast for the forward pass, or nothing for ``fp32``."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


class _Signals:
    """Records SIGINT and SIGTERM, so that the loop can save between steps."""

    def __init__(self) -> None:
        self.received = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "_Signals":
        if threading.current_thread() is threading.main_thread():  # only that one may set handlers
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._remember)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self.received = True
