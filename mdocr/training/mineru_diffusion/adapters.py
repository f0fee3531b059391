"""LoRA by ``peft``: low-rank adapters are trained, merged in the export, and also written alone."""

import json
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor, nn

from mdocr.errors import MissingExtraError
from mdocr.files import write_text, written_whole

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


def save_adapter(weights: dict[str, Tensor], rank: int, start: str, target: Path) -> None:
    """Writes the adapters alone, in peft's format.

    Args:
        weights: of the model with its adapters.
        rank: of the adapters.
        start: model that they belong to, by name or folder.
        target: folder to write.
    """
    target.mkdir(parents=True, exist_ok=True)
    own = {
        f"base_model.model.{name.replace('.default.', '.')}": value.cpu().float().contiguous()
        for name, value in weights.items()
        if ".lora_" in name
    }
    with written_whole(target / "adapter_model.safetensors") as temporary:
        save_file(own, temporary, metadata={"format": "pt"})
    record = {
        "peft_type": "LORA",
        "base_model_name_or_path": start,
        "r": rank,
        "lora_alpha": round(SCALE * rank),
        "lora_dropout": 0.0,
        "target_modules": list(TARGETS),
        "bias": "none",
        "inference_mode": True,
    }
    write_text(target / "adapter_config.json", json.dumps(record, indent=1))


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
