"""MinerU-Diffusion: vision tower, merger and block-diffusion language model (arXiv 2603.22458).

The prompt contains a run of image tokens, whose embeddings are replaced by the image features. How
a text is denoised step by step is decided elsewhere (``mdocr.decoding.blocks``).

Shapes: N patches, P pixels of a patch, B rows, L tokens, T packed tokens, D width, V vocabulary.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mdocr.errors import UsageError
from mdocr.models.attention import Attention
from mdocr.models.mineru_diffusion_config import Grid, MinerUDiffusionConfig
from mdocr.models.qwen2_vision import PatchMerger, Qwen2Vision
from mdocr.models.sdar import SDAR


class VisionAbstractor(nn.Module):
    """Maps the features of the vision tower to the language model."""

    def __init__(self, config: MinerUDiffusionConfig) -> None:
        super().__init__()
        self.projection = PatchMerger(config.vision_config, config.text_config.hidden_size)

    def forward(self, x: Tensor) -> Tensor:
        """[N, vision width] → [tokens, D]."""
        out: Tensor = self.projection(x)
        return out


class MinerUDiffusion(nn.Module):
    """The complete model. ``forward`` is one pass over whole rows; decoding calls the parts."""

    def __init__(self, config: MinerUDiffusionConfig) -> None:
        super().__init__()
        self.config = config
        self.vision_model = Qwen2Vision(config.vision_config)
        self.vision_abstractor = VisionAbstractor(config)
        self.language_model = SDAR(config.text_config)

    @property
    def device(self) -> torch.device:
        """Device of the weights."""
        return self.language_model.lm_head.weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Type of the weights."""
        return self.language_model.lm_head.weight.dtype

    def encode(self, patches: Tensor, grids: Sequence[Grid]) -> Tensor:
        """Features [image tokens, D] of images, from patches [N, P] and their grids."""
        features: Tensor = self.vision_abstractor(self.vision_model(patches, grids))
        return features

    def embed(self, tokens: Tensor, features: Tensor | None = None) -> Tensor:
        """Embeddings [..., D] of tokens [...]; image tokens are replaced by ``features``.

        Raises:
            UsageError: the number of image tokens differs from that of the features.
        """
        embeddings: Tensor = self.language_model.model.embed_tokens(tokens)
        if features is None:
            return embeddings
        is_image = tokens == self.config.image_token_id
        if int(is_image.sum()) != len(features):
            raise UsageError(
                f"the prompt has {int(is_image.sum())} image tokens, the image {len(features)}",
                "Put one image token into the prompt, or exactly as many as the image has.",
            )
        return embeddings.masked_scatter(is_image[..., None], features.to(embeddings.dtype))

    def forward(
        self,
        tokens: Tensor,
        attend: Attention,
        patches: Tensor | None = None,
        grids: Sequence[Grid] = (),
    ) -> Tensor:
        """Predicts every token of whole rows.

        Args:
            tokens: ids [B, L].
            attend: which tokens see which.
            patches: normalised pixels [N, P] of all images.
            grids: rows and columns of patches of each image.

        Returns:
            Logits [B, L, V].
        """
        features = None if patches is None else self.encode(patches, grids)
        positions = torch.arange(tokens.shape[1], device=tokens.device).expand_as(tokens)
        logits: Tensor = self.language_model(self.embed(tokens, features), positions, attend)
        return logits
