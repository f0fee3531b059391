"""This process among those that ``torchrun`` started; alone without it."""

import os
from dataclasses import dataclass

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel


@dataclass(frozen=True)
class Processes:
    """Rank, number and device of this process.

    Attributes:
        rank: number of this process, from 0.
        world: number of processes.
        device: where this process computes.
    """

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        """Whether this process writes logs and checkpoints."""
        return self.rank == 0

    def wrap(self, module: nn.Module) -> nn.Module:
        """Moves the module to the device; gradients are averaged over the processes."""
        module.to(self.device)
        if self.world == 1:
            return module
        if self.device.type == "cuda":
            module = nn.SyncBatchNorm.convert_sync_batchnorm(module)
        return DistributedDataParallel(module, find_unused_parameters=True)

    def wait(self) -> None:
        """Waits until every process is here."""
        if self.world > 1:
            distributed.barrier()


def join_processes(device: str = "auto") -> Processes:
    """Reads ``torchrun``'s environment and joins its group (NCCL on CUDA, else gloo)."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    cuda = torch.cuda.is_available() if device == "auto" else device.startswith("cuda")
    chosen = torch.device("cuda", local) if cuda else torch.device("cpu")
    if world > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if cuda else "gloo")
    return Processes(rank, world, chosen)


def leave_processes() -> None:
    """Leaves the group, if one was joined."""
    if distributed.is_initialized():
        distributed.destroy_process_group()


def mean_over_processes(total: torch.Tensor) -> torch.Tensor:
    """The mean of a scalar over the processes; gradients are averaged, so counts must be too."""
    if not distributed.is_initialized():
        return total
    total = total.clone().float()
    distributed.all_reduce(total)
    return total / distributed.get_world_size()
