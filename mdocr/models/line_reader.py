"""The line reader: block diffusion over the characters of a text line or a formula.

The vision tower is the word recognizer's encoder; each column of its feature grid becomes one image
token, or several where the grid is coarser (sub-pixel projection, arXiv 1609.05158). A small SDAR
language model denoises the characters after them. An auxiliary CTC head gives every image token its
rotary position: the expected number of characters emitted up to it.
Character ``i`` is at position ``i + 1``, so text and image are aligned whatever the widths of the
letters. A formula is written in the notation of ``mdocr.preprocessing.formula_notation``; its image
is higher, and the columns of its grid become tokens in the same way.

Shapes: B lines, H image height (32 for lines, ``formula_height`` for formulas), P image tokens of a
line (width / 4), T packed image tokens, D width, L tokens of a row, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mdocr.models.alignment import expected_positions
from mdocr.models.attention import Attention
from mdocr.models.line_reader_config import LINE_HEIGHT, LineReaderConfig
from mdocr.models.sdar import SDAR
from mdocr.models.svtrv2 import SVTRv2Encoder

ROW = 16
"""Pixels of height per row of the feature grid."""


@dataclass(frozen=True)
class EncodedLines:
    """What the vision tower returns for lines or formulas.

    Attributes:
        features: of the image tokens [..., D].
        positions: expected number of characters emitted up to each token [...].
        ctc_logits: [..., characters + 1]; class 0 is the blank.
    """

    features: Tensor
    positions: Tensor
    ctc_logits: Tensor


class LineReader(nn.Module):
    """Vision tower, CTC head and language model."""

    def __init__(self, config: LineReaderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = SVTRv2Encoder(config.encoder)
        self.projection = self._projection(LINE_HEIGHT)
        formulas = config.formula_height
        self.formula_projection = self._projection(formulas) if formulas else None
        self.letters = nn.Linear(config.text.hidden_size, len(config.symbols) + 1)
        self.language_model = SDAR(config.text)
        self._initialise()

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self.language_model.lm_head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Type of the weights."""
        return self.language_model.lm_head.weight.dtype

    def encode(self, images: Tensor) -> EncodedLines:
        """Image tokens [B, P, ·] of ``images`` of one size, [B, 3, H, 4·P] in -1..1."""
        grid = self.encoder.grid(self.encoder(images), images.shape[-1])  # [B, rows, columns, C]
        columns = grid.transpose(1, 2).flatten(2)
        if self.formula_projection is None or images.shape[-2] == LINE_HEIGHT:
            features = self.projection(columns)
        else:
            features = self.formula_projection(columns)
        features = features.unflatten(2, (self.config.tokens_per_column, -1)).flatten(1, 2)
        ctc_logits = self.letters(features)
        return EncodedLines(features, expected_positions(ctc_logits.detach()), ctc_logits)

    def encode_packed(self, images: Sequence[Tensor]) -> EncodedLines:
        """Packed image tokens [T, ·] of ``images`` of any sizes, each [3, H, 4·P]."""
        parts: dict[int, list[Tensor]] = {}
        for shape in {image.shape for image in images}:
            rows = [row for row, image in enumerate(images) if image.shape == shape]
            found = self.encode(torch.stack([images[row] for row in rows]))
            for index, row in enumerate(rows):
                encoded = (found.features, found.positions, found.ctc_logits)
                parts[row] = [values[index] for values in encoded]
        ordered = [parts[row] for row in range(len(images))]
        return EncodedLines(*(torch.cat(values) for values in zip(*ordered, strict=True)))

    def embed(self, tokens: Tensor, features: Tensor | None = None) -> Tensor:
        """Embeddings [..., D] of tokens [...]; image tokens are replaced by ``features``."""
        embeddings: Tensor = self.language_model.model.embed_tokens(tokens)
        if features is None:
            return embeddings
        is_image = (tokens == self.config.image_token_id)[..., None]
        return embeddings.masked_scatter(is_image, features.to(embeddings.dtype))

    def forward(
        self, tokens: Tensor, positions: Tensor, attend: Attention, encoded: EncodedLines
    ) -> Tensor:
        """Logits [B, L, V] of rows of tokens [B, L] at ``positions`` [B, L], as in training."""
        embeddings = self.embed(tokens, encoded.features)
        logits: Tensor = self.language_model(embeddings, positions, attend)
        return logits

    def _projection(self, height: int) -> nn.Linear:
        """Maps a column of the feature grid of an image of this height to its tokens."""
        rows, tokens = height // ROW, self.config.tokens_per_column
        return nn.Linear(rows * self.config.encoder.dims[-1], tokens * self.config.text.hidden_size)

    def _initialise(self) -> None:
        for module in self.language_model.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
        nn.init.normal_(self.language_model.model.embed_tokens.weight, std=0.1)
        for projection in (self.projection, self.formula_projection):
            if projection is not None:
                nn.init.xavier_normal_(projection.weight)
