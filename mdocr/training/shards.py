"""FSDP2: a model whose weights, gradients and moments lie in pieces over the processes.

A checkpoint holds whole tensors, so a run can go on with another number of processes, or with one.
Without shards every function here gives back what it was given.
"""

from typing import Any

import torch
from torch import Tensor, distributed, nn

Nested = Any
"""Tensors in dicts and lists of any depth."""


def shard(module: nn.Module, device: torch.device) -> None:
    """Splits a module's weights over all processes; each layer is put together when it is needed.

    Args:
        module: on the CPU or on ``device``; every list of layers in it is split layer by layer.
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
    """The same with every tensor whole, on the CPU of the first process; the others get none.

    All processes must call it.
    """
    if isinstance(values, dict):
        return {key: gathered(value) for key, value in values.items()}
    if isinstance(values, list):
        return [gathered(value) for value in values]
    if not _in_pieces(values):
        return values
    joined = whole(values)
    return joined.cpu() if distributed.get_rank() == 0 else joined.new_empty(0)


def whole(value: Tensor) -> Tensor:
    """A single tensor, whole in every process; all must call it."""
    pieces: Any = value
    return pieces.full_tensor() if _in_pieces(value) else value


def scattered(value: Tensor, like: Tensor) -> Tensor:
    """This process's piece of a whole tensor, laid out as ``like``."""
    if not _in_pieces(like):
        return value
    from torch.distributed.tensor import distribute_tensor

    placed: Any = like
    return distribute_tensor(value.to(like.device), placed.device_mesh, placed.placements)


def scattered_moments(saved: dict[str, Any], optimizer: torch.optim.Optimizer) -> dict[str, Any]:
    """An optimizer's saved state with its moments laid out as the parameters are."""
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    state = {
        number: {
            key: scattered(value, parameters[number]) if value.ndim else value
            for key, value in moments.items()
        }
        for number, moments in saved["state"].items()
    }
    return {**saved, "state": state}


def _in_pieces(value: Any) -> bool:
    if not torch.is_tensor(value) or not distributed.is_initialized():
        return False
    from torch.distributed.tensor import DTensor

    return isinstance(value, DTensor)
