"""The lite page model: a text line or a formula to its characters, by the large one's diffusion.

The vision tower is the word recognizer's encoder; each column of its feature grid becomes one
picture token. A small SDAR language model fills in the characters after them. An auxiliary CTC head
gives every picture token its place: the number of characters that have been read up to it.
Character ``i`` stands at place ``i + 1``, so text and picture meet at the same places whatever the
letters' widths. A formula is written in ``mdocr.preprocessing.formula_notation``; its picture is higher,
and each column of its grid is one token too.

Shapes: B lines, H height of their picture (32; that of the configuration for formulas), P picture
tokens of a line (width / 4), T packed picture tokens, D width, L tokens of a row, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mdocr.models.alignment import expected_places
from mdocr.models.attention import Attention
from mdocr.models.line_reader_config import LINE_HEIGHT, LineReaderConfig
from mdocr.models.sdar import SDAR
from mdocr.models.svtrv2 import SVTRv2Encoder

ROW = 16
"""Pixels of height that become one row of the feature grid."""


@dataclass(frozen=True)
class Seen:
    """What the vision tower makes of pictures.

    Attributes:
        features: of the picture tokens [..., D].
        places: expected number of characters read up to each [...].
        letters: logits of the CTC head [..., characters + 1]; class 0 is the blank.
    """

    features: Tensor
    places: Tensor
    letters: Tensor


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
        """Where the weights lie."""
        return self.language_model.lm_head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Type of the weights."""
        return self.language_model.lm_head.weight.dtype

    def look(self, images: Tensor) -> Seen:
        """Picture tokens [B, P, ·] of lines of one size, ``images`` [B, 3, H, 4·P] in -1..1."""
        grid = self.encoder.grid(self.encoder(images), images.shape[-1])  # [B, rows, P, C]
        columns = grid.transpose(1, 2).flatten(2)
        if self.formula_projection is None or images.shape[-2] == LINE_HEIGHT:
            features = self.projection(columns)
        else:
            features = self.formula_projection(columns)
        letters = self.letters(features)
        return Seen(features, expected_places(letters.detach()), letters)

    def see(self, images: Sequence[Tensor]) -> Seen:
        """Packed picture tokens [T, ·] of lines of any sizes, each [3, H, 4·P]."""
        seen: dict[int, Seen] = {}
        for shape in {image.shape for image in images}:
            rows = [row for row, image in enumerate(images) if image.shape == shape]
            found = self.look(torch.stack([images[row] for row in rows]))
            for index, row in enumerate(rows):
                seen[row] = Seen(found.features[index], found.places[index], found.letters[index])
        parts = [seen[row] for row in range(len(images))]
        return Seen(
            torch.cat([part.features for part in parts]),
            torch.cat([part.places for part in parts]),
            torch.cat([part.letters for part in parts]),
        )

    def embed(self, tokens: Tensor, features: Tensor | None = None) -> Tensor:
        """Embeddings [..., D] of tokens [...], with features in the places of picture tokens."""
        embeddings: Tensor = self.language_model.model.embed_tokens(tokens)
        if features is None:
            return embeddings
        places = (tokens == self.config.image_token_id)[..., None]
        return embeddings.masked_scatter(places, features.to(embeddings.dtype))

    def forward(self, tokens: Tensor, places: Tensor, attend: Attention, seen: Seen) -> Tensor:
        """Logits [B, L, V] of rows of tokens [B, L] at ``places`` [B, L], as in training."""
        embeddings = self.embed(tokens, seen.features)
        logits: Tensor = self.language_model(embeddings, places, attend)
        return logits

    def _projection(self, height: int) -> nn.Linear:
        """From a column of the grid of a picture so high to a token."""
        rows = height // ROW
        return nn.Linear(rows * self.config.encoder.dims[-1], self.config.text.hidden_size)

    def _initialise(self) -> None:
        for module in self.language_model.modules():
            if isinstance(module, nn.Linear | nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
        nn.init.normal_(self.language_model.model.embed_tokens.weight, std=0.1)
        for projection in (self.projection, self.formula_projection):
            if projection is not None:
                nn.init.xavier_normal_(projection.weight)
