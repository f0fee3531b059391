"""The Qwen2-VL vision tower, and the merger that joins 2 × 2 patches (arXiv 2409.12191).

Images of different sizes are packed: their patches are concatenated, and only attention keeps the
images apart. Parameter names are those of the released checkpoint.

Shapes: N patches of all images, P pixels of a patch, D width, H heads.
"""

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from mdocr.models.mineru_diffusion_config import Grid, VisionConfig, patch_positions
from mdocr.models.rotary import angles, rotate, turns

Turns = tuple[Tensor, Tensor]
"""Cosine and sine [N, 1, D / H] of the position of every patch."""

Attend = Callable[[Tensor, Tensor, Tensor], Tensor]
"""Attention within each image: query, key and value, each [N, H, D / H] → [N, D]."""


class PatchEmbed(nn.Module):
    """A linear map of the pixels of each patch, stored in the checkpoint as a convolution."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        kernel = (config.temporal_patch_size, config.patch_size, config.patch_size)
        self.proj = nn.Conv3d(
            config.in_channels, config.embed_dim, kernel, stride=kernel, bias=False
        )

    def forward(self, patches: Tensor) -> Tensor:
        """[N, P] → [N, D]."""
        return functional.linear(patches, self.proj.weight.flatten(1))


class VisionAttention(nn.Module):
    """Multi-head attention among the patches of each image."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, turns: Turns, attend: Attend) -> Tensor:
        """[N, D] → [N, D]."""
        qkv = self.qkv(x).unflatten(-1, (3, self.heads, -1))
        query, key, value = qkv.unbind(1)  # each [N, H, D / H]
        out: Tensor = self.proj(attend(rotate(query, *turns), rotate(key, *turns), value))
        return out


def attend_apart(lengths: list[int], query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """``Attend`` over packed images of ``lengths`` patches each."""
    images = zip(*(torch.split(part, lengths) for part in (query, key, value)), strict=True)
    return torch.cat([_attend(*image) for image in images])


def _attend(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Query, key and value of one image, each [n, H, D / H] → [n, D]."""
    query, key, value = (t.transpose(0, 1)[None] for t in (query, key, value))
    mixed = functional.scaled_dot_product_attention(query, key, value)
    return mixed[0].transpose(0, 1).flatten(1)


class VisionMlp(nn.Module):
    """Linear, quick GELU, linear."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[N, D] → [N, D]."""
        hidden = self.fc1(x)
        out: Tensor = self.fc2(hidden * torch.sigmoid(1.702 * hidden))
        return out


class VisionBlock(nn.Module):
    """Attention, then MLP; pre-norm."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        dim = config.embed_dim
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.attn = VisionAttention(dim, config.num_heads)
        self.mlp = VisionMlp(dim, int(dim * config.mlp_ratio))

    def forward(self, x: Tensor, turns: Turns, attend: Attend) -> Tensor:
        """[N, D] → [N, D]."""
        x = x + self.attn(self.norm1(x), turns, attend)
        x = x + self.mlp(self.norm2(x))
        return x


class Qwen2Vision(nn.Module):
    """The tower: patches of several images in, features of every patch out."""

    def __init__(self, config: VisionConfig) -> None:
        super().__init__()
        self.config = config
        self.patch_embed = PatchEmbed(config)
        self.blocks = nn.ModuleList(VisionBlock(config) for _ in range(config.depth))

    def forward(self, patches: Tensor, grids: Sequence[Grid]) -> Tensor:
        """Features of every patch.

        Args:
            patches: normalised pixels [N, P] of all images, in merge order.
            grids: rows and columns of patches of each image.

        Returns:
            [N, D].
        """
        merge = self.config.spatial_merge_size
        positions = np.concatenate([patch_positions(grid, merge) for grid in grids])
        lengths = [rows * columns for rows, columns in grids]
        on_device = torch.from_numpy(positions).to(patches.device)
        return self.encode(patches, on_device, partial(attend_apart, lengths))

    def encode(self, patches: Tensor, positions: Tensor, attend: Attend) -> Tensor:
        """Features [N, D] of patches [N, P] at rows and columns ``positions`` [N, 2]."""
        x: Tensor = self.patch_embed(patches)
        turns = self._turns(positions)
        for block in self.blocks:
            x = block(x, turns, attend)
        return x

    def _turns(self, positions: Tensor) -> Turns:
        """Half of a head's rotary angles encode the row, half the column."""
        half = self.config.embed_dim // self.config.num_heads // 2
        cosine, sine = turns(angles(positions, half, 10000.0).flatten(1))
        return cosine[:, None], sine[:, None]


class PatchMerger(nn.Module):
    """Joins the patches of one token and maps them to the width of the language model."""

    def __init__(self, config: VisionConfig, out_dim: int) -> None:
        super().__init__()
        self.joined = config.embed_dim * config.spatial_merge_size**2
        self.ln_q = nn.LayerNorm(config.embed_dim, eps=1e-6)
        self.mlp = nn.Sequential(
            nn.Linear(self.joined, self.joined), nn.GELU(), nn.Linear(self.joined, out_dim)
        )

    def forward(self, x: Tensor) -> Tensor:
        """[N, D] → [tokens, out_dim]."""
        out: Tensor = self.mlp(self.ln_q(x).view(-1, self.joined))
        return out
