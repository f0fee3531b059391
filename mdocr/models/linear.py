"""Linear layers in eight bits: half the memory of bfloat16, and products of whole numbers.

Each row of a weight has a scale, and so has each row of what it is multiplied with, found anew at
every call (symmetric, "row-wise" and "token-wise": arXiv 2206.01861, section 3.2). A row's result
does not depend on the rows beside it.

Shapes: M rows, K inputs, N outputs.
"""

import torch
from torch import Tensor, nn

LARGEST = 127
HEADS = frozenset({"lm_head", "letters"})
"""Layers that make logits stay as they are: there every rounding is a risk for a token."""
FEWEST_ROWS = 32
"""CUDA multiplies whole numbers from 17 rows on only."""


class Int8Linear(nn.Module):
    """Takes the place of a linear layer.

    Args:
        linear: the layer; not changed.
    """

    weight: Tensor
    scales: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.in_features, self.out_features = linear.in_features, linear.out_features
        whole, scales = to_int8(linear.weight)
        on_cpu = whole.device.type == "cpu"
        packed = torch.ops.onednn.qlinear_prepack(whole, None) if on_cpu else whole
        self.register_buffer("weight", packed, persistent=False)
        self.register_buffer("scales", scales.flatten(), persistent=False)
        self.register_buffer("bias", linear.bias, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., K] → [..., N]."""
        rows, scales = to_int8(x.flatten(0, -2))
        multiply = _multiply_on_cpu if x.device.type == "cpu" else _multiply
        out = multiply(rows, self.weight, self.scales, x.dtype).mul_(scales)
        if self.bias is not None:
            out += self.bias
        return out.view(*x.shape[:-1], self.out_features)


def quantize(model: nn.Module) -> None:
    """Puts every linear layer but ``HEADS`` into eight bits, one after another, in place."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.Linear) and name not in HEADS:
                setattr(module, name, Int8Linear(child))


def to_int8(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Whole numbers [M, K] of -127 to 127, and the scale [M, 1] of each row in single precision."""
    scales = rows.abs().amax(-1, keepdim=True).float().clamp_(min=1e-30).div_(LARGEST)
    return (rows / scales).round_().to(torch.int8), scales


def _multiply_on_cpu(rows: Tensor, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """Product [M, N] of whole rows [M, K] with a packed weight, times its scales [N], by oneDNN."""
    zeros = torch.zeros(len(scales), dtype=torch.int64)
    out: Tensor = torch.ops.onednn.qlinear_pointwise(
        rows, 1.0, 0, weight, scales, zeros, None, 1.0, 0, dtype, "none", [], ""
    )
    return out


def _multiply(rows: Tensor, weight: Tensor, scales: Tensor, dtype: torch.dtype) -> Tensor:
    """The same for a plain weight [N, K] on other devices."""
    missing = max(0, FEWEST_ROWS - len(rows))
    padded = nn.functional.pad(rows, (0, 0, 0, missing)) if missing else rows
    product = torch._int_mm(padded, weight.T)[: len(rows)]
    return (product * scales).to(dtype)
