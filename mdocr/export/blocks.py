"""What the exports of both page models share: a pass of block diffusion, and its comparison.

The graph of a pass takes the keys and values of earlier passes and returns those of its own tokens;
the engine keeps them. Sequences of different lengths are padded, and padding is masked.

Shapes: S sequences of a pass, T tokens of the longest, C cached tokens of the longest, M query
positions, D width, K heads, E width of a head, V vocabulary.
"""

import logging
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from mdocr.decoding.blocks import denoise
from mdocr.decoding.requests import Feed, Predict, Request
from mdocr.export.folder import relative_difference
from mdocr.export.tracing import FREE, Inputs
from mdocr.models.attention import Mask
from mdocr.models.line_reader import LineReader
from mdocr.models.mineru_diffusion import MinerUDiffusion

logger = logging.getLogger(__name__)

Pass = tuple[Sequence[Feed], Tensor]
"""What a model was fed, and the logits [M, V] that it returned."""


class PastAttention:
    """Attention over the keys and values of earlier passes and of this one.

    The products with either are apart, so that what is cached is not copied to be beside the new.

    Args:
        past: keys and values [S, K, C, E] of each layer in turn.
        starts: number of valid cached tokens of each sequence [S].
        visible: number of positions of its sequence that each token sees, from the first [S, T].

    Attributes:
        new: keys and values [2, S, K, T, E] of this pass, layer by layer.
    """

    def __init__(self, past: Sequence[Tensor], starts: Tensor, visible: Tensor) -> None:
        self.cached = past[0].shape[2]
        cached = torch.arange(self.cached) < starts[:, None, None]  # [S, 1, C]
        fresh = torch.arange(visible.shape[1]) + starts[:, None, None] < visible[..., None]
        seen = torch.cat([cached.expand(-1, visible.shape[1], -1), fresh], -1)
        # Added to the scores; made once, while ONNX would make it anew for every layer and head.
        self.mask = Mask(torch.where(seen, 0.0, -torch.inf))
        self.rows = visible.shape
        self.past = past
        self.new: list[Tensor] = []

    def __call__(self, layer: int, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        """See ``mdocr.models.attention.Attention``; tokens [S·T, ...]."""
        query, key, value = (self._by_head(part) for part in (query, key, value))
        self.new.append(torch.stack([key, value]))
        keys, values = self.past[2 * layer : 2 * layer + 2]
        groups = query.shape[1] // key.shape[1]
        # Query heads that share a key-value head are stacked as rows of one matrix.
        rows = query.reshape(*key.shape[:2], -1, key.shape[3]) * key.shape[3] ** -0.5
        scores = [rows @ part.transpose(-1, -2) for part in (keys, key)]
        weights = (torch.cat(scores, -1) + self.mask.shared(groups)).softmax(-1)
        mixed = weights[..., : self.cached] @ values + weights[..., self.cached :] @ value
        return mixed.reshape(query.shape).transpose(1, 2).flatten(0, 1)

    def _by_head(self, tokens: Tensor) -> Tensor:
        """[S·T, heads, E] → [S, heads, T, E]."""
        return tokens.reshape(*self.rows, *tokens.shape[1:]).transpose(1, 2)


class BlockGraph(nn.Module):
    """One pass of block diffusion → logits [M, V], and keys and values of the pass's tokens.

    Inputs: ``tokens`` [S, T], ``features`` [S, T, D] of those that are image tokens, rotary
    ``positions`` [S, T], ``starts``, ``visible`` and ``past`` as in ``PastAttention``, ``queries``
    [M] of S·T.
    """

    outputs = ("logits", "new")

    def __init__(self, model: LineReader | MinerUDiffusion) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        tokens: Tensor,
        features: Tensor,
        positions: Tensor,
        starts: Tensor,
        visible: Tensor,
        queries: Tensor,
        past: Sequence[Tensor],
    ) -> tuple[Tensor, Tensor]:
        """See the class."""
        # A model may generate the image token; only a prompt, at the start, has images.
        pictured = (tokens == self.model.config.image_token_id) & (starts == 0)[:, None]
        x = torch.where(pictured[..., None], features, self.model.embed(tokens)).flatten(0, 1)
        attend = PastAttention(past, starts, visible)
        logits = self.model.language_model(x, positions.flatten(), attend, queries)
        return logits, torch.stack(attend.new)

    def inputs(self) -> Inputs:
        """Examples, and which of their sizes are free."""
        config = self.model.language_model.config
        shape, part = config.cache_shape, (2, 7)
        rows = {0: FREE, 1: FREE}
        held = part[0], shape.heads, 11, shape.head_dim
        past = [torch.zeros(held) for _ in range(2 * shape.layers)]  # one twice would be one input
        return {
            "tokens": (torch.zeros(part, dtype=torch.int64), rows),
            "features": (torch.zeros(*part, config.hidden_size), rows),
            "positions": (torch.zeros(part), rows),
            "starts": (torch.full(part[:1], 4), {0: FREE}),
            "visible": (torch.full(part, 9), rows),
            "queries": (torch.arange(5), {0: FREE}),
            "past": (past, [{0: FREE, 2: FREE}] * len(past)),
        }


def record(predict: Predict, requests: Iterable[Request], mask_id: int) -> list[Pass]:
    """Generates texts, two at a time, and keeps every pass."""
    passes: list[Pass] = []

    def recorded(feeds: Sequence[Feed]) -> Tensor:
        logits: Tensor = predict(feeds)
        passes.append((feeds, logits))
        return logits

    for _ in denoise(recorded, requests, mask_id, batch_size=2):
        pass
    return passes


def largest_difference(predict: Predict, passes: Iterable[Pass]) -> float:
    """Largest difference of a logit in any pass, as a share of the pass's largest logit."""
    worst = max(
        relative_difference(torch.from_numpy(predict(feeds)), expected)
        for feeds, expected in passes
    )
    logger.info("largest difference from torch: %.1e of the largest logit", worst)
    return worst
