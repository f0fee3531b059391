"""The state of a run, on disk so that it resumes as if it had never stopped."""

import math
import pickle
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, distributed, nn

from mdocr.errors import WeightsError, reason_of
from mdocr.files import written_whole
from mdocr.training.shards import gathered, scattered, scattered_moments


@dataclass
class TrainingState:
    """Everything that changes during a run.

    Attributes:
        module: the trained module, with the parameters of its losses.
        optimizer: with its moments.
        average: exponential moving average of the weights; counters are copied, and frozen weights
            are those of the module itself.
        decay: of the average, per step.
        step: completed optimizer steps.
        seconds: time spent on them.
        scores: of the last evaluation.
        best: quality of the best evaluation.
    """

    module: nn.Module
    optimizer: torch.optim.Optimizer
    average: dict[str, Tensor]
    decay: float
    step: int = 0
    seconds: float = 0.0
    scores: dict[str, float] = field(default_factory=dict)
    best: float = -math.inf

    @classmethod
    def fresh(
        cls, module: nn.Module, optimizer: torch.optim.Optimizer, decay: float
    ) -> "TrainingState":
        """The state before the first step; the module is already on its device."""
        frozen = frozen_names(module)
        average = {
            name: value.detach() if name in frozen else value.detach().clone()
            for name, value in module.state_dict().items()
        }
        return cls(module, optimizer, average, decay)

    @torch.no_grad()
    def update_average(self) -> None:
        """Updates the average, which follows faster early in a run."""
        decay = min(self.decay, (1 + self.step) / (10 + self.step))
        frozen = frozen_names(self.module)
        for name, value in self.module.state_dict().items():
            if name in frozen:
                continue
            if value.is_floating_point():
                self.average[name].lerp_(value, 1 - decay)
            else:
                self.average[name].copy_(value)


def save_state(path: Path, state: TrainingState) -> None:
    """Writes a checkpoint atomically; called by all processes, written by the first.

    Raises:
        WeightsError: the file cannot be written.
    """
    whole = gathered(_as_dict(state))
    if distributed.is_initialized() and distributed.get_rank() > 0:
        return
    try:
        with written_whole(path, alone=True) as temporary:
            torch.save(whole, temporary)
    except (OSError, RuntimeError) as error:  # torch's writer raises RuntimeError
        raise WeightsError(
            f"cannot write {path}: {reason_of(error)}",
            "Give a place that you may write to, with room for the file.",
        ) from error


def load_state(path: Path, state: TrainingState) -> None:
    """Restores ``state`` from a checkpoint.

    Raises:
        WeightsError: the file is damaged or belongs to another model.
    """
    try:
        # Mapped: what is copied to the model and the optimizer is never in memory twice.
        saved = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        own = state.module.state_dict()
        weights = saved["module"].items()
        state.module.load_state_dict(
            {name: scattered(value, own.get(name, value)) for name, value in weights}
        )
        state.optimizer.load_state_dict(scattered_moments(saved["optimizer"], state.optimizer))
        for name, value in saved["average"].items():
            state.average[name].copy_(scattered(value, state.average[name]))
        state.step, state.seconds, state.scores = saved["step"], saved["seconds"], saved["scores"]
        state.best = saved.get("best", -math.inf)
        torch.set_rng_state(saved["random"])
    except _UNREADABLE as error:
        first = (str(error).splitlines() or [""])[0]
        raise WeightsError(
            f"cannot resume from {path}: {first}",
            "Check that the run's model has not changed, or start anew with another run.output.",
        ) from error


_UNREADABLE = (
    RuntimeError,
    KeyError,
    ValueError,
    TypeError,
    OSError,
    EOFError,
    pickle.UnpicklingError,
)


def _as_dict(state: TrainingState) -> dict[str, Any]:
    return {
        "module": state.module.state_dict(),
        "optimizer": state.optimizer.state_dict(),
        "average": state.average,
        "step": state.step,
        "seconds": state.seconds,
        "scores": state.scores,
        "best": state.best,
        "random": torch.get_rng_state(),
    }


def frozen_names(module: nn.Module) -> frozenset[str]:
    """Names of the parameters that are not trained."""
    parameters = module.named_parameters(remove_duplicate=False)
    return frozenset(name for name, value in parameters if not value.requires_grad)


def model_weights(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a trained module's ``model``, without those of its losses."""
    prefix = "model."
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}
