"""The process group of a run started by ``torchrun``, or a single process."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from mdocr.engines.device import choose_device
from mdocr.training.shards import is_sharded


@dataclass(frozen=True)
class Processes:
    """Rank, world size and device of this process.

    Attributes:
        rank: number of this process, from 0.
        world: number of processes.
        device: of this process.
    """

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes logs and checkpoints."""
        return self.rank == 0

    def wrap(self, module: nn.Module) -> nn.Module:
        """Wraps a module so that its gradients are averaged over the processes."""
        if self.world == 1 or is_sharded(module):
            return module
        if self.device.type == "cuda":
            convert: Callable[[nn.Module], nn.Module] = nn.SyncBatchNorm.convert_sync_batchnorm
            module = convert(module)
        return DistributedDataParallel(module)

    def sharing(self, module: nn.Module, last: bool) -> AbstractContextManager[Any]:
        """Defers gradient averaging to the last of several backward passes."""
        if is_sharded(module):
            sharded: Any = module
            sharded.set_requires_gradient_sync(last)
        elif isinstance(module, DistributedDataParallel) and not last:
            return module.no_sync()
        return nullcontext()

    def wait(self) -> None:
        """Waits for all processes."""
        if self.world > 1:
            distributed.barrier()

    def agree(self, *flags: bool) -> list[bool]:
        """For each flag, whether any process raised it, so that all decide alike."""
        if self.world == 1:
            return list(flags)
        raised = torch.tensor(flags, dtype=torch.float32, device=self.device)
        distributed.all_reduce(raised, distributed.ReduceOp.MAX)
        return [bool(flag) for flag in raised.tolist()]

    def mean(self, values: dict[str, float]) -> dict[str, float]:
        """The mean of each value over the processes; all must call this."""
        if self.world == 1:
            return values
        total = torch.tensor(list(values.values()), dtype=torch.float32, device=self.device)
        return dict(zip(values, mean_over_processes(total).tolist(), strict=True))


def join_processes(device: str = "auto") -> Processes:
    """Joins the process group of ``torchrun`` (NCCL on CUDA, else gloo), if there is one.

    Args:
        device: ``auto`` (CUDA, else the CPU), ``cpu``, ``cuda``, ``cuda:N`` or ``mps``; of several
            processes each takes its own CUDA device.

    Raises:
        UsageError: unknown kind of device.
        DeviceError: this machine has no such device.
    """
    world = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if world > 1 and device.startswith("cuda"):
        device = f"cuda:{os.environ.get('LOCAL_RANK', '0')}"
    chosen = choose_device(device)
    if chosen.type == "cuda":
        torch.cuda.set_device(chosen)
    if world > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    return Processes(rank, world, chosen)


def leave_processes() -> None:
    """Leaves the process group, if one was joined."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def mean_over_processes(total: Tensor) -> Tensor:
    """The mean over the processes: as gradients are averaged, counts must be too."""
    if not distributed.is_initialized():
        return total
    total = total.clone().float()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()
