"""MDiff4STR: SVTRv2 encoder and masked-diffusion decoder (arXiv 2512.01422, section 3.1).

The decoder takes a partly masked word, attends to the image features, and predicts every position
at once. Which predictions to keep is decided elsewhere (``mdocr.decoding.words``).

Shapes: B batch, K noised copies of a word, L = max_length + 1 positions, D width, N positions of
the image's feature grid, W its columns, F CTC frames.
"""

import math
from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mdocr.models.alignment import expected_positions, position_codes
from mdocr.models.attention import attend
from mdocr.models.charset import Charset
from mdocr.models.mdiff4str_config import DecoderConfig, MDiff4STRConfig
from mdocr.models.svtrv2 import SVTRv2Encoder

Projected = list[tuple[Tensor, Tensor]]
"""Keys and values of the image for each decoder layer, each [B, heads, N, D / heads]."""


class SelfAttention(nn.Module):
    """Multi-head attention among the positions of a word."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out_proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[B·K, L, D] → [B·K, L, D]."""
        rows, length, dim = x.shape
        qkv = self.qkv(x).view(rows, length, 3, self.heads, dim // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        mixed = attend(query, key, value)
        out: Tensor = self.out_proj(mixed.transpose(1, 2).reshape(rows, length, dim))
        return out


class CrossAttention(nn.Module):
    """Multi-head attention from the positions of a word to the image."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(dim, dim)
        self.kv = nn.Linear(dim, 2 * dim)
        self.out_proj = nn.Linear(dim, dim)

    def project(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values [B, heads, N, D / heads] of image features [B, N, D]."""
        batch, positions, dim = memory.shape
        kv = self.kv(memory).view(batch, positions, 2, self.heads, dim // self.heads)
        key, value = kv.permute(2, 0, 3, 1, 4)
        return key, value

    def forward(self, x: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """[B, K·L, D] → [B, K·L, D]."""
        batch, length, dim = x.shape
        query = self.q(x).view(batch, length, self.heads, dim // self.heads).transpose(1, 2)
        mixed = attend(query, key, value)
        out: Tensor = self.out_proj(mixed.transpose(1, 2).reshape(batch, length, dim))
        return out


class DecoderMlp(nn.Module):
    """Linear, ReLU, linear, with dropout after each layer."""

    def __init__(self, dim: int, dropout: float) -> None:
        super().__init__()
        self.fc1 = nn.Linear(dim, 4 * dim)
        self.fc2 = nn.Linear(4 * dim, dim)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[..., D] → [..., D]."""
        hidden = self.dropout(functional.relu(self.fc1(x)))
        out: Tensor = self.dropout(self.fc2(hidden))
        return out


class DecoderLayer(nn.Module):
    """Self-attention, cross-attention, MLP; post-norm."""

    def __init__(self, dim: int, config: DecoderConfig) -> None:
        super().__init__()
        self.self_attn = SelfAttention(dim, config.heads)
        self.norm1 = nn.LayerNorm(dim)
        self.cross_attn = CrossAttention(dim, config.heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = DecoderMlp(dim, config.dropout)
        self.norm3 = nn.LayerNorm(dim)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, x: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """[B, K, L, D] → [B, K, L, D]; copies share the image and do not see each other."""
        shape = x.shape
        x = x.flatten(0, 1)  # [B·K, L, D]
        x = self.norm1(x + self.dropout(self.self_attn(x)))
        x = x.reshape(shape).flatten(1, 2)  # [B, K·L, D]
        x = self.norm2(x + self.dropout(self.cross_attn(x, key, value)))
        x = self.norm3(x + self.dropout(self.mlp(x)))
        return x.reshape(shape)


class MaskedDiffusionDecoder(nn.Module):
    """Predicts every character of a partly masked word from the image features."""

    positions: Tensor

    def __init__(self, config: DecoderConfig, dim: int, charset: Charset) -> None:
        super().__init__()
        length = config.max_length + 1
        self.scale = math.sqrt(dim)
        self.embedding = nn.Embedding(charset.outputs + 2, dim)  # plus MASK and PAD
        self.pos_embed = nn.Parameter(torch.zeros(1, length, dim))
        positions = position_codes(torch.arange(length, device="cpu"), dim)[None]
        self.register_buffer("positions", positions, persistent=False)
        self.dropout = nn.Dropout(config.dropout)
        self.layers = nn.ModuleList(DecoderLayer(dim, config) for _ in range(config.layers))
        self.head = nn.Linear(dim, charset.outputs, bias=False)
        self._initialise()

    def project(self, memory: Tensor) -> Projected:
        """Keys and values of features [B, N, D], computed once for all denoising passes."""
        layers = cast(Iterable[DecoderLayer], self.layers)
        return [layer.cross_attn.project(memory) for layer in layers]

    def forward(self, tokens: Tensor, projected: Projected) -> Tensor:
        """Predicts every position.

        Args:
            tokens: ids [B, L], or [B, K, L] for K noised copies of each word.
            projected: keys and values of the images, from ``project``.

        Returns:
            Logits over EOS and the characters, [B, L, V] or [B, K, L, V].
        """
        x = self.embedding(tokens) * self.scale
        x = self.dropout(x + self.positions.to(x.dtype)) + self.pos_embed
        x = x if tokens.ndim == 3 else x[:, None]  # [B, K, L, D]
        for layer, (key, value) in zip(self.layers, projected, strict=True):
            x = layer(x, key, value)
        logits: Tensor = self.head(x)
        return logits if tokens.ndim == 3 else logits[:, 0]

    def _initialise(self) -> None:
        nn.init.normal_(self.embedding.weight, std=self.embedding.embedding_dim**-0.5)
        nn.init.trunc_normal_(self.pos_embed, std=0.02)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)


class MDiff4STR(nn.Module):
    """The complete recognizer. ``forward`` is one denoising pass; decoders call the parts."""

    def __init__(self, config: MDiff4STRConfig) -> None:
        super().__init__()
        self.config = config
        self.charset = config.charset
        self.encoder = SVTRv2Encoder(config.encoder)
        dim = config.encoder.dims[-1]
        self.decoder = MaskedDiffusionDecoder(config.decoder, dim, self.charset)
        frames = config.frames_per_column
        outputs = frames * self.charset.outputs
        self.letters = nn.Linear(dim, outputs) if config.decoder.aligned else None

    def encode_with_ctc(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Features [B, N, D] of ``images`` [B, 3, height, width], and CTC logits if aligned.

        The logits are [B, F, characters + 1]; class 0 is the blank. A column has one frame, or
        several where the grid is coarser (sub-pixel projection, arXiv 1609.05158). The positions
        derived from them take no gradient.
        """
        memory: Tensor = self.encoder(images)
        if self.letters is None:
            return memory, None
        grid = self.encoder.grid(memory, images.shape[-1])
        columns = self.letters(grid.mean(1))
        ctc_logits: Tensor = columns.view(columns.shape[0], -1, self.charset.outputs)
        positions = expected_positions(ctc_logits.detach()) - 1  # the first character is at 0
        positions = positions.view(*columns.shape[:2], -1).mean(-1)
        codes = position_codes(positions, memory.shape[-1]).to(memory.dtype)
        return (grid + codes[:, None]).flatten(1, 2), ctc_logits

    def encode(self, images: Tensor) -> Tensor:
        """Features [B, N, D] of ``images`` [B, 3, height, width], for ``decoder.project``."""
        return self.encode_with_ctc(images)[0]

    def forward(self, images: Tensor, tokens: Tensor) -> Tensor:
        """Logits [B, L, V] of ``tokens`` [B, L] given ``images`` [B, 3, height, width]."""
        logits: Tensor = self.decoder(tokens, self.decoder.project(self.encode(images)))
        return logits
