"""FSDP2: weights, gradients and moments sharded over the processes.

Checkpoints hold whole tensors, so a run can resume with another number of processes. Without
sharding, every function here returns its argument.
"""

from typing import Any

import torch
from torch import Tensor, distributed, nn

Nested = Any
"""Tensors in dicts and lists of any depth."""


def shard(module: nn.Module, device: torch.device) -> None:
    """Shards a module's weights over all processes; layers are gathered when needed.

    Args:
        module: on the CPU or on ``device``; lists of layers are sharded layer by layer.
        device: of this process.
    """
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    mesh = init_device_mesh(device.type, (distributed.get_world_size(),))
    for part in module.modules():
        if isinstance(part, nn.ModuleList):
            for layer in part:
                fully_shard(layer, mesh=mesh)
    fully_shard(module, mesh=mesh)


def is_sharded(module: nn.Module) -> bool:
    """Whether ``shard`` was called on the module."""
    if not distributed.is_initialized():
        return False
    from torch.distributed.fsdp import FSDPModule

    return isinstance(module, FSDPModule)


def gathered(values: Nested) -> Nested:
    """Gathers tensors on the CPU of the first process; the others get empty ones.

    All processes must call this.
    """
    if isinstance(values, dict):
        return {key: gathered(value) for key, value in values.items()}
    if isinstance(values, list):
        return [gathered(value) for value in values]
    if not _is_shard(values):
        return values
    joined = whole(values)
    return joined.cpu() if distributed.get_rank() == 0 else joined.new_empty(0)


def whole(value: Tensor) -> Tensor:
    """Gathers one tensor in every process; all must call this."""
    pieces: Any = value
    return pieces.full_tensor() if _is_shard(value) else value


def scattered(value: Tensor, like: Tensor) -> Tensor:
    """This process's shard of a whole tensor, laid out as ``like``."""
    if not _is_shard(like):
        return value
    from torch.distributed.tensor import distribute_tensor

    placed: Any = like
    return distribute_tensor(value.to(like.device), placed.device_mesh, placed.placements)


def scattered_moments(saved: dict[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """An optimizer's saved state, its moments sharded as the parameters."""
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    state = {
        number: {
            key: scattered(value, parameters[number]) if value.ndim else value
            for key, value in moments.items()
        }
        for number, moments in saved["state"].items()
    }
    return {**saved, "state": state}


def _is_shard(value: Any) -> bool:
    if not torch.is_tensor(value) or not distributed.is_initialized():
        return False
    from torch.distributed.tensor import DTensor

    return isinstance(value, DTensor)
