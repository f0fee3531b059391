"""Replacements for a model's linear layers, for inference only.

``PackedLinear``: the weight is laid out once for the CPU's matrix units; results are unchanged.
``Int8Linear``: 8-bit weights and activations; half the memory of bfloat16, integer products.

Shapes: M rows, K inputs, N outputs.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

HEADS = frozenset({"lm_head", "letters"})
"""Output layers stay in full precision: rounding a logit may change a token."""
PACKED_FOR = 128
"""Number of rows the layout is optimised for: a few blocks of tokens. Other sizes work too."""
LARGEST, LEAST = 127, 1e-30
"""Largest 8-bit magnitude; smallest row maximum, so that no scale is infinite."""
FEWEST_ROWS = 32
"""``torch._int_mm`` on CUDA requires more than 16 rows."""
CHUNK = 256
"""Rows of a weight that are widened together, so that they stay in the CPU's cache."""


def pack(model: nn.Module) -> None:
    """Packs all linear layers in place where that is faster: in bfloat16, on a CPU.

    Otherwise oneDNN reorders the weight for every product, which takes as long as multiplying some
    dozens of rows.
    """
    replace_linears(model, lambda name, layer: PackedLinear(layer) if _can_pack(layer) else layer)


def quantize(model: nn.Module) -> None:
    """Replaces all linear layers except ``HEADS`` by 8-bit ones, in place."""
    replace_linears(model, lambda name, layer: layer if name in HEADS else Int8Linear(layer))


def replace_linears(model: nn.Module, make: Callable[[str, nn.Linear], nn.Module]) -> None:
    """Replaces every linear layer by ``make(name, layer)``, one at a time to bound memory."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Linear):
                setattr(module, name, make(name, child))


class PackedLinear(nn.Module):
    """A bfloat16 linear layer packed for oneDNN.

    Args:
        layer: the layer to replace; left unchanged.
    """

    weight: Tensor
    bias: Tensor | None

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        packed = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), PACKED_FOR)
        self.register_buffer("weight", packed, persistent=False)
        self.register_buffer("bias", layer.bias, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., K] → [..., N]."""
        multiply = torch.ops.mkldnn._linear_pointwise
        out: Tensor = multiply(x, self.weight, self.bias, "none", [], "")
        return out


class Int8Linear(nn.Module):
    """An 8-bit integer linear layer.

    Weights are quantised per output row and activations per token, dynamically (arXiv 2206.01861,
    section 4.1), so a row's result does not depend on the other rows of the batch.

    Args:
        layer: the layer to replace; left unchanged.
    """

    weight: Tensor
    scales: Tensor
    bias: Tensor | None

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        whole, scales = to_int8(layer.weight.detach().float())
        self.multiply = _multiplication(whole.device)
        packed = self.multiply is multiply_packed
        weight = torch.ops.onednn.qlinear_prepack(whole, None) if packed else whole
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("scales", scales.flatten(), persistent=False)
        self.register_buffer("bias", layer.bias, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., K] → [..., N]."""
        rows, scales = to_int8(x.flatten(0, -2))
        out = self.multiply(rows, self.weight, self.scales, x.dtype).mul_(scales)
        if self.bias is not None:
            out += self.bias
        return out.view(*x.shape[:-1], self.out_features)


def to_int8(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Integers [M, K] in -127..127, and the scale [M, 1] of each row in the dtype of ``rows``."""
    inverse = LARGEST / rows.abs().amax(-1, keepdim=True).clamp_(min=LEAST)
    whole = (rows * inverse).round_().clamp_(-LARGEST, LARGEST)  # the rounded scale may overshoot
    return whole.to(torch.int8), (1 / inverse.float()).to(rows.dtype)


def multiply_packed(rows: Tensor, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """``multiply_plain`` for a packed weight, by oneDNN with AMX.

    Without AMX it takes its reference kernel, which may take over a thousand times as long.
    """
    zeros = torch.zeros(len(scales), dtype=torch.int64)
    written = dtype if dtype == torch.bfloat16 else torch.float32
    out: Tensor = torch.ops.onednn.qlinear_pointwise(
        rows, 1.0, 0, weight, scales, zeros, None, 1.0, 0, written, "none", [], ""
    )
    return out.to(dtype)


def multiply_widened(rows: Tensor, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """``multiply_plain`` in float32, for CPUs without integer products; as fast as float32.

    Integers up to 2²⁴ are exact in float32.
    """
    wide = rows.float()
    parts = [wide @ part.float().T for part in torch.split(weight, CHUNK)]
    return (torch.cat(parts, 1) * scales).to(dtype)


def multiply_plain(rows: Tensor, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """Integer product [M, N] of rows [M, K] with a weight [N, K], times its scales [N]."""
    missing = max(0, FEWEST_ROWS - len(rows)) if rows.is_cuda else 0
    padded = nn.functional.pad(rows, (0, 0, 0, missing)) if missing else rows
    product = torch._int_mm(padded, weight.T)[: len(rows)]
    return (product * scales).to(dtype)


def _multiplication(device: torch.device) -> Callable[..., Tensor]:
    """The fastest exact integer product.

    Without VNNI oneDNN adds two products in 16 bits, which overflows: results are off by a third.
    """
    if device.type != "cpu":
        return multiply_plain
    if _has_onednn(device) and _has_amx():
        return multiply_packed
    exact = _has_onednn(device) and _cpu_says("_is_vnni_supported")
    return multiply_plain if exact else multiply_widened


def _has_onednn(device: torch.device) -> bool:
    return device.type == "cpu" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


def _has_amx() -> bool:
    return _cpu_says("_is_amx_tile_supported")


def _cpu_says(question: str) -> bool:
    """An answer of ``torch.cpu``; no where this torch does not know the question."""
    return bool(getattr(torch.cpu, question, lambda: False)())


def _can_pack(layer: nn.Linear) -> bool:
    if layer.weight.dtype != torch.bfloat16 or not _has_onednn(layer.weight.device):
        return False
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
