"""What can take the place of a model's linear layers when it only reads.

``PackedLinear``: the weight laid out once as a CPU's matrix units want it; the same numbers.
``Int8Linear``: eight bits; half the memory of bfloat16, and products of whole numbers.

Shapes: M rows, K inputs, N outputs.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

HEADS = frozenset({"lm_head", "letters"})
"""Layers that make logits keep all their bits: there every rounding is a risk for a token."""
PACKED_FOR = 128
"""Rows of the product that a layout is chosen for: a few blocks of tokens. It suits others too."""
LARGEST, LEAST = 127, 1e-30
"""Of a whole number, and of what a row's scale is found from."""
FEWEST_ROWS = 32
"""CUDA multiplies whole numbers from 17 rows on only."""


def pack(model: nn.Module) -> None:
    """Packs all linear layers in place where that brings something: in bfloat16, on a CPU.

    oneDNN lays such a weight out anew for every product, which takes as long as a product with some
    dozens of rows.
    """
    replace_linears(model, lambda name, layer: PackedLinear(layer) if _can_pack(layer) else layer)


def quantize(model: nn.Module) -> None:
    """Puts all linear layers but ``HEADS`` into eight bits, in place."""
    replace_linears(model, lambda name, layer: layer if name in HEADS else Int8Linear(layer))


def replace_linears(model: nn.Module, make: Callable[[str, nn.Linear], nn.Module]) -> None:
    """Puts ``make(name, layer)`` in the place of every linear layer, one after another."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Linear):
                setattr(module, name, make(name, child))


class PackedLinear(nn.Module):
    """A linear layer in bfloat16 on a CPU.

    Args:
        layer: whose place it takes; not changed.
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
    """A linear layer in whole numbers of eight bits.

    Each row of the weight has a scale, and so has each row of what it is multiplied with, found
    anew at every call ("token-wise": arXiv 2206.01861, section 4.1). So a row's result does not
    depend on the rows beside it.

    Args:
        layer: whose place it takes; not changed.
    """

    weight: Tensor
    scales: Tensor
    bias: Tensor | None

    def __init__(self, layer: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        whole, scales = to_int8(layer.weight.detach().float())
        self.packed = _has_onednn(whole.device)
        weight = torch.ops.onednn.qlinear_prepack(whole, None) if self.packed else whole
        self.register_buffer("weight", weight, persistent=False)
        self.register_buffer("scales", scales.flatten(), persistent=False)
        self.register_buffer("bias", layer.bias, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., K] → [..., N]."""
        rows, scales = to_int8(x.flatten(0, -2))
        multiply = multiply_packed if self.packed else multiply_plain
        out = multiply(rows, self.weight, self.scales, x.dtype).mul_(scales)
        if self.bias is not None:
            out += self.bias
        return out.view(*x.shape[:-1], self.out_features)


def to_int8(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers [M, K] of -127 to 127, and the scale [M, 1] of each row in the rows' type."""
    inverse = LARGEST / rows.abs().amax(-1, keepdim=True).clamp_(min=LEAST)
    whole = (rows * inverse).round_().clamp_(-LARGEST, LARGEST)  # a rounded scale may be too large
    return whole.to(torch.int8), (1 / inverse.float()).to(rows.dtype)


def multiply_packed(rows: Tensor, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """Product [M, N] of whole rows [M, K] with a packed weight, times its scales [N], by oneDNN."""
    zeros = torch.zeros(len(scales), dtype=torch.int64)
    out: Tensor = torch.ops.onednn.qlinear_pointwise(
        rows, 1.0, 0, weight, scales, zeros, None, 1.0, 0, dtype, "none", [], ""
    )
    return out


def multiply_plain(rows: Tensor, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """The same for a weight [N, K] that is not packed."""
    missing = max(0, FEWEST_ROWS - len(rows))
    padded = nn.functional.pad(rows, (0, 0, 0, missing)) if missing else rows
    product = torch._int_mm(padded, weight.T)[: len(rows)]
    return (product * scales).to(dtype)


def _has_onednn(device: torch.device) -> bool:
    return device.type == "cpu" and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]


def _can_pack(layer: nn.Linear) -> bool:
    if layer.weight.dtype != torch.bfloat16 or not _has_onednn(layer.weight.device):
        return False
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
