"""LoRA by ``peft``: low-rank adapters are trained, and merged in the export."""

from typing import Any

from torch import Tensor, nn

from mdocr.errors import MissingExtraError

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Adapted linear layers of the language model."""

SCALE = 2.0
"""LoRA's alpha over rank, the factor of the low-rank product."""


def add_adapters(model: nn.Module, rank: int) -> None:
    """Freezes a model and adds adapters to its language model.

    Raises:
        MissingExtraError: peft is not installed.
    """
    try:
        from peft import LoraConfig, inject_adapter_in_model
    except ImportError as error:
        raise MissingExtraError("peft", "lora", "model.lora_rank") from error
    config = LoraConfig(r=rank, lora_alpha=round(SCALE * rank), target_modules=list(TARGETS))
    model.requires_grad_(False)
    inject_adapter_in_model(config, model)


def merged(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights with their adapters merged, under their names without adapters."""
    found: dict[str, Any] = {}
    for name, value in weights.items():
        if ".lora_" in name:
            continue
        layer = name.removesuffix(".base_layer.weight")
        small, large = (weights.get(f"{layer}.lora_{part}.default.weight") for part in "AB")
        if layer != name and small is not None and large is not None:
            value = value + (SCALE * (large.float() @ small.float())).to(value)
        found[name.replace(".base_layer.", ".")] = value
    return found
