"""SVTRv2 encoder: the image of a word to a feature grid (arXiv 2411.15858, section 3).

Three stages of mixing blocks. A block mixes positions, locally (grouped convolutions) or globally
(attention), then transforms each position; both post-norm.

Shapes: B batch, H W height and width of the feature grid, C channels, N = H·W positions.
Features are [B, H, W, C]; convolutions see the same memory as a channels-last image.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from mdocr.models.attention import attend
from mdocr.models.mdiff4str_config import EncoderConfig


class DropPath(nn.Module):
    """Skips a residual branch for a random share of the batch, in training only."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor) -> Tensor:
        """Returns ``branch`` with some samples zeroed and the others scaled up."""
        if not self.training or self.rate == 0:
            return branch
        keep = 1 - self.rate
        shape = (branch.shape[0],) + (1,) * (branch.ndim - 1)
        return branch * branch.new_empty(shape).bernoulli_(keep).div_(keep)


class Mlp(nn.Module):
    """Linear, GELU, linear, at each position."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[..., C] → [..., C]."""
        out: Tensor = self.fc2(functional.gelu(self.fc1(x)))
        return out


class ConvolutionMixer(nn.ModuleList):
    """Local mixing: two grouped 3×3 convolutions."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__(nn.Conv2d(dim, dim, 3, padding=1, groups=heads) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] → [B, H, W, C]."""
        x = x.permute(0, 3, 1, 2)
        for convolution in self:
            x = convolution(x)
        return x.permute(0, 2, 3, 1)


class AttentionMixer(nn.Module):
    """Global mixing: multi-head attention over all positions of the grid."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] → [B, H, W, C]."""
        batch, height, width, dim = x.shape
        qkv = self.qkv(x).view(batch, height * width, 3, self.heads, dim // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each [B, heads, N, C / heads]
        mixed = attend(query, key, value)
        out: Tensor = self.proj(mixed.transpose(1, 2).reshape(batch, height, width, dim))
        return out


class MixingBlock(nn.Module):
    """Mixes positions, then transforms each of them; post-norm."""

    def __init__(self, dim: int, mixer: nn.Module, drop_path: float) -> None:
        super().__init__()
        self.mixer = mixer
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.mlp = Mlp(dim, 4 * dim)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.drop_path = DropPath(drop_path)

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] → [B, H, W, C]."""
        x = self.norm1(x + self.drop_path(self.mixer(x)))
        x = self.norm2(x + self.drop_path(self.mlp(x)))
        return x


class Downsample(nn.Module):
    """A strided 3×3 convolution to the channels of the next stage."""

    def __init__(self, dim: int, out_dim: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, out_dim, 3, stride=stride, padding=1)
        self.norm = nn.LayerNorm(out_dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] → [B, H', W', C']."""
        out: Tensor = self.norm(self.conv(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1))
        return out


class Stage(nn.Module):
    """Blocks of one width, then a downsampling to the next stage."""

    def __init__(self, blocks: list[MixingBlock], downsample: Downsample | None) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*blocks)
        self.downsample = downsample

    def forward(self, x: Tensor) -> Tensor:
        """[B, H, W, C] → [B, H', W', C']."""
        x = self.blocks(x)
        if self.downsample is not None:
            x = self.downsample(x)
        return x


class StemLayer(nn.Module):
    """A strided convolution that halves the image, batch norm, GELU."""

    def __init__(self, in_dim: int, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_dim, dim, 3, stride=2, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B, C, H, W] → [B, C', H / 2, W / 2]."""
        out: Tensor = functional.gelu(self.norm(self.conv(x)))
        return out


class SVTRv2Encoder(nn.Module):
    """The encoder, for images whose sides are multiples of 16."""

    def __init__(self, config: EncoderConfig) -> None:
        super().__init__()
        self.dim = config.dims[-1]
        first = config.dims[0]
        self.stem = nn.Sequential(StemLayer(3, first // 2), StemLayer(first // 2, first))
        rates = torch.linspace(0, config.drop_path, sum(config.depths), device="cpu").tolist()
        self.stages = nn.Sequential(*_stages(config, rates))
        self.column = config.column
        self.apply(_initialise)

    def grid(self, features: Tensor, width: int) -> Tensor:
        """Features [B, N, C] as a grid [B, H, W, C]; ``width`` is that of the image in pixels."""
        columns = -(-width // self.column)
        return features.view(features.shape[0], -1, columns, self.dim)

    def forward(self, images: Tensor) -> Tensor:
        """Features [B, N, C] of ``images`` [B, 3, height, width] in -1..1."""
        x = self.stem(images.contiguous(memory_format=torch.channels_last))
        features: Tensor = self.stages(x.permute(0, 2, 3, 1))  # [B, H, W, C]
        return features.flatten(1, 2)


def _stages(config: EncoderConfig, rates: list[float]) -> list[Stage]:
    stages = []
    for index, (dim, depth, heads) in enumerate(
        zip(config.dims, config.depths, config.heads, strict=True)
    ):
        start = sum(config.depths[:index])
        blocks = [
            MixingBlock(dim, _mixer(dim, heads, number < config.convolutions[index]), rate)
            for number, rate in enumerate(rates[start : start + depth])
        ]
        last = index == len(config.dims) - 1
        down = None if last else Downsample(dim, config.dims[index + 1], config.strides[index])
        stages.append(Stage(blocks, down))
    return stages


def _mixer(dim: int, heads: int, convolution: bool) -> nn.Module:
    return ConvolutionMixer(dim, heads) if convolution else AttentionMixer(dim, heads)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif isinstance(module, nn.Conv2d):
        nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
