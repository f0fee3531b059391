"""Sizes and special tokens of MinerU-Diffusion. Imports no torch, like all configurations."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from mdocr.errors import WeightsError
from mdocr.models.sdar_config import SDARConfig

MODEL_TYPES = ("mineru_diffusion", "mineru_diffusion_v2")
"""``model_type`` in ``config.json``, by release; the architecture is the same."""

Grid = tuple[int, int]
"""Rows and columns of patches of one image."""


@dataclass(frozen=True)
class VisionConfig:
    """Sizes of the vision tower; names as in the released ``config.json``.

    Attributes:
        depth: transformer blocks.
        embed_dim: width.
        num_heads: attention heads.
        mlp_ratio: hidden width of the MLP, as a multiple of ``embed_dim``.
        patch_size: edge of a patch in pixels.
        temporal_patch_size: frames in a patch.
        spatial_merge_size: patches along the edge of one token.
        in_channels: colour channels.
    """

    depth: int = 32
    embed_dim: int = 1280
    num_heads: int = 16
    mlp_ratio: float = 4
    patch_size: int = 14
    temporal_patch_size: int = 2
    spatial_merge_size: int = 2
    in_channels: int = 3

    @property
    def patch_pixels(self) -> int:
        """Values per patch."""
        return self.in_channels * self.temporal_patch_size * self.patch_size**2


Section = TypeVar("Section", VisionConfig, SDARConfig)


@dataclass(frozen=True)
class MinerUDiffusionConfig:
    """Sizes and special tokens; names as in the released ``config.json``.

    Attributes:
        text_config: the language model.
        vision_config: the vision tower.
        image_token_id: id that image features are substituted for.
        mask_token_id: id of a masked token.
        block_size: tokens of a block in training.
        tie_word_embeddings: the output layer is the embedding, and not stored.
    """

    text_config: SDARConfig = field(default_factory=SDARConfig)
    vision_config: VisionConfig = field(default_factory=VisionConfig)
    image_token_id: int = 151655
    mask_token_id: int = 151669
    block_size: int = 32
    tie_word_embeddings: bool = False
    reads_formulas: ClassVar[bool] = True

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "MinerUDiffusionConfig":
        """Reads the content of a ``config.json``, with either naming of its sections.

        Raises:
            WeightsError: it requires something that this model does not support.
        """
        text = record.get("text_config") or record.get("language_model_config") or {}
        vision = record.get("vision_config") or record.get("vision_model_config") or {}
        _check(record, "model_type", *MODEL_TYPES)
        _check(record, "vision_projector_type", "patch_merger2x")
        _check(text, "hidden_act", "silu")
        _check(text, "rope_scaling", None)
        _check(vision, "model_type", "qwen2_vl")
        _check(vision, "hidden_act", "quick_gelu")
        own = ("image_token_id", "mask_token_id", "block_size", "tie_word_embeddings")
        inner = {key: text[key] for key in own[2:] if key in text}
        outer = {key: record[key] for key in own if key in record}
        return cls(_section(SDARConfig, text), _section(VisionConfig, vision), **inner | outer)


def _check(record: Mapping[str, Any], key: str, *supported: str | None) -> None:
    if record.get(key, supported[0]) not in supported:
        known = " or ".join(map(repr, supported))
        raise WeightsError(
            f"config.json: {key} is {record[key]!r}; this model supports {known} only",
            "Use a checkpoint folder of MinerU-Diffusion.",
        )


def _section(kind: type[Section], record: Mapping[str, Any]) -> Section:
    return kind(**{f.name: record[f.name] for f in fields(kind) if record.get(f.name) is not None})


def patch_positions(grid: Grid, merge: int) -> NDArray[np.int64]:
    """Row and column [N, 2] of each patch of one image, in merge order."""
    rows, columns = grid
    tiles = np.indices(grid, dtype=np.int64).reshape(
        2, rows // merge, merge, columns // merge, merge
    )
    positions: NDArray[np.int64] = tiles.transpose(1, 3, 2, 4, 0).reshape(-1, 2)
    return positions
