"""LoRA through ``peft``: small matrices beside the large ones are trained, and added in the end."""

from typing import Any

from torch import Tensor, nn

from mdocr.errors import MissingExtraError

TARGETS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Linear layers of the language model."""

SCALE = 2.0
"""What the product of the small matrices is multiplied by (LoRA's alpha over rank)."""


def add_adapters(model: nn.Module, rank: int) -> None:
    """Freezes a model and gives its language model adapters.

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
    """Weights with their adapters added, under the names they had without them."""
    found: dict[str, Any] = {}
    for name, value in weights.items():
        if ".lora_" in name:
            continue
        place = name.removesuffix(".base_layer.weight")
        small, large = (weights.get(f"{place}.lora_{part}.default.weight") for part in "AB")
        if place != name and small is not None and large is not None:
            value = value + (SCALE * (large.float() @ small.float())).to(value)
        found[name.replace(".base_layer.", ".")] = value
    return found
